/** Expressions, blocks, objects and lambdas. */
import { type Expr, type Field, PLACEHOLDER, placeholderName, type Statement } from "../ast.ts";
import { join, type Name, type Span } from "../source.ts";
import { canBegin, isShort, readList, shortLambda } from "./common.ts";
import { readAnonymousChain, readChain, readOperators, readProjection } from "./chains.ts";
import { readDoubleQuoted, readHeredoc, readNumber, readSingleQuoted } from "./literals.ts";
import type { Grammar, Reader } from "./reader.ts";

/** An expression; `.a.b` only where `short` says that a lambda may be meant. */
export function readExpr(reader: Reader, short = false): Expr {
  return readAnyExpr(reader, short) ?? reader.expected("expression");
}

function readAnyExpr(reader: Reader, short = false): Expr | undefined {
  const expr = reader.nested(readExprOrLambda);
  if (expr !== undefined && isShort(expr) && !short)
    reader.note({ message: "Invalid anonymous field access", span: expr.span });
  return expr;
}

function readExprOrLambda(reader: Reader): Expr | undefined {
  const start = reader.pos;
  if (reader.eatWord("if")) return readIf(reader, start);
  if (reader.eatWord("at")) return readAt(reader, start);
  if (reader.atWord("match"))
    reader.fail("match expr not supported", reader.span(start, start + 5));
  const base = readBase(reader);
  if (base !== undefined) return readTail(reader, base);
  if (reader.at("(")) return readTupleOrLambda(reader);
  if (reader.peek(/[a-zA-Z_]/y) !== undefined) return readIdentOrLambda(reader);
  const unary = readUnary(reader);
  return unary === undefined ? undefined : readTail(reader, unary);
}

/** What follows the first term of an expression. */
function readTail(reader: Reader, base: Expr): Expr {
  return readProjection(reader, readOperators(reader, readChain(reader, base)));
}

function parenthesised(reader: Reader): Expr {
  reader.space();
  reader.expect("(");
  reader.space();
  const inner = readExpr(reader);
  reader.space();
  reader.expect(")");
  reader.space();
  return inner;
}

function readIf(reader: Reader, start: number): Expr {
  const test = parenthesised(reader);
  const then = readExpr(reader);
  const { pos } = reader;
  reader.space();
  if (!reader.eatWord("else")) {
    reader.pos = pos;
    // oxlint-disable-next-line unicorn/no-thenable -- a branch, never awaited
    return { kind: "if", test, then, span: reader.span(start, then.span.end) };
  }
  reader.space();
  const otherwise = readExpr(reader);
  // oxlint-disable-next-line unicorn/no-thenable -- a branch, never awaited
  return { kind: "if", test, then, otherwise, span: reader.span(start, otherwise.span.end) };
}

function readAt(reader: Reader, start: number): Expr {
  const time = parenthesised(reader);
  const body = readExpr(reader);
  return { kind: "at", time, body, span: reader.span(start, body.span.end) };
}

/** A term that is neither a name nor in parentheses. */
function readBase(reader: Reader): Expr | undefined {
  const start = reader.pos;
  const term =
    readPlaceholder(reader) ??
    readLiteral(reader) ??
    readTemplate(reader) ??
    readObjectOrBlock(reader) ??
    readArray(reader) ??
    readAnonymousChain(reader);
  if (term === undefined) reader.pos = start;
  else reader.blanks();
  return term;
}

/** A term as it stands on the right of an operator, with its chain. */
export function readTerm(reader: Reader): Expr {
  const base = readBase(reader) ?? readTuple(reader) ?? readIdent(reader);
  if (base !== undefined) {
    reader.blanks();
    return readChain(reader, base);
  }
  return readUnary(reader) ?? reader.expected("expression");
}

function readUnary(reader: Reader): Expr | undefined {
  const start = reader.pos;
  const sign = reader.match(/[-~!]/y);
  if (sign === undefined) return undefined;
  const op: Name = { text: sign, span: reader.span(start) };
  reader.blanks();
  const operand = reader.nested(readTerm);
  const build = (left: Expr): Expr => ({
    kind: "operator",
    op,
    left,
    span: join(op.span, left.span),
  });
  return isShort(operand) ? shortLambda(build(operand.body)) : build(operand);
}

function readPlaceholder(reader: Reader): Expr | undefined {
  if (reader.placeholders === undefined) return undefined;
  const start = reader.pos;
  if (!reader.eat(PLACEHOLDER)) return undefined;
  return { kind: "id", name: placeholderName(reader.placeholders++), span: reader.span(start) };
}

