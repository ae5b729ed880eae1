import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ArkError } from "../errors/errors.ts";
import { type Store, writeWhole } from "../store/store.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { type Codec, codecFor, type Compression } from "./compression.ts";
import { removeJournal, writeDone, writeRun } from "./journal.ts";
import {
  type CollectionEntry,
  type DatabaseEntry,
  type DefinitionKind,
  type FidelityNote,
  FORMAT_NAME,
  FORMAT_VERSION,
  type Manifest,
  type RunJournal,
  type SchemaFileEntry,
  type SegmentEntry,
} from "./manifest.ts";
import { folderName, fslFile, MANIFEST, MANIFEST_DIGEST, RUN_JOURNAL } from "./names.ts";
import { firstContradiction, sumFingerprints } from "./parse-manifest.ts";
import { writeDefinitions, writeFsl } from "./schema-files.ts";
import { RecordSource, writeSegment } from "./segment-writer.ts";

export interface CreateArchiveOptions {
  readonly tool: Manifest["tool"];
  readonly source: Manifest["source"];
  /** The snapshot time, in microseconds since 1970. */
  readonly snapshotTs: bigint;
  readonly compression: Compression;
  /** What the export was asked for, as far as people want to know it later; never secrets. */
  readonly options?: Manifest["options"];
  /** Plain bytes of a segment, at most; 64 MiB. */
  readonly segmentBytes?: number;
  /** Plain bytes after which a frame ends; 1 MiB. */
  readonly frameBytes?: number;
  /** The wall clock, for `created`. */
  readonly now?: () => Date;
}

/**
 * Begins an archive in an empty store by writing the run's journal, which also shows that the store
 * can be written to before anything is read from the database.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY when the store holds anything; ERR_USAGE when the compression
 * is not to be had; what the store throws.
 */
export async function createArchive(
  store: Store,
  options: CreateArchiveOptions,
): Promise<ArchiveWriter> {
  const codec = codecFor(options.compression);
  await refuseOccupied(store);
  const now = options.now ?? (() => new Date());
  const run: RunJournal = {
    format: FORMAT_NAME,
    version: FORMAT_VERSION,
    tool: options.tool,
    started: now().toISOString(),
    source: options.source,
    snapshot: {
      ts: String(options.snapshotTs),
      time: Time.fromMicros(options.snapshotTs).toString(),
    },
    compression: options.compression,
    options: options.options ?? {},
  };
  await writeRun(store, run);
  const { segmentBytes = 64 * 1024 * 1024, frameBytes = 1024 * 1024 } = options;
  return new ArchiveWriter({ store, codec, run, now, segmentBytes, frameBytes });
}

async function refuseOccupied(store: Store): Promise<void> {
  for await (const { name } of store.list()) {
    const begun = (await store.size(RUN_JOURNAL)) !== undefined;
    const unfinished = begun && (await store.size(MANIFEST)) === undefined;
    throw new ArkError(
      "ERR_TARGET_NOT_EMPTY",
      unfinished
        ? "an export that did not finish left its files here"
        : `the place is not empty: it holds ${name}`,
      {
        place: store.place,
        hint: unfinished
          ? "Remove them, or choose another place; nothing was changed."
          : "Choose a place that is empty or does not exist; nothing was changed.",
        details: { unfinished },
      },
    );
  }
}

/** What all parts of a writer share. */
interface Context {
  readonly store: Store;
  readonly codec: Codec;
  readonly run: RunJournal;
  readonly now: () => Date;
  readonly segmentBytes: number;
  readonly frameBytes: number;
}

/**
 * An archive that is being written. Nothing counts until {@link finish} has resolved; a run that fails
 * or is killed before leaves a journal and no manifest.
 */
export class ArchiveWriter {
  readonly #context: Context;
  readonly #databases = new Map<string, DatabaseWriter>();
  readonly #notes: FidelityNote[] = [];

  constructor(context: Context) {
    this.#context = context;
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
      found = new DatabaseWriter(this.#context, path, folderBelow(parent, path, folders));
      this.#databases.set(key, found);
    }
    return found;
  }

  /** Puts down something that Fauna makes impossible to export exactly. */
  note(note: FidelityNote): void {
    this.#notes.push(note);
  }

