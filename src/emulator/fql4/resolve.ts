/** From names to references, and back. */
import type { Database } from "../data/database.ts";
import { NATIVE, type NamedKind, nativeName } from "../data/ids.ts";
import { DocRef } from "../data/value.ts";

import type { Session } from "./session.ts";
import {
  ForeignRef,
  nativeCollectionOf,
  type NamedType,
  UnresolvedRef,
  type AnyRef,
  bare,
} from "./value.ts";
import { type ApiVersion, atLeast } from "./version.ts";

const KINDS: Readonly<Record<Exclude<NamedType, "key">, NamedKind>> = {
  database: NATIVE.Database,
  collection: NATIVE.Collection,
  index: NATIVE.Index,
  function: NATIVE.Function,
  role: NATIVE.Role,
  access_provider: NATIVE.AccessProvider,
};

/** Native collections under the names that v4 has for them. */
export const NATIVE_NAMES: ReadonlyMap<string, number> = new Map<string, number>([
  ["databases", NATIVE.Database],
  ["collections", NATIVE.Collection],
  ["classes", NATIVE.Collection],
  ["indexes", NATIVE.Index],
  ["keys", NATIVE.Key],
  ["tokens", NATIVE.Token],
  ["credentials", NATIVE.Credential],
  ["functions", NATIVE.Function],
  ["roles", NATIVE.Role],
  ["access_providers", NATIVE.AccessProvider],
]);

const NAMES_BY_NUMBER = new Map([...NATIVE_NAMES].map(([name, number]) => [number, name]));

/** The v4 name of a native collection. */
export function nativeCollectionName(collection: number, version: ApiVersion): string {
  if (collection !== NATIVE.Collection) return NAMES_BY_NUMBER.get(collection) ?? "unknown";
  return atLeast(version, "2.7") ? "collections" : "classes";
}

/** A reference as this query sees it: with its database, if that is another one. */
export function refIn(session: Session, database: Database, ref: DocRef): AnyRef {
  return database === session.database ? ref : new ForeignRef(database, ref);
}

/** The database that a reference lives in. */
export function databaseOf(session: Session, ref: AnyRef): Database {
  return ref instanceof ForeignRef ? ref.database : session.database;
}

/** The database that a Database reference stands for. */
export function databaseBehind(session: Session, ref: AnyRef): Database | undefined {
  return databaseOf(session, ref).child(bare(ref).id);
}

/** The definition of that name, in this or a child database. What the query itself has made is not found yet. */
export function resolveName(
  session: Session,
  type: Exclude<NamedType, "key">,
  name: string,
  database: Database = session.database,
): AnyRef | UnresolvedRef {
  const key = `${database.globalId}/${type}/${name}`;
  const known = session.names.get(key);
  if (known) return known;
  const definitions = session.in(database).definitions;
  const found = definitions.find(KINDS[type], name);
  const scope = database === session.database ? undefined : database.name;
  const resolved =
    // An alias is not a name here (recording v10-schema/alias).
    found?.version.fields.get("name") === name && definitions.isCommitted(found.ref)
      ? refIn(session, database, found.ref)
      : new UnresolvedRef(type, name, undefined, scope);
  session.names.set(key, resolved);
  return resolved;
}

/** The reference of a native collection, such as `Keys()`. */
export function nativeRef(session: Session, collection: number, database?: Database): AnyRef {
  const ref = new DocRef(NATIVE.Collection, BigInt(collection));
  return refIn(session, database ?? session.database, ref);
}

/** The name that a definition has, or had before it was deleted. */
export function nameOf(
  session: Session,
  database: Database,
  ref: DocRef,
  version: ApiVersion,
): string | undefined {
  const native = nativeCollectionOf(ref);
  if (native !== undefined) return nativeCollectionName(native, version);
  return session.in(database).definitions.nameOf(ref);
}

/** What a document of this collection is called in errors: `Document`, `Key`, `Collection` … */
export function nounOf(collection: number, version: ApiVersion): string {
  const modern = atLeast(version, "2.7");
  switch (nativeName(collection)) {
    case "Collection":
      return modern ? "Collection" : "Class";
    case "Credential":
      return "Credentials";
    case "AccessProvider":
      return "other";
    case undefined:
      return modern ? "Document" : "Instance";
    default:
      return nativeName(collection)!;
  }
}
