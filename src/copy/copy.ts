/**
 * Copy: a database becomes another one, with no disk in between.
 *
 *     refuse the same database twice
 *     pick the moment T, or take that of an unfinished copy     (identity.ts: the target's mark says it)
 *     read the schema at T, list the refs at T                  (live-tree.ts, live-source.ts, with the parts of export)
 *     look at the target, plan, mark it, replay, compare        (import)
 *     look at the source once more: is T still readable, did its collections hold still?
 *     take the mark away: only now it is a copy
 */
import { fidelityOf } from "../archive/archive.ts";
import { availableParallelism } from "node:os";
import { ArkError } from "../errors/errors.ts";
import { type ChoiceOptions, resolveChoice } from "../export/choice.ts";
import { refuseBareHistory } from "../export/history.ts";
import {
  type BatchFlowStep,
  bytesToHold,
  type Connection,
  identity,
  PAGE_SIZES,
  PageFlow,
  type PageFlowStep,
} from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import {
  type ImportPlan,
  type ImportReport,
  importSource,
  planSource,
  readMark,
  refuseHeld,
  type ReplayOptions,
} from "../import/import.ts";
import { Time } from "../values/time.ts";
import { type CopyIdentity, parseIdentity, printChoice, printIdentity } from "./identity.ts";
import { LiveTree } from "./live-tree.ts";
import { notesOf, type SourceNote } from "./notes.ts";

export type { SourceNote } from "./notes.ts";

export interface CopyOptions extends ChoiceOptions {
  /** The database to copy, opened with an admin secret. */
  readonly source: Connection;
  /** The empty database to write to, opened with an admin secret; or what makes it, called when the source was read. */
  readonly target: Connection | (() => Promise<Connection>);
  /** Finish a copy of the same source that began in this target and did not end, at the moment of that copy. */
  readonly continue?: boolean | undefined;
  /** Not as it is now but as it was at this moment, in microseconds since 1970; see `parseMoment`. */
  readonly at?: bigint | undefined;
  /** Copy the databases below too, all at one moment. */
  readonly recursive?: boolean | undefined;
  /** Copy every version and deletion inside the history window too; only FQL v4 tells them. */
  readonly history?: boolean | undefined;
  /** Copy credentials, keys and tokens with their hashes. */
  readonly secrets?: boolean | undefined;
  /** Documents asked of the source in one request, at most. Without it what is best is found by trying, up to 4,000. */
  readonly pageSize?: number | undefined;
  /** Id ranges read at once, and batches written at once. Without it as many as turn out best. */
  readonly window?: number | undefined;
  /** Documents in an id range; collections larger than this are read in several ranges at once. */
  readonly rangeDocuments?: number | undefined;
  /** Documents in one request to the target, at most. */
  readonly batchDocuments?: number | undefined;
  /** Bytes of documents in one request to the target, at most. */
  readonly batchBytes?: number | undefined;
  /** Bytes of memory that the process may take; 256 MiB by default. */
  readonly maxMemory?: number | undefined;
  /** Told of the page and batch sizes and numbers of them at once that are tried, and what comes of them. */
  readonly onTuned?: ((step: PageFlowStep | BatchFlowStep) => void) | undefined;
  /** Where refused documents are written, with their reasons. */
  readonly deadLetterFile?: string | undefined;
  /** How long one query may take on either server, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** The wall clock. */
  readonly now?: (() => Date) | undefined;
}

export interface PlanCopyOptions extends Omit<CopyOptions, "target"> {
  /** The database that would be written to, or the place of one that would be created first. */
  readonly target: Connection | { readonly place: string };
}

/** What a copy did. Its form is the `--json` contract: members may be added, none change their meaning. */
export interface CopyReport extends Omit<ImportReport, "notes"> {
  /** The moment of the source that the target now shows. */
  readonly snapshot: { readonly ts: string; readonly time: string };
  readonly definitions: number;
  /** What could not be kept as it was, counted; without a collection what concerns the database. */
  readonly notes: readonly (ImportReport["notes"][number] | SourceNote)[];
}

/** What {@link copyDatabase} would do with the same options; writes nothing. @throws as it does. */
export async function planCopy(options: PlanCopyOptions): Promise<ImportPlan> {
  const { target } = options;
  const live = await openSource(options, "v4" in target ? target : undefined);
  return planSource(live.forImport, { ...options, checkSource: live.check });
}

/**
 * Copies a database, as it is at one moment, into an empty one: what an export and an import of it would do, with the
 * proofs of both.
 *
 * A copy that was interrupted goes on with `continue` as long as its source can still be read at its moment.
 *
 * @throws ArkError ERR_USAGE when source and target are the same database; ERR_SNAPSHOT_EXPIRED when the source's
 * history ran out, with how far the copy came; ERR_TRY_AGAIN when the source's schema was changed in a way that
 * touches documents; as `importArchive` does; what the connections throw; the signal's reason.
 */
