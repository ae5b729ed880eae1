/**
 * Import: an archive becomes a database again.
 *
 *     read and check every byte of the source           (source.ts)
 *     look at the target, refuse one that is not empty  (target.ts)
 *     plan                                              (plan.ts: steps in dependency order, each with its reason)
 *     mark the target as unfinished                     (marker.ts)
 *     schema, documents, proof, the rest of the schema
 *     take the mark away: only now it is finished
 *
 * Every write can be repeated, after an unclear answer or by `--continue` after a crash, without changing the result.
 */
import { basename } from "node:path";
import { ArkError } from "../errors/errors.ts";
import { type Connection, snapshotTime } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { type CollectionTally, DocumentsRun } from "./documents.ts";
import { removeMarker } from "./marker.ts";
import { planSteps, type Step } from "./plan.ts";
import { type ImportSource, openSource } from "./source.ts";
import { checkTarget, readTarget } from "./target.ts";

export { type Marker, readMarker } from "./marker.ts";
export type { Step } from "./plan.ts";
export type { ImportSource } from "./source.ts";
export { createDatabase } from "./target.ts";

export interface ImportOptions {
  /** An archive, or the path of an archive or of the folder that Fauna's own export wrote. */
  readonly source: Store | string;
  /** Folder of FSL files, for a source that has no schema of its own. */
  readonly schemaFolder?: string | undefined;
  /** The database to write to, opened with an admin secret; or what makes it, called when the source is found whole. */
  readonly target: Connection | (() => Promise<Connection>);
  /** Finish an import of the same source that began in this target and did not end. */
  readonly continue?: boolean | undefined;
  /** Requests under way at once. */
  readonly window?: number | undefined;
  /** Documents in a request, at most. */
  readonly batchDocuments?: number | undefined;
  /** Bytes of documents in a request, at most; Fauna takes bodies of up to 8 MiB. */
  readonly batchBytes?: number | undefined;
  /** Where refused documents are written, with their reasons. */
  readonly deadLetterFile?: string | undefined;
  /** How long one query may take on the server, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** The wall clock. */
  readonly now?: (() => Date) | undefined;
}

export interface PlanOptions extends Omit<ImportOptions, "target"> {
  /** The database that would be written to, or the place of one that would be created first. */
  readonly target: Connection | { readonly place: string };
}

/** What an import would do. */
export interface ImportPlan {
  readonly source: string;
  readonly title: string;
  readonly target: string;
  readonly documents: number;
  readonly steps: readonly { readonly title: string; readonly reason: string }[];
}

/** What an import did. Its form is the `--json` contract: members may be added, none change their meaning. */
export interface ImportReport {
  readonly source: string;
  readonly target: string;
  readonly documents: {
    readonly read: number;
    readonly written: number;
    /** Their ttl had passed; Fauna would not show them. */
    readonly expired: number;
    /** The target refused them; they are in the dead-letter file. */
    readonly refused: number;
    /** Written, but with a new `ts`. */
    readonly newTs: number;
  };
  readonly collections: readonly Pick<
    CollectionTally,
    "name" | "read" | "written" | "expired" | "refused" | "newTs"
  >[];
  readonly steps: number;
  /** What could not be kept as it was, counted. */
  readonly notes: readonly {
    readonly code: "new_ts" | "expired" | "refused" | "left_out";
    readonly message: string;
    readonly collection: string;
    readonly count: number;
    readonly examples: readonly string[];
  }[];
  readonly deadLetterFile: string | null;
  readonly seconds: number;
  readonly requests: number;
}

/** How an opened source is imported, whatever it is. */
export interface ReplayOptions extends Omit<ImportOptions, "source" | "schemaFolder"> {
  /** A last step before the import counts as finished: a source that can change makes sure here that it did not. */
  readonly checkSource?: Step | undefined;
}

type Asked = Pick<ReplayOptions, "continue" | "signal" | "checkSource">;

/** What {@link importArchive} would do with the same options; writes nothing. @throws as it does. */
export async function planImport(options: PlanOptions): Promise<ImportPlan> {
  return planSource(await open(options), options);
}

/** What {@link importSource} would do with the same options; writes nothing. @throws as it does. */
export async function planSource(
  source: ImportSource,
  options: Asked & Pick<PlanOptions, "target">,
): Promise<ImportPlan> {
  const steps =
    "v4" in options.target
      ? await plan(source, options.target, options)
      : // A database that does not exist yet holds nothing.
        stepsOf(source, new Set(), options);
  return {
    source: source.place,
    title: source.title,
    target: options.target.place,
    documents: source.collections.reduce((sum, { documents }) => sum + documents, 0),
    steps: steps.map(({ title, reason }) => ({ title, reason })),
  };
}

/**
 * Writes a source into an empty database: schema in dependency order, documents with their ids, ttl and `ts`, and a
 * comparison of what is there with what was written.
 *
 * @throws ArkError of code 2x when anything in the source is wrong, before the first write; ERR_TARGET_NOT_EMPTY;
 * ERR_SCHEMA when the target refuses a definition; ERR_MISMATCH when the target does not show what was written;
 * what the connection throws; the signal's reason. Refused documents are no error but `documents.refused`.
 */
