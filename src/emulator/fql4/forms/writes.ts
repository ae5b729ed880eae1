/** Writing: Create, Update, Replace, Delete, Insert, Remove, and the creation of definitions. */
import { isUserCollection, NATIVE } from "../../data/ids.ts";
import { DocRef, EMPTY_OBJECT, mergeObjects, type ObjectData } from "../../data/value.ts";
import type { Version } from "../../data/version.ts";
import {
  databaseRef,
  documentAction,
  type DocumentAction,
  object,
  optional,
  ref as reference,
  stringOrRef,
  timestamp,
  undefinedRefOf,
} from "../cast.ts";
import { fail, invalidArgument, invalidWriteTime, notFound, permissionDenied } from "../failure.ts";
import { type Call, define, type Form, type Lifetime } from "../form.ts";
import { type Frame, WRITE } from "../frame.ts";
import { may, require, resourceOf } from "../permission.ts";
import type { Position } from "../position.ts";
import { visibleFields } from "../read.ts";
import { nounOf, resolveName } from "../resolve.ts";
import {
  DocumentValue,
  EventValue,
  ForeignRef,
  type Literal,
  nativeCollectionOf,
  type ObjectLiteral,
  UnresolvedRef,
  type AnyRef,
} from "../value.ts";
import { writeCredential } from "../write/credentials.ts";
import {
  changeDefinition,
  createDefinition,
  deleteDefinition,
  kindOf,
} from "../write/definition.ts";
import { fieldsToInsert, writeDocument } from "../write/document.ts";
import { alreadyExists, storing } from "../write/errors.ts";
import { moveDatabase } from "../write/move-database.ts";
import { takeParams } from "../write/params.ts";
import { createToken, updateToken, type Written } from "../write/token.ts";

/** A write of this query's database; what lies in others is only read. */
function own(target: AnyRef, position: Position): DocRef {
  if (!(target instanceof ForeignRef)) return target;
  return fail(invalidArgument("Cannot write a scoped ref.", position));
}

function shown(frame: Frame, written: Written, isNew: boolean): DocumentValue {
  const { database } = frame.session;
  const fields = visibleFields(database, written.ref, written.shown);
  return new DocumentValue(database, written.ref, written.version, fields, isNew);
}

/** Writing belongs to the present. */
function refusePast(frame: Frame, position: Position): void {
  if (frame.at !== undefined) fail(invalidWriteTime(position));
}

function create(
  target: string | AnyRef,
  params: ObjectLiteral | undefined,
  name: string,
  { frame, position }: Call,
): Literal {
  const place = position.at(name);
  const { session } = frame;
  const data = takeParams(session, params, position);
  const found = typeof target === "string" ? resolveName(session, "collection", target) : target;
  if (found instanceof UnresolvedRef) fail(undefinedRefOf(found, place));
  const ref = own(found, place);
  const isCollection = ref.collection === NATIVE.Collection;
  const collection = isCollection ? Number(ref.id) : ref.collection;
  const given = isCollection ? undefined : ref;
  authorizeCreation(frame, collection, given, data, place);
  if (given && session.transaction.get(given) !== undefined) {
    fail(alreadyExists(collection, frame.version, place));
  }
  refusePast(frame, place);
  const document = given ?? session.transaction.newRef(collection);
  return shown(frame, make(frame, document, data, place), true);
}

function make(frame: Frame, ref: DocRef, data: ObjectData, position: Position): Written {
  const kind = kindOf(ref.collection);
  if (kind) return createDefinition(kind, data, { frame, ref, before: undefined, position });
  if (ref.collection === NATIVE.Token) return createToken(frame, ref, data, position);
  const version =
    ref.collection === NATIVE.Credential
      ? writeCredential(frame, ref, EMPTY_OBJECT, data, true, position)
      : writeDocument(frame, ref, EMPTY_OBJECT, data, true, position);
  return { ref, version, shown: version.fields };
}

function authorizeCreation(
  frame: Frame,
  collection: number,
  given: DocRef | undefined,
  after: ObjectData,
  position: Position,
): void {
  const role = frame.auth.builtinRole;
  if (role === "admin" || (role === "server" && isUserCollection(collection))) return;
  const resource = resourceOf(frame.session, frame.session.database, collection);
  const subject = () => ({ after, ...(given && { ref: given }) });
  const allowed = given
    ? frame.auth.mayCreateWithId(resource, subject)
    : frame.auth.may("create", resource, subject);
  if (!allowed) fail(permissionDenied(position));
}

function change(
  target: AnyRef,
  params: ObjectLiteral | undefined,
  isPartial: boolean,
  { frame, position }: Call,
): Literal {
  const place = position.at(isPartial ? "update" : "replace");
  const { session } = frame;
  const ref = own(target, place);
  const data = takeParams(session, params, position);
  refuseNative(ref, isPartial ? "update" : "replace", frame, place);
  const before = existing(frame, ref, place).fields;
  require(frame, "write", ref, position, () => {
    const after = mergeObjects(isPartial ? before : EMPTY_OBJECT, data);
    return { ref, before, after };
  });
  refusePast(frame, position);
  return shown(frame, rewrite(frame, ref, before, data, isPartial, position), false);
}

function rewrite(
  frame: Frame,
  ref: DocRef,
  before: ObjectData,
  data: ObjectData,
  isPartial: boolean,
  position: Position,
): Written {
  const kind = kindOf(ref.collection);
  if (kind) {
    return changeDefinition(kind, before, data, isPartial, { frame, ref, before, position });
  }
  const base = isPartial ? before : EMPTY_OBJECT;
  if (ref.collection === NATIVE.Token) return updateToken(frame, ref, base, data, position);
  const version =
    ref.collection === NATIVE.Credential
      ? writeCredential(frame, ref, base, data, false, position)
      : writeDocument(frame, ref, base, data, false, position);
  return { ref, version, shown: version.fields };
}