  /**
   * Completes the archive: manifest digest, manifest, and the journal gone, in this order. Every write
   * must have ended, and none may have failed.
   */
  async finish(about: Manifest["about"] = {}): Promise<Manifest> {
    const { store, run, now } = this.#context;
    const databases = [...this.#databases.values()].map((database) => database.entry());
    const manifest: Manifest = {
      format: FORMAT_NAME,
      version: FORMAT_VERSION,
      features: [],
      tool: run.tool,
      created: now().toISOString(),
      kind: "full",
      source: run.source,
      snapshot: run.snapshot,
      compression: run.compression,
      options: run.options,
      databases,
      totals: totalsOf(databases),
      fidelity: { notes: this.#notes },
      about,
    };
    const contradiction = firstContradiction(manifest, store.place);
    assert(contradiction === undefined, `the manifest contradicts itself: ${contradiction}`);
    const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
    const digest = createHash("sha256").update(text).digest("hex");
    await writeWhole(store, MANIFEST_DIGEST, `${digest}  ${MANIFEST}\n`);
    await writeWhole(store, MANIFEST, text);
    await removeJournal(store);
    return manifest;
  }
}

function folderBelow(parent: string, path: readonly string[], taken: ReadonlySet<string>): string {
  const name = path.at(-1);
  if (name === undefined) return "";
  const below = `${parent}databases/`;
  const siblings = [...taken].filter((folder) => folder.startsWith(below));
  const names = new Set(siblings.map((folder) => folder.slice(below.length).split("/")[0] ?? ""));
  return `${below}${folderName(name, names)}/`;
}

function totalsOf(databases: readonly DatabaseEntry[]): Manifest["totals"] {
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
  return totals;
}

/** The part of an archive that holds one database. */
export class DatabaseWriter {
  readonly path: readonly string[];
  /** "" for the exported database, else a path that ends in a slash. */
  readonly folder: string;
  readonly #context: Context;
  readonly #schema: SchemaFileEntry[] = [];
  readonly #files = new Set<string>();
  readonly #collections = new Map<string, CollectionWriter>();
  readonly #folders = new Set<string>();

  constructor(context: Context, path: readonly string[], folder: string) {
    this.path = path;
    this.folder = folder;
    this.#context = context;
  }

  /** Writes all definitions of a kind, one line each as `printDefinitionLine` makes them. Once a kind. */
  async definitions(
    kind: DefinitionKind,
    texts: AsyncIterable<string> | Iterable<string>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const file = this.#claim(`${this.folder}schema/${kind}.ndjson`);
    const { store } = this.#context;
    this.#schema.push(await writeDefinitions(store, texts, { kind, file, name: null, signal }));
  }

  /** Writes a schema file under the name that the server has it by. Once a name. */
  async fsl(
    name: string,
    content: string,
    { staged = false, signal }: { staged?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const below = `${this.folder}schema/${staged ? "fsl-staged" : "fsl"}/`;
    const files = [...this.#files].filter((file) => file.startsWith(below));
    const taken = new Set(files.map((file) => file.slice(below.length, -".fsl".length)));
    const file = this.#claim(this.folder + fslFile(name, { staged, taken }));
    const kind = staged ? "fsl-staged" : "fsl";
    this.#schema.push(await writeFsl(this.#context.store, content, { kind, file, name, signal }));
  }

  /** The part for one collection, which is in the archive from now on even if nothing is written. */
  collection(name: string, settings: CollectionSettings = {}): CollectionWriter {
    assert(!this.#collections.has(name), `collection ${name} is there twice`);
    const folder = folderName(name, this.#folders);
    this.#folders.add(folder);
    const path = `${this.folder}data/${folder}/`;
    const writer = new CollectionWriter(this.#context, this.path, { name, folder: path, settings });
    this.#collections.set(name, writer);
    return writer;
  }

  /** The manifest's entry. Every write must have ended well. */
  entry(): DatabaseEntry {
    return {
      path: [...this.path],
      folder: this.folder,
      schema: this.#schema.toSorted((a, b) => (a.file < b.file ? -1 : 1)),
      collections: [...this.#collections.values()]
        .map((collection) => collection.entry())
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  #claim(file: string): string {
    assert(!this.#files.has(file), `${file} is written twice`);
    this.#files.add(file);
    return file;
  }
}

export interface CollectionSettings {
  readonly historyDays?: number | null;
  readonly ttlDays?: number | null;
}

export interface WriteRecordsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for each segment once it is durable. */
  readonly onSegment?: (segment: SegmentEntry) => void;
}

interface CollectionPlace {
  readonly name: string;
  readonly folder: string;
  readonly settings: CollectionSettings;
}

/** The part of an archive that holds one collection's documents. */
export class CollectionWriter {
  readonly #context: Context;
  readonly #database: readonly string[];
  readonly #place: CollectionPlace;
  readonly #segments: SegmentEntry[] = [];
  readonly #firstIds = new Set<string>();
  #unfinished = 0;

  constructor(context: Context, database: readonly string[], place: CollectionPlace) {
    this.#context = context;
    this.#database = database;
    this.#place = place;
  }

  /**
   * Writes the documents of one id range, ascending by id, as segments; resolves when all are durable
   * and in the journal. Several ranges may be written at once as long as they are disjoint. The source
   * is closed however this ends.
   */
  async write(
    records: AsyncIterable<readonly DocumentRecord[]>,
    { signal, onSegment }: WriteRecordsOptions = {},
  ): Promise<void> {
    const { store, codec, segmentBytes, frameBytes } = this.#context;
    const { name, folder } = this.#place;
    const source = new RecordSource(records);
    this.#unfinished++;
    try {
      await source.advance();
      while (source.next !== undefined) {
        const { id } = source.next.record;
        assert(!this.#firstIds.has(id), `two segments of ${name} begin with ${id}`);
        this.#firstIds.add(id);
        const limits = { segmentBytes, frameBytes, signal };
        const segment = await writeSegment(store, source, {
          collection: name,
          folder,
          codec,
          ...limits,
        });
        await writeDone(store, { database: [...this.#database], collection: name, segment });
        this.#segments.push(segment);
        onSegment?.(segment);
      }
    } finally {
      await source.close();
    }
    this.#unfinished--;
  }

  /** The manifest's entry. Every write must have ended well. */
  entry(): CollectionEntry {
    const { name, folder, settings } = this.#place;
    assert.equal(this.#unfinished, 0, `not every write of ${name} has ended well`);
    const segments = this.#segments.toSorted((a, b) => compareIds(a.firstId, b.firstId));
    const fingerprint = sumFingerprints(segments).toJSON();
    return {
      name,
      folder,
      historyDays: settings.historyDays ?? null,
      ttlDays: settings.ttlDays ?? null,
      documents: fingerprint.records,
      plainBytes: segments.reduce((sum, segment) => sum + segment.plainBytes, 0),
      storedBytes: segments.reduce((sum, segment) => sum + segment.storedBytes, 0),
      fingerprint,
      segments,
    };
  }
}
