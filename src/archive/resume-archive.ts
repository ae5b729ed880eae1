/**
 * Going on with an archive that an earlier run began and did not finish.
 *
 * The journal is believed as far as files prove it: a segment counts when it has the size and the digest that its
 * entry says. What the journal does not name is removed and written again.
 */
import { ArkError } from "../errors/errors.ts";
import { mapConcurrent, type OnProgress } from "../flow/flow.ts";
import { isMissing, readWhole, type Store } from "../store/store.ts";
import {
  ArchiveWriter,
  type CreateArchiveOptions,
  hasManifest,
  writerContext,
} from "./archive-writer.ts";
import { type Sealing, sealingAsBegun } from "./encryption.ts";
import { type Journal, readJournal, readRun, removeAll, removeJournal } from "./journal.ts";
import {
  FORMAT_VERSION,
  type Manifest,
  type PartJournal,
  type RunJournal,
  type SchemaJournal,
} from "./manifest.ts";
import {
  IDENTITY,
  isLockFile,
  JOURNAL,
  journalFile,
  RAISED_HISTORY,
  RUN_JOURNAL,
} from "./names.ts";
import { openArchive } from "./open-archive.ts";
import { checkStored, type StoredEntry } from "./stored-check.ts";
import { collectionKey } from "./writer-context.ts";

export interface ResumeArchiveOptions extends Omit<CreateArchiveOptions, "source" | "snapshotTs"> {
  readonly source: Omit<Manifest["source"], "globalId">;
}

/** Files whose digests are compared at once. */
const CHECKED_AT_ONCE = 4;

/**
 * Looks for an export to go on with. Where there may be one the caller has the lock, so that what is found stays so.
 *
 * @returns undefined when nothing was begun in the store.
 * @throws ArkError ERR_USAGE that names what is not as it was when the export began, or says why it cannot be gone on
 * with; ERR_TARGET_NOT_EMPTY when what is there is complete, or is no export; what the store throws.
 */
export async function findUnfinished(
  store: Store,
  options: ResumeArchiveOptions,
): Promise<UnfinishedArchive | undefined> {
  const isComplete = await hasManifest(store);
  const journal = await readJournal(store);
  const { run } = journal;
  if (run === undefined) {
    await refuseOther(store, isComplete);
    return undefined;
  }
  if (run.encryption?.hidesManifest === true) {
    if (isComplete) await refuseOther(store, isComplete);
    throw hidden(store);
  }
  const identityFile = await readIfThere(store, IDENTITY);
  const sealing = await sealingAsBegun(options.encryption, run.encryption, identityFile);
  const differences = [
    ...different(run, options),
    ...(typeof sealing === "string" ? [`encryption: ${sealing}`] : []),
  ];
  if (differences.length > 0) throw otherThan(store, differences);
  const own = sealing as Sealing | undefined;
  return new UnfinishedArchive(store, options, { run, journal, sealing: own, isComplete });
}

/** What an export was asked for that was interrupted in a store and has a journal that can be read; undefined without one. */
export async function unfinishedOptions(store: Store): Promise<Manifest["options"] | undefined> {
  const run = await readRun(store);
  return run?.encryption?.hidesManifest === true ? undefined : run?.options;
}

/** An export that did not come to its end, and that may be gone on with. */
export class UnfinishedArchive {
  /** When it began, ISO 8601. */
  readonly started: string;
  /** Its snapshot time, in microseconds. */
  readonly at: bigint;
  /** Nothing is left to be done but to {@link complete} it. */
  readonly isComplete: boolean;
  readonly #store: Store;
  readonly #options: ResumeArchiveOptions;
  readonly #run: RunJournal;
  readonly #journal: Journal;
  readonly #sealing: Sealing | undefined;

