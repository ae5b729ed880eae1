/** What can be said of the type of a default without running it: literals, arrays and objects of literals. */
import { printType, type TypeExpr } from "../../fsl/fsl.ts";
import type { Expr } from "../fql10/ast.ts";

export interface StaticMismatch {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** Where a default cannot be of the type of its field; undefined if it can, or if that shows only when it runs. */
export function staticMismatch(expr: Expr, type: TypeExpr): StaticMismatch | undefined {
  if (accepts(type, expr)) return undefined;
  const inner = innerMismatch(expr, type);
  if (inner !== undefined) return inner;
  const name = staticName(expr);
  const { start, end } = expr.span;
  return { message: `Type \`${name}\` is not a subtype of \`${typeName(type)}\``, start, end };
}

function innerMismatch(expr: Expr, type: TypeExpr): StaticMismatch | undefined {
  if (expr.kind === "array" && type.kind === "generic" && type.name === "Array") {
    const [element] = type.args;
    if (element === undefined) return undefined;
    for (const item of expr.items) {
      const mismatch = staticMismatch(item, element);
      if (mismatch !== undefined) return mismatch;
    }
  }
  if (expr.kind === "object" && type.kind === "object") {
    for (const [name, value] of expr.fields) {
      const field = type.fields.find((candidate) => candidate.name.text === name.text);
      const mismatch = field === undefined ? undefined : staticMismatch(value, field.type);
      if (mismatch !== undefined) return mismatch;
    }
  }
  return undefined;
}

function staticName(expr: Expr): string {
  switch (expr.kind) {
    case "literal":
      if (expr.value === null) return "Null";
      if (typeof expr.value === "bigint") return "Int";
      return { boolean: "Boolean", string: "String", number: "Double" }[
        typeof expr.value as "boolean" | "string" | "number"
      ];
    case "template":
      return "String";
    case "array":
      return "Array";
    default:
      return "{}";
  }
}

function typeName(type: TypeExpr): string {
  return type.kind === "name" ? type.name : printType(type);
}

/** Whether a value of `expr` may be of `type`. What is not a literal always may. */
function accepts(type: TypeExpr, expr: Expr): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "nullable":
      return isNull(expr) || accepts(type.base, expr);
    case "union":
      return type.members.some((member) => accepts(member, expr));
    case "literal":
      return expr.kind !== "literal" || expr.value === type.literal.value;
    case "name":
      return acceptsName(type.name, expr);
    case "generic":
      return acceptsGeneric(type, expr);
    case "tuple":
      if (expr.kind !== "array") return !isLiteral(expr);
      return (
        expr.items.length === type.elements.length &&
        type.elements.every((element, i) => accepts(element, expr.items[i] as Expr))
      );
    case "object":
      if (expr.kind !== "object") return !isLiteral(expr);
      return acceptsObject(type, expr);
    default:
      return true;
  }
}

function isNull(expr: Expr): boolean {
  return expr.kind === "literal" && expr.value === null;
}

function isLiteral(expr: Expr): boolean {
  return (
    expr.kind === "literal" ||
    expr.kind === "template" ||
    expr.kind === "array" ||
    expr.kind === "object"
  );
}

const LITERALS: Readonly<Record<string, (value: unknown) => boolean>> = {
  Int: (value) => typeof value === "bigint",
  Long: (value) => typeof value === "bigint",
  Number: (value) => typeof value === "bigint" || typeof value === "number",
  Double: (value) => typeof value === "number",
  String: (value) => typeof value === "string",
  Boolean: (value) => typeof value === "boolean",
  Null: (value) => value === null,
};

function acceptsName(name: string, expr: Expr): boolean {
  if (!isLiteral(expr)) return true;
  if (name === "Object" || name === "Struct") return expr.kind === "object";
  const literal = LITERALS[name];
  if (expr.kind === "template") return name === "String";
  return expr.kind === "literal" && literal !== undefined && literal(expr.value);
}

function acceptsGeneric(type: Extract<TypeExpr, { kind: "generic" }>, expr: Expr): boolean {
  const [element] = type.args;
  if (!isLiteral(expr)) return true;
  if (type.name !== "Array" || element === undefined || expr.kind !== "array") return false;
  return expr.items.every((item) => accepts(element, item));
}

function acceptsObject(
  type: Extract<TypeExpr, { kind: "object" }>,
  expr: Extract<Expr, { kind: "object" }>,
): boolean {
  const given = new Map(expr.fields.map(([name, value]) => [name.text, value]));
  const known = type.fields.every((field) => {
    const value = given.get(field.name.text);
    if (value !== undefined) return accepts(field.type, value);
    return (
      field.default !== undefined ||
      accepts(field.type, { kind: "literal", value: null, span: expr.span })
    );
  });
  const names = new Set(type.fields.map((field) => field.name.text));
  return (
    known &&
    (type.wildcard !== undefined || type.open || [...given.keys()].every((name) => names.has(name)))
  );
}
