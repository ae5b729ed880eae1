/** From a document to the rows it has in an index. */
import { DataError } from "./errors.ts";
import { NATIVE, isUserCollection, type CollectionId, type IndexId } from "./ids.ts";
import { compareTerms } from "./order.ts";
import { MAX_TRANSACTION_BYTES, ROW_OVERHEAD, sizeOf } from "./size.ts";
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

/**
 * The rows of `version` of `ref`, one for each combination of what its fields give.
 *
 * @throws DataError index_entries_too_large, before a document with several long arrays has
 * become millions of rows.
 */
export function entriesOf(
  shape: IndexShape,
  index: IndexId,
  ref: DocRef,
  version: Version,
): EntryParts[] {
  if (version.isDeleted) return [];
  if (!isSource(shape, ref.collection)) return [];
  const columns = [...shape.terms, ...shape.values].map((field) => valuesOf(field, ref, version));
  let rows: Data[][] = [[]];
  if (columns.some((column) => column.length > 1)) checkSize(columns, index, ref);
  for (const column of columns) rows = extend(rows, column);
  return rows.filter((row) => isKept(shape, row));
}

/** Whether documents of `collection` are in an index; all means those that users made. */
export function isSource({ sources }: IndexShape, collection: CollectionId): boolean {
  return sources === "all" ? isUserCollection(collection) : sources.has(collection);
}

/** Whether a row is stored: not if all its terms are null, nor (in v4) all its values. */
function isKept(shape: IndexShape, row: readonly Data[]): boolean {
  const termCount = shape.terms.length;
  const hasTerm = termCount === 0 || row.some((part, i) => i < termCount && part !== null);
  if (!hasTerm) return false;
  if (shape.values.length === 0 || shape.omitNullValues === false) return true;
  return row.some((part, i) => i >= termCount && part !== null);
}

function extend(rows: Data[][], values: readonly Data[]): Data[][] {
  if (values.length === 1) {
    for (const row of rows) row.push(values[0] as Data);
    return rows;
  }
  return rows.flatMap((row) => values.map((value) => [...row, value]));
}

function checkSize(columns: readonly (readonly Data[])[], index: IndexId, ref: DocRef): void {
  const rows = columns.reduce((product, column) => product * column.length, 1);
  let size = 0;
  for (const column of columns) {
    const bytes = column.reduce<number>((sum, value) => sum + sizeOf(value), 0);
    size += (bytes * rows) / column.length;
  }
  size += rows * ROW_OVERHEAD;
  if (size <= MAX_TRANSACTION_BYTES) return;
  throw new DataError({
    kind: "index_entries_too_large",
    index,
    ref,
    size,
    limit: MAX_TRANSACTION_BYTES,
  });
}

/** What a field gives, each value once; null alone if it gives nothing. */
function valuesOf(field: IndexField, ref: DocRef, version: Version): readonly Data[] {
  const values =
    field.explode === true
      ? scalarsOf(field.from, ref, version)
      : [sourceValue(field.from, ref, version)];
  const found = values.filter((value) => value !== undefined && !(value instanceof StoredLambda));
  if (found.length === 0) return [null];
  const folded = field.casefold === true ? found.map(fold) : found;
  if (folded.length === 1) return folded as Data[];
  const distinct: Data[] = [];
  for (const value of (folded as Data[]).toSorted(compareTerms)) {
    if (distinct.length === 0 || compareTerms(distinct.at(-1) as Data, value) !== 0)
      distinct.push(value);
  }
  return distinct;
}

/** What a field gives once its arrays are opened, at every depth: objects, sets and lambdas count as null. */
function scalarsOf(from: IndexField["from"], ref: DocRef, version: Version): Data[] {
  const result: Data[] = [];
  if (typeof from !== "function" && isPath(from)) {
    const special = specialField(from, ref, version);
    if (special !== undefined) return [special];
    collect(version.fields, from, 0, result);
  } else {
    collect(sourceValue(from, ref, version), [], 0, result);
  }
  return result.map((value) => (isScalar(value) ? value : null));
}

/** Gathers the values at `path`, going into every element of an array where the path names a member. */
function collect(value: Data | undefined, path: FieldPath, depth: number, result: Data[]): void {
  if (value === undefined) return;
  const step = path[depth];
  if (isArrayData(value)) {
    if (typeof step === "number") collect(value[step], path, depth + 1, result);
    else for (const element of value) collect(element, path, depth, result);
    return;
  }
  if (step === undefined) result.push(value);
  else if (isObjectData(value)) collect(value.get(String(step)), path, depth + 1, result);
  else if (value instanceof DocRef) collect(refField(value, step), path, depth + 1, result);
}

function isScalar(value: Data): boolean {
  return !(
    isObjectData(value) ||
    isArrayData(value) ||
    value instanceof StoredLambda ||
    value instanceof StoredSet
  );
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
  return specialField(path, ref, version) ?? valueAt(version.fields, path);
}

function specialField(path: FieldPath, ref: DocRef, version: Version): Data | undefined {
  const [first, second] = path;
  if (path.length === 1) {
    if (first === "ref") return ref;
    if (first === "ts") return version.ts;
    return first === undefined ? undefined : refField(ref, first);
  }
  return path.length === 2 && first === "ref" && second !== undefined
    ? refField(ref, second)
    : undefined;
}

function refField(ref: DocRef, name: string | number): Data | undefined {
  switch (name) {
    case "id":
      return String(ref.id);
    case "collection":
    case "class":
    case "coll":
      return new DocRef(NATIVE.Collection, BigInt(ref.collection));
    default:
      return undefined;
  }
}

function fold(value: Data | undefined): Data | undefined {
  return typeof value === "string" ? caseFold(value) : value;
}

/** Text as the `casefold` transform keeps it. */
export function caseFold(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase();
}