export async function copyDatabase(options: CopyOptions): Promise<CopyReport> {
  const { source } = options;
  const started = performance.now();
  const requestsBefore = source.counters.requests;
  // An unfinished copy says in its target which moment it is of; one that begins may have no target yet.
  const early =
    typeof options.target !== "function" || options.continue === true
      ? await opened(options.target)
      : undefined;
  const live = await openSource(options, early);
  const target = early ?? (await opened(options.target));
  const { recursive = false, secrets = false } = options;
  const { at, check } = live;
  let notes: readonly SourceNote[] = [];
  // Whatever is asked for after the last step fails a copy that nothing can go on with.
  const run: typeof check.run = async (context) => {
    await check.run(context);
    notes = await notesOf(live, { recursive, secrets, signal: signalOf(options) });
  };
  const imported = await importSource(live.forImport, {
    ...replayOptions(options),
    target,
    checkSource: { ...check, run },
  });
  const all = [...imported.notes, ...notes];
  return {
    ...imported,
    snapshot: { ts: String(at), time: Time.fromMicros(at).toString() },
    definitions: live.databases
      .flatMap(({ forImport }) => [...forImport.definitions.values()])
      .reduce((sum, each) => sum + each.length, 0),
    notes: all,
    fidelity: fidelityOf(imported.fidelity.exact, all, imported.fidelity.exact.definitions),
    seconds: (performance.now() - started) / 1000,
    requests:
      source.counters.requests -
      requestsBefore +
      (source.sharesTransport(target) ? 0 : imported.requests),
  };
}

async function opened(target: CopyOptions["target"]): Promise<Connection> {
  return typeof target === "function" ? target() : target;
}

function signalOf({ signal }: Pick<CopyOptions, "signal">): AbortSignal {
  return signal ?? new AbortController().signal;
}

function replayOptions(options: CopyOptions): Omit<ReplayOptions, "target"> {
  const { window, batchDocuments, batchBytes, timeoutMs, onProgress, now, signal } = options;
  return {
    bytesHeld: bytesOfEach(options),
    onTuned: options.onTuned,
    continue: options.continue,
    window,
    batchDocuments,
    batchBytes,
    deadLetterFile: options.deadLetterFile ?? "copy.refused.ndjson",
    timeoutMs,
    signal,
    onProgress,
    now,
  };
}

/** Pages and batches have half of the memory each. */
function bytesOfEach({ maxMemory }: Pick<CopyOptions, "maxMemory">): number {
  return Math.floor(bytesToHold(maxMemory) / 2);
}

/** The source, open at its moment. */
async function openSource(
  options: Omit<CopyOptions, "target">,
  target: Connection | undefined,
): Promise<LiveTree> {
  const { source, timeoutMs, onProgress = () => {} } = options;
  const signal = signalOf(options);
  const choice = resolveChoice(options);
  refuseBareHistory(options);
  const limits = {
    pageSize: options.pageSize ?? PAGE_SIZES.max,
    window: options.window ?? Math.max(8, availableParallelism() * 2),
    rangeDocuments: options.rangeDocuments ?? 50_000,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new ArkError("ERR_USAGE", `${name} has to be a whole number from 1.`, { place: name });
  }
  const { globalId } = await identity(source, { signal });
  const own = { endpoint: source.endpoint, globalId, choice: printChoice(options) };
  if (target !== undefined) await refuseSame(own, target, signal);
  const asOf =
    target === undefined
      ? undefined
      : await unfinished(own, target, options.continue ?? false, signal);
  if (asOf !== undefined && options.at !== undefined && asOf !== options.at)
    throw otherMoment(asOf, source.place);
  const flow = new PageFlow({
    pageSize: options.pageSize,
    underWay: { max: 2 * limits.window, found: options.window === undefined },
    bytes: bytesOfEach(options),
    onStep: options.onTuned,
  });
  return LiveTree.open({
    ...limits,
    flow,
    source,
    choice,
    recursive: options.recursive ?? false,
    secrets: options.secrets ?? false,
    history: options.history ?? false,
    identity: (at) => printIdentity({ ...own, at }),
    asOf: asOf ?? options.at,
    isPast: options.at !== undefined,
    timeoutMs,
    signal,
    onProgress,
  });
}

function otherMoment(at: bigint, place: string): ArkError {
  return new ArkError(
    "ERR_TARGET_NOT_EMPTY",
    `The unfinished copy is of ${Time.fromMicros(at).toString()}.`,
    { place, hint: "Continue it with that time, or without one if it was begun without." },
  );
}

/** Two addresses of one server are not seen through; there the target is not empty unless the source is. */
async function refuseSame(
  { endpoint, globalId }: Omit<CopyIdentity, "at">,
  target: Connection,
  signal: AbortSignal,
): Promise<void> {
  if (target.endpoint !== endpoint) return;
  if ((await identity(target, { signal })).globalId !== globalId) return;
  throw new ArkError("ERR_USAGE", "Source and target are the same database.", {
    place: target.place,
    hint: "Name another target: --to-endpoint, or --to-database NAME --create.",
  });
}

/** The moment of an unfinished copy of the same source, if there is one to go on with. */
async function unfinished(
  own: Omit<CopyIdentity, "at">,
  target: Connection,
  goOn: boolean,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const mark = await readMark(target, signal);
  await refuseHeld(target, mark);
  const { marker } = mark;
  const found = marker === undefined ? undefined : parseIdentity(marker.source);
  if (marker === undefined || found === undefined) return undefined;
  const refused = (message: string, hint: string) =>
    new ArkError("ERR_TARGET_NOT_EMPTY", message, { place: target.place, hint });
  if (found.endpoint !== own.endpoint || found.globalId !== own.globalId) {
    throw refused(
      `A copy of another database (${found.endpoint}), begun at ${marker.started}, never finished here.`,
      "Continue that one with its own source, or use an empty database.",
    );
  }
  if (!goOn) {
    throw refused(
      `A copy of this database, begun at ${marker.started}, never finished here.`,
      "Add --continue to finish it.",
    );
  }
  if (found.choice === own.choice) return found.at;
  throw refused(
    `The unfinished copy here is of ${found.choice}, not of ${own.choice}.`,
    "Continue with the same choice, or use an empty database.",
  );
}
