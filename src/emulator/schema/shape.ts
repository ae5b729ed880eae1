/**
 * Types as the run time checks them: of the fields of documents and of definitions themselves. The
 * rules and words are those of Fauna's schema types (recordings `v10-schema/typed-fields`,
 * `v10-schema/roles`).
 */
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import { isIdentifier, printString } from "../../fsl/fsl.ts";
import type { CollectionId } from "../data/ids.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
  StoredLambda,
  StoredSet,
} from "../data/value.ts";
import type { Path, Violation } from "./failure.ts";

export type ScalarName =
  | "Any"
  | "Null"
  | "Int"
  | "Long"
  | "Double"
  | "Number"
  | "Boolean"
  | "String"
  | "Time"
  | "Date"
  | "Bytes"
  | "UUID"
  | "Query"
  | "AnyDoc"
  | "Document";

export type Shape =
  | { readonly kind: "scalar"; readonly name: ScalarName }
  | { readonly kind: "literal"; readonly value: string | bigint | number | boolean }
  | { readonly kind: "document"; readonly collection: CollectionId; readonly name: string }
  | ObjectShape
  | { readonly kind: "array"; readonly element: Shape }
  | { readonly kind: "tuple"; readonly elements: readonly Shape[] }
  | { readonly kind: "union"; readonly members: readonly Shape[] };

export interface ObjectShape {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, FieldShape>;
  readonly wildcard: Shape | undefined;
}

export interface FieldShape {
  readonly type: Shape;
  /** Whether it may be missing although its type has no null: it has a default that others fill in. */
  readonly optional?: boolean;
  /** Kept by the server: writing another value than the one that is there is refused. */
  readonly readOnly?: boolean;
  /** Further rules, asked once the type is right. `before` is what was there. */
  readonly validate?: (path: Path, value: Data, before: Data | undefined) => Violation[];
}

export const scalar = (name: ScalarName): Shape => ({ kind: "scalar", name });
export const ANY = scalar("Any");
export const NULL = scalar("Null");
export const STRING = scalar("String");
export const union = (...members: Shape[]): Shape => ({ kind: "union", members });
export const array = (element: Shape): Shape => ({ kind: "array", element });

/** A type, or null. */
export const optional = (type: Shape): Shape =>
  type.kind === "union" ? union(...type.members, NULL) : union(type, NULL);

/** An object with these fields; plain shapes stand for fields without more to say. */
export function record(fields: Readonly<Record<string, Shape | FieldShape>>): ObjectShape {
  const entries = Object.entries(fields).map(
    ([name, field]) => [name, "kind" in field ? { type: field } : field] as const,
  );
  return { kind: "object", fields: new Map(entries), wildcard: undefined };
}

/** An object whose fields all have this type. */
export const objectOfAny = (wildcard: Shape = ANY): ObjectShape => ({
  kind: "object",
  fields: new Map(),
  wildcard,
});

/** One violation at one path. */
export const violation = (path: Path, message: string): Violation => ({ paths: [path], message });

/** `shape` as messages show it. */
function printShape(shape: Shape): string {
  switch (shape.kind) {
    case "scalar":
    case "document":
      return shape.name;
    case "literal":
      return typeof shape.value === "string" ? printString(shape.value) : String(shape.value);
    case "array":
      return `Array<${printShape(shape.element)}>`;
    case "tuple":
      return `[${shape.elements.map(printShape).join(", ")}]`;
    case "union":
      return shape.members.map(printShape).join(" | ");
    case "object": {
      const parts = [...shape.fields].map(
        ([name, field]) => `${isIdentifier(name) ? name : `"${name}"`}: ${printShape(field.type)}`,
      );
      if (shape.wildcard !== undefined) parts.push(`*: ${printShape(shape.wildcard)}`);
      return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
    }
  }
}

/** The shape that a value has. */
function shapeOf(value: Data): Shape {
  if (value === null) return NULL;
  if (typeof value === "boolean") return scalar("Boolean");
  if (typeof value === "bigint") return scalar(isInt(value) ? "Int" : "Long");
  if (typeof value === "number") return scalar("Double");
  if (typeof value === "string") return STRING;
  if (value instanceof Time) return scalar("Time");
  if (value instanceof LocalDate) return scalar("Date");
  if (value instanceof Uint8Array) return scalar("Bytes");
  if (value instanceof Uuid) return scalar("UUID");
  if (value instanceof DocRef)
    return { kind: "document", collection: value.collection, name: "Document" };
  if (value instanceof StoredLambda) return scalar("Query");
  if (value instanceof StoredSet) return objectOfAny();
  if (isArrayData(value)) return { kind: "tuple", elements: value.map(shapeOf) };
  const fields = [...value].map(([name, member]) => [name, { type: shapeOf(member) }] as const);
  return { kind: "object", fields: new Map(fields), wildcard: undefined };
}

