/** What is built from terms: chains of access, operators and projections. */
import { type Expr, type Field, type Link, THIS } from "../ast.ts";
import { join, type Name } from "../source.ts";
import { isShort, readList, shortLambda } from "./common.ts";
import type { Reader } from "./reader.ts";

const PRECEDENCE = new Map(
  [
    ["??"],
    ["||"],
    ["&&"],
    ["==", "!=", "=~", "!~"],
    [">", "<", ">=", "<="],
    ["isa"],
    ["|"],
    ["^"],
    ["&"],
    ["+", "-"],
    ["*", "/", "%"],
    ["**"],
  ].flatMap((ops, level) => ops.map((op) => [op, level] as const)),
);

/** `.a`, `.(x)` or `.[0]`: the start of a short lambda. */
export function readAnonymousChain(reader: Reader): Expr | undefined {
  const start = reader.pos;
  if (reader.at("...") || !reader.eat(".")) return undefined;
  reader.space();
  const link =
    readApply(reader, false) ?? readAccess(reader, false) ?? readSelect(reader, start, false);
  const base: Expr = { kind: "id", name: THIS, span: reader.span(start, start) };
  return shortLambda(chainOf(base, [link]));
}

/** The links that follow `base`, if any. */
export function readChain(reader: Reader, base: Expr): Expr {
  const links: Link[] = [];
  for (;;) {
    const link = readLink(reader);
    if (link === undefined) break;
    links.push(link);
    reader.blanks();
  }
  if (links.length === 0) return base;
  return isShort(base) ? shortLambda(chainOf(base.body, links)) : chainOf(base, links);
}

function readLink(reader: Reader): Link | undefined {
  const start = reader.pos;
  reader.space();
  const dot = reader.pos;
  if (reader.eat("?.")) {
    reader.space();
    return readApply(reader, true) ?? readAccess(reader, true) ?? readSelect(reader, dot, true);
  }
  if (reader.at(".") && !reader.at("...")) {
    reader.pos++;
    reader.space();
    return readSelect(reader, dot, false);
  }
  reader.pos = start;
  if (!reader.at("!=") && !reader.at("!~") && reader.eat("!"))
    return { kind: "bang", span: reader.span(start) };
  return readApply(reader, false) ?? readAccess(reader, false);
}

function readSelect(reader: Reader, start: number, optional: boolean): Link {
  const field = reader.word() ?? reader.expected("identifier");
  return { kind: "select", field, optional, span: reader.span(start) };
}

function readApply(reader: Reader, optional: boolean): Link | undefined {
  const start = reader.pos;
  if (!reader.eat("(")) return undefined;
  const args = readList(reader, ")", true);
  return { kind: "apply", args, optional, span: reader.span(start) };
}

function readAccess(reader: Reader, optional: boolean): Link | undefined {
  const start = reader.pos;
  if (!reader.eat("[")) return undefined;
  const args = readList(reader, "]", true);
  return { kind: "access", args, optional, span: reader.span(start) };
}

/** A chain in which a selection and the application behind it are one call. */
function chainOf(base: Expr, links: readonly Link[]): Expr {
  const [first, all] =
    base.kind === "chain" ? [base.base, [...base.links, ...links]] : [base, links];
  const joined: Link[] = [];
  for (const link of all) {
    const last = joined.at(-1);
    if (link.kind === "apply" && last?.kind === "select") {
      const { args, optional: applyOptional, span } = link;
      joined[joined.length - 1] = {
        kind: "call",
        field: last.field,
        args,
        optional: last.optional,
        applyOptional,
        span,
      };
    } else joined.push(link);
  }
  const end = joined.at(-1)?.span ?? first.span;
  return { kind: "chain", base: first, links: joined, span: join(first.span, end) };
}

function readOperator(reader: Reader): Name | undefined {
  const before = reader.pos;
  if (!reader.at("//") && !reader.at("/*") && !reader.at("->") && !reader.at("=>")) {
    const text = reader.match(/==|!=|=~|!~|>=|<=|\*\*|[><+\-*/%]/y);
    if (text !== undefined) return { text, span: reader.span(before) };
  }
  reader.space();
  const start = reader.pos;
  const text = reader.match(/\?\?|\|\||&&|[|^&]/y);
  if (text !== undefined) return { text, span: reader.span(start) };
  reader.pos = before;
  return reader.eatWord("isa") ? { text: "isa", span: reader.span(before) } : undefined;
}

/** The operators that follow `first`, by precedence; all but `**` go from left to right. */
export function readOperators(reader: Reader, first: Expr): Expr {
  const operands: Expr[] = [first];
  const pending: Name[] = [];
  let short = false;
  const bare = (expr: Expr): Expr => {
    if (isShort(expr)) {
      short = true;
      return expr.body;
    }
    const inner = expr.kind === "tuple" && expr.items.length === 1 ? expr.items[0] : undefined;
    if (expr.kind !== "tuple" || inner === undefined || !isShort(inner)) return expr;
    short = true;
    return { kind: "tuple", items: [inner.body], span: expr.span };
  };
  const reduce = () => {
    const op = pending.pop();
    const right = operands.pop();
    const left = operands.pop();
    if (op === undefined || right === undefined || left === undefined)
      throw new Error("operator without operands");
    const [a, b] = [bare(left), bare(right)];
    operands.push({ kind: "operator", op, left: a, right: b, span: join(a.span, b.span) });
  };
  for (let op = readOperator(reader); op !== undefined; op = readOperator(reader)) {
    const level = PRECEDENCE.get(op.text) ?? 0;
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      const other = PRECEDENCE.get(top.text) ?? 0;
      if (other < level || (other === level && op.text === "**")) break;
      reduce();
    }
    pending.push(op);
    reader.space();
    operands.push(reader.term());
  }
  while (pending.length > 0) reduce();
  const [expr = first] = operands;
  return short ? shortLambda(expr) : expr;
}

/** `{ a, b: .c, d { e } }` or `{ * }` behind an expression. */
export function readProjection(reader: Reader, base: Expr): Expr {
  if (!reader.eat("{")) return base;
  reader.space();
  const all = reader.eat("*");
  if (all) reader.space();
  const fields = all ? [] : readProjected(reader);
  reader.expect("}");
  const end = reader.pos;
  reader.blanks();
  const build = (inner: Expr): Expr => {
    const span = { ...inner.span, end };
    return all
      ? { kind: "projectAll", base: inner, span }
      : { kind: "project", base: inner, fields, span };
  };
  return isShort(base) ? shortLambda(build(base.body)) : build(base);
}

function readProjected(reader: Reader): Field[] {
  const fields: Field[] = [];
  do {
    reader.space();
    if (fields.length > 0 && reader.at("}")) break;
    const name = reader.identifier();
    reader.blanks();
    if (reader.eat(":")) {
      reader.space();
      const value = reader.expr(true);
      fields.push([name, isShort(value) ? value.body : value]);
    } else {
      const at = reader.span(name.span.start, name.span.start);
      const base: Expr = { kind: "id", name: THIS, span: at };
      const select: Link = { kind: "select", field: name, optional: false, span: name.span };
      fields.push([
        name,
        readProjection(reader, { kind: "chain", base, links: [select], span: name.span }),
      ]);
    }
    reader.space();
  } while (reader.eat(","));
  return fields;
}
