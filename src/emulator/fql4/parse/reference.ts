/** `@ref` literals: `{"id", "collection", "database"}`, its older `class`, and the paths of version 2.0. */
import { isNamedKind, NATIVE } from "../../data/ids.ts";
import { DocRef } from "../../data/value.ts";
import type { Database } from "../../data/database.ts";

import { fail, invalidArgument, invalidExpression, V4Error, wrongType } from "../failure.ts";
import type { Position } from "../position.ts";
import {
  databaseBehind,
  databaseOf,
  NATIVE_NAMES,
  nativeRef,
  refIn,
  resolveName,
} from "../resolve.ts";
import type { Session } from "../session.ts";
import {
  ForeignRef,
  isObject,
  type Literal,
  nativeCollectionOf,
  type NamedType,
  typeOf,
  UnresolvedRef,
  type AnyRef,
  bare,
} from "../value.ts";

type Resolved = AnyRef | UnresolvedRef;

/** Names of the kinds of definition, by the number of their native collection. */
const NAMED: ReadonlyMap<number, Exclude<NamedType, "key">> = new Map([
  [NATIVE.Database, "database"],
  [NATIVE.Collection, "collection"],
  [NATIVE.Index, "index"],
  [NATIVE.Function, "function"],
  [NATIVE.Role, "role"],
  [NATIVE.AccessProvider, "access_provider"],
]);

/** The reference that the inside of an `@ref` stands for; one that leads nowhere is an UnresolvedRef. */
export function parseRef(session: Session, input: Literal, position: Position): Resolved {
  session.resolvedRefs += 1;
  if (typeof input === "string") return parsePath(session, input, position);
  if (!isObject(input)) fail(invalidExpression("Invalid ref.", position));
  return parseObject(session, input, position);
}

function parseObject(session: Session, input: Literal, position: Position): Resolved {
  if (!isObject(input)) fail(parseError(wrongType(["Ref"], typeOf(input), position)));
  const inner = input.get("@ref");
  if (input.size === 1 && inner !== undefined) return parseObject(session, inner, position);
  const collectionKey = input.has("collection") ? "collection" : "class";
  const id = input.get("id");
  const known = ["id", collectionKey, "database"];
  if (id === undefined || [...input.keys()].some((key) => !known.includes(key))) {
    fail(parseError(wrongType(["Ref"], typeOf(input), position)));
  }
  if (typeof id !== "string" && typeof id !== "bigint") {
    fail(parseError(wrongType(["String", "Integer"], typeOf(id), position.at("id"))));
  }
  const collection = optional(session, input.get(collectionKey), position.at("class"));
  const scope = optional(session, input.get("database"), position.at("database"));
  const database = scope && databaseOfScope(session, scope);
  if (scope && !database) return new UnresolvedRef("database", String(id));
  if (collection === undefined)
    return nativeCollection(session, id, database ?? undefined, position);
  return member(session, id, collection, database ?? undefined, position);
}

function optional(
  session: Session,
  input: Literal | undefined,
  position: Position,
): Resolved | undefined {
  return input === undefined || input === null ? undefined : parseObject(session, input, position);
}

function databaseOfScope(session: Session, scope: Resolved): Database | undefined {
  return scope instanceof UnresolvedRef ? undefined : databaseBehind(session, scope);
}

function nativeCollection(
  session: Session,
  id: string | bigint,
  database: Database | undefined,
  position: Position,
): Resolved {
  const number = typeof id === "string" ? NATIVE_NAMES.get(id) : undefined;
  if (number !== undefined) return nativeRef(session, number, database);
  const complaint = `Valid native collection name expected, '${id}' provided.`;
  fail(parseError(new V4Error("invalid ref", complaint, position.at("id"))));
}

function member(
  session: Session,
  id: string | bigint,
  collection: Resolved,
  database: Database | undefined,
  position: Position,
): Resolved {
  if (collection instanceof UnresolvedRef) {
    return new UnresolvedRef(collection.type, collection.name, documentId(id, position));
  }
  const home = database ?? databaseOf(session, collection);
  const native = nativeCollectionOf(bare(collection));
  if (native !== undefined && isNamedKind(native)) {
    return resolveName(session, NAMED.get(native)!, String(id), home);
  }
  const number = Number(bare(collection).id);
  return refIn(session, home, new DocRef(number, documentId(id, position)));
}

/** A document's id: a whole number, also as a string. */
export function documentId(id: Literal, position: Position): bigint {
  if (typeof id === "bigint") return id;
  const place = position.at("id");
  if (typeof id !== "string") fail(wrongType(["String", "Number"], typeOf(id), place));
  if (/^[+-]?\d+$/.test(id)) {
    const number = BigInt(id.startsWith("+") ? id.slice(1) : id);
    if (BigInt.asIntN(64, number) === number) return number;
  }
  if (/^\d*$/.test(id)) {
    fail(invalidArgument(`The id provided is too large: '${id}'`, place));
  }
  fail(invalidArgument(`Number or numeric String expected, non-numeric '${id}' provided.`, place));
}

/** An error found while parsing, whatever it would be called while evaluating. */
function parseError(error: V4Error): V4Error {
  return new V4Error("invalid expression", error.description, error.position, { rank: "parse" });
}

/** `classes/spells/123`, `databases/x`, `indexes`, … */
function parsePath(session: Session, path: string, position: Position): Resolved {
  const [kind = "", name, id, ...rest] = path.split("/");
  const native = NATIVE_NAMES.get(kind);
  if (native === undefined || rest.length > 0) fail(invalidExpression("Invalid ref.", position));
  if (name === undefined) return nativeRef(session, native);
  if (!isNamedKind(native)) {
    if (id !== undefined || !/^\d+$/.test(name)) fail(invalidExpression("Invalid ref.", position));
    return new DocRef(native, BigInt(name));
  }
  const definition = resolveName(session, NAMED.get(native)!, name);
  if (id === undefined) return definition;
  if (native !== NATIVE.Collection || !/^\d+$/.test(id)) {
    fail(invalidExpression("Invalid ref.", position));
  }
  if (definition instanceof UnresolvedRef) {
    return new UnresolvedRef("collection", name, BigInt(id));
  }
  const number = Number(bare(definition).id);
  const ref = new DocRef(number, BigInt(id));
  return definition instanceof ForeignRef ? new ForeignRef(definition.database, ref) : ref;
}
