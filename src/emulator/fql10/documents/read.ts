/** Reading documents: whether they are there, their fields, all of them. */
import { Time } from "../../../values/time.ts";
import { isNamedKind, isUserCollection, NATIVE, type CollectionId } from "../../data/ids.ts";
import { DocRef, isObjectData, type ObjectData } from "../../data/value.ts";
import type { Version } from "../../data/version.ts";
import type { Context } from "../interpreter/context.ts";
import { Absent } from "../modules/table.ts";
import type { Name } from "../source.ts";
import {
  Doc,
  Id,
  Null,
  type NullCause,
  type ObjectOf,
  TRANSACTION_TIME,
  type Value,
} from "../values.ts";
import { type CollectionInfo, collectionInfo, resourceOf } from "./collection.ts";
import { fromData } from "./convert.ts";
import { fieldsAsShown, hiddenFields } from "./native.ts";

/** Names that mean something of their own in a document; a user's field of that name is found under `data`. */
export const SPECIAL_FIELDS = [
  "coll",
  "data",
  "ts",
  "id",
  "ttl",
  "exists",
  "delete",
  "update",
  "replace",
  "updateData",
  "replaceData",
] as const;

const isSpecial = (name: string) => (SPECIAL_FIELDS as readonly string[]).includes(name);
type Read =
  | { readonly version: Version; readonly info: CollectionInfo }
  | { readonly cause: NullCause };

/** The document as the reader may see it, or why it is null. */
export function readDoc(context: Context, doc: Doc, action: string): Read {
  const { span } = context;
  const info = collectionInfo(context, doc.collection);
  if (info === undefined) return { cause: { kind: "collection deleted", doc, span } };
  if (doc.version !== undefined) {
    if (!doc.version.isDeleted) return { version: doc.version, info };
    return { cause: { kind: "deleted", doc, collection: info.name, span } };
  }
  context.need("read", action);
  const ref = new DocRef(doc.collection, doc.id);
  const version = context.query.read(ref, doc.readTime ?? context.readTime);
  const resource = resourceOf(info);
  const mayRead =
    doc.readTime === undefined
      ? context.auth.may("read", resource, { ref })
      : context.auth.may("history_read", resource, { ref, at: doc.readTime });
  if (!mayRead) return { cause: { kind: "denied", span } };
  return version === undefined
    ? { cause: { kind: "not found", doc, collection: info.name, span } }
    : { version, info };
}

/** Why a document is null; undefined if it is there. */
export function guardNull(context: Context, doc: Doc, action: string): NullCause | undefined {
  const read = readDoc(context, doc, action);
  return "cause" in read ? read.cause : undefined;
}

/** A field of a document that no method or function of documents has taken. */
export function docField(context: Context, doc: Doc, name: Name): Value | Absent {
  const info = collectionInfo(context, doc.collection);
  const own = referenceField(context, doc, info, name);
  if (own !== undefined) return own;
  const read = readDoc(context, doc, "Reading a field");
  if ("cause" in read) return new Absent(read.cause);
  const { version } = read;
  const computed = read.info.computed.get(name.text);
  if (computed !== undefined) {
    if (!context.computes)
      throw context.failure("invalid_computed_field_access", "invalid access of computed field");
    return computedContext(context).apply(computed, [doc]);
  }
  const value = storedField(context, doc, version, name);
  return value ?? new Null({ kind: "field", of: doc, name: name.text, span: name.span });
}

/** Computed fields are evaluated at the time their document is read, with a trace of their own. */
const computedContext = (context: Context): Context =>
  context.withoutTrace().limited({ most: "read", reason: "computed fields" });

function referenceField(
  context: Context,
  doc: Doc,
  info: CollectionInfo | undefined,
  name: Name,
): Value | undefined {
  switch (name.text) {
    case "coll":
      return context.query.collectionModule(doc.collection);
    case "id":
      return isNamedKind(doc.collection) ? undefined : new Id(doc.id);
    case "name":
      return info === undefined || !isNamedKind(doc.collection)
        ? undefined
        : definitionName(context, doc);
    default:
      return undefined;
  }
}

