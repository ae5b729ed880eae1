/**
 * Which index of the store stands behind an index or unique constraint of a collection. Two
 * definitions of the same fields share one, so that renaming an index does not build it again.
 */
import type { Database } from "../data/database.ts";
import type { CollectionId, IndexId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import type { IndexedField } from "./collection.ts";

type Numbers = ReadonlyMap<string, IndexId>;

const NUMBERS = Symbol("numbers of collection indexes");
const NONE: Numbers = new Map();

/** The indexes of a collection by their keys. The same map as long as nothing changes. */
export function indexNumbers(database: Database, collection: CollectionId): Numbers {
  const all = database.attachments.get(NUMBERS) as ReadonlyMap<CollectionId, Numbers> | undefined;
  return all?.get(collection) ?? NONE;
}

/** Keeps the indexes of a collection. */
export function setIndexNumbers(
  transaction: Transaction,
  collection: CollectionId,
  numbers: Numbers,
): void {
  const all = transaction.database.attachments.get(NUMBERS) as
    | ReadonlyMap<CollectionId, Numbers>
    | undefined;
  const next = new Map(all);
  if (numbers.size > 0) next.set(collection, numbers);
  else next.delete(collection);
  transaction.attach(NUMBERS, next);
}

/** The key of an index with these terms and values. */
export function indexKey(terms: readonly IndexedField[], values: readonly IndexedField[]): string {
  return `index ${print(terms)} ${print(values)}`;
}

/** The key of a unique constraint on these fields. */
export function uniqueKey(fields: readonly IndexedField[]): string {
  return `unique ${print(fields)}`;
}

function print(fields: readonly IndexedField[]): string {
  return JSON.stringify(
    fields.map(({ field, mva, descending }) => [field.replace(/^\./, ""), mva, descending]),
  );
}