function isInt(value: bigint): boolean {
  return value >= -2147483648n && value <= 2147483647n;
}

/** Whether `value` is of the scalar type `name`. */
function isScalar(name: ScalarName, value: Data): boolean {
  if (name === "Any") return true;
  if (name === "AnyDoc") return value instanceof DocRef;
  const actual = shapeOf(value);
  if (actual.kind !== "scalar") return false;
  if (name === "Long") return actual.name === "Int" || actual.name === "Long";
  if (name === "Number") return ["Int", "Long", "Double"].includes(actual.name);
  return actual.name === name;
}

/** Whether `value` is of type `shape`, whatever the further rules. */
export function isOfShape(shape: Shape, value: Data): boolean {
  return check(shape, [], value, undefined).length === 0;
}

/** Everything about `value` that is not as `shape` has it. `before` is the value it replaces. */
export function check(
  shape: Shape,
  path: Path,
  value: Data,
  before: Data | undefined,
): Violation[] {
  switch (shape.kind) {
    case "scalar":
      return isScalar(shape.name, value) ? [] : [mismatch(shape, path, value)];
    case "literal":
      return checkLiteral(shape.value, shape, path, value);
    case "document":
      if (!(value instanceof DocRef)) return [mismatch(shape, path, value)];
      if (value.collection === shape.collection) return [];
      return [
        violation(
          path,
          `Expected ${shape.name} document, provided document from another collection`,
        ),
      ];
    case "object":
      if (!isObjectData(value)) return [mismatch(shape, path, value)];
      return checkObject(shape, path, value, isObjectData(before) ? before : undefined);
    case "array":
      if (!isArrayData(value)) return [mismatch(shape, path, value)];
      return value.flatMap((element, index) =>
        check(shape.element, [...path, index], element, elementOf(before, index)),
      );
    case "tuple":
      if (!isArrayData(value)) return [mismatch(shape, path, value)];
      if (value.length !== shape.elements.length) return [violation(path, "Invalid tuple arity")];
      return shape.elements.flatMap((element, index) =>
        check(element, [...path, index], value[index] ?? null, elementOf(before, index)),
      );
    case "union":
      return checkUnion(shape, path, value, before);
  }
}

function elementOf(before: Data | undefined, index: number): Data | undefined {
  return isArrayData(before) ? before[index] : undefined;
}

function mismatch(shape: Shape, path: Path, value: Data): Violation {
  return violation(path, `Expected ${printShape(shape)}, provided ${printShape(shapeOf(value))}`);
}

function checkLiteral(
  literal: string | bigint | number | boolean,
  shape: Shape,
  path: Path,
  value: Data,
): Violation[] {
  if (value === literal) return [];
  const comparable = typeof value === typeof literal && value !== null;
  if (!comparable) return [mismatch(shape, path, value)];
  const provided = printShape({ kind: "literal", value: value as string });
  return [violation(path, `Expected ${printShape(shape)}, provided ${provided}`)];
}

/** Fields that are there, in their order, then those that are missing. */
function checkObject(
  shape: ObjectShape,
  path: Path,
  value: ObjectData,
  before: ObjectData | undefined,
): Violation[] {
  const violations: Violation[] = [];
  for (const [name, member] of value) {
    const field = shape.fields.get(name) ?? (shape.wildcard && { type: shape.wildcard });
    if (field === undefined) violations.push(violation([...path, name], UNEXPECTED));
    else violations.push(...checkField(field, [...path, name], member, before?.get(name)));
  }
  for (const [name, field] of shape.fields) {
    if (!value.has(name))
      violations.push(...checkField(field, [...path, name], null, before?.get(name)));
  }
  return violations;
}

/** What is said of a field that the type does not have. */
export const UNEXPECTED = "Unexpected field provided";
const READ_ONLY = "Failed to update field because it is readonly";
const MISSING = "Missing required field of type ";