function readLiteral(reader: Reader): Expr | undefined {
  const start = reader.pos;
  for (const [word, value] of [
    ["null", null],
    ["true", true],
    ["false", false],
  ] as const) {
    if (reader.eatWord(word)) return { kind: "literal", value, span: reader.span(start) };
  }
  const value = readNumber(reader) ?? readSingleQuoted(reader);
  return value === undefined ? undefined : { kind: "literal", value, span: reader.span(start) };
}

function readTemplate(reader: Reader): Expr | undefined {
  const start = reader.pos;
  const inner = () => {
    reader.space();
    const expr = readExpr(reader);
    reader.space();
    return expr;
  };
  const parts = readDoubleQuoted(reader, inner) ?? readHeredoc(reader, inner);
  if (parts === undefined) return undefined;
  const span = reader.span(start);
  const [first = ""] = parts;
  if (parts.length <= 1 && typeof first === "string")
    return { kind: "literal", value: first, span };
  return { kind: "template", parts, span };
}

function readArray(reader: Reader): Expr | undefined {
  const start = reader.pos;
  if (!reader.eat("[")) return undefined;
  const items = readList(reader, "]", false);
  return { kind: "array", items, span: reader.span(start) };
}

function readTuple(reader: Reader): Expr | undefined {
  const start = reader.pos;
  if (!reader.eat("(")) return undefined;
  reader.space();
  if (reader.ended) reader.expected("`)`, `...`, or expression");
  const items = readList(reader, ")", true);
  return { kind: "tuple", items, span: reader.span(start) };
}

function readIdent(reader: Reader): Expr | undefined {
  if (reader.peek(/[a-zA-Z_]/y) === undefined) return undefined;
  const { text, span } = reader.identifier();
  return { kind: "id", name: text, span };
}

function readIdentOrLambda(reader: Reader): Expr {
  const name = reader.identifier();
  reader.blanks();
  if (reader.eat("=>")) return readLambdaBody(reader, [name], undefined, name.span.start);
  return readTail(reader, { kind: "id", name: name.text, span: name.span });
}

const toParam = (name: Name) => (name.text === "_" ? undefined : name.text);

function readLambdaBody(
  reader: Reader,
  params: readonly Name[],
  rest: Name | undefined,
  start: number,
): Expr {
  const seen = new Map<string, Span>();
  for (const { text, span } of rest === undefined ? params : [...params, rest]) {
    if (text === "_") continue;
    const original = seen.get(text);
    if (original === undefined) seen.set(text, span);
    else {
      const hints = [{ message: "Argument originally defined here", span: original }];
      reader.note({ message: "Duplicate lambda argument", span, hints });
    }
  }
  reader.space();
  const body = readExpr(reader);
  return {
    kind: "lambda",
    params: params.map(toParam),
    ...(rest === undefined ? {} : { rest: rest.text }),
    body,
    short: false,
    span: reader.span(start, body.span.end),
  };
}

