/**
 * Import: an archive becomes a database again.
 *
 *     read and check every byte of the source           (source.ts)
 *     look at the target, refuse one that is not empty  (target.ts)
 *     plan                                              (plan.ts: steps in dependency order, each with its reason)
 *     mark the target as unfinished, and this run's own (marker.ts, ownership.ts: it goes on only while it is)
 *     schema, documents, proof, the rest of the schema
 *     take the mark away: only now it is finished
 *
 * Every write can be repeated, after an unclear answer or by `--continue` after a crash, without changing the result.
 */
import type { Unlock } from "../archive/archive.ts";
import { ArkError, isArkError } from "../errors/errors.ts";
import { type BatchFlowStep, type Connection, identity } from "../fauna/fauna.ts";
import { type OnProgress, progressBelow } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { deadLettersOf } from "./dead-letters.ts";
import { DocumentsRun } from "./documents.ts";
import { documentsOptions, optionsBelow } from "./documents-options.ts";
import { type Asked, printAsked } from "./asked.ts";
import { readMark } from "./marker.ts";
import { type ConflictPolicy, type MergeChoice, planMerge } from "./merge/merge.ts";
import { importOver } from "./over.ts";
import { NOTE_EVERY_MS, Ownership } from "./ownership.ts";
import type { Step, StepContext } from "./plan.ts";
import { ProgressJournal } from "./progress.ts";
import { type ImportReport, makeReport } from "./report.ts";
import { HistoryRun } from "./history.ts";
import { SecretsRun } from "./secrets.ts";
import { type ImportSource, openSource } from "./source.ts";
import { refuseOther } from "./target.ts";
import { inPart, type Parts, partsOf, planTree, TreeRun, type TreeStep } from "./tree.ts";

export { MARKER, OWNER, readMark } from "./marker.ts";
export { CONFLICT_POLICIES, type ConflictPolicy } from "./merge/merge.ts";
export type { HistoryReport } from "./history-report.ts";
export type { ImportNote } from "./notes.ts";
export { refuseHeld } from "./ownership.ts";
export type { Step } from "./plan.ts";
export type { ImportReport } from "./report.ts";
export type { HistorySource, ImportSource } from "./source.ts";
export { createDatabase } from "./target.ts";

