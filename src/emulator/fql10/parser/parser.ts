/** FQL v10 source to syntax trees. Nothing here knows a database. */
import type { Expr, LambdaExpr } from "../ast.ts";
import { QueryFailure } from "../failure.ts";
import type { Source } from "../source.ts";
import { isShort } from "./common.ts";
import { GRAMMAR, readExpr, readStatements } from "./expressions.ts";
import { ParseStopped, Reader } from "./reader.ts";

export { isIdentifier } from "./reader.ts";

/**
 * The tree of a whole query: statements, the last of which is its value.
 * With `template`, the placeholders of fragments are read as variables.
 * @throws QueryFailure `invalid_query`
 */
export function parseQuery(source: Source, options: { template?: boolean } = {}): Expr {
  return parse(new Reader(source, GRAMMAR, options), (reader) => {
    reader.space();
    const start = reader.pos;
    const statements = readStatements(reader, "query");
    if (!reader.ended) reader.expected("end-of-input");
    return { kind: "block", statements, span: reader.span(start) };
  });
}

/** The tree of one expression and nothing else. @throws QueryFailure `invalid_query` */
export function parseExpression(source: Source, options: { short?: boolean } = {}): Expr {
  return parse(new Reader(source, GRAMMAR), (reader) => {
    reader.space();
    const expr = readExpr(reader, options.short ?? false);
    reader.space();
    if (!reader.ended) reader.expected("end-of-input");
    return expr;
  });
}

/**
 * The tree of a function body as definitions hold it: `x => …`, `(a, b) => …` or `(.a.b)`.
 * @throws QueryFailure `invalid_query`; "Body must be a lambda expression." for anything else.
 */
export function parseLambda(source: Source): LambdaExpr {
  return parse(new Reader(source, GRAMMAR), (reader) => {
    reader.space();
    const statements = [];
    do {
      const expr = readExpr(reader, true);
      statements.push(expr);
    } while (reader.separator() && !reader.ended);
    const last = statements.at(-1)?.span.end ?? 0;
    if (reader.ended && reader.text.slice(last).trimStart().startsWith(";")) {
      reader.pos = last;
      reader.expected("end-of-input");
    }
    reader.space();
    const [first] = statements;
    const lambda = first?.kind === "tuple" && first.items.length === 1 ? first.items[0] : first;
    if (statements.length === 1 && lambda?.kind === "lambda") {
      if (lambda === first && isShort(lambda)) {
        reader.fail("Invalid anonymous field access", lambda.span);
      }
      if (!reader.ended) reader.expected("end-of-input");
      return lambda;
    }
    return reader.fail("Body must be a lambda expression.", reader.span(0), {
      annotation: "Expression is not a lambda.",
      ...(statements.length === 1
        ? {
            hints: [
              { message: "Declare a lambda.", span: reader.span(0, 0), suggestion: "() => " },
            ],
          }
        : {}),
    });
  });
}

/**
 * The steps of a field path such as `.a.b[0]["c d"]`, or undefined if the text is none.
 * A leading dot may be left out, as definitions of indexes allow.
 */
export function parsePath(text: string): (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  const reader = new Reader({ name: "*path*", text: /^[.[]/.test(text) ? text : `.${text}` });
  while (!reader.ended) {
    if (reader.eat(".") && reader.at("[")) continue;
    const word = reader.word();
    if (word !== undefined) steps.push(word.text);
    else if (reader.eat("[")) {
      const index = reader.match(/[0-9]+/y);
      const key = reader.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y);
      if (index === undefined && key === undefined) return undefined;
      steps.push(index === undefined ? unquote(key ?? "") : Number(index));
      if (!reader.eat("]")) return undefined;
    } else return undefined;
  }
  return steps.length === 0 ? undefined : steps;
}

const unquote = (text: string) => text.slice(1, -1).replaceAll(/\\(.)/g, "$1");

function parse<T>(reader: Reader, read: (reader: Reader) => T): T {
  try {
    const tree = read(reader);
    if (reader.problems.length === 0) return tree;
  } catch (error) {
    if (error instanceof RangeError)
      reader.note({ message: "Query is nested too deeply", span: reader.span(0, 1) });
    else if (!(error instanceof ParseStopped)) throw error;
  }
  throw QueryFailure.check(reader.problems);
}
