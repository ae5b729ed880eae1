/** `@set` literals: the forms that make sets, with literals for arguments. */
import type { Form } from "../form.ts";
import { Frame, PURE } from "../frame.ts";
import { fail, invalidExpression, together, V4Error, V4Failure } from "../failure.ts";
import type { Position } from "../position.ts";
import type { Session } from "../session.ts";
import { isObject, isSet, LambdaValue, type Literal, type ObjectLiteral } from "../value.ts";
import { LAMBDA_DEFAULT_VERSION } from "../version.ts";

/** Forms that make sets, by their first argument. */
const HEADS = new Set([
  "match",
  "documents",
  "singleton",
  "events",
  "union",
  "intersection",
  "difference",
  "distinct",
  "reverse",
  "range",
  "join",
  "filter",
]);

/** How the arguments of a set are read. */
type LiteralParser = (session: Session, input: Literal, position: Position) => Literal;

/** The set that the inside of an `@set` describes. */
export function parseSet(
  session: Session,
  input: Literal,
  position: Position,
  parseLiteral: LiteralParser,
): Literal {
  const complaint = invalidExpression("Invalid set.", position);
  if (!isObject(input)) fail(complaint);
  const form = session.grammar.findForm(input, "4");
  if (form === undefined || !HEADS.has(form.names[0] ?? "")) fail(complaint);
  try {
    const made = make(session, form, input, position, parseLiteral);
    return isSet(made) ? made : fail(complaint);
  } catch (error) {
    if (!(error instanceof V4Failure)) throw error;
    throw new V4Failure(error.errors.map(whileParsing));
  }
}

function make(
  session: Session,
  form: Form,
  input: ObjectLiteral,
  position: Position,
  parseLiteral: LiteralParser,
): Literal {
  const args: Record<string, unknown> = {};
  together(form.names.length, (i) => {
    const name = form.names[i]!;
    const value = input.get(name);
    const place = position.at(name);
    if (value === undefined) return;
    args[name] = form.casts[i]!(argument(session, value, place, parseLiteral), place);
  });
  const frame = new Frame(session, session.auth, "4", { effect: PURE, reason: "literals" });
  return form.run(args, { frame, position });
}

/** Lambdas stand in sets as they are, without their tag. */
function argument(
  session: Session,
  value: Literal,
  place: Position,
  parseLiteral: LiteralParser,
): Literal {
  if (!isObject(value) || !value.has("lambda") || !value.has("expr")) {
    return parseLiteral(session, value, place);
  }
  const lambda = session.grammar.parseClosedLambda(session, value, LAMBDA_DEFAULT_VERSION, place);
  if (lambda === undefined) return fail(invalidExpression("Invalid lambda.", place));
  return new LambdaValue(lambda, undefined);
}

/** What is wrong with a literal is found while parsing, whatever it is. */
function whileParsing({ code, description, position }: V4Error): V4Error {
  return new V4Error(code, description, position, { rank: "parse" });
}
