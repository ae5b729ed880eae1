/**
 * Numbers that name collections and documents. Everything in a database is a document of a
 * numbered collection, the definitions included, so a reference survives renames and goes on
 * meaning what was deleted (live 33).
 */

/** Number of a collection: below 1024 native, from 1024 on made by users, never used twice. */
export type CollectionId = number;

/** Id of a document: 0 to 2^63 − 1. Definitions have ids too, which no protocol shows. */
export type DocumentId = bigint;

/** Number of an index: the id of its `Index` document; hidden ones have a number and no document. */
export type IndexId = bigint;

/** The native collections. */
export const NATIVE = {
  Database: 0,
  Collection: 1,
  Index: 2,
  Key: 3,
  Token: 4,
  Credential: 5,
  Function: 7,
  Role: 8,
  AccessProvider: 9,
} as const satisfies Record<string, CollectionId>;

export type NativeName = keyof typeof NATIVE;

/** Kinds of definition that are found by name. */
export type NamedKind =
  | typeof NATIVE.Database
  | typeof NATIVE.Collection
  | typeof NATIVE.Index
  | typeof NATIVE.Function
  | typeof NATIVE.Role
  | typeof NATIVE.AccessProvider;

export const FIRST_USER_COLLECTION = 1024;
export const LAST_USER_COLLECTION = 32_767;
export const FIRST_INDEX = 32_768n;
export const MAX_DOCUMENT_ID = 2n ** 63n - 1n;

const NAMES = new Map<CollectionId, NativeName>(
  (Object.entries(NATIVE) as [NativeName, CollectionId][]).map(([name, id]) => [id, name]),
);

/** The name of native collection `id`, or undefined if `id` is a user collection. */
export function nativeName(id: CollectionId): NativeName | undefined {
  return NAMES.get(id);
}

/** Whether `id` numbers a collection that users made. */
export function isUserCollection(id: CollectionId): boolean {
  return id >= FIRST_USER_COLLECTION;
}

/** Whether documents of `id` are found by name. */
export function isNamedKind(id: CollectionId): id is NamedKind {
  return (
    id < FIRST_USER_COLLECTION &&
    id !== NATIVE.Key &&
    id !== NATIVE.Token &&
    id !== NATIVE.Credential
  );
}