function checkField(
  field: FieldShape,
  path: Path,
  value: Data,
  before: Data | undefined,
): Violation[] {
  if (field.readOnly === true && value !== null && !sameData(value, before))
    return [violation(path, READ_ONLY)];
  if (value === null && !isOfShape(field.type, null)) {
    return field.optional === true ? [] : [violation(path, `${MISSING}${printShape(field.type)}`)];
  }
  const violations = check(field.type, path, value, before);
  return violations.length > 0 || value === null
    ? violations
    : (field.validate?.(path, value, before) ?? []);
}

function checkUnion(
  shape: Extract<Shape, { kind: "union" }>,
  path: Path,
  value: Data,
  before: Data | undefined,
): Violation[] {
  const attempts = shape.members.map((member) => check(member, path, value, before));
  if (attempts.some((violations) => violations.length === 0)) return [];
  const refused = attempts.find((violations) =>
    violations.some(({ message }) => message === READ_ONLY),
  );
  return (
    refused ?? narrowed(attempts, shape, path) ?? [mismatchOfUnion(attempts, shape, path, value)]
  );
}

/** What can be said of the inside of the value, if the members agree enough on what it is. */
function narrowed(
  attempts: readonly Violation[][],
  shape: Extract<Shape, { kind: "union" }>,
  path: Path,
): Violation[] | undefined {
  const inside = attempts.filter((violations) =>
    violations.every(({ paths }) => paths[0]?.length !== path.length),
  );
  const extra = new Map<string, Violation[]>();
  for (const found of inside.flat().filter(({ message }) => message === UNEXPECTED)) {
    const key = JSON.stringify(found.paths);
    extra.set(key, [...(extra.get(key) ?? []), found]);
  }
  const everywhere = [...extra.values()]
    .filter((list) => list.length === shape.members.length)
    .flatMap(([one]) => one ?? []);
  const missing = distinct(
    inside.map((violations) => violations.filter(({ message }) => message.startsWith(MISSING))),
  );
  const lacking =
    missing.length > 0 && missing.every((list) => list.length > 0) ? [summary(missing, path)] : [];
  const structural = [...everywhere, ...lacking];
  if (structural.length > 0) return structural;
  if (inside.length === 1) return inside[0];
  const wrong = inside.filter((violations) =>
    violations.every(({ message }) => message !== UNEXPECTED && !message.startsWith(MISSING)),
  );
  return wrong.length === 1 ? wrong[0] : undefined;
}

function distinct(lists: readonly Violation[][]): Violation[][] {
  return [
    ...new Map(
      lists.map((list) => [JSON.stringify(list.map(({ paths }) => paths)), list]),
    ).values(),
  ];
}

/** "Union requires fields [terms], [values], or [terms, values]". */
function summary(missing: readonly Violation[][], path: Path): Violation {
  const [only] = missing;
  if (missing.length === 1 && only?.length === 1 && only[0] !== undefined) return only[0];
  const lists = missing.map((list) => `[${list.map(({ paths }) => paths[0]?.at(-1)).join(", ")}]`);
  if (lists.length <= 2) return violation(path, `Union requires fields ${lists.join(" or ")}`);
  return violation(
    path,
    `Union requires fields ${lists.slice(0, -1).join(", ")}, or ${lists.at(-1)}`,
  );
}

function mismatchOfUnion(
  attempts: readonly Violation[][],
  shape: Shape,
  path: Path,
  value: Data,
): Violation {
  const literal = attempts
    .flat()
    .map(({ message }) => /, provided (".*"|-?\d+|true|false)$/s.exec(message)?.[1])
    .find((provided) => provided !== undefined);
  const provided = literal ?? printShape(shapeOf(value));
  return violation(path, `Expected ${printShape(shape)}, provided ${provided}`);
}

/** Whether two stored values are the same. */
function sameData(a: Data | undefined, b: Data | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null) return false;
  if (typeof a !== "object" || typeof b !== "object") return Object.is(a, b);
  if (isArrayData(a))
    return isArrayData(b) && a.length === b.length && a.every((value, i) => sameData(value, b[i]));
  if (isObjectData(a)) {
    return (
      isObjectData(b) &&
      a.size === b.size &&
      [...a].every(([name, value]) => sameData(value, b.get(name)))
    );
  }
  if (a instanceof DocRef)
    return b instanceof DocRef && a.id === b.id && a.collection === b.collection;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Time) return b instanceof Time && a.epochNanos === b.epochNanos;
  if (a instanceof LocalDate) return b instanceof LocalDate && a.epochDay === b.epochDay;
  if (a instanceof Uuid) return b instanceof Uuid && a.text === b.text;
  // Sets and lambdas are only equal when they are one.
  return false;
}