export async function importArchive(options: ImportOptions): Promise<ImportReport> {
  const startedAt = performance.now();
  const imported = await importSource(await open(options), options);
  return { ...imported, seconds: (performance.now() - startedAt) / 1000 };
}

/** As {@link importArchive}, from a source that is open already. */
export async function importSource(
  source: ImportSource,
  options: ReplayOptions,
): Promise<ImportReport> {
  const signal = options.signal ?? new AbortController().signal;
  const onProgress = options.onProgress ?? (() => {});
  const clock = options.now ?? (() => new Date());
  const startedAt = performance.now();

  const target = typeof options.target === "function" ? await options.target() : options.target;
  const requestsBefore = target.counters.requests;
  const steps = await plan(source, target, options);
  const started = clock().toISOString();
  // A ttl passes by the server's clock: what it said once, and what has gone by here since.
  const serverTime = await snapshotTime(target, { signal });
  const serverTimeReadAt = performance.now();
  const documents = new DocumentsRun(target, source, {
    window: atLeastOne("window", options.window ?? 8),
    batchDocuments: atLeastOne("batchDocuments", options.batchDocuments ?? 500),
    batchBytes: atLeastOne("batchBytes", options.batchBytes ?? 1024 * 1024),
    timeoutMs: options.timeoutMs,
    signal,
    onProgress,
    deadLetterFile: options.deadLetterFile ?? `${basename(source.place)}.refused.ndjson`,
    now: () => serverTime + BigInt(Math.round((performance.now() - serverTimeReadAt) * 1000)),
  });
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    onProgress({
      phase: "steps",
      done: index,
      total: steps.length,
      unit: "steps",
    });
    try {
      await step.run({ target, documents, signal, started });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }
  await removeMarker(target, signal);
  return report(source, target, documents, {
    steps: steps.length,
    seconds: (performance.now() - startedAt) / 1000,
    requests: target.counters.requests - requestsBefore,
  });
}

/** The source, every byte of it read and checked. */
function open({
  source,
  schemaFolder,
  signal,
  onProgress,
}: Omit<ImportOptions, "target">): Promise<ImportSource> {
  return openSource(source, {
    schemaFolder,
    signal: signal ?? new AbortController().signal,
    onCheck: (done, total) => onProgress?.({ phase: "check", done, total, unit: "bytes" }),
  });
}

/** @throws ArkError ERR_TARGET_NOT_EMPTY when the target is not one to import into. */
async function plan(source: ImportSource, target: Connection, options: Asked): Promise<Step[]> {
  const signal = options.signal ?? new AbortController().signal;
  const state = await readTarget(target, signal);
  await checkTarget(target, source, state, { goOn: options.continue ?? false, signal });
  const existing = state.definitions
    .filter(({ kind }) => kind === "collections")
    .map(({ name }) => name);
  return stepsOf(source, new Set(existing), options);
}

function stepsOf(
  source: ImportSource,
  existing: ReadonlySet<string>,
  { checkSource }: Asked,
): Step[] {
  const steps = planSteps(source, existing);
  return checkSource === undefined ? steps : [...steps, checkSource];
}

function atLeastOne(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ArkError("ERR_USAGE", `${name} has to be a whole number from 1.`, { place: name });
}

const NOTES = {
  new_ts: "Only FQL v10 writes nulls inside arrays, and it gives a new ts.",
  expired: "The ttl had passed; Fauna would not show the document.",
  refused: "The target refused the document; it is in the dead-letter file with the reason.",
  left_out: "Credentials are no documents and were not imported.",
} as const;

function report(
  source: ImportSource,
  target: Connection,
  { tallies, deadLetters }: DocumentsRun,
  run: Pick<ImportReport, "steps" | "seconds" | "requests">,
): ImportReport {
  const sum = (of: (tally: CollectionTally) => number) =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  const leftOut = source.leftOut.map(({ collection, count }) => ({
    code: "left_out" as const,
    collection,
    count,
    examples: [],
  }));
  const ofTallies = tallies.flatMap(
    ({ name, newTs, newTsExamples, expired, refused, refusedIds }) => [
      { code: "new_ts" as const, collection: name, count: newTs, examples: newTsExamples },
      { code: "expired" as const, collection: name, count: expired, examples: [] },
      {
        code: "refused" as const,
        collection: name,
        count: refused,
        examples: [...refusedIds].slice(0, 10),
      },
    ],
  );
  return {
    source: source.place,
    target: target.place,
    documents: {
      read: sum(({ read }) => read),
      written: sum(({ written }) => written),
      expired: sum(({ expired }) => expired),
      refused: sum(({ refused }) => refused),
      newTs: sum(({ newTs }) => newTs),
    },
    collections: tallies.map(({ name, read, written, expired, refused, newTs }) => ({
      name,
      read,
      written,
      expired,
      refused,
      newTs,
    })),
    notes: [...ofTallies, ...leftOut]
      .filter(({ count }) => count > 0)
      .map((note) => ({ ...note, message: NOTES[note.code] })),
    deadLetterFile: deadLetters.count > 0 ? deadLetters.path : null,
    ...run,
  };
}