  constructor(
    store: Store,
    options: ResumeArchiveOptions,
    found: {
      readonly run: RunJournal;
      readonly journal: Journal;
      readonly sealing: Sealing | undefined;
      readonly isComplete: boolean;
    },
  ) {
    this.#store = store;
    this.#options = options;
    this.#run = found.run;
    this.#journal = found.journal;
    this.#sealing = found.sealing;
    this.started = found.run.started;
    this.at = BigInt(found.run.snapshot.ts);
    this.isComplete = found.isComplete;
  }

  /**
   * A writer that has what is whole already. What is damaged, and what the journal does not know, is removed.
   *
   * @param globalId that of the database which the export is to go on with.
   * @throws ArkError ERR_USAGE when that is another database; what the store throws; the signal's reason.
   */
  async resume(
    globalId: string | null,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: OnProgress },
  ): Promise<ResumedArchive> {
    const { globalId: begun } = this.#run.source;
    if (begun !== globalId) {
      const what = "another database is now at this endpoint and path";
      throw otherThan(this.#store, [
        `source: its global id was ${begun}, now ${globalId}; ${what}`,
      ]);
    }
    const { parts, schema, damaged } = await this.#check(signal, onProgress);
    await this.#tidy(parts, schema);
    const kept = { parts: byCollection(parts), schema };
    const own = { run: this.#run, sealing: this.#sealing, kept };
    return {
      archive: new ArchiveWriter(writerContext(this.#store, this.#options, own)),
      segments: parts.filter(({ segment }) => segment !== null).length,
      documents: parts.reduce((sum, { segment }) => sum + (segment?.records ?? 0), 0),
      damaged,
    };
  }

  /** Does the last that was left to be done. @throws ArkError as `openArchive` does. */
  async complete(): Promise<Manifest> {
    const { manifest } = await openArchive(this.#store);
    await removeJournal(this.#store);
    return manifest;
  }

  async #check(
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<{ parts: PartJournal[]; schema: SchemaJournal[]; damaged: string[] }> {
    const { parts, schema } = this.#journal;
    const damaged: string[] = [];
    const total = parts.reduce((sum, { segment }) => sum + (segment?.storedBytes ?? 0), 0);
    let done = 0;
    const isWhole = async (entry: StoredEntry): Promise<boolean> => {
      let whole = true;
      const checked = checkStored(this.#store, entry, () => (whole = false));
      for await (const bytes of checked) {
        signal.throwIfAborted();
        done = Math.min(total, done + bytes);
        onProgress({ phase: "check", done, total, unit: "bytes" });
      }
      if (!whole) damaged.push(entry.file);
      return whole;
    };
    const storedParts = parts.map((part) => ({
      item: part,
      stored: part.segment === null ? undefined : storedEntry(part.segment),
    }));
    const storedSchema = schema.map((each) => ({ item: each, stored: each.schema }));
    return {
      parts: await those(storedParts, isWhole),
      schema: await those(storedSchema, isWhole),
      damaged,
    };
  }

  /** Removes what nobody will look for, and nobody else has put there. */
  async #tidy(parts: readonly PartJournal[], schema: readonly SchemaJournal[]): Promise<void> {
    const files = [
      ...parts.flatMap(({ segment }) => (segment === null ? [] : [segment.file])),
      ...schema.map((each) => each.schema.file),
    ];
    const known = new Set([RUN_JOURNAL, ...files, ...files.map(journalFile)]);
    const unknown: string[] = [];
    for await (const { name } of this.#store.list()) {
      const isNone = name.endsWith(".none.json");
      if (OURS.test(name) && !known.has(name) && !isNone && !isLockFile(name)) unknown.push(name);
    }
    // Entries first: none may name a file that is gone.
    await removeAll(
      this.#store,
      unknown.filter((name) => name.startsWith(JOURNAL)),
    );
    await removeAll(
      this.#store,
      unknown.filter((name) => !name.startsWith(JOURNAL)),
    );
    await this.#store.removeUnfinished?.();
  }
}

/** An archive that is gone on with. */
export interface ResumedArchive {
  readonly archive: ArchiveWriter;
  /** What was there and is whole. */
  readonly segments: number;
  readonly documents: number;
  /** Files that the journal names and that are not what it says; they are written again. */
  readonly damaged: readonly string[];
}

/** Files that an export writes before its manifest. */
const OURS =
  /^(?:journal\/.*\.json|(?:databases\/.*\/)?(?:data|schema)\/.*\.(?:ndjson|fsl)(?:\.gz|\.zst)?(?:\.age)?)$/;

function byCollection(parts: readonly PartJournal[]): Map<string, PartJournal[]> {
  const found = new Map<string, PartJournal[]>();
  for (const part of parts) {
    const key = collectionKey(part.database, part.collection);
    const others = found.get(key);
    if (others === undefined) found.set(key, [part]);
    else others.push(part);
  }
  return found;
}

async function those<T>(
  entries: readonly { readonly item: T; readonly stored: StoredEntry | undefined }[],
  isWhole: (stored: StoredEntry) => Promise<boolean>,
): Promise<T[]> {
  async function* source() {
    yield* entries;
  }
  const check = async ({ item, stored }: (typeof entries)[number]) =>
    stored === undefined || (await isWhole(stored)) ? [item] : [];
  const kept: T[] = [];
  for await (const items of mapConcurrent(source(), check, { concurrency: CHECKED_AT_ONCE }))
    kept.push(...items);
  return kept;
}

function storedEntry(segment: {
  readonly file: string;
  readonly storedBytes: number;
  readonly sha256: string;
}): StoredEntry {
  return { file: segment.file, bytes: segment.storedBytes, sha256: segment.sha256 };
}

type Said = Manifest["options"][string] | undefined;

/** What was said otherwise when the run began, by name. Another address may lead to the same database: its global id tells. */
function* different(run: RunJournal, now: ResumeArchiveOptions): Generator<string> {
  const pairs: [string, Said, Said][] = [
    ["format version", run.version, FORMAT_VERSION],
    ["tool", run.tool.name, now.tool.name],
    ["version", run.tool.version, now.tool.version],
    ["database", run.source.database, now.source.database],
  ];
  const options = now.options ?? {};
  for (const name of new Set([...Object.keys(run.options), ...Object.keys(options)]))
    pairs.push([`--${name}`, run.options[name], options[name]]);
  for (const [name, before, after] of pairs) {
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    yield `${name}: it was ${said(before)}, now ${said(after)}`;
  }
}

function said(value: Said): string {
  if (value === undefined || value === null) return "none";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function otherThan(store: Store, differences: readonly string[]): ArkError {
  return new ArkError(
    "ERR_USAGE",
    `The export here was begun otherwise, so that it cannot be gone on with. ${differences.join("; ")}.`,
    {
      place: store.place,
      hint: "Say what was said then, or remove its files and begin anew; nothing was changed.",
      details: { differences },
    },
  );
}

function hidden(store: Store): ArkError {
  return new ArkError(
    "ERR_USAGE",
    "An export with --encrypt-manifest cannot be gone on with: what it wrote down is sealed for its readers, which the export cannot open.",
    { place: store.place, hint: "Remove its files and begin anew." },
  );
}

/** @throws ArkError ERR_TARGET_NOT_EMPTY when the store holds anything but the beginnings of an export. */
async function refuseOther(store: Store, isComplete: boolean): Promise<void> {
  const names: string[] = [];
  for await (const { name } of store.list())
    if (name !== RAISED_HISTORY && !isLockFile(name) && names.push(name) > 1) break;
  if (names.length === 0) return;
  if (names.length === 1 && names[0] === IDENTITY) {
    await store.remove(IDENTITY);
    return;
  }
  throw new ArkError(
    "ERR_TARGET_NOT_EMPTY",
    isComplete
      ? "the archive here is complete: there is nothing to go on with"
      : `the place is not empty, and there is no export to go on with: it holds ${names[0]}`,
    {
      place: store.place,
      hint: "Choose a place that is empty or does not exist; nothing was changed.",
    },
  );
}

async function readIfThere(store: Store, name: string): Promise<Buffer | undefined> {
  try {
    return await readWhole(store, name);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
