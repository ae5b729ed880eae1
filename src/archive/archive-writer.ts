import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ArkError } from "../errors/errors.ts";
import { once, type Store, writeWhole } from "../store/store.ts";
import { Time } from "../values/time.ts";
import { type Sealer, UNSEALED } from "./age.ts";
import { codecFor, type Compression } from "./compression.ts";
import { DatabaseWriter } from "./database-writer.ts";
import { type Encryption, prepareSealing, type Sealing } from "./encryption.ts";
import { removeJournal, writeRun } from "./journal.ts";
import type { ArchiveLock } from "./lock.ts";
import {
  type DatabaseEntry,
  type FidelityNote,
  FORMAT_NAME,
  FORMAT_VERSION,
  type Manifest,
  type RunJournal,
} from "./manifest.ts";
import {
  digestFile,
  HIDING,
  IDENTITY,
  isLockFile,
  MANIFEST,
  RAISED_HISTORY,
  RUN_JOURNAL,
  SEALED_MANIFEST,
  TELLING,
} from "./names.ts";
import { everySegment, firstContradiction, sumHistories } from "./parse-manifest.ts";
import { NOTHING_KEPT, type WriterContext } from "./writer-context.ts";

export interface CreateArchiveOptions {
  readonly tool: Manifest["tool"];
  readonly source: Manifest["source"];
  /** The snapshot time, in microseconds since 1970. */
  readonly snapshotTs: bigint;
  readonly compression: Compression;
  /** What the export was asked for, as far as people want to know it later; never secrets. */
  readonly options?: Manifest["options"];
  /** Whom the files are sealed for; without it they are stored as they are. */
  readonly encryption?: Encryption | undefined;
  /** Plain bytes of a segment, at most; 64 MiB. */
  readonly segmentBytes?: number;
  /** Plain bytes after which a frame ends; 1 MiB. */
  readonly frameBytes?: number;
  /** The wall clock, for `created`. */
  readonly now?: () => Date;
  /** Taken before anything is written, and has to be held until the archive is complete. */
  readonly lock?: ArchiveLock | undefined;
}

/**
 * Begins an archive in an empty store by writing the run's journal, which also shows that the store
 * can be written to before anything is read from the database.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY when the store holds anything; ERR_BUSY when another run has the lock; ERR_USAGE when the compression
 * is not to be had or the encryption has nobody to encrypt for; what the store throws.
 */
export async function createArchive(
  store: Store,
  options: CreateArchiveOptions,
): Promise<ArchiveWriter> {
  codecFor(options.compression);
  const { encryption } = options;
  const sealing = encryption === undefined ? undefined : await prepareSealing(encryption);
  const isHidden = sealing?.hidesManifest === true;
  await refuseOccupied(store);
  if (options.lock !== undefined) {
    await options.lock.take();
    // Another run may have come and gone meanwhile.
    await refuseOccupied(store);
  }
  const run: RunJournal = {
    format: FORMAT_NAME,
    version: FORMAT_VERSION,
    tool: options.tool,
    started: (options.now?.() ?? new Date()).toISOString(),
    source: isHidden ? { endpoint: "", database: null, globalId: null } : options.source,
    snapshot: {
      ts: String(options.snapshotTs),
      time: Time.fromMicros(options.snapshotTs).toString(),
    },
    compression: options.compression,
    ...(sealing === undefined ? {} : { encryption: encryptionOfRun(sealing) }),
    options: isHidden ? {} : (options.options ?? {}),
  };
  // Before the journal: a run that can be resumed has everything that its files are sealed with.
  if (sealing?.identityFile !== undefined)
    await writeWhole(store, IDENTITY, sealing.identityFile, { exclusive: true });
  await writeRun(store, run);
  const whole = { ...run, source: options.source, options: options.options ?? {} };
  return new ArchiveWriter(writerContext(store, options, { run: whole, sealing }));
}

