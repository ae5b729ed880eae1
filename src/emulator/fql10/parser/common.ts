/** What all parts of the grammar use: lists, and short lambdas. */
import { type Expr, type LambdaExpr, PLACEHOLDER, THIS } from "../ast.ts";
import type { Reader } from "./reader.ts";

/** A short lambda around `body`, unless it is one already. */
export const shortLambda = (body: Expr): LambdaExpr => ({
  kind: "lambda",
  params: [THIS],
  body,
  short: true,
  span: body.span,
});

export const isShort = (expr: Expr): expr is LambdaExpr => expr.kind === "lambda" && expr.short;

/** Whether an expression can begin here. */
export const canBegin = (reader: Reader): boolean =>
  reader.peek(/[a-zA-Z_0-9"'([{.~!]|[+-]|<<[-+]/y) !== undefined || reader.at(PLACEHOLDER);

/** The members of a list up to `close`, which is stepped over. */
export function readList(reader: Reader, close: string, short: boolean): Expr[] {
  const items: Expr[] = [];
  reader.space();
  while (!reader.eat(close)) {
    items.push(reader.expr(short));
    reader.space();
    if (reader.eat(",")) {
      reader.space();
      if (!reader.at(close) && !canBegin(reader)) reader.expected(`\`${close}\` or expression`);
    } else if (!reader.at(close)) reader.expected(`\`${close}\``);
  }
  return items;
}