function readTupleOrLambda(reader: Reader): Expr {
  const start = reader.pos;
  const rest = /^\(\s*(?:[a-zA-Z_][\w']*\s*,\s*)*\.\.\./.test(reader.text.slice(start))
    ? readRestParams(reader)
    : undefined;
  if (rest !== undefined) return readLambdaBody(reader, rest.params, rest.rest, start);
  const tuple = readTuple(reader) ?? reader.expected("expression");
  reader.blanks();
  if (tuple.kind === "tuple" && reader.at("=>")) {
    const names = tuple.items.map((item) =>
      item.kind === "id" ? { text: item.name, span: item.span } : undefined,
    );
    if (names.every((name) => name !== undefined)) {
      reader.pos += 2;
      return readLambdaBody(reader, names, undefined, start);
    }
  }
  return readTail(reader, tuple);
}

/** `(a, b, ...rest) =>`, the one list of parameters that is not also a tuple. */
function readRestParams(reader: Reader): { params: Name[]; rest: Name } {
  const params: Name[] = [];
  reader.expect("(");
  reader.space();
  while (!reader.eat("...")) {
    params.push(reader.identifier());
    reader.space();
    reader.expect(",");
    reader.space();
  }
  reader.space();
  const rest = reader.identifier();
  reader.space();
  reader.expect(")");
  reader.blanks();
  reader.expect("=>");
  return { params, rest };
}

function readFieldName(reader: Reader): Name | undefined {
  const word = reader.word();
  if (word !== undefined) return word;
  const start = reader.pos;
  const quoted = readSingleQuoted(reader);
  if (quoted !== undefined) return { text: quoted, span: reader.span(start) };
  const parts = readDoubleQuoted(reader, () => readExpr(reader));
  if (parts === undefined) return undefined;
  if (parts.some((part) => typeof part !== "string")) {
    reader.fail("Object keys do not support interpolation", reader.span(start));
  }
  return {
    text: parts.filter((part) => typeof part === "string").join(""),
    span: reader.span(start),
  };
}

/** Whether a field name and a colon stand here. Names may hold whole expressions: each is looked at once. */
function atField(reader: Reader): boolean {
  const known = reader.objects.get(reader.pos) ?? looksLikeField(reader);
  reader.objects.set(reader.pos, known);
  return known;
}

function looksLikeField(reader: Reader): boolean {
  const { pos } = reader;
  const problems = reader.problems.length;
  try {
    if (readFieldName(reader) === undefined) return false;
    reader.blanks();
    return reader.at(":");
  } catch {
    return false;
  } finally {
    reader.pos = pos;
    reader.problems.length = problems;
  }
}

function readObjectOrBlock(reader: Reader): Expr | undefined {
  const start = reader.pos;
  if (!reader.eat("{")) return undefined;
  reader.space();
  if (reader.eat("}")) return { kind: "object", fields: [], span: reader.span(start) };
  if (atField(reader)) {
    const fields = readFields(reader);
    return { kind: "object", fields, span: reader.span(start) };
  }
  const statements = readStatements(reader, "block");
  reader.expect("}");
  return { kind: "block", statements, span: reader.span(start) };
}

function readFields(reader: Reader): Field[] {
  const fields: Field[] = [];
  const seen = new Map<string, Span>();
  while (!reader.eat("}")) {
    const name = readFieldName(reader) ?? reader.expected("`}` or identifier");
    reader.blanks();
    reader.expect(":");
    reader.space();
    const original = seen.get(name.text);
    if (original === undefined) seen.set(name.text, name.span);
    else {
      const hints = [{ message: "Key originally used here", span: original }];
      reader.note({ message: "Duplicate key", span: name.span, hints });
    }
    fields.push([name, readExpr(reader)]);
    reader.space();
    if (reader.eat(",")) reader.space();
    else if (!reader.at("}")) reader.expected("`,` or `}`");
  }
  return fields;
}

/** The statements of a block or a query; the last of them must be an expression. */
export function readStatements(reader: Reader, of: "query" | "block"): Statement[] {
  const statements: Statement[] = [];
  while (canBegin(reader)) {
    const statement = readStatement(reader);
    if (statement === undefined) break;
    statements.push(statement);
    if (!reader.separator()) break;
  }
  const last = statements.at(-1);
  if (last === undefined) {
    reader.space();
    reader.fail(`Unexpected end of ${of}. Expected statement or expression`);
  }
  if (last.kind === "let") {
    reader.space();
    const hints = [
      { name: "cause" as const, message: "Statement does not return a value", span: last.span },
    ];
    reader.fail("Missing return expression", undefined, { hints });
  }
  reader.space();
  return statements;
}

function readStatement(reader: Reader): Statement | undefined {
  const start = reader.pos;
  if (!reader.eatWord("let")) {
    const value = readAnyExpr(reader);
    return value && { kind: "expr", value, span: value.span };
  }
  reader.space();
  const name = reader.identifier();
  if (name.text === "FQL" || name.text === "_") {
    reader.fail("Invalid identifier", name.span, { annotation: `\`${name.text}\` is a keyword` });
  }
  reader.space();
  const type = reader.eat(":") ? readType(reader) : undefined;
  reader.expect("=");
  reader.space();
  const value = readExpr(reader);
  const span = reader.span(start, value.span.end);
  return type === undefined
    ? { kind: "let", name, value, span }
    : { kind: "let", name, type, value, span };
}

/** Types are not checked; an annotation ends at the `=` outside of its brackets. */
function readType(reader: Reader): string {
  const start = reader.pos;
  let depth = 0;
  while (!reader.ended) {
    if (reader.at("=>")) reader.pos += 2;
    else if (reader.at("=") && depth === 0) return reader.text.slice(start, reader.pos).trim();
    else {
      const char = reader.text[reader.pos] ?? "";
      if ("([{<".includes(char)) depth++;
      if (")]}>".includes(char)) depth--;
      reader.pos++;
    }
  }
  return reader.expected("`=`");
}

/** The grammar that these functions make up. */
export const GRAMMAR: Grammar = { expr: readExpr, term: readTerm };
