/** Reads type expressions. `|`, `&`, `=>` and `?` stand on the line of what they follow. */
import { Cursor } from "./cursor.ts";
import { takeExpression } from "./expression.ts";
import { isKeyword } from "./names.ts";
import type { Span } from "./span.ts";
import type { LambdaParameter, ObjectTypeField, TypeExpr } from "./types.ts";

const TYPE_NAME = /[a-zA-Z_](?:\.?[a-zA-Z0-9_']+)*/y;
const INTEGER = /-?[0-9]+/y;

interface Arguments {
  readonly parameters: readonly LambdaParameter[];
  readonly variadic: LambdaParameter | undefined;
}

/** Takes a type; the cursor is left behind it, white space on the same line taken too. */
export function takeType(cursor: Cursor): TypeExpr {
  return takeLambda(cursor);
}

/** Reads `text` as one type and nothing else. */
export function parseType(text: string): TypeExpr {
  const cursor = new Cursor(text);
  cursor.lines();
  const type = takeType(cursor);
  cursor.lines();
  if (!cursor.done) throw cursor.failure("Expected end-of-input");
  return type;
}

function takeLambda(cursor: Cursor): TypeExpr {
  const start = cursor.at;
  cursor.deeper();
  const args = cursor.startsWith("(") ? takeArguments(cursor) : undefined;
  let lambda: Arguments | undefined = args;
  if (args === undefined || !isList(cursor, args)) {
    const first = takeUnion(cursor, args && tupleOf(args, { start, end: cursor.at }));
    if (!cursor.take("=>")) {
      cursor.shallower();
      return first;
    }
    const parameters = first.kind === "tuple" ? first.elements : [first];
    lambda = {
      parameters: parameters.map((type) => ({ name: undefined, type })),
      variadic: undefined,
    };
  } else cursor.expect("=>");
  const returns = takeLambda(cursor);
  cursor.shallower();
  return {
    kind: "lambda",
    ...NO_ARGUMENTS,
    ...lambda,
    returns,
    span: { start, end: returns.span.end },
  };
}

const NO_ARGUMENTS: Arguments = { parameters: [], variadic: undefined };

/** `(a: Int, …B)` or `(Int, B)`: which of both it is shows at the names and at what follows. */
function takeArguments(cursor: Cursor): Arguments {
  cursor.take("(");
  const parameters: LambdaParameter[] = [];
  let variadic: LambdaParameter | undefined;
  while (!cursor.startsWith(")")) {
    const { dots, ...parameter } = takeParameter(cursor);
    if (dots) variadic = parameter;
    else parameters.push(parameter);
    if (!cursor.take(",")) break;
  }
  cursor.expect(")", false);
  return { parameters, variadic };
}

/** Whether what was read in parentheses can only be the arguments of a lambda. */
function isList(cursor: Cursor, { parameters, variadic }: Arguments): boolean {
  const { at } = cursor;
  cursor.blanks();
  if (cursor.startsWith("=>") || variadic !== undefined) return true;
  if (parameters.some(({ name }) => name !== undefined)) return true;
  cursor.at = at;
  return false;
}

/** A type in parentheses, or a tuple. */
function tupleOf({ parameters }: Arguments, span: Span): TypeExpr {
  const elements = parameters.map(({ type }) => type);
  const [only] = elements;
  return elements.length === 1 && only !== undefined
    ? { ...only, span }
    : { kind: "tuple", elements, span };
}

function takeParameter(cursor: Cursor): LambdaParameter & { readonly dots: boolean } {
  const start = cursor.at;
  let name = cursor.word()?.text;
  if (name !== undefined) {
    cursor.lines();
    if (!cursor.take(":")) {
      name = undefined;
      cursor.at = start;
    }
  }
  const dots = cursor.take("...");
  const type = takeType(cursor);
  cursor.lines();
  return { name, type, dots };
}

/** `base`, if it is given, is the first type of the first member, read already. */
function takeUnion(cursor: Cursor, base?: TypeExpr): TypeExpr {
  return takeMembers(cursor, "union", "|", takeIntersection, base);
}

function takeIntersection(cursor: Cursor, base?: TypeExpr): TypeExpr {
  return takeMembers(cursor, "intersection", "&", takeNullable, base);
}

function takeMembers(
  cursor: Cursor,
  kind: "union" | "intersection",
  operator: string,
  takeMember: (cursor: Cursor, base?: TypeExpr) => TypeExpr,
  base: TypeExpr | undefined,
): TypeExpr {
  const first = takeMember(cursor, base);
  const members = [first];
  while (cursor.take(operator)) members.push(takeMember(cursor));
  const last = members.at(-1) ?? first;
  return members.length === 1
    ? first
    : { kind, members, span: { start: first.span.start, end: last.span.end } };
}

function takeNullable(cursor: Cursor, base?: TypeExpr): TypeExpr {
  let type = base ?? takeBase(cursor);
  cursor.blanks();
  while (cursor.next === "?") {
    cursor.at++;
    type = { kind: "nullable", base: type, span: { start: type.span.start, end: cursor.at } };
    cursor.blanks();
  }
  return type;
}

function takeBase(cursor: Cursor): TypeExpr {
  const start = cursor.at;
  const spanned = () => ({ start, end: cursor.at });
  if (cursor.take("{")) return takeObject(cursor, start);
  if (cursor.take("[")) {
    const elements = takeList(cursor, "]");
    return { kind: "tuple", elements, span: spanned() };
  }
  if (cursor.take("(")) {
    const elements = takeList(cursor, ")");
    const [only] = elements;
    return elements.length === 1 && only !== undefined
      ? { ...only, span: spanned() }
      : { kind: "tuple", elements, span: spanned() };
  }
  const text = cursor.string();
  if (text !== undefined)
    return { kind: "literal", literal: { kind: "string", value: text.value }, span: spanned() };
  INTEGER.lastIndex = start;
  const integer = INTEGER.exec(cursor.text)?.[0];
  if (integer !== undefined) {
    cursor.at += integer.length;
    return { kind: "literal", literal: { kind: "int", value: BigInt(integer) }, span: spanned() };
  }
  TYPE_NAME.lastIndex = start;
  const name = TYPE_NAME.exec(cursor.text)?.[0];
  if (name === undefined) throw cursor.failure("Expected type");
  cursor.at += name.length;
  return takeNamed(cursor, name, start);
}

function takeNamed(cursor: Cursor, name: string, start: number): TypeExpr {
  const nameSpan = { start, end: cursor.at };
  if (name === "Any") return { kind: "any", span: nameSpan };
  if (name === "Never") return { kind: "never", span: nameSpan };
  if (name === "true" || name === "false") {
    return {
      kind: "literal",
      literal: { kind: "boolean", value: name === "true" },
      span: nameSpan,
    };
  }
  if (isKeyword(name)) throw cursor.failure("Expected type", nameSpan);
  if (!cursor.take("<")) return { kind: "name", name, span: nameSpan };
  const args = takeList(cursor, ">");
  return { kind: "generic", name, nameSpan, args, span: { start, end: cursor.at } };
}

function takeList(cursor: Cursor, closing: string): TypeExpr[] {
  const types: TypeExpr[] = [];
  while (!cursor.startsWith(closing)) {
    types.push(takeType(cursor));
    cursor.lines();
    if (!cursor.take(",")) break;
  }
  cursor.expect(closing, false);
  return types;
}

function takeObject(cursor: Cursor, start: number): TypeExpr {
  const fields: ObjectTypeField[] = [];
  let wildcard: TypeExpr | undefined;
  let open = false;
  while (!cursor.startsWith("}")) {
    const fieldStart = cursor.at;
    if (wildcard !== undefined || open) {
      throw cursor.failure("Wildcard must be the last element in an object", {
        start: fieldStart,
        end: fieldStart + 1,
      });
    }
    if (cursor.take("...")) open = true;
    else if (cursor.take("*")) {
      cursor.expect(":");
      wildcard = takeType(cursor);
    } else fields.push(takeField(cursor));
    if (!takeFieldSeparator(cursor)) break;
  }
  cursor.lines();
  cursor.expect("}", false);
  return { kind: "object", fields, wildcard, open, span: { start, end: cursor.at } };
}

/** Fields of an object type are parted by commas, semicolons or newlines. */
function takeFieldSeparator(cursor: Cursor): boolean {
  const start = cursor.at;
  cursor.blanks();
  const parted = ",;\n\r".includes(cursor.next) || cursor.startsWith("//");
  if (!parted || cursor.done) {
    cursor.at = start;
    return false;
  }
  cursor.separators();
  if (cursor.take(",")) cursor.separators();
  return true;
}

function takeField(cursor: Cursor): ObjectTypeField {
  const start = cursor.at;
  const text = cursor.peekWord();
  let name;
  if (text === "") {
    const quoted = cursor.string();
    if (quoted === undefined) throw cursor.failure("Expected identifier");
    name = { text: quoted.value, span: quoted.span };
  } else {
    cursor.at += text.length;
    name = { text, span: { start, end: cursor.at } };
  }
  cursor.blanks();
  cursor.expect(":");
  const type = takeType(cursor);
  cursor.blanks();
  const otherwise =
    !cursor.startsWith("=>") && cursor.take("=") ? takeExpression(cursor) : undefined;
  return { name, type, default: otherwise };
}
