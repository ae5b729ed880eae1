/**
 * What documents hold. Stored values are immutable by convention: whoever wants to change one
 * makes a new one, so versions, index entries and answers may share them.
 */
import type { LocalDate } from "../../values/date.ts";
import type { Json } from "../../values/json.ts";
import { Time } from "../../values/time.ts";
import type { Uuid } from "../../values/uuid.ts";
import type { CollectionId, DocumentId } from "./ids.ts";

/**
 * A stored value. `bigint` is a 64-bit long, `number` a double. Members of maps are never null
 * (see {@link objectOf}); elements of arrays may be.
 */
export type Data =
  | null
  | boolean
  | string
  | bigint
  | number
  | Time
  | LocalDate
  | Uint8Array
  | Uuid
  | DocRef
  | StoredSet
  | StoredLambda
  | readonly Data[]
  | ObjectData;

/** A stored object, in stored order. */
export type ObjectData = ReadonlyMap<string, Data>;

/**
 * A reference to document `id` of collection number `collection`.
 *
 * A collection, function, index … is a document of its native collection, so `Collection("c")` is
 * `DocRef(NATIVE.Collection, 1024n)`, an index `DocRef(NATIVE.Index, 32768n)`, and the native
 * collection `Keys()` itself is `DocRef(NATIVE.Collection, BigInt(NATIVE.Key))`.
 */
export class DocRef {
  readonly collection: CollectionId;
  readonly id: DocumentId;

  constructor(collection: CollectionId, id: DocumentId) {
    this.collection = collection;
    this.id = id;
  }
}

/** A stored set: the wire text inside `{"@set": …}`, parsed. */
export class StoredSet {
  readonly expr: Json;

  constructor(expr: Json) {
    this.expr = expr;
  }
}

/** A stored FQL v4 lambda: the wire text inside `{"@query": …}`, parsed. */
export class StoredLambda {
  readonly expr: Json;

  constructor(expr: Json) {
    this.expr = expr;
  }
}

/** An object without members. */
export const EMPTY_OBJECT: ObjectData = new Map();

export function isObjectData(value: Data | undefined): value is ObjectData {
  return value instanceof Map;
}

export function isArrayData(value: Data | undefined): value is readonly Data[] {
  return Array.isArray(value);
}

/** Whether two references mean the same document. */
export function sameRef(a: DocRef, b: DocRef): boolean {
  return a.id === b.id && a.collection === b.collection;
}

/** An object of `members`, without those that are null or undefined: missing and null are one (facts §2). */
export function objectOf(members: Iterable<readonly [string, Data | undefined]>): ObjectData {
  const result = new Map<string, Data>();
  for (const [key, value] of members) {
    if (value !== null && value !== undefined) result.set(key, value);
  }
  return result;
}

/** `value` with null members of its objects dropped at every depth; itself if there are none. */
export function dropNullMembers<T extends Data>(value: T): T;
export function dropNullMembers(value: Data): Data {
  if (isArrayData(value)) {
    const mapped = value.map((element) => dropNullMembers(element));
    return mapped.some((element, i) => element !== value[i]) ? mapped : value;
  }
  if (isObjectData(value)) {
    let changed = false;
    const mapped = new Map<string, Data>();
    for (const [key, member] of value) {
      const kept = dropNullMembers(member);
      if (kept === null) {
        changed = true;
        continue;
      }
      if (kept !== member) changed = true;
      mapped.set(key, kept);
    }
    return changed ? mapped : value;
  }
  return value;
}

/**
 * `previous` with `patch` merged into it as Update does in both protocols: objects merge member by member, null
 * removes, everything else replaces and loses the nulls of its arrays (live 42); new members come last.
 */
export function mergeObjects(previous: ObjectData, patch: ObjectData): ObjectData {
  const result = new Map(previous);
  for (const [key, value] of patch) {
    if (value === null) {
      result.delete(key);
      continue;
    }
    const before = result.get(key);
    const merged =
      isObjectData(value) && isObjectData(before) ? mergeObjects(before, value) : dropNulls(value);
    result.set(key, merged);
  }
  return result;
}

/** As {@link dropNullMembers}, without the nulls of its arrays. */
export function dropNulls(value: Data): Data {
  if (isArrayData(value)) return value.filter((element) => element !== null).map(dropNulls);
  if (!isObjectData(value)) return value;
  const members: [string, Data][] = [];
  for (const [key, member] of value) if (member !== null) members.push([key, dropNulls(member)]);
  return new Map(members);
}

/** The value at `path` (names and positions) inside `value`; undefined if there is none. */
export function valueAt(
  value: Data | undefined,
  path: readonly (string | number)[],
): Data | undefined {
  let here = value;
  for (const step of path) {
    if (isObjectData(here)) here = here.get(String(step));
    else if (isArrayData(here)) here = here[Number(step)];
    else return undefined;
  }
  return here;
}

/** The member `name` of `fields` in µs if it is a time. */
export function microsOf(fields: ObjectData, name: string): bigint | undefined {
  const value = fields.get(name);
  return value instanceof Time ? value.toMicros() : undefined;
}
