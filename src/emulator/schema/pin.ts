/** The moment a schema was staged: what queries see of the schema is as it was then. */
import type { Transaction } from "../data/transaction.ts";
import type { SourceFile } from "./files.ts";

/** A staged schema: definitions already hold it, queries do not see it yet. */
export interface Staged {
  /** The time, µs, just before the schema was staged. */
  readonly since: bigint;
  /** The schema files that were active then. */
  readonly files: readonly SourceFile[];
  /** When the indexes that were staged will count as built, µs. */
  readonly readyAt: bigint;
}

const STAGED = Symbol("staged schema");

/** The staged schema of the database, if there is one. */
export function stagedSchema(transaction: Transaction): Staged | undefined {
  return transaction.database.attachments.get(STAGED) as Staged | undefined;
}

/** Keeps, or with undefined ends, a staged schema. */
export function setStaged(transaction: Transaction, staged: Staged | undefined): void {
  transaction.attach(STAGED, staged);
}

/** The time at which queries see definitions: undefined for now. */
export function pinnedTime(transaction: Transaction): bigint | undefined {
  return stagedSchema(transaction)?.since;
}
