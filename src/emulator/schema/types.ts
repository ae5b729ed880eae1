/** Signatures of fields as types that values can be checked against. */
import type { FslProblem, Span, TypeExpr } from "../../fsl/fsl.ts";
import type { CollectionId } from "../data/ids.ts";
import {
  ANY,
  array,
  type FieldShape,
  NULL,
  objectOfAny,
  scalar,
  type ScalarName,
  type Shape,
  union,
} from "./shape.ts";

/** The collection that a name or alias means; undefined if there is none. */
export type FindCollection = (
  name: string,
) => { readonly id: CollectionId; readonly name: string } | undefined;

const SCALARS: ReadonlyMap<string, ScalarName> = new Map(
  (
    [
      "Any",
      "Null",
      "Int",
      "Long",
      "Double",
      "Number",
      "Boolean",
      "String",
      "Time",
      "Date",
      "Bytes",
      "UUID",
    ] as const
  ).map((name) => [name, name]),
);

/** Types of FQL v10 that values can have but documents cannot hold. */
const NOT_STORED: ReadonlySet<string> = new Set(
  "Set SetCursor EventSource TransactionTime ID Module Never Float".split(" "),
);

/** Documents of the database's own collections, by the names of their types. */
const NATIVE_TYPES: ReadonlyMap<string, CollectionId> = new Map([
  ["DatabaseDef", 0],
  ["CollectionDef", 1],
  ["Key", 3],
  ["Token", 4],
  ["Credential", 5],
  ["FunctionDef", 7],
  ["Role", 8],
  ["AccessProvider", 9],
]);

/** A type that cannot be used where it stands. */
export class TypeProblem extends Error {
  readonly span: Span;
  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }

  get problem(): FslProblem {
    return { message: this.message, span: this.span };
  }
}

/** The shape of a type expression. @throws TypeProblem for names that mean nothing and types that cannot be stored. */
export function shapeOfType(type: TypeExpr, find: FindCollection): Shape {
  const inner = (part: TypeExpr) => shapeOfType(part, find);
  switch (type.kind) {
    case "any":
      return ANY;
    case "never":
      throw new TypeProblem("Type `Never` is not persistable", type.span);
    case "lambda":
      throw new TypeProblem("Functions are not persistable", type.span);
    case "literal":
      return { kind: "literal", value: type.literal.value };
    case "name":
      return shapeOfName(type.name, type.span, find);
    case "generic":
      return shapeOfGeneric(type, find);
    case "object":
      return {
        kind: "object",
        fields: new Map(
          type.fields.map((field): [string, FieldShape] => {
            const shape = { type: inner(field.type) };
            return [
              field.name.text,
              field.default === undefined ? shape : { ...shape, optional: true },
            ];
          }),
        ),
        wildcard:
          type.wildcard === undefined ? (type.open ? ANY : undefined) : inner(type.wildcard),
      };
    case "tuple":
      return { kind: "tuple", elements: type.elements.map(inner) };
    case "union":
      return union(...type.members.map(inner));
    case "intersection":
      throw new TypeProblem("Intersections are not persistable", type.span);
    case "nullable":
      return nullable(inner(type.base));
  }
}

function nullable(shape: Shape): Shape {
  return shape.kind === "union" ? union(...shape.members, NULL) : union(shape, NULL);
}

function shapeOfName(name: string, span: Span, find: FindCollection): Shape {
  const known = SCALARS.get(name);
  if (known !== undefined) return scalar(known);
  if (name === "Object" || name === "Struct") return objectOfAny();
  const native = NATIVE_TYPES.get(name);
  if (native !== undefined) return { kind: "document", collection: native, name };
  const collection = find(name);
  if (collection !== undefined) return { kind: "document", collection: collection.id, name };
  const missing = name.startsWith("Null") ? find(name.slice(4)) : undefined;
  if (missing !== undefined) return { kind: "document", collection: missing.id, name };
  if (NOT_STORED.has(name)) throw new TypeProblem(`Type \`${name}\` is not persistable`, span);
  throw new TypeProblem(`Unknown type \`${name}\``, span);
}

function shapeOfGeneric(type: Extract<TypeExpr, { kind: "generic" }>, find: FindCollection): Shape {
  const [first] = type.args;
  if (first === undefined) throw new TypeProblem(`Unknown type \`${type.name}\``, type.nameSpan);
  if (type.name === "Array") return array(shapeOfType(first, find));
  if (["Ref", "EmptyRef", "NamedRef", "NamedNullRef"].includes(type.name))
    return shapeOfType(first, find);
  if (NOT_STORED.has(type.name))
    throw new TypeProblem(`Type \`${type.name}\` is not persistable`, type.span);
  throw new TypeProblem(`Unknown type \`${type.name}\``, type.nameSpan);
}
