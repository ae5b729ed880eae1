/** The list of scenarios in which the emulator is known to differ from a Fauna node, and why. */
import { readFile, writeFile } from "node:fs/promises";
import type { DifferenceClass } from "./corpus/lib/compare.mjs";

/** How badly a scenario differs: its worst class of difference, or that it could not run. */
export type Severity = "failed" | DifferenceClass;

export interface LedgerEntry {
  readonly severity: Severity;
  /** Why it is so; kept when the ledger is written again. */
  readonly reason: string;
  /** Step, place, recorded and actual value of the first difference. */
  readonly first: string;
}

export type Ledger = Readonly<Record<string, LedgerEntry>>;

const FILE = new URL("ledger.json", import.meta.url);
const SHOWN = 160;

export async function readLedger(): Promise<Ledger> {
  return JSON.parse(await readFile(FILE, "utf8")) as Ledger;
}

/** Writes what was found, with the reasons that the ledger had. */
export async function writeLedger(
  found: ReadonlyMap<string, Omit<LedgerEntry, "reason">>,
  before: Ledger,
): Promise<void> {
  const entries = [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { severity, first }]) => {
      const reason =
        before[id]?.severity === severity ? before[id].reason : DEFAULT_REASONS[severity];
      return [id, { severity, reason, first }] as const;
    });
  await writeFile(FILE, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}

const DEFAULT_REASONS: Readonly<Record<Severity, string>> = {
  failed: "cannot run yet",
  structure: "not like Fauna yet",
  order: "members in another order",
  text: "wording for people",
};

/** One line about a difference. */
export function describeDifference(
  step: number,
  { path, recorded, actual }: { path: string; recorded: string; actual: string },
): string {
  return `step ${String(step)} ${path}: recorded ${cut(recorded)}, actual ${cut(actual)}`;
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
