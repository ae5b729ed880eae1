/** Writing documents of user collections. */
import {
  type Data,
  type DocRef,
  EMPTY_OBJECT,
  isObjectData,
  mergeObjects,
  type ObjectData,
} from "../../data/value.ts";
import type { Version } from "../../data/version.ts";
import { collectionSchema, type CollectionSchema } from "../../schema/collection.ts";
import { documentViolations, failedChecks } from "../../schema/documents.ts";
import { printPath } from "../../schema/failure.ts";
import { schemaInvalid, V4Error, V4Failure, validationFailed } from "../failure.ts";
import type { Frame } from "../frame.ts";
import type { Position } from "../position.ts";
import { atLeast } from "../version.ts";
import { writeCredentials } from "./credentials.ts";
import { storing } from "./errors.ts";
import { dataField, pick, ttlField } from "./field.ts";

/** Members that a document has; others are dropped without a word. */
const MEMBERS: ReadonlySet<string> = new Set(["data", "ttl", "credentials"]);

/**
 * Writes `params` over `before` and stores the result. Types, checks and uniqueness are looked at,
 * defaults are not filled in (live 18).
 */
export function writeDocument(
  frame: Frame,
  ref: DocRef,
  before: ObjectData,
  params: ObjectData,
  isCreation: boolean,
  position: Position,
): Version {
  const merged = merge(frame, before, params, position);
  const credentials = merged.get("credentials");
  const fields = credentials === undefined ? merged : without(merged, "credentials");
  const schema = collectionSchema(frame.session.transaction, ref.collection);
  if (schema) checkTypes(schema, fields, position);
  const { transaction } = frame.session;
  const version = storing(frame.version, position, isCreation, () => {
    if (isCreation) return transaction.create(ref, fields, { negativeId: true });
    return transaction.replace(ref, fields);
  });
  if (schema) runChecks(frame, schema, ref, version, position);
  if (isObjectData(credentials) && credentials.size > 0) {
    writeCredentials(frame, ref, credentials, position);
  }
  return version;
}

/** The fields that an Insert stores: types and checks of the schema are not looked at (live 18). */
export function fieldsToInsert(frame: Frame, params: ObjectData, position: Position): ObjectData {
  return without(merge(frame, EMPTY_OBJECT, params, position), "credentials");
}

function merge(
  frame: Frame,
  before: ObjectData,
  params: ObjectData,
  position: Position,
): ObjectData {
  const merged = mergeObjects(before, pick(params, MEMBERS));
  const failures = [...dataField(merged), ...ttlField(merged)];
  if (failures.length > 0) {
    const noun = atLeast(frame.version, "2.7") ? "document" : "instance";
    throw new V4Failure([validationFailed(failures, position, noun)]);
  }
  const data = merged.get("data");
  return isObjectData(data) && data.size === 0 ? without(merged, "data") : merged;
}

function without(fields: ObjectData, name: string): ObjectData {
  if (!fields.has(name)) return fields;
  const rest = new Map<string, Data>(fields);
  rest.delete(name);
  return rest;
}

function checkTypes(schema: CollectionSchema, fields: ObjectData, position: Position): void {
  const data = fields.get("data");
  const violations = documentViolations(schema, isObjectData(data) ? data : EMPTY_OBJECT, "v4");
  if (violations.length === 0) return;
  throw new V4Failure(
    violations.map(({ paths, message }) => {
      const [path = []] = paths;
      return schemaInvalid(`${printPath(path)}: ${message}`, position);
    }),
  );
}

function runChecks(
  frame: Frame,
  schema: CollectionSchema,
  ref: DocRef,
  version: Version,
  position: Position,
): void {
  const failed = failedChecks(frame.session.transaction, schema, ref, version);
  if (failed.length === 0) return;
  throw new V4Failure(
    failed.map(({ message }) => new V4Error("check constraint failure", message, position)),
  );
}
