/** From a document to the rows it has in an index. */
import { NATIVE } from "./ids.ts";
import type { Binding, FieldPath, IndexField, IndexShape } from "./shape.ts";
import {
  DocRef,
  isArrayData,
  isObjectData,
  StoredLambda,
  StoredSet,
  valueAt,
  type Data,
} from "./value.ts";
import type { Version } from "./version.ts";

/** The keys of one document in one index: terms, then values. */
export type EntryParts = readonly Data[];

/** The rows of `version` of `ref`, without doubles in no case but as arrays repeat themselves. */
export function entriesOf(shape: IndexShape, ref: DocRef, version: Version): EntryParts[] {
  if (version.isDeleted) return [];
  if (shape.sources !== "all" && !shape.sources.has(ref.collection)) return [];
  const termCount = shape.terms.length;
  let rows: Data[][] = [[]];
  for (const field of shape.terms) rows = extend(rows, valuesOf(field, ref, version));
  for (const field of shape.values) rows = extend(rows, valuesOf(field, ref, version));
  return rows.filter((row) => isKept(shape, row, termCount));
}

/** Whether a row is stored, by what it has of nulls. */
function isKept(shape: IndexShape, row: readonly Data[], termCount: number): boolean {
  if (termCount > 0) {
    let nulls = 0;
    for (let i = 0; i < termCount; i++) if (row[i] === null) nulls++;
    if (shape.omitNullTerms === "any" ? nulls > 0 : nulls === termCount) return false;
  }
  if (shape.values.length === 0 || shape.omitNullValues === false) return true;
  for (let i = termCount; i < row.length; i++) if (row[i] !== null) return true;
  return false;
}

function extend(rows: Data[][], values: readonly Data[]): Data[][] {
  if (values.length === 1) {
    for (const row of rows) row.push(values[0] as Data);
    return rows;
  }
  return rows.flatMap((row) => values.map((value) => [...row, value]));
}

function valuesOf(field: IndexField, ref: DocRef, version: Version): readonly Data[] {
  const value = sourceValue(field.from, ref, version) ?? null;
  if (field.explode === true && isArrayData(value)) {
    return value.length === 0 ? [null] : value.map((element) => indexable(element, field));
  }
  return [indexable(value, field)];
}

function sourceValue(from: IndexField["from"], ref: DocRef, version: Version): Data | undefined {
  if (typeof from === "function") return from(ref, version);
  if (isPath(from)) return fieldOf(from, ref, version);
  return from.get(ref.collection)?.(ref, version);
}

function isPath(from: FieldPath | ReadonlyMap<number, Binding>): from is FieldPath {
  return Array.isArray(from);
}

/** The value at a path of a document, with the names that stand for what is not stored in its fields. */
export function fieldOf(path: FieldPath, ref: DocRef, version: Version): Data | undefined {
  if (path.length === 1) {
    switch (path[0]) {
      case "ref":
        return ref;
      case "id":
        return String(ref.id);
      case "ts":
        return version.ts;
      case "collection":
      case "class":
      case "coll":
        return new DocRef(NATIVE.Collection, BigInt(ref.collection));
      default:
    }
  }
  return valueAt(version.fields, path);
}

/** What an index keeps of a value: objects, arrays, sets and lambdas count as null. */
function indexable(value: Data, field: IndexField): Data {
  if (typeof value === "string") return field.casefold === true ? caseFold(value) : value;
  if (isObjectData(value) || isArrayData(value)) return null;
  return value instanceof StoredLambda || value instanceof StoredSet ? null : value;
}

/** Text as the `casefold` transform keeps it. */
export function caseFold(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase();
}
