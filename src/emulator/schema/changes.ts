/** Which definitions a transaction has changed so far, and what they were before it. */
import type { Transaction } from "../data/transaction.ts";
import type { DocRef, ObjectData } from "../data/value.ts";

export interface Change {
  readonly ref: DocRef;
  /** The definition before the transaction; undefined if it was not there. */
  readonly before: ObjectData | undefined;
}

const changes = new WeakMap<Transaction, Map<string, Change>>();

/** Notes that `ref` changes; only the first change of a transaction tells what was before. */
export function noteChange(
  transaction: Transaction,
  ref: DocRef,
  before: ObjectData | undefined,
): void {
  const noted = changes.get(transaction) ?? new Map<string, Change>();
  changes.set(transaction, noted);
  const key = `${ref.collection}/${ref.id}`;
  if (!noted.has(key)) noted.set(key, { ref, before });
}

/** The definitions that changed, in the order of their first change; they count as seen. */
export function takeChanges(transaction: Transaction): Change[] {
  const noted = [...(changes.get(transaction)?.values() ?? [])];
  changes.delete(transaction);
  return noted;
}