export interface ImportOptions {
  /** An archive, or the path of an archive or of the folder that Fauna's own export wrote. */
  readonly source: Store | string;
  /** Folder of FSL files, for a source that has no schema of its own. */
  readonly schemaFolder?: string | undefined;
  /** What opens an encrypted archive. */
  readonly unlock?: Unlock | undefined;
  /** The database to write to, opened with an admin secret; or what makes it, called when the source is found whole. */
  readonly target: Connection | (() => Promise<Connection>);
  /** False imports the topmost database of an archive that holds several; all of them by default. */
  readonly recursive?: boolean | undefined;
  /** False leaves the secrets out that the archive holds; restored by default. */
  readonly secrets?: boolean | undefined;
  /** False leaves out the past versions and deletions that the archive tells; restored by default. */
  readonly history?: boolean | undefined;
  /** Finish an import of the same source that began in this target and did not end. */
  readonly continue?: boolean | undefined;
  /**
   * What becomes of documents that the target has already, with another content or deleted since. With this the target
   * need not be empty: it has to hold the same schema, which is not written.
   */
  readonly onConflict?: ConflictPolicy | undefined;
  /** With `onConflict`: delete what the target's collections have more than the source's. */
  readonly deleteExtra?: boolean | undefined;
  /** How many documents `deleteExtra` will delete: the second time it is asked for, and it has to be right. */
  readonly confirmDelete?: number | undefined;
  /** Only the documents: the schema is neither written nor compared. */
  readonly dataOnly?: boolean | undefined;
  /**
   * Whether references into collections that are no more are restored, through a collection of that name that is made
   * and deleted again. Without it documents that hold such references are refused.
   */
  readonly restoreDeletedRefs?: boolean | undefined;
  /** Requests under way at once. Without it what is best is found by trying, up to 32. */
  readonly window?: number | undefined;
  /** Documents in a request, at most. Without it what is best is found by trying, up to 4,000. */
  readonly batchDocuments?: number | undefined;
  /** Bytes of documents in a request, at most; Fauna takes bodies of up to 8 MiB. */
  readonly batchBytes?: number | undefined;
  /** Bytes of memory that the process may take; 256 MiB by default. So many batches are under way as fit. */
  readonly maxMemory?: number | undefined;
  /** Told of the batch sizes and numbers of batches at once that are tried, and what comes of them. */
  readonly onTuned?: ((step: BatchFlowStep) => void) | undefined;
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

/** How an opened source is imported, whatever it is. */
export interface ReplayOptions extends Omit<ImportOptions, "source" | "schemaFolder"> {
  /** A last step before the import counts as finished: a source that can change makes sure here that it did not. */
  readonly checkSource?: Step | undefined;
  /** Bytes of batches that may be under way, where the source takes its part of the memory. */
  readonly bytesHeld?: number | undefined;
  /** How often the mark is to say that the import is under way, in milliseconds. */
  readonly noteEveryMs?: number | undefined;
}

type PlanChoice = Pick<ReplayOptions, "continue" | "signal" | "checkSource"> & Asked;

/** What {@link importArchive} would do with the same options; writes nothing. @throws as it does. */
export async function planImport(options: PlanOptions): Promise<ImportPlan> {
  return planSource(await open(options), options);
}

/** What {@link importSource} would do with the same options; writes nothing. @throws as it does. */
export async function planSource(
  source: ImportSource,
  options: Omit<PlanOptions, "source" | "schemaFolder"> & Pick<ReplayOptions, "checkSource">,
): Promise<ImportPlan> {
  // A database that does not exist yet holds nothing.
  const target = "v4" in options.target ? options.target : undefined;
  const choice = mergeChoice(options);
  if (choice !== undefined && target !== undefined) {
    const limits = await documentsOptions(target, source, options);
    const merged = wanted(source, options);
    return {
      source: source.place,
      title: source.title,
      target: target.place,
      documents: [merged, ...(merged.children ?? []).map((child) => child.source)]
        .flatMap(({ collections }) => collections)
        .reduce((sum, { documents }) => sum + documents, 0),
      steps: await planMerge(merged, target, choice, optionsBelow(limits)),
    };
  }
  const { parts, steps } = await plan(source, target, options);
  return {
    source: source.place,
    title: source.title,
    target: options.target.place,
    documents: parts
      .flatMap((part) => part.source.collections)
      .reduce((sum, { documents }) => sum + documents, 0),
    steps: steps.map(({ title, reason }) => ({ title, reason })),
  };
}

/**
 * Writes a source into an empty database: schema in dependency order, documents with their ids, ttl and `ts`, and a
 * comparison of what is there with what was written.
 *
 * @throws ArkError of code 2x when anything in the source is wrong, before the first write; ERR_TARGET_NOT_EMPTY;
 * ERR_BUSY when another run imports into the target, or has taken this import over;
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
  const clock = options.now ?? (() => new Date());
  const startedAt = performance.now();
  const target = typeof options.target === "function" ? await options.target() : options.target;
  const requestsBefore = target.counters.requests;
  const choice = mergeChoice(options);
  if (choice !== undefined) {
    const limits = await documentsOptions(target, source, options);
    return importOver(wanted(source, options), target, choice, optionsBelow(limits));
  }
  const lost = new AbortController();
  const signals = options.signal === undefined ? [lost.signal] : [options.signal, lost.signal];
  const signal = AbortSignal.any(signals);
  const owner = await Ownership.of(target, clock().toISOString(), signal);
  const run: OwnedRun = { source, target, owner, signal, onLost: (error) => lost.abort(error) };
  try {
    const report = await importOwned(run, { ...options, signal });
    await owner.end();
    return {
      ...report,
      seconds: (performance.now() - startedAt) / 1000,
      requests: target.counters.requests - requestsBefore,
    };
  } catch (error) {
    throw await owner.end(error);
  }
}

interface OwnedRun {
  readonly source: ImportSource;
  readonly target: Connection;
  readonly owner: Ownership;
  /** Aborted when the target is another's, too. */
  readonly signal: AbortSignal;
  readonly onLost: (error: unknown) => void;
}

async function importOwned(
  { source, target, owner, signal, onLost }: OwnedRun,
  options: ReplayOptions,
): Promise<Omit<ImportReport, "seconds" | "requests">> {
  const onProgress = options.onProgress ?? (() => {});
  const { parts, steps, marker, asked } = await planOwned(source, target, owner, options);
  const fenced = owner.fenced(target);
  const journal = new ProgressJournal(fenced, marker?.progress ?? "", signal);
  const mark = async () => {
    if (owner.isTaken) return;
    const { globalId: database } = await identity(target, { signal });
    await owner.begin(
      { source: source.identity, started: owner.since, database, asked },
      parts[0]!.untouched ?? "true",
    );
  };
  const limits = await documentsOptions(target, source, options);
  const { now, deadLetterFile: file } = limits;
  const tree = new TreeRun(target, owner, signal, (part, connection): StepContext => {
    const shared = { ...limits, signal, now, onProgress: progressBelow(part.path, onProgress) };
    const documentsOf = { ...shared, deadLetterFile: deadLettersOf(part.path, file) };
    const goesOn = { journal, path: part.path, goesOn: marker !== undefined };
    return {
      target: connection,
      documents: new DocumentsRun(connection, part.source, documentsOf, goesOn),
      history: new HistoryRun(connection, part.source, documentsOf),
      secrets: new SecretsRun(connection, part.source, shared),
      signal,
      mark,
      quietly: (work) => journal.quietly(work),
    };
  });
  const beats = setInterval(() => {
    if (!owner.isTaken) return;
    // Whatever else is wrong is found by those who need it.
    journal.beat().catch((error: unknown) => {
      if (isArkError(error, "ERR_BUSY")) onLost(error);
    });
  }, options.noteEveryMs ?? NOTE_EVERY_MS);
  try {
    await journal.forget(
      parts.filter(({ hasSchema }) => hasSchema !== true).map(({ path }) => path),
    );
    for (const [index, step] of steps.entries()) {
      signal.throwIfAborted();
      onProgress({ phase: "steps", done: index, total: steps.length, unit: "steps" });
      try {
        await step.run(tree);
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      }
    }
    const imported = await Promise.all(
      parts.map(async (part) => ({ part, context: await tree.context(part) })),
    );
    const report = await makeReport(source, target, imported, { steps: steps.length });
    clearInterval(beats);
    await journal.settled();
    // Last of all: whatever fails before can go on with --continue.
    await owner.finish();
    return report;
  } finally {
    clearInterval(beats);
    await journal.settled();
  }
}

