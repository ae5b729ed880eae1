/** Writing the database's own documents: definitions, child databases, keys, tokens, credentials. */
import { type CollectionId, isNamedKind, NATIVE, nativeName } from "../../data/ids.ts";
import {
  type Data,
  DocRef,
  dropNulls,
  isArrayData,
  isObjectData,
  type ObjectData,
} from "../../data/value.ts";
import { Version } from "../../data/version.ts";
import { isDefinitionKind } from "../../schema/definition-shapes.ts";
import * as schema from "../../schema/definitions.ts";
import { finishSchema } from "../../schema/finish.ts";
import type { Context } from "../interpreter/context.ts";
import { denied, notFoundMessage } from "../interpreter/failures.ts";
import type { Query } from "../query.ts";
import { Doc, type ObjectOf } from "../values.ts";
import { resourceOf } from "./collection.ts";
import { toFields } from "./convert.ts";
import { definitionName } from "./read.ts";
import { guarded } from "./guard.ts";
import { createNative, replaceNative } from "./secrets.ts";
import { constraintFailure, needWrite } from "./write.ts";

const resource = (collection: CollectionId) =>
  resourceOf({ id: collection, name: nativeName(collection) ?? "" });

/** Definitions written in any order have to make sense together once all are written. @throws QueryFailure */
export function finishDefinitions({ definedAt, transaction }: Query): void {
  if (definedAt !== undefined) guarded(definedAt, () => finishSchema(transaction));
}

/** Creates a document of one of the database's own collections. */
export function createDefinition(
  context: Context,
  collection: CollectionId,
  object: ObjectOf,
): Doc {
  needWrite(context, "create");
  if (!isDefinitionKind(collection)) {
    return createNative(context, collection, object, (ref, after) => {
      if (!context.auth.may("create", resource(collection), { ref, after })) throw denied(context);
    });
  }
  const fields = fieldsOf(context, collection, object);
  if (!context.auth.may("create", resource(collection), { after: fields })) throw denied(context);
  refuseAdminRole(context, collection, undefined, fields);
  const ref = guarded(context, () =>
    schema.createDefinition(context.query.transaction, collection, fields),
  );
  if (collection === NATIVE.Collection)
    context.query.noteWrite(context, Number(ref.id), "collection");
  context.query.noteDefinition(context);
  return new Doc(collection, ref.id, { name: textOf(fields.get("name")) });
}

/** What is given for a definition. A collection's `data` loses the nulls of its arrays in any case (live 42). */
function fieldsOf(context: Context, collection: CollectionId, object: ObjectOf): ObjectData {
  const fields = toFields(context, object);
  const data = fields.get("data");
  if (collection !== NATIVE.Collection || data === undefined) return fields;
  return new Map([...fields, ["data", isObjectData(data) ? keptOf(data) : data]]);
}

/** Its own members that are null say what an update takes away. */
function keptOf(data: ObjectData): ObjectData {
  return new Map([...data].map(([name, value]) => [name, dropNulls(value)]));
}

/** Changes a definition or secret. */
export function changeDefinition(
  context: Context,
  doc: Doc,
  how: "update" | "replace",
  object: ObjectOf,
): Doc {
  needWrite(context, how);
  const ref = existing(context, doc);
  const { transaction } = context.query;
  const fields = fieldsOf(context, doc.collection, object);
  const before = transaction.get(ref)?.fields ?? new Map();
  if (!context.auth.may("write", resource(doc.collection), { ref, before, after: fields }))
    throw denied(context);
  refuseAdminRole(context, doc.collection, before, fields);
  if (!isDefinitionKind(doc.collection)) return replaceNative(context, doc, before, how, fields);
  if (doc.collection === NATIVE.Collection)
    context.query.noteWrite(context, Number(doc.id), "collection");
  const given =
    how === "replace" || doc.collection !== NATIVE.Collection ? fields : withoutStates(fields);
  guarded(context, () =>
    how === "update"
      ? schema.updateDefinition(transaction, ref, given)
      : schema.replaceDefinition(transaction, ref, given),
  );
  context.query.noteDefinition(context);
  return new Doc(doc.collection, doc.id, { name: doc.name });
}

/** A server key cannot make a function that may do more than itself. */
function refuseAdminRole(
  context: Context,
  collection: CollectionId,
  before: ObjectData | undefined,
  fields: ObjectData,
): void {
  if (collection !== NATIVE.Function || context.auth.builtinRole !== "server") return;
  if (fields.get("role") !== "admin" || before?.get("role") === "admin") return;
  const [title, verb] =
    before === undefined
      ? ["Failed to create Function.", "create a function with"]
      : [`Failed to update Function \`${textOf(before.get("name"))}\`.`, "grant a function"];
  const message = `Cannot ${verb} admin permissions using the server role.`;
  throw constraintFailure(context, title, [{ paths: [["role"]], message }]);
}

/** Constraints are replaced as a whole, so that states of theirs are never merged. */
const withoutStates = (fields: ObjectData): ObjectData => {
  const constraints = fields.get("constraints");
  return isArrayData(constraints) ? new Map([...fields, ["constraints", constraints]]) : fields;
};

/** Deletes a definition or secret. */
export function deleteDefinition(context: Context, doc: Doc): Doc {
  needWrite(context, "delete");
  const { transaction } = context.query;
  const ref = new DocRef(doc.collection, doc.id);
  if (!context.auth.may("delete", resource(doc.collection), { ref })) throw denied(context);
  existing(context, doc);
  const name = isNamedKind(doc.collection) ? definitionName(context, doc) : undefined;
  if (isDefinitionKind(doc.collection)) {
    if (doc.collection === NATIVE.Collection)
      context.query.noteWrite(context, Number(doc.id), "collection");
    guarded(context, () => schema.deleteDefinition(transaction, ref));
    context.query.noteDefinition(context);
  } else {
    guarded(context, () => transaction.delete(ref));
    if (doc.collection === NATIVE.Database) deleteKeysOf(context, ref);
  }
  return new Doc(doc.collection, doc.id, { name, version: Version.deleted(context.query.now) });
}

/** Keys for a child end with it; v4's `Delete` leaves them (recording `v4-secrets/key-for-child`). */
function deleteKeysOf(context: Context, database: DocRef): void {
  const { transaction } = context.query;
  const keys = Array.from(transaction.documents(NATIVE.Key)).filter(({ version }) => {
    const owner = version.fields.get("database");
    return (
      owner instanceof DocRef &&
      owner.id === database.id &&
      owner.collection === database.collection
    );
  });
  for (const { ref } of keys) transaction.delete(ref);
}

/** A stored string; empty for anything else. */
const textOf = (data: Data | undefined): string => (typeof data === "string" ? data : "");

function existing(context: Context, doc: Doc): DocRef {
  const ref = new DocRef(doc.collection, doc.id);
  if (doc.id >= 0n && context.query.transaction.get(ref) !== undefined) return ref;
  throw context.failure(
    "document_not_found",
    notFoundMessage(doc, nativeName(doc.collection) ?? ""),
  );
}
