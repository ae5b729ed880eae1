/** What an import did, put together from what became of each database's documents and secrets. */
import { type Fidelity, fidelityOf, withoutLostReferences } from "../archive/archive.ts";
import { type Connection, identity } from "../fauna/fauna.ts";
import type { DocumentsRun } from "./documents.ts";
import type { HistoryRun } from "./history.ts";
import {
  exactVersions,
  historyNotes,
  type HistoryReport,
  historyReport,
} from "./history-report.ts";
import type { ConflictsReport } from "./merge/merge.ts";
import type { ImportNote } from "./notes.ts";
import type { StepContext } from "./plan.ts";
import type { SecretsRun, SecretTally } from "./secrets.ts";
import type { ImportSource, SecretKind } from "./source.ts";
import { type CollectionTally, requireAccounted, skipped } from "./tally.ts";
import type { Part } from "./tree.ts";

export interface DocumentCounts {
  readonly read: number;
  /** By this run. */
  readonly written: number;
  /** The target refused them; they are in the dead-letter file. */
  readonly refused: number;
  /** Neither written nor refused: `there`, `expired`, or kept as the target had them. */
  readonly skipped: number;
  /** Found in the target just so: written by the interrupted run that this one continues, or there before. */
  readonly there: number;
  /** Their ttl had passed; Fauna would not show them. */
  readonly expired: number;
  /** In the target, but with a new `ts`. */
  readonly newTs: number;
}

/** What an import did. Its form is the `--json` contract: members may be added, none change their meaning. */
export interface ImportReport {
  readonly source: string;
  readonly target: string;
  /** Always: `read` = `written` + `refused` + `skipped`. */
  readonly documents: DocumentCounts;
  readonly collections: readonly (DocumentCounts & {
    readonly name: string;
    /** The database's path below the target, `parent/child`; "" for the target itself. */
    readonly database: string;
  })[];
  /** Paths of the child databases that were restored. */
  readonly databases: readonly string[];
  /** Past versions and deletions; null where the source tells none that were to be restored. */
  readonly history: HistoryReport | null;
  /** Credentials, keys and tokens. */
  readonly secrets: Readonly<Record<SecretKind, Readonly<SecretTally>>>;
  /** What became of documents that the target held already; null where it had to be empty. */
  readonly conflicts: ConflictsReport | null;
  readonly steps: number;
  /** What could not be kept as it was, counted. */
  readonly notes: readonly ImportNote[];
  /** How exact it is: the notes in categories, with those that nothing falls into. */
  readonly fidelity: Fidelity;
  /** The first file of refused documents; each database has its own. */
  readonly deadLetterFile: string | null;
  readonly deadLetterFiles: readonly string[];
  readonly seconds: number;
  readonly requests: number;
}

/** One database that was imported. */
export interface Imported {
  readonly part: Pick<Part, "path" | "source">;
  readonly context: Pick<StepContext, "target" | "signal"> & {
    readonly documents: Pick<DocumentsRun, "tallies" | "deadLetters">;
    readonly history: Pick<HistoryRun, "tallies">;
    readonly secrets: Pick<SecretsRun, "tallies" | "notes">;
  };
}

const NOTES = {
  new_ts: "Only FQL v10 writes nulls inside arrays, and it gives a new ts.",
  expired: "The ttl had passed; Fauna would not show the document.",
  refused: "The target refused the document; it is in the dead-letter file with the reason.",
  deleted_refs:
    "Their references into collections that are no more were restored, as asked for. A reference into an earlier collection of a name that lives again is restored as one into the living collection.",
  deleted_refs_refused:
    "They refer to documents of collections that are no more, which Fauna takes only while such a collection is there; --restore-deleted-refs makes one for the time being.",
  lost_members:
    "They have top-level members beside data and ttl, from Fauna's early days; no Fauna of today takes these.",
  left_out: "Credentials are no documents and were not imported.",
} as const;

const EXAMPLES = 10;

