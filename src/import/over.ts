/** An import over documents that are there, as a report like any other. */
import { fidelityOf } from "../archive/archive.ts";
import type { Connection } from "../fauna/fauna.ts";
import type { DocumentsOptions } from "./documents.ts";
import { merge, type MergeChoice } from "./merge/merge.ts";
import type { ImportNote } from "./notes.ts";
import { type ImportReport, makeReport } from "./report.ts";
import type { ImportSource } from "./source.ts";

/** @throws ArkError as `merge` does. */
export async function importOver(
  source: ImportSource,
  target: Connection,
  choice: MergeChoice,
  options: DocumentsOptions,
): Promise<ImportReport> {
  const startedAt = performance.now();
  const requestsBefore = target.counters.requests;
  const { run, conflicts, notes } = await merge(source, target, choice, options);
  const none = { read: 0, written: 0, refused: 0 };
  const secrets = { notes: [], tallies: { credentials: none, keys: none, tokens: none } };
  // The schema was compared and not written.
  const past = source.history && {
    ...source.history,
    leftOut: source.history.leftOut ?? "it is restored into an empty database only",
  };
  const part = { path: [], source: { ...source, definitions: new Map(), history: past } };
  const history = { tallies: [] };
  const context = { target, signal: options.signal, documents: run, history, secrets };
  const report = await makeReport(source, target, [{ part, context }], { steps: 0 });
  const asOfNow = run.tallies.reduce((sum, tally) => sum + tally.asOfNow, 0);
  const all = [...report.notes, ...notes, ...secretsNote(source)];
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

function secretsNote({ secrets }: ImportSource): ImportNote[] {
  const count =
    secrets === undefined
      ? 0
      : Object.values(secrets.counts).reduce((sum, number) => sum + number, 0);
  if (count === 0) return [];
  return [
    {
      code: "secrets",
      message: "Credentials, keys and tokens are restored into an empty database only.",
      database: [],
      collection: null,
      count,
      examples: [],
    },
  ];
}
