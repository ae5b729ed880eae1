/** Keeps the indexes of the store in step with the definitions of collections. */
import { type CollectionId, type IndexId, NATIVE } from "../data/ids.ts";
import type { IndexField, IndexShape } from "../data/shape.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, DocRef, isArrayData, isObjectData, type ObjectData } from "../data/value.ts";
import {
  type CollectionSchema,
  type IndexedField,
  indexedFields,
  schemaOf,
  uniqueFields,
} from "./collection.ts";
import { fieldPath } from "./documents.ts";
import { indexKey, indexNumbers, setIndexNumbers, uniqueKey } from "./index-numbers.ts";
import { languageOf } from "./language.ts";

/** A collection of more documents than this gets its new indexes later (facts §7). */
const BUILD_AT_ONCE = 128;

/** How long after the commit an index on a large collection counts as built, ms. */
const BUILD_MILLISECONDS = 300;

/** Whether indexes made now on this collection are there at once. */
export function buildsAtOnce(transaction: Transaction, collection: CollectionId): boolean {
  return transaction.database.store(collection).size <= BUILD_AT_ONCE;
}

/**
 * Makes the indexes that `definition` asks for and drops those that it no longer does. Those on computed
 * fields that `previous` computes otherwise are made anew.
 *
 * @returns the keys of the indexes that were dropped.
 */
export function syncIndexes(
  transaction: Transaction,
  collection: CollectionId,
  definition: ObjectData,
  previous: ObjectData | undefined,
): string[] {
  const before = indexNumbers(transaction.database, collection);
  const wanted = wantedIndexes(definition);
  const numbers = new Map<string, IndexId>();
  const schema = schemaOf(transaction, collection, definition);
  const changed = changedComputations(definition, previous);
  const stale: IndexId[] = [];
  for (const [key, { fields, values, unique }] of wanted) {
    const isStale = [...fields, ...values].some(({ field }) => changed.has(fieldPath(field)[0]));
    const existing = before.get(key);
    if (isStale && existing !== undefined) stale.push(existing);
    const known = isStale ? undefined : existing;
    numbers.set(key, known ?? transaction.newIndexId());
    if (known === undefined)
      transaction.putIndex(
        numbers.get(key) ?? 0n,
        shapeOfIndex(transaction, schema, fields, values, unique),
      );
  }
  const dropped = [...before].filter(([key]) => !numbers.has(key));
  for (const id of [...stale, ...dropped.map(([, old]) => old)]) transaction.dropIndex(id);
  if (stale.length > 0 || dropped.length > 0 || numbers.size !== before.size)
    setIndexNumbers(transaction, collection, numbers);
  return dropped.map(([key]) => key);
}

/** The computed fields that the two definitions compute in different ways. */
function changedComputations(
  definition: ObjectData,
  previous: ObjectData | undefined,
): ReadonlySet<unknown> {
  const [now, then] = [bodies(definition), previous === undefined ? new Map() : bodies(previous)];
  return new Set(
    [...now.keys(), ...then.keys()].filter((name) => now.get(name) !== then.get(name)),
  );
}

function bodies(definition: ObjectData): ReadonlyMap<string, Data | undefined> {
  const computed = definition.get("computed_fields");
  return new Map(
    Array.from(isObjectData(computed) ? computed : [], ([name, field]) => [
      name,
      isObjectData(field) ? field.get("body") : undefined,
    ]),
  );
}

interface Wanted {
  readonly fields: readonly IndexedField[];
  readonly values: readonly IndexedField[];
  readonly unique: boolean;
}

function wantedIndexes(definition: ObjectData): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  const indexes = definition.get("indexes");
  for (const index of isObjectData(indexes) ? indexes.values() : []) {
    if (!isObjectData(index)) continue;
    const fields = indexedFields(index, "terms");
    const values = indexedFields(index, "values");
    wanted.set(indexKey(fields, values), { fields, values, unique: false });
  }
  for (const fields of uniqueFields(definition))
    wanted.set(uniqueKey(fields), { fields, values: [], unique: true });
  return wanted;
}

