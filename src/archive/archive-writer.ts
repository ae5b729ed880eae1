import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ArkError } from "../errors/errors.ts";
import { once, type Store, writeWhole } from "../store/store.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { type Sealer, UNSEALED } from "./age.ts";
import { type Codec, codecFor, type Compression } from "./compression.ts";
import { type Encryption, prepareSealing, type Sealing } from "./encryption.ts";
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
import {
  digestFile,
  HIDING,
  IDENTITY,
  MANIFEST,
  type Naming,
  RUN_JOURNAL,
  SEALED_MANIFEST,
  TELLING,
} from "./names.ts";
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
  /** Whom the files are sealed for; without it they are stored as they are. */
  readonly encryption?: Encryption | undefined;
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
 * is not to be had or the encryption has nobody to encrypt for; what the store throws.
 */
export async function createArchive(
  store: Store,
  options: CreateArchiveOptions,
): Promise<ArchiveWriter> {
  const codec = codecFor(options.compression);
  const { encryption } = options;
  const sealing = encryption === undefined ? undefined : await prepareSealing(encryption);
  const isHidden = sealing?.hidesManifest === true;
  await refuseOccupied(store);
  const now = options.now ?? (() => new Date());
  const run: RunJournal = {
    format: FORMAT_NAME,
    version: FORMAT_VERSION,
    tool: options.tool,
    started: now().toISOString(),
    source: isHidden ? { endpoint: "", database: null, globalId: null } : options.source,
    snapshot: {
      ts: String(options.snapshotTs),
      time: Time.fromMicros(options.snapshotTs).toString(),
    },
    compression: options.compression,
    options: isHidden ? {} : (options.options ?? {}),
  };
  await writeRun(store, run);
  if (sealing?.identityFile !== undefined) await writeWhole(store, IDENTITY, sealing.identityFile);
  return new ArchiveWriter({
    store,
    codec,
    sealing,
    sealer: sealing?.sealer ?? UNSEALED,
    naming: isHidden ? HIDING : TELLING,
    run: { ...run, source: options.source, options: options.options ?? {} },
    now,
    segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
    frameBytes: options.frameBytes ?? 1024 * 1024,
  });
}

async function refuseOccupied(store: Store): Promise<void> {
  for await (const { name } of store.list()) {
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
          ? "Remove them, or choose another place; nothing was changed."
          : "Choose a place that is empty or does not exist; nothing was changed.",
        details: { unfinished },
      },
    );
  }
}

async function hasManifest(store: Store): Promise<boolean> {
  for (const name of [MANIFEST, SEALED_MANIFEST])
    if ((await store.size(name)) !== undefined) return true;
  return false;
}

/** What all parts of a writer share. */
interface Context {
  readonly store: Store;
  readonly codec: Codec;
  readonly sealing: Sealing | undefined;
  readonly sealer: Sealer;
  readonly naming: Naming;
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
      found = new DatabaseWriter(this.#context, path, this.#folderBelow(parent, path, folders));
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
    const { store, run, now, sealing } = this.#context;
    const databases = [...this.#databases.values()].map((database) => database.entry());
    const manifest: Manifest = {
      format: FORMAT_NAME,
      version: FORMAT_VERSION,
      features: sealing === undefined ? [] : ["age"],
      tool: run.tool,
      created: now().toISOString(),
      kind: "full",
      source: run.source,
      snapshot: run.snapshot,
      compression: run.compression,
      ...(sealing === undefined ? {} : { encryption: sealing.entry }),
      options: run.options,
      databases,
      totals: totalsOf(databases),
      fidelity: { notes: this.#notes },
      about,
    };
    const contradiction = firstContradiction(manifest, store.place);
    assert(contradiction === undefined, `the manifest contradicts itself: ${contradiction}`);
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
  readonly #kinds = new Set<DefinitionKind>();
  readonly #stems = new Set<string>();
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
    assert(!this.#kinds.has(kind), `definitions of ${kind} are written twice`);
    this.#kinds.add(kind);
    const file = this.#schemaFile(`${this.folder}schema/`, kind, ".ndjson");
    const { store, sealer } = this.#context;
    const options = { kind, file, name: null, sealer, signal };
    this.#schema.push(await writeDefinitions(store, texts, options));
  }

  /** Writes a schema file under the name that the server has it by. Once a name. */
  async fsl(
    name: string,
    content: string,
    { staged = false, signal }: { staged?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const below = `${this.folder}schema/${staged ? "fsl-staged" : "fsl"}/`;
    const kind = staged ? "fsl-staged" : "fsl";
    const file = this.#schemaFile(below, name.endsWith(".fsl") ? name.slice(0, -4) : name, ".fsl");
    const { store, sealer } = this.#context;
    this.#schema.push(await writeFsl(store, content, { kind, file, name, sealer, signal }));
  }

  /** The part for one collection, which is in the archive from now on even if nothing is written. */
  collection(name: string, settings: CollectionSettings = {}): CollectionWriter {
    assert(!this.#collections.has(name), `collection ${name} is there twice`);
    const folder = this.#context.naming.folder(name, this.#folders);
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
      schema: this.#schema.toSorted((a, b) => (this.#rank(a) < this.#rank(b) ? -1 : 1)),
      collections: [...this.#collections.values()]
        .map((collection) => collection.entry())
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  /** Schema files are in the order of their names; drawn names are in none. */
  #rank({ kind, name, file }: SchemaFileEntry): string {
    return this.#context.naming === HIDING ? `${kind}/${name ?? ""}` : file;
  }

  /** A file of that name in `folder`, which no other has. */
  #schemaFile(folder: string, name: string, extension: string): string {
    const stems = [...this.#stems].filter((stem) => stem.startsWith(folder));
    const taken = new Set(stems.map((stem) => stem.slice(folder.length)));
    const { naming, sealer } = this.#context;
    const stem = folder + naming.schema(name, taken);
    this.#stems.add(stem);
    return `${stem}${extension}${sealer.extension}`;
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
    const { store, codec, sealer, sealing, naming, segmentBytes, frameBytes } = this.#context;
    const journalSealer = sealing?.hidesManifest === true ? sealer : UNSEALED;
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
          sealer,
          naming,
          ...limits,
        });
        const done = { database: [...this.#database], collection: name, segment };
        await writeDone(store, done, journalSealer);
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
