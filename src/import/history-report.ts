/** What became of the past that a source tells, for the report of an import. */
import type { HistoryTally } from "./history.ts";
import type { ImportNote } from "./notes.ts";
import { type ImportSource, restoredHistory } from "./source.ts";

/** Versions that are no more, and deletions. Always: `read` = `written` + `expired` + `refused` + `leftOut`. */
export interface HistoryReport {
  /** Told by the source. */
  readonly read: number;
  readonly written: number;
  /** Their ttl has passed: nothing is seen of them, as where they come from. */
  readonly expired: number;
  readonly refused: number;
  /** Their documents are not in the target. */
  readonly leftOut: number;
  /** Of those written: the `history_days` of their collections let the target tell them no more. */
  readonly outOfWindow: number;
}

const NOTES = {
  history_expired:
    "Past versions whose own ttl has passed: nothing is seen of them any more, and the document's events show a deletion in their place.",
  history_refused: "The target refused the past version; what was before it shows in its place.",
  history_left_out:
    "The past of documents that are not in the target themselves, because they expired or were refused.",
  history_nulls: "FQL v4, which alone writes past versions, strips nulls inside arrays.",
  lost_members:
    "Past versions with top-level members beside data and ttl, from Fauna's early days; no Fauna of today takes these.",
  history_window:
    "Past versions that lie before what history_days of their collections let the target tell by now.",
  history_feeds:
    "Past versions and deletions, which event feeds and streams of the target do not tell: they were written under old times.",
} as const;

/** The sum over all collections; null where none was to be restored. */
export function historyReport(
  runs: readonly { readonly tallies: readonly HistoryTally[] }[],
): HistoryReport | null {
  const tallies = runs.flatMap((run) => run.tallies);
  if (tallies.length === 0) return null;
  const sum = (of: (tally: HistoryTally) => number) =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    read: sum(({ read }) => read),
    written: sum(({ written }) => written),
    expired: sum(({ expired }) => expired),
    refused: sum(({ refused }) => refused),
    leftOut: sum(({ leftOut }) => leftOut),
    outOfWindow: sum(({ outOfWindow }) => outOfWindow),
  };
}

/** How many past versions are told by the target just as they were by the source. */
export function exactVersions(runs: readonly { readonly tallies: readonly HistoryTally[] }[]): {
  readonly versions?: number;
} {
  const tallies = runs.flatMap((run) => run.tallies);
  if (tallies.length === 0) return {};
  const exact = tallies.reduce(
    (sum, { written, nulls, lostMembers, outOfWindow }) =>
      sum + Math.max(0, written - nulls - lostMembers - outOfWindow),
    0,
  );
  return { versions: exact };
}

/** What of one database's past is not as it was, counted. */
export function historyNotes(
  { path, source }: { readonly path: readonly string[]; readonly source: ImportSource },
  tallies: readonly HistoryTally[],
): ImportNote[] {
  const notes = tallies.flatMap(({ name: collection, examples, written, outOfWindow, ...counts }) =>
    [
      { code: "history_expired" as const, count: counts.expired, examples: examples.expired },
      { code: "history_refused" as const, count: counts.refused, examples: examples.refused },
      { code: "history_left_out" as const, count: counts.leftOut, examples: examples.leftOut },
      { code: "history_nulls" as const, count: counts.nulls, examples: examples.nulls },
      { code: "lost_members" as const, count: counts.lostMembers, examples: examples.lostMembers },
      { code: "history_window" as const, count: outOfWindow, examples: [] },
      { code: "history_feeds" as const, count: written, examples: [] },
    ].map((note) => ({ ...note, collection, database: path, message: NOTES[note.code] })),
  );
  return [...notes.filter(({ count }) => count > 0), ...leftOutNotes(path, source)];
}

function leftOutNotes(path: readonly string[], source: ImportSource): ImportNote[] {
  const { history } = source;
  if (history === undefined || restoredHistory(source) !== undefined) return [];
  const why =
    history.leftOut ??
    "it is restored only into collections that the import makes with their schema";
  return history.collections
    .filter(({ versions }) => versions !== 0)
    .map(({ name: collection, versions: count = 1 }) => ({
      code: "history_left_out",
      message: `Past versions and deletions were left out: ${why}.`,
      database: path,
      collection,
      count,
      examples: [],
    }));
}
