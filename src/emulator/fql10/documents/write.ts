/** Writing documents of user collections. */
import { Time } from "../../../values/time.ts";
import { type CollectionId, NATIVE } from "../../data/ids.ts";
import { isDataError } from "../../data/errors.ts";
import {
  DocRef,
  dropNullMembers,
  mergeObjects,
  type Data,
  type ObjectData,
} from "../../data/value.ts";
import { Version } from "../../data/version.ts";
import type { CollectionSchema } from "../../schema/collection.ts";
import {
  documentViolations,
  failedChecks,
  uniqueViolation,
  withDefaults,
} from "../../schema/documents.ts";
import { ConstraintError, type Violation } from "../../schema/failure.ts";
import type { ConstraintFailure } from "../failure.ts";
import type { Context } from "../interpreter/context.ts";
import { denied, notFoundMessage } from "../interpreter/failures.ts";
import { id as idTag } from "../modules/tags.ts";
import { typeName } from "../modules/type-name.ts";
import { Doc, Id, Null, type ObjectOf } from "../values.ts";
import { type CollectionInfo, collectionInfo, resourceOf } from "./collection.ts";
import { toFields } from "./convert.ts";
import { dataOf, readDoc, SPECIAL_FIELDS } from "./read.ts";

/** Whether names like `ttl` are metadata (`create`) or fields like any other (`createData`). */
export type DataMode = "metadata" | "plain";

/** The default ttl is filled in here, where an explicit null can still be told from none (live 21). */
const NO_DEFAULTS = { defaultTtl: false } as const;

const MICROS_PER_DAY = 86_400_000_000n;

/** @throws QueryFailure unless writing is possible here and now. */
export function needWrite(context: Context, name: string): void {
  context.need("write", `\`${name}\``);
  if (context.readTime === undefined) return;
  throw context.failure("invalid_write", "Cannot write at a snapshot time in the past.");
}

/** The failure of a write that breaks constraints. */
export const constraintFailure = (
  context: Context,
  message: string,
  violations: readonly ConstraintFailure[],
) => context.failure("constraint_failure", message, { constraintFailures: violations });

/** Creates a document of a user collection. */
export function createDoc(
  context: Context,
  collection: CollectionId,
  mode: DataMode,
  object: ObjectOf,
): Doc {
  needWrite(context, "create");
  const info = existing(context, collection);
  const message = `Failed to create document in collection \`${info.name}\`.`;
  const { id, given, rest } = takeId(context, mode, object, message);
  const fields = toFields(context, rest);
  const reserved = mode === "metadata" ? reservedNames(fields, true) : [];
  if (reserved.length > 0) throw constraintFailure(context, message, reserved);
  const ref =
    id === undefined ? context.query.transaction.newRef(collection) : new DocRef(collection, id);
  const schema = info.schema as CollectionSchema;
  const stored = complete(context, schema, split(fields, mode), message);
  const subject = { ref, after: dropNullMembers(stored) };
  const resource = resourceOf(info);
  const may =
    context.auth.may("create", resource, subject) &&
    (!given || context.auth.mayCreateWithId(resource, subject));
  if (!may) throw denied(context);
  context.query.noteWrite(context, collection, "document");
  if (given && context.query.transaction.get(ref) !== undefined) throw idExists(context, info, ref);
  const overwritten = schema.isTyped ? [] : computedNames(schema, dropNullMembers(fields), mode);
  checkData(context, schema, stored, message, overwritten);
  store(context, schema, ref, message, () =>
    context.query.transaction.create(ref, dropNullMembers(stored), NO_DEFAULTS),
  );
  return new Doc(collection, ref.id);
}

/** Merges `object` into a document (`update`) or puts it in place of what it held (`replace`). */
export function changeDoc(
  context: Context,
  doc: Doc,
  how: "update" | "replace",
  mode: DataMode,
  object: ObjectOf,
): Doc {
  needWrite(context, how);
  const info = existing(context, doc.collection);
  const read = readDoc(context, doc, "Reading a document");
  if ("cause" in read) throw context.failure("document_not_found", notFoundMessage(doc, info.name));
  const message = `Failed to update document with id ${doc.id} in collection \`${info.name}\`.`;
  const fields = toFields(context, object);
  const schema = info.schema as CollectionSchema;
  const reserved = mode === "metadata" ? reservedNames(fields, false) : [];
  if (reserved.length > 0) throw constraintFailure(context, message, reserved);
  const overwritten = computedNames(schema, fields, mode);
  if (overwritten.length > 0) throw constraintFailure(context, message, overwritten);
  const given = withTtl(context, schema, split(fields, mode));
  const before = read.version.fields;
  const after =
    how === "update" ? mergeObjects(before, given) : complete(context, schema, given, message);
  const ref = new DocRef(doc.collection, doc.id);
  const subject = { ref, before, after: dropNullMembers(after) };
  if (!context.auth.may("write", resourceOf(info), subject)) throw denied(context);
  context.query.noteWrite(context, doc.collection, "document");
  checkData(context, schema, after, message);
  store(context, schema, ref, message, () =>
    context.query.transaction.replace(ref, dropNullMembers(after), NO_DEFAULTS),
  );
  return doc;
}

/** Deletes a document; what is returned shows as deleted. */
export function deleteDoc(context: Context, doc: Doc): Doc {
  needWrite(context, "delete");
  const info = existing(context, doc.collection);
  const ref = new DocRef(doc.collection, doc.id);
  const { transaction } = context.query;
  if (!context.auth.may("delete", resourceOf(info), { ref })) throw denied(context);
  if (transaction.get(ref) === undefined)
    throw context.failure("document_not_found", notFoundMessage(doc, info.name));
  context.query.noteWrite(context, doc.collection, "document");
  transaction.delete(ref);
  return new Doc(doc.collection, doc.id, {
    name: doc.name,
    version: Version.deleted(context.query.now),
  });
}