/** The keys of the indexes that a definition asks for. */
export function indexKeys(definition: ObjectData): string[] {
  return [...wantedIndexes(definition).keys()];
}

function shapeOfIndex(
  transaction: Transaction,
  schema: CollectionSchema,
  terms: readonly IndexedField[],
  values: readonly IndexedField[],
  unique: boolean,
): IndexShape {
  return {
    sources: new Set([schema.id]),
    terms: terms.map((term) => indexField(transaction, schema, term)),
    values: values.map((value) => indexField(transaction, schema, value)),
    unique,
    // A unique constraint bites as long as any of its fields is there (recording v10-schema/unique-constraints).
    omitNullValues: false,
  };
}

const META = new Set(["id", "ts", "ttl", "coll", "data"]);

function indexField(
  transaction: Transaction,
  schema: CollectionSchema,
  { field, mva, descending }: IndexedField,
): IndexField {
  const path = fieldPath(field);
  const [head, ...rest] = path;
  const options = { explode: mva, reverse: descending };
  const computed = typeof head === "string" ? schema.computed.get(head) : undefined;
  if (computed !== undefined) {
    const { database } = transaction;
    const language = languageOf(database.cluster);
    return {
      ...options,
      from: (ref, version) => {
        let value = language.computed(database, ref, version, computed);
        for (const step of rest)
          value = isObjectData(value)
            ? value.get(String(step))
            : isArrayData(value)
              ? value[Number(step)]
              : undefined;
        return value;
      },
    };
  }
  return {
    ...options,
    from: typeof head === "string" && META.has(head) ? path : ["data", ...path],
  };
}

/**
 * Marks what is being built as built, after a while, without making a new version of the definition.
 * Indexes named in `unqueryable` stay out of the reach of queries.
 */
export function finishBuildsLater(
  transaction: Transaction,
  collection: CollectionId,
  unqueryable: ReadonlySet<string>,
): void {
  const { database } = transaction;
  transaction.afterCommit(() => {
    const timer = setTimeout(() => {
      database.cluster.transact(database, (later) => {
        later.rewrite(NATIVE.Collection, (ref, fields) => {
          return ref.id === BigInt(collection) ? builtDefinition(fields, unqueryable) : undefined;
        });
        later.touchSchema();
      });
    }, BUILD_MILLISECONDS);
    timer.unref();
  });
}

/** The definition with nothing in it under construction; undefined if nothing was. */
function builtDefinition(
  fields: ObjectData,
  unqueryable: ReadonlySet<string>,
): ObjectData | undefined {
  const indexes = fields.get("indexes");
  const constraints = fields.get("constraints");
  const result = new Map(fields);
  let changed = false;
  if (isObjectData(indexes)) {
    const built = [...indexes].map(([name, index]) => {
      if (!isObjectData(index) || index.get("status") !== "building") return [name, index] as const;
      changed = true;
      const state: [string, Data][] = [
        ["queryable", !unqueryable.has(name)],
        ["status", "complete"],
      ];
      return [name, new Map([...index, ...state])] as const;
    });
    result.set("indexes", new Map(built));
  }
  if (isArrayData(constraints)) {
    result.set(
      "constraints",
      constraints.map((one) => {
        if (!isObjectData(one) || one.get("status") !== "pending") return one;
        changed = true;
        return new Map([...one, ["status", "active"]]);
      }),
    );
  }
  return changed ? result : undefined;
}

/** Drops every index that has no other source than `collection`, v4 indexes with their documents included. */
export function dropIndexesOf(transaction: Transaction, collection: CollectionId): void {
  const { database } = transaction;
  for (const index of Array.from(database.indexesOf(collection))) {
    const { sources } = index.shape;
    if (sources === "all" || sources.size > 1) continue;
    const ref = new DocRef(NATIVE.Index, index.id);
    if (transaction.get(ref) !== undefined) transaction.delete(ref);
    transaction.dropIndex(index.id);
  }
  if (indexNumbers(database, collection).size > 0)
    setIndexNumbers(transaction, collection, new Map());
}
