/** An import over documents that are there, in a database and those below it, as a report like any other. */
import { fidelityOf } from "../archive/archive.ts";
import type { Connection } from "../fauna/fauna.ts";
import { merge, type MergeChoice, type MergedPart, type OptionsFor } from "./merge/merge.ts";
import type { ImportNote } from "./notes.ts";
import { type ImportReport, makeReport } from "./report.ts";
import type { ImportSource } from "./source.ts";

/** @throws ArkError as `merge` does. */
export async function importOver(
  source: ImportSource,
  target: Connection,
  choice: MergeChoice,
  optionsFor: OptionsFor,
): Promise<ImportReport> {
  const startedAt = performance.now();
  const requestsBefore = target.counters.requests;
  const { parts, conflicts, notes } = await merge(source, target, choice, optionsFor);
  const report = await makeReport(source, target, parts.map(imported), { steps: 0 });
  const tallies = parts.flatMap(({ run }) => run.tallies);
  const asOfNow = tallies.reduce((sum, tally) => sum + tally.asOfNow, 0);
  const all = [...report.notes, ...notes, ...parts.flatMap(secretsNote)];
  const { exact } = report.fidelity;
  // Those that were there are among them; a ts that is another in the target is not exact.
  const exactly = exact.documents - asOfNow - conflicts.otherTs;
  return {
    ...report,
    seconds: (performance.now() - startedAt) / 1000,
    requests: target.counters.requests - requestsBefore,
    documents: { ...report.documents, newTs: report.documents.newTs + asOfNow },
    conflicts,
    notes: all,
    fidelity: fidelityOf({ ...exact, documents: exactly }, all),
  };
}

/** A database in the words of an import's report. */
function imported({
  path,
  source,
  target,
  run,
}: MergedPart): Parameters<typeof makeReport>[2][number] {
  const none = { read: 0, written: 0, refused: 0 };
  const secrets = { notes: [], tallies: { credentials: none, keys: none, tokens: none } };
  // The schema was compared and not written.
  const history = source.history && {
    ...source.history,
    leftOut: source.history.leftOut ?? "it is restored into an empty database only",
  };
  const part = { path, source: { ...source, definitions: new Map(), history } };
  const context = {
    target,
    signal: new AbortController().signal,
    documents: run,
    history: { tallies: [] },
    secrets,
  };
  return { part, context };
}

function secretsNote({ path, source: { secrets } }: MergedPart): ImportNote[] {
  const count =
    secrets === undefined
      ? 0
      : Object.values(secrets.counts).reduce((sum, number) => sum + number, 0);
  if (count === 0) return [];
  return [
    {
      code: "secrets",
      message: "Credentials, keys and tokens are restored into an empty database only.",
      database: [...path],
      collection: null,
      count,
      examples: [],
    },
  ];
}