function existing(context: Context, collection: CollectionId): CollectionInfo {
  const info = collectionInfo(context, collection);
  if (info !== undefined) return info;
  throw context.failure("document_not_found", "The collection was deleted.");
}

const idExists = (context: Context, info: CollectionInfo, ref: DocRef) =>
  context.failure(
    "document_id_exists",
    `Collection \`${info.name}\` already contains document with id ${ref.id}.`,
  );

const ID_TYPE = "ID | String | Long";

/** The id that a new document asks for. */
export function takeId(context: Context, mode: DataMode, object: ObjectOf, message: string) {
  const given = mode === "metadata" ? object.get("id") : undefined;
  if (given === undefined) return { id: undefined, given: false, rest: object };
  const refuse = (text: string) =>
    constraintFailure(context, message, [{ paths: [["id"]], message: text }]);
  if (given instanceof Null) throw refuse(`Missing required field of type ${ID_TYPE}`);
  const id = idTag.cast(given);
  if (id === undefined)
    throw refuse(`Expected ${ID_TYPE}, provided ${given instanceof Id ? "ID" : typeName(given)}`);
  if (id < 0n) throw refuse("id must be nonnegative");
  const rest = new Map([...object].filter(([name]) => name !== "id"));
  return { id, given: true, rest };
}

/** Names that no field may have where metadata and methods live. */
export function reservedNames(
  fields: ObjectData,
  creating: boolean,
  allowed: readonly string[] = ["ttl"],
): Violation[] {
  return SPECIAL_FIELDS.filter(
    (name) => fields.has(name) && !allowed.includes(name) && !(creating && name === "id"),
  ).map((name) => ({ paths: [[name]], message: "Is a reserved field and cannot be used" }));
}

function computedNames(schema: CollectionSchema, fields: ObjectData, mode: DataMode): Violation[] {
  if (mode === "plain") return [];
  return [...schema.computed.keys()]
    .filter((name) => fields.has(name))
    .map((name) => ({ paths: [[name]], message: "Cannot write to a computed field" }));
}

/** Given fields as documents are stored: metadata beside `data`. Nulls are kept. */
function split(fields: ObjectData, mode: DataMode): ObjectData {
  if (mode === "plain" || !fields.has("ttl")) return new Map([["data", fields]]);
  const data = new Map([...fields].filter(([name]) => name !== "ttl"));
  return new Map<string, Data>([
    ["data", data],
    ["ttl", fields.get("ttl") as Data],
  ]);
}

/** With the collection's default ttl, unless a ttl (or null) is given. */
function withTtl(context: Context, schema: CollectionSchema, fields: ObjectData): ObjectData {
  if (schema.ttlDays === undefined || fields.has("ttl")) return fields;
  // Counted from the snapshot, which lies before the commit (recording whole-database/shop-fsl).
  const ttl = Time.fromMicros(context.query.now - 1n + schema.ttlDays * MICROS_PER_DAY);
  return new Map<string, Data>([...fields, ["ttl", ttl]]);
}

/** With defaults for the fields that are missing. */
function complete(
  context: Context,
  schema: CollectionSchema,
  fields: ObjectData,
  message: string,
): ObjectData {
  const filled = withTtl(context, schema, fields);
  try {
    const data = withDefaults(context.query.transaction, schema, dataOf(filled), message);
    return new Map<string, Data>([...filled, ["data", data]]);
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
    throw constraintFailure(context, error.message, error.violations);
  }
}

function checkData(
  context: Context,
  schema: CollectionSchema,
  fields: ObjectData,
  message: string,
  before: readonly Violation[] = [],
): void {
  const violations = [...before, ...documentViolations(schema, dataOf(fields), "v10")];
  const ttl = fields.get("ttl") ?? null;
  if (ttl !== null && !(ttl instanceof Time)) {
    violations.push({
      paths: [["ttl"]],
      message: `Expected Time | Null, provided ${dataTypeName(ttl)}`,
    });
  }
  if (violations.length > 0) throw constraintFailure(context, message, violations);
}

function dataTypeName(data: Data): string {
  if (typeof data === "string") return "String";
  if (typeof data === "boolean") return "Boolean";
  if (typeof data === "bigint") return "Int";
  return typeof data === "number" ? "Double" : "Object";
}

function store(
  context: Context,
  schema: CollectionSchema,
  ref: DocRef,
  message: string,
  write: () => Version,
): void {
  try {
    const version = write();
    const failed = failedChecks(context.query.transaction, schema, ref, version);
    if (failed.length > 0) throw constraintFailure(context, message, failed);
  } catch (error) {
    if (isDataError(error, "already_exists"))
      throw idExists(context, { name: schema.name } as CollectionInfo, ref);
    if (!isDataError(error, "not_unique")) throw error;
    const violations = [error.problem.index, ...error.problem.others].map(
      (index) => uniqueViolation(schema, index) ?? legacyUnique(context, index),
    );
    throw constraintFailure(context, "Failed unique constraint.", violations);
  }
}

/** A unique index of v4, which v10 knows by name only. */
function legacyUnique(context: Context, index: bigint): ConstraintFailure {
  const label = context.query.transaction.definitions.nameOf(new DocRef(NATIVE.Index, index));
  return { paths: [], message: "Failed unique constraint", label };
}
