/**
 * What a collection's definition demands of its documents. Both languages ask: v10 with defaults
 * filled in before, v4 without (recordings `v10-schema/typed-fields`, `v4-write/insert-into-typed`).
 * Inserts of old versions are never checked (live 18).
 */
import {
  isIdentifier,
  type ObjectTypeField,
  printString,
  readString,
  type TypeExpr,
} from "../../fsl/fsl.ts";
import type { IndexId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, type DocRef, isObjectData, type ObjectData } from "../data/value.ts";
import type { Version } from "../data/version.ts";
import type { CollectionSchema } from "./collection.ts";
import type { Path, Violation } from "./failure.ts";
import { valueOfDefault } from "./defaults.ts";
import { languageOf } from "./language.ts";
import { check, type FieldShape, type ObjectShape, UNEXPECTED, violation } from "./shape.ts";

/** Which language writes: they differ in computed fields and in fields that have a default. */
export type Writer = "v10" | "v4";

/**
 * Everything about the data of a document (what is below `data` in v4) that its collection's types
 * do not allow; empty for collections without types, where data may have a member that is called like
 * a computed field (v10 reads it below `.data`). Members that are null count as missing.
 */
export function documentViolations(
  schema: CollectionSchema,
  data: ObjectData,
  writer: Writer,
): Violation[] {
  const overwritten = [...data]
    .filter(([name, value]) => schema.computed.has(name) && value !== null)
    .map(([name]) =>
      violation([name], writer === "v10" ? "Cannot write to a computed field" : UNEXPECTED),
    );
  if (!schema.isTyped) return [];
  const rest = new Map([...data].filter(([name]) => !schema.computed.has(name)));
  return [...overwritten, ...check(shapeFor(schema, writer), [], rest, undefined)];
}

/** In v4 a field that has a default may be missing: nobody fills it in, and nobody minds. */
function shapeFor(schema: CollectionSchema, writer: Writer): ObjectShape {
  if (writer === "v10") return schema.shape;
  const fields = [...schema.shape.fields].map(([name, field]): [string, FieldShape] => {
    return [
      name,
      schema.fields.get(name)?.default === undefined ? field : { ...field, optional: true },
    ];
  });
  return { ...schema.shape, fields: new Map(fields) };
}

/**
 * The data with defaults for fields that are missing. A member that is there and null stays null: it
 * was asked for, and will be refused. For v10 `create` and `replace` only.
 *
 * @throws ConstraintError with `message` where evaluating a default fails
 */
export function withDefaults(
  transaction: Transaction,
  schema: CollectionSchema,
  data: ObjectData,
  message: string,
): ObjectData {
  const filled = new Map(data);
  for (const field of schema.fields.values()) {
    const evaluate = (source: string, path: Path) => {
      const name = `*field:${schema.name}:${field.name}*`;
      return valueOfDefault(transaction, path, source, name, message);
    };
    const path = [field.name];
    const value = defaulted(path, field.type, field.default, data.get(field.name), evaluate);
    if (value !== undefined) filled.set(field.name, value);
  }
  return filled;
}

function defaulted(
  path: Path,
  type: TypeExpr,
  otherwise: string | undefined,
  value: Data | undefined,
  evaluate: (source: string, path: Path) => Data,
): Data | undefined {
  if (value === undefined && otherwise !== undefined) return evaluate(otherwise, path);
  if (type.kind !== "object" || !type.fields.some(hasDefault)) return value;
  if (value !== undefined && !isObjectData(value)) return value;
  const filled = new Map(value);
  for (const field of type.fields) {
    const member = defaulted(
      [...path, field.name.text],
      field.type,
      field.default?.text,
      value?.get(field.name.text),
      evaluate,
    );
    if (member !== undefined) filled.set(field.name.text, member);
  }
  return value === undefined && filled.size === 0 ? undefined : filled;
}

function hasDefault(field: ObjectTypeField): boolean {
  return (
    field.default !== undefined ||
    (field.type.kind === "object" && field.type.fields.some(hasDefault))
  );
}

/** The check constraints that the new version of a document fails, in the order of their definition. */
export function failedChecks(
  transaction: Transaction,
  schema: CollectionSchema,
  ref: DocRef,
  version: Version,
): Violation[] {
  if (schema.checks.length === 0) return [];
  const language = languageOf(transaction.database.cluster);
  return schema.checks.flatMap((one) => {
    const verdict = language.check(transaction, ref, version, one);
    return verdict === true ? [] : [{ paths: [], message: verdict }];
  });
}

/** What v10 says of a document that is not unique in index `id`; undefined if that is no constraint of this collection. */
export function uniqueViolation(schema: CollectionSchema, id: IndexId): Violation | undefined {
  const constraint = schema.uniques.find((unique) => unique.id === id);
  if (constraint === undefined) return undefined;
  return {
    paths: constraint.fields.map(({ field }) => fieldPath(field)),
    message: "Failed unique constraint",
  };
}

const STEP = /\.?\[\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+)\s*\]|\.?([a-zA-Z_][a-zA-Z0-9_]*)/y;

/** The steps of a path as definitions hold it: `.a.b`, `a`, `.["x y"]`, `.a[0]`; undefined if it is none. */
export function parsePath(field: string): Path | undefined {
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < field.length) {
    const found = STEP.exec(field);
    if (found === null || (steps.length > 0 && /^[a-zA-Z_]/.test(found[0]))) return undefined;
    const [, bracketed, name = ""] = found;
    if (bracketed === undefined) steps.push(name);
    else steps.push(/^\d/.test(bracketed) ? Number(bracketed) : readString(bracketed));
  }
  return steps.length === 0 ? undefined : steps;
}

/** As {@link parsePath} of a path that is known to be one. */
export function fieldPath(field: string): Path {
  return parsePath(field) ?? [field];
}

/** A path in FQL's own layout: `.a.b`, `.["x y"]`, `.a[0]`; itself if it is none. */
export function displayPath(field: string): string {
  const steps = parsePath(field);
  if (steps === undefined) return field;
  return steps
    .map((step, index) => {
      if (typeof step === "string" && isIdentifier(step)) return `.${step}`;
      const bracketed = `[${typeof step === "number" ? step : printString(step)}]`;
      return index === 0 ? `.${bracketed}` : bracketed;
    })
    .join("");
}