function encryptionOfRun({ entry, hidesManifest }: Sealing): RunJournal["encryption"] {
  const known = hidesManifest ? { recipients: [], passphrase: false } : entry;
  return { ...known, hidesManifest };
}

/**
 * What the parts of a writer share, of a new run or a resumed one.
 *
 * @throws ArkError ERR_USAGE when the compression is not to be had.
 */
export function writerContext(
  store: Store,
  options: Pick<CreateArchiveOptions, "compression" | "segmentBytes" | "frameBytes" | "now">,
  own: Pick<WriterContext, "run" | "sealing"> & Partial<Pick<WriterContext, "kept">>,
): WriterContext {
  return {
    kept: NOTHING_KEPT,
    ...own,
    store,
    codec: codecFor(options.compression),
    sealer: own.sealing?.sealer ?? UNSEALED,
    naming: own.sealing?.hidesManifest === true ? HIDING : TELLING,
    now: options.now ?? (() => new Date()),
    segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
    frameBytes: options.frameBytes ?? 1024 * 1024,
  };
}

async function refuseOccupied(store: Store): Promise<void> {
  for await (const { name } of store.list()) {
    if (name === RAISED_HISTORY || isLockFile(name)) continue;
    const begun = (await store.size(RUN_JOURNAL)) !== undefined;
    const unfinished = begun && !(await hasManifest(store));
    throw new ArkError(
      "ERR_TARGET_NOT_EMPTY",
      unfinished
        ? "an export that did not finish left its files here"
        : `the place is not empty: it holds ${name}`,
      {
        place: store.place,
        hint: unfinished
          ? "Go on with it by --resume, remove the files, or choose another place; nothing was changed."
          : "Choose a place that is empty or does not exist; nothing was changed.",
        details: { unfinished },
      },
    );
  }
}

/** Whether the archive in a store is complete. */
export async function hasManifest(store: Store): Promise<boolean> {
  for (const name of [MANIFEST, SEALED_MANIFEST])
    if ((await store.size(name)) !== undefined) return true;
  return false;
}

/**
 * An archive that is being written. Nothing counts until {@link finish} has resolved; a run that fails
 * or is killed before leaves a journal and no manifest.
 */
export class ArchiveWriter {
  readonly #context: WriterContext;
  readonly #databases = new Map<string, DatabaseWriter>();
  readonly #notes: FidelityNote[] = [];
  #snapshot: Manifest["snapshot"];

  constructor(context: WriterContext) {
    this.#context = context;
    this.#snapshot = context.run.snapshot;
    this.database([]);
  }

  get store(): Store {
    return this.#context.store;
  }

