/** Type expressions of FQL v10: the signatures of fields, functions and computed fields. */
import type { Expression, Name } from "./ast.ts";
import { isIdentifier, printString } from "./names.ts";
import type { Span } from "./span.ts";

/** A literal that is a type: `"open"`, `5`, `true`. Integers keep their text. */
type TypeLiteral =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "boolean"; readonly value: boolean };

export interface ObjectTypeField {
  readonly name: Name;
  readonly type: TypeExpr;
  /** Only in the type of a field of a collection. */
  readonly default: Expression | undefined;
}

export interface LambdaParameter {
  readonly name: string | undefined;
  readonly type: TypeExpr;
}

export type TypeExpr =
  | { readonly kind: "any" | "never"; readonly span: Span }
  | { readonly kind: "literal"; readonly literal: TypeLiteral; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | {
      readonly kind: "generic";
      readonly name: string;
      readonly nameSpan: Span;
      readonly args: readonly TypeExpr[];
      readonly span: Span;
    }
  | {
      readonly kind: "object";
      readonly fields: readonly ObjectTypeField[];
      readonly wildcard: TypeExpr | undefined;
      /** `...` at its end: other fields may be there. */
      readonly open: boolean;
      readonly span: Span;
    }
  | { readonly kind: "tuple"; readonly elements: readonly TypeExpr[]; readonly span: Span }
  | {
      readonly kind: "lambda";
      readonly parameters: readonly LambdaParameter[];
      readonly variadic: LambdaParameter | undefined;
      readonly returns: TypeExpr;
      readonly span: Span;
    }
  | {
      readonly kind: "union" | "intersection";
      readonly members: readonly TypeExpr[];
      readonly span: Span;
    }
  | { readonly kind: "nullable"; readonly base: TypeExpr; readonly span: Span };

/** `type` as the server prints it in definitions: one space after `,` and `:`, `?` right behind. */
export function printType(type: TypeExpr, precedence = 0): string {
  switch (type.kind) {
    case "any":
      return "Any";
    case "never":
      return "Never";
    case "literal":
      return type.literal.kind === "string"
        ? printString(type.literal.value)
        : String(type.literal.value);
    case "name":
      return type.name;
    case "generic":
      return `${type.name}<${type.args.map((arg) => printType(arg)).join(", ")}>`;
    case "object":
      return printObject(type);
    case "tuple":
      return `[${type.elements.map((element) => printType(element)).join(", ")}]`;
    case "lambda":
      return parenthesise(printLambda(type), precedence > 10);
    case "union":
      return parenthesise(
        type.members.map((member) => printType(member, 20)).join(" | "),
        precedence > 20,
      );
    case "intersection":
      return parenthesise(
        type.members.map((member) => printType(member, 30)).join(" & "),
        precedence > 30,
      );
    case "nullable":
      return `${printType(type.base, 50)}?`;
  }
}

function parenthesise(text: string, needed: boolean): string {
  return needed ? `(${text})` : text;
}

function printObject(type: Extract<TypeExpr, { kind: "object" }>): string {
  const parts = type.fields.map((field) => {
    const name = isIdentifier(field.name.text) ? field.name.text : `"${field.name.text}"`;
    const otherwise = field.default === undefined ? "" : ` = ${field.default.text}`;
    return `${name}: ${printType(field.type)}${otherwise}`;
  });
  if (type.wildcard !== undefined) parts.push(`*: ${printType(type.wildcard)}`);
  if (type.open) parts.push("...");
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

function printLambda(type: Extract<TypeExpr, { kind: "lambda" }>): string {
  const returns = printType(type.returns, 10);
  const [only] = type.parameters;
  if (type.parameters.length === 1 && type.variadic === undefined && only !== undefined) {
    const parameter = printType(only.type, 11);
    return only.name === undefined
      ? `${parameter} => ${returns}`
      : `(${only.name}: ${parameter}) => ${returns}`;
  }
  const parts = type.parameters.map((parameter) => printParameter(parameter, ""));
  if (type.variadic !== undefined) parts.push(printParameter(type.variadic, "..."));
  return `(${parts.join(", ")}) => ${returns}`;
}

function printParameter(parameter: LambdaParameter, dots: string): string {
  const type = `${dots}${printType(parameter.type, 10)}`;
  return parameter.name === undefined ? type : `${parameter.name}: ${type}`;
}