/** @param imported the databases, the topmost first. */
export async function makeReport(
  source: ImportSource,
  target: Connection,
  imported: readonly Imported[],
  run: Pick<ImportReport, "steps">,
): Promise<Omit<ImportReport, "seconds" | "requests">> {
  const tallies = imported.flatMap(({ part: { path }, context }) =>
    context.documents.tallies.map((tally) => ({ tally, database: path.join("/") })),
  );
  for (const { context } of imported) requireAccounted(context.documents.tallies, target.place);
  const sum = (of: (tally: CollectionTally) => number) =>
    tallies.reduce((total, { tally }) => total + of(tally), 0);
  const files = imported
    .map(({ context }) => context.documents.deadLetters)
    .filter(({ count }) => count > 0)
    .map(({ path }) => path);
  const notes: ImportNote[] = [];
  for (const each of imported) notes.push(...(await notesOf(each)));
  const leftOut = (source.children ?? []).map(({ path }) => path.join("/"));
  if (leftOut.length > imported.length - 1) notes.push(childrenNote(leftOut));
  const secrets = {
    credentials: sumSecrets(imported, "credentials"),
    keys: sumSecrets(imported, "keys"),
    tokens: sumSecrets(imported, "tokens"),
  };
  const definitions = imported
    .flatMap(({ part }) => [...part.source.definitions])
    .filter(([kind]) => kind !== "databases")
    .reduce((total, [, lines]) => total + lines.length, 0);
  const histories = imported.map(({ context }) => context.history);
  const exact = {
    documents: sum((tally) => tally.written + tally.there - tally.newTs - tally.lostMembers.count),
    definitions,
    secrets: Object.values(secrets).reduce((total, { written }) => total + written, 0),
    ...exactVersions(histories),
  };
  return {
    source: source.place,
    target: target.place,
    documents: {
      read: sum(({ read }) => read),
      written: sum(({ written }) => written),
      expired: sum(({ expired }) => expired),
      refused: sum(({ refused }) => refused),
      skipped: sum(skipped),
      there: sum(({ there }) => there),
      newTs: sum(({ newTs }) => newTs),
    },
    collections: tallies.map(({ database, tally }) => {
      const { name, read, written, expired, refused, there, newTs } = tally;
      return {
        database,
        name,
        read,
        written,
        expired,
        refused,
        skipped: skipped(tally),
        there,
        newTs,
      };
    }),
    databases: imported.map(({ part }) => part.path.join("/")).filter((path) => path !== ""),
    history: historyReport(histories),
    secrets,
    conflicts: null,
    notes,
    fidelity: fidelityOf(exact, notes, definitions),
    deadLetterFile: files[0] ?? null,
    deadLetterFiles: files,
    ...run,
  };
}

function sumSecrets(imported: readonly Imported[], kind: SecretKind): SecretTally {
  const all = { read: 0, written: 0, refused: 0 };
  for (const { context } of imported) {
    const { read, written, refused } = context.secrets.tallies[kind];
    all.read += read;
    all.written += written;
    all.refused += refused;
  }
  return all;
}

async function notesOf({ part, context }: Imported): Promise<ImportNote[]> {
  const database = part.path;
  const ofTallies = context.documents.tallies.flatMap(
    ({
      name: collection,
      newTs,
      newTsExamples,
      expired,
      refused,
      refusedIds,
      deletedRefs,
      lostMembers,
    }) => [
      { code: "new_ts" as const, collection, count: newTs, examples: newTsExamples },
      { code: "expired" as const, collection, count: expired, examples: [] },
      {
        code: "refused" as const,
        collection,
        count: refused,
        examples: [...refusedIds].slice(0, EXAMPLES),
      },
      {
        code: "deleted_refs" as const,
        collection,
        count: deletedRefs.restored,
        examples: deletedRefs.examples,
      },
      {
        code: "deleted_refs_refused" as const,
        collection,
        count: deletedRefs.refused,
        examples: deletedRefs.examples,
      },
      { code: "lost_members" as const, collection, ...lostMembers },
    ],
  );
  const leftOut = part.source.leftOut.map(({ collection, count }) => ({
    code: "left_out" as const,
    collection,
    count,
    examples: [],
  }));
  return [
    ...[...ofTallies, ...leftOut]
      .filter(({ count }) => count > 0)
      .map((note) => ({ ...note, database, message: NOTES[note.code] })),
    ...historyNotes(part, context.history.tallies),
    ...context.secrets.notes.map((note) => ({ ...note, database })),
    ...lostReferencesNote(part),
    ...(await audienceNote(part, context)),
  ];
}

function childrenNote(paths: readonly string[]): ImportNote {
  return {
    code: "child_databases",
    message: "Child databases of the source, which were left out.",
    database: [],
    collection: null,
    count: paths.length,
    examples: paths.slice(0, EXAMPLES),
  };
}

function lostReferencesNote({ path, source }: Imported["part"]): ImportNote[] {
  const { lost } = withoutLostReferences(source.hasSchema ? source.definitions : new Map());
  if (lost.length === 0) return [];
  return [
    {
      code: "lost_references",
      message:
        "References of v4's definitions to others that are no more, which Fauna shows but does not take; they grant nothing, and were left out.",
      database: path,
      collection: null,
      count: lost.length,
      examples: lost.map(({ kind, name, lost: to }) => `${kind} ${name}: ${to}`).slice(0, EXAMPLES),
    },
  ];
}

/** Whoever issues tokens for a database has to be told that it is another now (facts §5.6). */
async function audienceNote(
  { path, source }: Imported["part"],
  { target, signal }: Imported["context"],
): Promise<ImportNote[]> {
  const providers = source.definitions.get("access_providers") ?? [];
  if (providers.length === 0) return [];
  const { globalId } = await identity(target, { signal });
  if (globalId === source.globalId) return [];
  return [
    {
      code: "audience",
      message: `The audience of access providers names the database, and is https://db.fauna.com/db/${globalId} now: tell those who issue tokens.`,
      database: path,
      collection: null,
      count: providers.length,
      examples: providers.map(({ name }) => name).slice(0, EXAMPLES),
    },
  ];
}