/** The name of a definition, whether it is there or not. */
export function definitionName(context: Context, doc: Doc): string {
  const stored = doc.version?.fields.get("name");
  if (typeof stored === "string") return stored;
  if (doc.collection === NATIVE.Collection && !isUserCollection(Number(doc.id)))
    return doc.name ?? "[new collection]";
  return (
    context.query.transaction.definitions.nameOf(new DocRef(doc.collection, doc.id)) ??
    doc.name ??
    "[new collection]"
  );
}

function storedField(
  context: Context,
  doc: Doc,
  version: Version,
  { text, span }: Name,
): Value | undefined {
  if (text === "ts") {
    if (context.computes) return timeOf(context, version);
    throw context.failure("invalid_timestamp_field_access", "invalid access of timestamp field");
  }
  const fields = shownFields(context, doc.collection, version);
  const inData = isUserCollection(doc.collection) && text !== "ttl" && text !== "data";
  const source = inData ? dataOf(fields) : fields;
  const stored = source.get(text);
  if (stored !== undefined) return fromData(stored, span, doc.readTime);
  return text === "data" && isUserCollection(doc.collection) ? new Map() : undefined;
}

const shownFields = (context: Context, collection: CollectionId, version: Version): ObjectData =>
  isUserCollection(collection)
    ? version.fields
    : fieldsAsShown(context, collection, version.fields);

/** The user's fields. */
export function dataOf(fields: ObjectData): ObjectData {
  const data = fields.get("data");
  return isObjectData(data) ? data : new Map();
}

/** The `ts` of a version; what this very transaction wrote has the transaction's time. */
function timeOf(context: Context, version: Version): Value {
  const { now, transaction } = context.query;
  return version.ts === now && transaction.hasWritten
    ? TRANSACTION_TIME
    : Time.fromMicros(version.ts);
}

/** A document with all its fields as answers show it, or null if it is not there. */
export function allFields(context: Context, doc: Doc): ObjectOf | Null {
  const read = readDoc(context, doc, "Reading a document");
  return "cause" in read ? new Null(read.cause) : fieldsOf(context, doc, read, true);
}

/** A document that is there, with its fields but for the computed ones. */
export function storedFields(context: Context, doc: Doc): ObjectOf {
  const read = readDoc(context, doc, "Reading a document");
  return "cause" in read ? new Map() : fieldsOf(context, doc, read, false);
}

function fieldsOf(
  context: Context,
  doc: Doc,
  { version, info }: { readonly version: Version; readonly info: CollectionInfo },
  withComputed: boolean,
): ObjectOf {
  const fields = new Map<string, Value>(referenceFields(context, doc));
  fields.set("ts", timeOf(context, version));
  const shown = shownFields(context, doc.collection, version);
  const ttl = shown.get("ttl");
  if (ttl !== undefined) fields.set("ttl", fromData(ttl, undefined, doc.readTime));
  if (withComputed) {
    for (const [name, lambda] of info.computed)
      fields.set(name, computedContext(context).apply(lambda, [doc]));
  }
  if (isUserCollection(doc.collection)) addUserFields(fields, dataOf(shown), info, doc.readTime);
  else {
    const hidden = hiddenFields(doc.collection);
    for (const [name, value] of shown) {
      if (!fields.has(name) && !hidden.has(name))
        fields.set(name, fromData(value, undefined, doc.readTime));
    }
  }
  return fields;
}

/** What a reference to the document consists of: its id or name, and its collection. */
export function referenceFields(context: Context, doc: Doc): (readonly [string, Value])[] {
  const coll = ["coll", context.query.collectionModule(doc.collection)] as const;
  const info = collectionInfo(context, doc.collection);
  if (info !== undefined && isNamedKind(doc.collection))
    return [["name", definitionName(context, doc)], coll];
  return [["id", new Id(doc.id)], coll];
}

function addUserFields(
  fields: Map<string, Value>,
  data: ObjectData,
  info: CollectionInfo,
  readTime: bigint | undefined,
): void {
  const special = new Map<string, Value>();
  for (const [name, value] of data) {
    if (isSpecial(name) || info.computed.has(name))
      special.set(name, fromData(value, undefined, readTime));
    else fields.set(name, fromData(value, undefined, readTime));
  }
  if (special.size === 0) return;
  const ordered = [...SPECIAL_FIELDS, ...info.computed.keys()].flatMap((name) => {
    const value = special.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  fields.set("data", new Map(ordered));
}
