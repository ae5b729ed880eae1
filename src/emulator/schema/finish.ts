/**
 * The end of a transaction that changed definitions: the schema as a whole is checked, files and
 * documents follow. Whoever runs v10 queries or pushes calls it before the commit.
 */
import { type CollectionItem, drawAll, renderProblem } from "../../fsl/fsl.ts";
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import type { ObjectData } from "../data/value.ts";
import { type Change, takeChanges } from "./changes.ts";
import { ConstraintError, InvalidSchemaError, type Violation } from "./failure.ts";
import { nameOf } from "./fields.ts";
import { itemsOfFiles, stagedFiles } from "./files.ts";
import { indexKeys } from "./indexes.ts";
import { migrate } from "./migrate.ts";
import { hasDocuments, migrationProblems, stepsToGo } from "./migrations.ts";
import { stagedSchema } from "./pin.ts";
import { indexDropViolation, isProtected } from "./protected.ts";
import { referenceViolations } from "./references.ts";
import { violation } from "./shape.ts";
import { itemOf } from "./to-item.ts";
import { schemaDrawings } from "./validate.ts";

const INVALID_UPDATE = "Invalid database schema update.\n";
const BUILTIN_ROLES = new Set(["admin", "server", "server-readonly", "client"]);

/**
 * Checks what the transaction did to definitions, brings schema files up to date and migrates
 * documents. Does nothing if no definition changed.
 *
 * @throws InvalidSchemaError, ConstraintError; then the transaction must be rolled back.
 */
export function finishSchema(transaction: Transaction): void {
  const changes = takeChanges(transaction);
  if (changes.length === 0) return;
  checkRoles(transaction, changes);
  checkReferences(transaction, changes);
  const files = stagedFiles(transaction);
  const texts = new Map(files.map(({ filename, content }) => [filename, content]));
  const drawings = schemaDrawings(transaction, itemsOfFiles(files), texts);
  if (drawings.length > 0) throw new InvalidSchemaError(drawings);
  checkIndexDrops(transaction, changes);
  // While a schema is staged, documents stay as they are until it is committed.
  if (stagedSchema(transaction) === undefined) migrateChanged(transaction, changes);
}

/** Functions run as roles that are there. */
function checkRoles(transaction: Transaction, changes: readonly Change[]): void {
  for (const { ref, before } of changes) {
    const after = transaction.get(ref)?.fields;
    const role = after?.get("role");
    if (ref.collection !== NATIVE.Function || typeof role !== "string" || BUILTIN_ROLES.has(role))
      continue;
    if (transaction.definitions.find(NATIVE.Role, role) !== undefined) continue;
    const title =
      before === undefined
        ? "Failed to create Function."
        : `Failed to update Function \`${nameOf(before)}\`.`;
    throw new ConstraintError(title, [
      violation(["role"], `Field refers to an unknown role name \`${role}\`.`),
    ]);
  }
}

/** What is deleted is not named any more. */
function checkReferences(transaction: Transaction, changes: readonly Change[]): void {
  for (const { ref, before } of changes) {
    if (before === undefined || transaction.get(ref) !== undefined) continue;
    const violations = referenceViolations(transaction, ref, before);
    if (violations.length > 0)
      throw new ConstraintError(`Failed to delete Role \`${nameOf(before)}\`.`, violations);
  }
}

function checkIndexDrops(transaction: Transaction, changes: readonly Change[]): void {
  if (!isProtected(transaction)) return;
  for (const { ref, before } of changes) {
    const after = transaction.get(ref)?.fields;
    if (ref.collection !== NATIVE.Collection || before === undefined || after === undefined)
      continue;
    const kept = new Set(indexKeys(after));
    if (indexKeys(before).every((key) => kept.has(key))) continue;
    throw new ConstraintError(INVALID_UPDATE, [indexDropViolation()]);
  }
}

/** The collection as an item; undefined for what is none. */
function collectionItem(transaction: Transaction, fields: ObjectData): CollectionItem | undefined {
  const item = itemOf(transaction, NATIVE.Collection, fields);
  return item?.kind === "collection" ? item : undefined;
}

function migrateChanged(transaction: Transaction, changes: readonly Change[]): void {
  for (const { ref, before } of changes) {
    const after = transaction.get(ref)?.fields;
    if (ref.collection !== NATIVE.Collection || before === undefined || after === undefined)
      continue;
    const collection = Number(ref.id);
    if (hasDocuments(transaction, collection))
      migrateCollection(transaction, collection, before, after);
  }
}

/** Takes the documents of one collection from the fields that `before` defines to those of `after`. */
export function migrateCollection(
  transaction: Transaction,
  collection: number,
  before: ObjectData,
  after: ObjectData,
): void {
  const live = collectionItem(transaction, before);
  const submitted = submittedItem(transaction, after);
  if (live === undefined || submitted === undefined) return;
  const problems = migrationProblems(live, submitted.item);
  if (problems.length > 0) {
    throw new InvalidSchemaError(
      drawAll(problems, (problem) => renderProblem(problem, submitted.filename, submitted.text)),
    );
  }
  const steps = stepsToGo(live, submitted.item);
  if (steps.length === 0) return;
  refuseLegacyIndexes(transaction, collection);
  migrate(transaction, collection, submitted.item, steps, (name) => {
    const found = transaction.definitions.find(NATIVE.Collection, name);
    return found === undefined ? undefined : { id: Number(found.ref.id), name };
  });
}

/** The collection as its schema file has it, so that problems have a place. */
function submittedItem(transaction: Transaction, after: ObjectData) {
  const name = nameOf(after);
  const files = stagedFiles(transaction);
  for (const { filename, item } of itemsOfFiles(files)) {
    if (item.kind !== "collection" || item.name.text !== name) continue;
    return {
      filename,
      item,
      text: files.find((file) => file.filename === filename)?.content ?? "",
    };
  }
  return undefined;
}

function refuseLegacyIndexes(transaction: Transaction, collection: number): void {
  for (const { ref } of transaction.definitions.all(NATIVE.Index)) {
    const sources = transaction.indexShape(ref.id)?.sources;
    if (sources !== "all" && sources?.has(collection) !== true) continue;
    const violations: Violation[] = [
      { paths: [], message: "Cannot create migrations on a collection with v4 indexes" },
    ];
    throw new ConstraintError(INVALID_UPDATE, violations);
  }
}
