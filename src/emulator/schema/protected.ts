/** What a database in protected mode refuses (recording `v10-schema/protected`). */
import type { Transaction } from "../data/transaction.ts";
import type { Data, ObjectData } from "../data/value.ts";
import type { Violation } from "./failure.ts";

const SUFFIX = "destructive change forbidden because database is in protected mode.";
const forbidden = (what: string): Violation => ({ paths: [], message: `${what}: ${SUFFIX}` });

/** Whether destructive changes of the schema are refused. */
export function isProtected(transaction: Transaction): boolean {
  return transaction.database.fields.get("protected") === true;
}

/** Reasons against deleting a collection. */
export function deletionViolations(transaction: Transaction): Violation[] {
  return isProtected(transaction) ? [forbidden("Cannot delete collection")] : [];
}

/** Reasons against dropping an index that stands behind a definition. */
export function indexDropViolation(): Violation {
  return forbidden("Cannot cause deletion of backing index");
}

/** Reasons against changing a collection from `before` to `after`: history and lifetimes cannot get shorter. */
export function protectionViolations(
  transaction: Transaction,
  before: ObjectData,
  after: ObjectData,
): Violation[] {
  if (!isProtected(transaction)) return [];
  const violations: Violation[] = [];
  const history = [days(before, "history_days"), days(after, "history_days")] as const;
  if (history[0] !== undefined && history[1] === undefined) {
    violations.push(forbidden("Cannot remove `history_days` field"));
  } else if (isLess(history[1], history[0]))
    violations.push(forbidden("Cannot decrease `history_days` field"));
  const ttl = [days(before, "ttl_days"), days(after, "ttl_days")] as const;
  // The server's own words for a lifetime that was not there before.
  if (ttl[0] === undefined && ttl[1] !== undefined)
    violations.push(forbidden("Cannot remove `ttl_days` field"));
  else if (isLess(ttl[1], ttl[0])) violations.push(forbidden("Cannot decrease `ttl_days` field"));
  return violations;
}

function days(fields: ObjectData, name: string): bigint | undefined {
  const value: Data | undefined = fields.get(name);
  return typeof value === "bigint" ? value : undefined;
}

function isLess(a: bigint | undefined, b: bigint | undefined): boolean {
  return a !== undefined && b !== undefined && a < b;
}
