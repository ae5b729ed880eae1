/** Staged schemas: pushed, shown, but not in force until they are committed. */
import { NATIVE, type CollectionId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { DocRef } from "../data/value.ts";
import { indexKey } from "./index-numbers.ts";
import { schemaOf } from "./collection.ts";
import { type DefinitionKind, isDefinitionKind } from "./definition-shapes.ts";
import { activeFiles, keepFiles, type SourceFile } from "./files.ts";
import { SchemaRefusal } from "./failure.ts";
import { migrateCollection } from "./finish.ts";
import { hasDocuments } from "./migrations.ts";
import { dropIndexesOf, syncIndexes } from "./indexes.ts";
import { inWords, pushFiles } from "./push.ts";
import { setStaged, stagedSchema } from "./pin.ts";
import type { PushOptions } from "./validation.ts";

/** How long staged indexes take to count as built, µs. */
const BUILD_MICROS = 300_000n;

export type StagedStatus = "none" | "pending" | "ready" | "failed";

/** Pushes files without putting them into force. A schema that was staged before is thrown away first. */
export function stageFiles(
  transaction: Transaction,
  submitted: readonly SourceFile[],
  options: PushOptions,
): void {
  const files = activeFiles(transaction);
  const known = stagedSchema(transaction);
  if (known !== undefined) restore(transaction);
  // What is in force stays what it was before anything was staged.
  const since = known?.since ?? transaction.now - 1n;
  setStaged(transaction, { since, files, readyAt: transaction.now });
  pushFiles(transaction, submitted, options);
  const readyAt = hasNewIndexes(transaction) ? transaction.now + BUILD_MICROS : transaction.now;
  setStaged(transaction, { since, files, readyAt });
}

/** Whether the staged schema asks for an index, on a collection with documents, that is not in force. */
function hasNewIndexes(transaction: Transaction): boolean {
  const staged = stagedSchema(transaction);
  if (staged === undefined) return false;
  return [...transaction.definitions.all(NATIVE.Collection)].some(({ ref, version }) => {
    const id = Number(ref.id);
    const active = transaction.get(ref, staged.since);
    if (active === undefined || !hasDocuments(transaction, id)) return false;
    const keys = (fields: typeof version.fields) =>
      [...schemaOf(transaction, id, fields).indexes.values()].map(({ terms, values }) =>
        indexKey(terms, values),
      );
    const known = new Set(keys(active.fields));
    return keys(version.fields).some((key) => !known.has(key));
  });
}

/** Whether a schema is staged, and whether it can be committed. */
export function stagedStatus(transaction: Transaction): StagedStatus {
  const staged = stagedSchema(transaction);
  if (staged === undefined) return "none";
  return staged.readyAt <= transaction.now ? "ready" : "pending";
}

/** Puts the staged schema into force. @throws SchemaRefusal if there is none, or it is not ready. */
export function commitStaged(transaction: Transaction): void {
  const staged = stagedSchema(transaction);
  if (staged === undefined) throw new SchemaRefusal(400, "There is no staged schema to commit");
  if (stagedStatus(transaction) !== "ready")
    throw new SchemaRefusal(400, "The staged schema is not ready to commit");
  setStaged(transaction, undefined);
  transaction.touchSchema();
  inWords(() => {
    for (const { ref, version } of transaction.definitions.all(NATIVE.Collection)) {
      const before = transaction.get(ref, staged.since);
      const collection = Number(ref.id);
      if (before === undefined || before === version || !hasDocuments(transaction, collection))
        continue;
      migrateCollection(transaction, collection, before.fields, version.fields);
    }
  });
}

/** Throws the staged schema away. @throws SchemaRefusal if there is none. */
export function abandonStaged(transaction: Transaction): void {
  const staged = stagedSchema(transaction);
  if (staged === undefined) throw new SchemaRefusal(400, "There is no staged schema to abandon");
  restore(transaction);
  setStaged(transaction, undefined);
  transaction.touchSchema();
  keepFiles(transaction, staged.files);
}

/** Definitions as they were before the schema was staged. */
function restore(transaction: Transaction): void {
  const staged = stagedSchema(transaction);
  if (staged === undefined) return;
  const kinds = [NATIVE.Collection, NATIVE.Function, NATIVE.Role, NATIVE.AccessProvider].filter(
    isDefinitionKind,
  );
  // What was made goes first, so that its names are free for what comes back.
  for (const kind of kinds)
    for (const ref of currentRefs(transaction, kind)) forget(transaction, ref, staged.since);
  for (const kind of kinds) {
    for (const { ref, version } of Array.from(transaction.definitions.all(kind, staged.since))) {
      const now = transaction.get(ref);
      if (now === version) continue;
      if (now === undefined) transaction.create(ref, version.fields);
      else transaction.replace(ref, version.fields);
      if (kind === NATIVE.Collection)
        syncIndexes(transaction, Number(ref.id), version.fields, now?.fields);
    }
  }
}

function currentRefs(transaction: Transaction, kind: DefinitionKind): DocRef[] {
  return Array.from(transaction.definitions.all(kind), ({ ref }) => ref);
}

function forget(transaction: Transaction, ref: DocRef, since: bigint): void {
  if (transaction.get(ref, since) !== undefined) return;
  transaction.delete(ref);
  if (ref.collection === NATIVE.Collection) dropIndexesOf(transaction, collectionOf(ref));
}

function collectionOf(ref: DocRef): CollectionId {
  return Number(ref.id);
}
