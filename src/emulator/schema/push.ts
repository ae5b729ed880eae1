/** Makes the definitions of a database what its schema files say. */
import { editAll, editDays, type FslItem, MOST_DAYS } from "../../fsl/fsl.ts";
import type { Transaction } from "../data/transaction.ts";
import type { DocRef } from "../data/value.ts";
import { createDefinition, deleteDefinition, replaceDefinition } from "./definitions.ts";
import type { Difference } from "./diff.ts";
import { ConstraintError, InvalidSchemaError, SchemaRefusal } from "./failure.ts";
import { type SourceFile, keepFiles, stagedFiles } from "./files.ts";
import { finishSchema } from "./finish.ts";
import { fieldsOfItem, kindOfItem } from "./to-fields.ts";
import { planPush, type PushOptions } from "./validation.ts";

/** A definition that a push has changed. */
export interface Pushed {
  readonly difference: Difference;
  /** Undefined when it was deleted. */
  readonly ref: DocRef | undefined;
}

/** Pushes `submitted`. @throws SchemaRefusal with Fauna's words; then the transaction must be rolled back. */
export function pushFiles(
  transaction: Transaction,
  submitted: readonly SourceFile[],
  options: PushOptions,
): Pushed[] {
  const { differences } = planPush(transaction, submitted, options);
  return inWords(() => {
    const files = storedFiles(stagedFiles(transaction), submitted, options.override);
    const pushed = differences.map((difference) => ({
      difference,
      ref: write(transaction, difference),
    }));
    transaction.touchSchema();
    keepFiles(transaction, files);
    finishSchema(transaction);
    return pushed;
  });
}

/** Runs `work`, its refusals put into the words of the schema endpoints. */
export function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConstraintError) throw new SchemaRefusal(400, error.text);
    if (error instanceof InvalidSchemaError)
      throw new SchemaRefusal(400, error.drawings.join("\n"));
    throw error;
  }
}

/** Files keep their places; what is new comes last, what holds nothing goes. More days than are counted with are not kept (live 46). */
function storedFiles(
  before: readonly SourceFile[],
  pushed: readonly SourceFile[],
  override: boolean,
): SourceFile[] {
  const submitted = pushed.map(({ filename, content }) => ({
    filename,
    content: editAll(content, filename, (file) =>
      editDays(file, (_collection, _member, days) => (days > MOST_DAYS ? MOST_DAYS : days)),
    ),
  }));
  const fresh = new Map(submitted.map((file) => [file.filename, file]));
  const kept = before
    .filter(({ filename }) => !override || fresh.has(filename))
    .map((file) => fresh.get(file.filename) ?? file);
  const known = new Set(kept.map(({ filename }) => filename));
  return [...kept, ...submitted.filter(({ filename }) => !known.has(filename))].filter(
    ({ content }) => content.trim() !== "",
  );
}

function write(transaction: Transaction, difference: Difference): DocRef | undefined {
  switch (difference.kind) {
    case "add":
      return add(transaction, difference.after.item);
    case "remove": {
      const ref = find(transaction, difference.before.item);
      if (ref !== undefined) deleteDefinition(transaction, ref);
      return undefined;
    }
    case "modify":
      return change(transaction, difference.before.item, difference.after.item);
  }
}

function find(transaction: Transaction, item: FslItem): DocRef | undefined {
  const found = transaction.definitions.find(kindOfItem(item.kind), item.name.text);
  return found?.version.fields.get("name") === item.name.text ? found.ref : undefined;
}

/** A definition of that name may be there all the same, in v4's form: then it is replaced. */
function add(transaction: Transaction, item: FslItem): DocRef {
  if (find(transaction, item) !== undefined) return change(transaction, item, item);
  return createDefinition(transaction, kindOfItem(item.kind), fieldsOfItem(item, undefined));
}

function change(transaction: Transaction, before: FslItem, after: FslItem): DocRef {
  const ref = find(transaction, before);
  if (ref === undefined)
    return createDefinition(transaction, kindOfItem(after.kind), fieldsOfItem(after, undefined));
  const data = transaction.get(ref)?.fields.get("data");
  replaceDefinition(transaction, ref, fieldsOfItem(after, data));
  return ref;
}
