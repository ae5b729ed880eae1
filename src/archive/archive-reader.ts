import { ArkError } from "../errors/errors.ts";
import type { Store } from "../store/store.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import type { Opener } from "./age.ts";
import { codecFor } from "./compression.ts";
import { locked } from "./encryption.ts";
import type {
  CollectionEntry,
  DatabaseEntry,
  DefinitionKind,
  Manifest,
  SegmentEntry,
} from "./manifest.ts";
import { problemError, type Report } from "./problem.ts";
import { readDefinitions, readFsl } from "./schema-files.ts";
import { type RecordFrame, readOne, readSegment } from "./segment-reader.ts";
import type { OpenStore } from "./stored-check.ts";

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A complete archive, open for reading. Whatever is read is compared with the manifest; the first
 * difference ends the reading with an error. `checkArchive` is for finding all of them. Reading what is encrypted
 * fails with ERR_ARCHIVE_LOCKED when the archive was opened without a key.
 */
export class Archive {
  readonly store: Store;
  readonly manifest: Manifest;
  /** The file that holds the manifest. */
  readonly manifestFile: string;
  /** SHA-256 of that file: the archive's identity. */
  readonly digest: string;
  /** What opens the archive's files; undefined when it is encrypted and no key was given. */
  readonly opener: Opener | undefined;
  readonly #report: Report;

  constructor({
    store,
    manifest,
    manifestFile,
    digest,
    opener,
  }: Pick<Archive, "store" | "manifest" | "manifestFile" | "digest" | "opener">) {
    this.store = store;
    this.manifest = manifest;
    this.manifestFile = manifestFile;
    this.digest = digest;
    this.opener = opener;
    this.#report = (problem) => {
      throw problemError(problem, store.place);
    };
  }

  /** The entry of a database; `[]` is the exported one. */
  database(path: readonly string[] = []): DatabaseEntry {
    const key = JSON.stringify(path);
    const found = this.manifest.databases.find((entry) => JSON.stringify(entry.path) === key);
    return found ?? this.#absent(`the database ${path.join("/")}`);
  }

  /** The entry of a collection by its exact name. */
  collection(name: string, path: readonly string[] = []): CollectionEntry {
    const found = this.database(path).collections.find((entry) => entry.name === name);
    return found ?? this.#absent(`the collection ${name}`);
  }

  /** A segment's documents, ascending by id, frame by frame. */
  async *segment(
    collection: CollectionEntry,
    segment: SegmentEntry,
    { signal }: ReadOptions = {},
  ): AsyncGenerator<RecordFrame, void, undefined> {
    const codec = codecFor(this.manifest.compression);
    const options = { collection: collection.name, codec, signal, report: this.#report };
    yield* readSegment(this.#open(), segment, options);
  }

  /** A collection's documents, ascending by id, frame by frame. */
  async *records(
    collection: CollectionEntry,
    options: ReadOptions = {},
  ): AsyncGenerator<RecordFrame, void, undefined> {
    for (const segment of collection.segments) yield* this.segment(collection, segment, options);
  }

  /**
   * The lines of a collection's documents, frame by frame, not looked into: for what was found whole before. That the
   * files are still the same is known at the end of each segment.
   */
  async *lines(
    { name: collection, segments }: CollectionEntry,
    { signal }: ReadOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const codec = codecFor(this.manifest.compression);
    const options = { collection, codec, linesOnly: true, signal, report: this.#report } as const;
    for (const segment of segments)
      for await (const { bytes } of readSegment(this.#open(), segment, options)) yield bytes;
  }

  /**
   * What the archive tells of a collection's past, in the order of `compareHistory`, frame by frame; nothing when it
   * holds no history. Each record has its action.
   */
  async *history(
    { name, history }: CollectionEntry,
    { signal }: ReadOptions = {},
  ): AsyncGenerator<RecordFrame, void, undefined> {
    const codec = codecFor(this.manifest.compression);
    const options = { collection: name, codec, content: "history", signal } as const;
    for (const segment of history?.segments ?? [])
      yield* readSegment(this.#open(), segment, { ...options, report: this.#report });
  }

  /** One document, found through the frame index; undefined when the collection has none of that id. */
  async record(collection: CollectionEntry, id: string): Promise<DocumentRecord | undefined> {
    const segment = collection.segments.find(
      ({ firstId, lastId }) => compareIds(firstId, id) <= 0 && compareIds(id, lastId) <= 0,
    );
    if (segment === undefined) return undefined;
    const codec = codecFor(this.manifest.compression);
    return await readOne(this.#open(), segment, id, { codec, report: this.#report });
  }

  /** The lines of all definitions of a kind, for `parseDefinitionLine`; none when there is no such file. */
  async *definitions(
    kind: DefinitionKind,
    path: readonly string[] = [],
  ): AsyncGenerator<string, void, undefined> {
    for (const entry of this.database(path).schema)
      if (entry.kind === kind) yield* readDefinitions(this.#open(), entry, this.#report);
  }

  /** The schema files as the server had them, by name. */
  async fsl(
    path: readonly string[] = [],
    { staged = false }: { readonly staged?: boolean } = {},
  ): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    for (const entry of this.database(path).schema) {
      if (entry.kind !== (staged ? "fsl-staged" : "fsl")) continue;
      const text = await readFsl(this.#open(), entry, this.#report);
      if (text !== undefined) files.set(entry.name ?? entry.file, text);
    }
    return files;
  }

  /** The error of those who read what is encrypted without a key. */
  locked(): ArkError {
    return locked(this.store.place, this.manifest.encryption, undefined);
  }

  #open(): OpenStore {
    const { store, opener } = this;
    if (opener === undefined) throw this.locked();
    return { store, opener };
  }

  #absent(what: string): never {
    throw new ArkError("ERR_USAGE", `the archive does not hold ${what}`, {
      place: this.store.place,
      hint: "`fauna-ark show ARCHIVE` lists what it holds.",
    });
  }
}