  /** The part for one database: `[]` for the exported one, names from there down for one below it. */
  database(path: readonly string[] = []): DatabaseWriter {
    const key = JSON.stringify(path);
    let found = this.#databases.get(key);
    if (found === undefined) {
      const folders = new Set([...this.#databases.values()].map((database) => database.folder));
      const parent = path.length === 0 ? "" : this.database(path.slice(0, -1)).folder;
      found = new DatabaseWriter(this.#context, path, this.#folderBelow(parent, path, folders));
      this.#databases.set(key, found);
    }
    return found;
  }

  /** Has the archive be of another moment than it was begun with, in microseconds. */
  snapshotAt(ts: bigint): void {
    this.#snapshot = { ts: String(ts), time: Time.fromMicros(ts).toString() };
  }

  /** Puts down something that Fauna makes impossible to export exactly. */
  note(note: FidelityNote): void {
    this.#notes.push(note);
  }

  /**
   * Completes the archive: manifest digest, manifest, and the journal gone, in this order. Every write
   * must have ended, and none may have failed.
   *
   * @throws ArkError ERR_FILE_ACCESS when a file that was written is not there any more.
   */
  async finish(about: Manifest["about"] = {}): Promise<Manifest> {
    const { store, run, now, sealing } = this.#context;
    const databases = [...this.#databases.values()].map((database) => database.entry());
    const totals = totalsOf(databases);
    const history = totals.history !== undefined;
    const manifest: Manifest = {
      format: FORMAT_NAME,
      version: FORMAT_VERSION,
      features: [...(sealing === undefined ? [] : ["age"]), ...(history ? ["history"] : [])],
      tool: run.tool,
      created: now().toISOString(),
      kind: "full",
      source: run.source,
      snapshot: this.#snapshot,
      compression: run.compression,
      ...(sealing === undefined ? {} : { encryption: sealing.entry }),
      options: run.options,
      databases,
      totals,
      fidelity: { notes: this.#notes },
      about,
    };
    const contradiction = firstContradiction(manifest, store.place);
    assert(contradiction === undefined, `the manifest contradicts itself: ${contradiction}`);
    await refuseGone(store, databases);
    const text = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
    const isHidden = sealing?.hidesManifest === true;
    const name = isHidden ? SEALED_MANIFEST : MANIFEST;
    const stored = isHidden ? await sealed(sealing.sealer, text) : text;
    const digests = [digestLine(stored, name)];
    if (sealing?.identityFile !== undefined)
      digests.push(digestLine(sealing.identityFile, IDENTITY));
    await writeWhole(store, digestFile(name), digests.join(""));
    await writeWhole(store, name, stored);
    await removeJournal(store);
    return manifest;
  }

  #folderBelow(parent: string, path: readonly string[], taken: ReadonlySet<string>): string {
    const name = path.at(-1);
    if (name === undefined) return "";
    const below = `${parent}databases/`;
    const siblings = [...taken].filter((folder) => folder.startsWith(below));
    const names = new Set(siblings.map((folder) => folder.slice(below.length).split("/")[0] ?? ""));
    return `${below}${this.#context.naming.folder(name, names)}/`;
  }
}

/** Makes sure that what was written is still there: a folder can be moved away under a run of hours. */
async function refuseGone(store: Store, databases: readonly DatabaseEntry[]): Promise<void> {
  const sizes = new Map<string, number>();
  for await (const { name, size } of store.list()) sizes.set(name, size);
  const files = databases.flatMap(({ schema, collections }) => [
    ...schema,
    ...collections
      .flatMap((collection) => everySegment(collection))
      .map(({ file, storedBytes: bytes }) => ({ file, bytes })),
  ]);
  const gone = files.filter(({ file, bytes }) => sizes.get(file) !== bytes);
  if (gone.length === 0) return;
  throw new ArkError(
    "ERR_FILE_ACCESS",
    `${gone.length} of the ${files.length} files that were written are no longer there, or not as they were written.`,
    {
      place: `${store.place}/${gone[0]!.file}`,
      hint: "Something else moves or removes files here while the export runs; stop it, then go on with --resume.",
    },
  );
}

async function sealed(sealer: Sealer, bytes: Uint8Array): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of sealer.seal(once(bytes))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A line as `sha256sum` writes it. */
function digestLine(bytes: Uint8Array, name: string): string {
  return `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
}

function totalsOf(databases: readonly DatabaseEntry[]): Manifest["totals"] {
  const histories = databases.flatMap(({ collections }) =>
    collections.flatMap(({ history }) => (history === undefined ? [] : [history])),
  );
  const totals = {
    databases: databases.length,
    collections: 0,
    documents: 0,
    segments: 0,
    definitions: 0,
    plainBytes: 0,
    storedBytes: 0,
  };
  for (const database of databases) {
    for (const file of database.schema) totals.definitions += file.definitions;
    for (const collection of database.collections) {
      totals.collections++;
      totals.documents += collection.documents;
      totals.segments += collection.segments.length;
      totals.plainBytes += collection.plainBytes;
      totals.storedBytes += collection.storedBytes;
    }
  }
  return histories.length === 0 ? totals : { ...totals, history: sumHistories(histories) };
}