function existing(frame: Frame, ref: DocRef, position: Position): Version {
  const version = frame.session.transaction.get(ref);
  return version ?? fail(notFound(nounOf(ref.collection, frame.version), position));
}

/** The native collections themselves are nobody's to change. */
function refuseNative(ref: DocRef, verb: string, frame: Frame, position: Position): void {
  if (nativeCollectionOf(ref) === undefined) return;
  const noun = nounOf(NATIVE.Collection, frame.version).toLowerCase();
  const word = verb === "replace" ? "update" : verb;
  fail(invalidArgument(`Cannot ${word} a schema meta ${noun}.`, position));
}

function remove(target: AnyRef, { frame, position }: Call): Literal {
  const place = position.at("delete");
  const { session } = frame;
  const ref = own(target, place);
  refuseNative(ref, "delete", frame, place);
  const before = existing(frame, ref, position);
  require(frame, "delete", ref, position, () => ({ ref, before: before.fields }));
  refusePast(frame, position);
  const fields = visibleFields(session.database, ref, before.fields);
  const kind = kindOf(ref.collection);
  if (kind) deleteDefinition(kind, { frame, ref, before: before.fields, position });
  else storing(frame.version, position, false, () => session.transaction.delete(ref));
  return new DocumentValue(session.database, ref, before, fields);
}

function authorizeHistory(
  frame: Frame,
  ref: DocRef,
  ts: bigint,
  action: DocumentAction,
  after: ObjectData,
  position: Position,
): void {
  const subject = () => ({ ref, ts, versionAction: action, after });
  if (!may(frame, "history_write", frame.session.database, ref, subject)) {
    fail(permissionDenied(position));
  }
}

function insert(
  target: AnyRef,
  ts: bigint,
  action: DocumentAction,
  params: ObjectLiteral | undefined,
  { frame, position }: Call,
): Literal {
  const { session } = frame;
  if (ts > session.now) fail(invalidWriteTime(position));
  const ref = own(target, position.at("insert"));
  const data = takeParams(session, params, position);
  if (!isUserCollection(ref.collection) && ref.collection !== NATIVE.Key) {
    fail(invalidArgument("Cannot insert event for specified ref.", position));
  }
  authorizeHistory(frame, ref, ts, action, data, position);
  const isDeletion = action === "delete";
  const fields = isDeletion ? EMPTY_OBJECT : insertable(frame, ref, data, position);
  const version = storing(frame.version, position, false, () =>
    session.transaction.insertVersion(ref, ts, action, fields, { negativeId: true }),
  );
  const diff = isDeletion ? null : version.fields;
  return new EventValue(session.database, ts, version.action, ref, diff);
}

/** A key that is inserted loses its hash (live 24). */
function insertable(frame: Frame, ref: DocRef, data: ObjectData, position: Position): ObjectData {
  if (ref.collection !== NATIVE.Key) return fieldsToInsert(frame, data, position);
  const kept = ["role", "database", "data", "ttl", "priority"];
  return new Map([...data].filter(([name, value]) => kept.includes(name) && value !== null));
}

function removeVersion(
  target: AnyRef,
  ts: bigint,
  action: DocumentAction,
  { frame, position }: Call,
): Literal {
  const { session } = frame;
  const ref = own(target, position.at("remove"));
  if (!isUserCollection(ref.collection)) {
    fail(invalidArgument("Cannot remove event for specified ref.", position));
  }
  authorizeHistory(frame, ref, ts, action, EMPTY_OBJECT, position);
  storing(frame.version, position, false, () => session.transaction.removeVersion(ref, ts, action));
  return null;
}

/** `{"create_…": params}` */
function creation(form: string, collection: number, lifetime: Lifetime = {}): Form {
  return define(
    { [form]: object },
    WRITE,
    (args, call) => {
      const target = new DocRef(NATIVE.Collection, BigInt(collection));
      return create(target, args[form], form, call);
    },
    lifetime,
  );
}

const V4 = { since: "4" } as const;

export const writeForms: readonly Form[] = [
  define({ create: stringOrRef, params: optional(object) }, WRITE, (args, call) =>
    create(args.create, args.params, "create", call),
  ),
  define({ update: reference, params: optional(object) }, WRITE, (args, call) =>
    change(args.update, args.params, true, call),
  ),
  define({ replace: reference, params: optional(object) }, WRITE, (args, call) =>
    change(args.replace, args.params, false, call),
  ),
  define({ delete: reference }, WRITE, (args, call) => remove(args.delete, call)),
  creation("create_class", NATIVE.Collection),
  creation("create_collection", NATIVE.Collection),
  creation("create_database", NATIVE.Database),
  creation("create_index", NATIVE.Index),
  creation("create_key", NATIVE.Key),
  creation("create_function", NATIVE.Function),
  creation("create_role", NATIVE.Role),
  creation("create_access_provider", NATIVE.AccessProvider, V4),
  define(
    { insert: reference, ts: timestamp, action: documentAction, params: optional(object) },
    WRITE,
    (args, call) => insert(args.insert, args.ts.toMicros(), args.action, args.params, call),
  ),
  define({ remove: reference, ts: timestamp, action: documentAction }, WRITE, (args, call) =>
    removeVersion(args.remove, args.ts.toMicros(), args.action, call),
  ),
  define({ move_database: databaseRef, to: databaseRef }, WRITE, (args, call) =>
    moveDatabase(args.move_database, args.to, call),
  ),
];
