/** Applying lambdas, and the two shapes they have: a closure of this query, or what was stored. */
import { parseJson, printJson } from "../../values/json.ts";
import { StoredLambda } from "../data/value.ts";
import type { LambdaExpression, Pattern } from "./expression.ts";
import { fail, invalidArgument, V4Error } from "./failure.ts";
import { type Bindings, type Frame, MAX_DEPTH } from "./frame.ts";
import { decode } from "./parse/decode.ts";
import type { Position } from "./position.ts";
import type { Session } from "./session.ts";
import { type AnyLambda, isArray, isObject, LambdaValue, type Literal } from "./value.ts";

/** What `lambda` gives for `argument`. */
export function applyLambda(
  frame: Frame,
  lambda: AnyLambda,
  argument: Literal,
  position: Position,
): Literal {
  if (frame.depth >= MAX_DEPTH) fail(stackOverflow(position));
  frame.session.step();
  const expression = expressionOf(lambda, frame.session);
  const captured = lambda instanceof LambdaValue ? lambda.bindings : undefined;
  const bindings = bind(expression.pattern, argument, captured, position.at("lambda"));
  return expression.body.evaluate(frame.within(bindings, frame.depth + 1));
}

function stackOverflow(position: Position): V4Error {
  return new V4Error(
    "stack overflow",
    `Call stack reached the maximum limit of ${MAX_DEPTH}.`,
    position,
  );
}

function bind(
  pattern: Pattern,
  argument: Literal,
  outer: Bindings | undefined,
  position: Position,
): Bindings | undefined {
  if (typeof pattern === "string") {
    return pattern === "_" ? outer : { name: pattern, value: argument, outer };
  }
  const values = isArray(argument) ? argument : [argument];
  if (values.length !== pattern.length) {
    fail(
      invalidArgument(
        `Lambda expects an array with ${pattern.length} elements. Array contains ${values.length}.`,
        position,
      ),
    );
  }
  let bindings = outer;
  for (const [i, name] of pattern.entries()) {
    if (name !== "_") bindings = { name, value: values[i] ?? null, outer: bindings };
  }
  return bindings;
}

/** Stored lambdas that name no definition mean the same in every query. */
const parsed = new WeakMap<StoredLambda, LambdaExpression>();

/** The parsed form of a lambda. */
export function expressionOf(lambda: AnyLambda, session: Session): LambdaExpression {
  if (lambda instanceof LambdaValue) return lambda.expression;
  const known = parsed.get(lambda) ?? session.lambdas.get(lambda);
  if (known) return known;
  const json = decode(parseJson(printJson(lambda.expr)));
  if (!isObject(json)) throw new Error("A stored lambda is no object.");
  const { expression, resolvedRefs } = session.grammar.parseStoredLambda(session, json);
  if (resolvedRefs) session.lambdas.set(lambda, expression);
  else parsed.set(lambda, expression);
  return expression;
}