/** Plans; where an earlier attempt is gone on with, its mark is taken first, and the target looked at after that. */
async function planOwned(
  source: ImportSource,
  target: Connection,
  owner: Ownership,
  options: PlanChoice,
): Promise<Planned> {
  const mark = options.continue === true ? await readMark(target, owner.signal) : undefined;
  if (mark?.marker === undefined) return await plan(source, target, options);
  const asked = { goOn: true, asked: printAsked(options) };
  refuseOther(target, source, mark.marker, asked);
  await owner.takeOver(mark);
  return await plan(source, target, options, owner);
}

/** The source, every byte of it read and checked. */
function open({
  source,
  schemaFolder,
  unlock,
  signal,
  onProgress,
}: Omit<ImportOptions, "target">): Promise<ImportSource> {
  return openSource(source, {
    schemaFolder,
    unlock,
    signal: signal ?? new AbortController().signal,
    onCheck: (done, total) => onProgress?.({ phase: "check", done, total, unit: "bytes" }),
  });
}

interface Planned extends Parts {
  readonly steps: readonly TreeStep[];
  /** What is asked for, as a mark has it. */
  readonly asked: string;
}

/**
 * @param target undefined when it is yet to be made.
 * @throws ArkError ERR_TARGET_NOT_EMPTY when the target is not one to import into.
 */
async function plan(
  source: ImportSource,
  target: Connection | undefined,
  options: PlanChoice,
  owner?: Ownership,
): Promise<Planned> {
  const signal = options.signal ?? new AbortController().signal;
  const goOn = options.continue ?? false;
  const asked = printAsked(options);
  const checks = { goOn, asked, owner, signal };
  const found = await partsOf(wanted(source, options), target, checks);
  const steps = planTree(found.parts);
  const { checkSource } = options;
  return {
    ...found,
    asked,
    steps: checkSource === undefined ? steps : [...steps, inPart(found.parts[0]!, checkSource)],
  };
}

/** What of the source is asked for. */
function wanted(source: ImportSource, asked: PlanChoice): ImportSource {
  const { recursive = true, secrets = true, dataOnly = false, history = true } = asked;
  const ofOne = (one: ImportSource): ImportSource => ({
    ...one,
    ...(dataOnly ? { hasSchema: false, files: new Map(), definitions: new Map() } : {}),
    history: one.history && {
      ...one.history,
      leftOut: history ? one.history.leftOut : "as it was asked for",
    },
    secrets: secrets ? one.secrets : undefined,
  });
  const children = recursive ? (source.children ?? []) : [];
  return {
    ...ofOne(source),
    children: children.map((child) => ({
      ...child,
      definition: dataOnly ? undefined : child.definition,
      source: ofOne(child.source),
    })),
  };
}

/** Undefined when the target has to be empty. @throws ArkError ERR_USAGE for choices that do not go together. */
function mergeChoice(options: Omit<ReplayOptions, "target">): MergeChoice | undefined {
  const { onConflict: policy, deleteExtra = false, confirmDelete } = options;
  if (policy === undefined) {
    if (!deleteExtra) return undefined;
    throw new ArkError("ERR_USAGE", "Deleting what is extra needs to know what is a conflict.", {
      place: "deleteExtra",
      hint: "Add --on-conflict replace for a mirror of the source.",
    });
  }
  if (options.continue === true) {
    throw new ArkError("ERR_USAGE", "An import over documents that are there is simply repeated.", {
      place: "continue",
      hint: "Leave out --continue.",
    });
  }
  return { policy, deleteExtra, confirmDelete };
}
