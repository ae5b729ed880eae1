import { createHash } from "node:crypto";
import { ArkError } from "../errors/errors.ts";
import { isMissing, readWhole, type Store } from "../store/store.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { codecFor } from "./compression.ts";
import { readJournal } from "./journal.ts";
import type {
  CollectionEntry,
  DatabaseEntry,
  DefinitionKind,
  Manifest,
  SegmentEntry,
} from "./manifest.ts";
import { MANIFEST, MANIFEST_DIGEST } from "./names.ts";
import { parseManifest, refuseNewerManifest } from "./parse-manifest.ts";
import { problemError, type Report } from "./problem.ts";
import { readDefinitions, readFsl } from "./schema-files.ts";
import { type RecordFrame, readOne, readSegment } from "./segment-reader.ts";

/**
 * Opens a complete archive by reading its manifest and nothing else.
 *
 * @throws ArkError ERR_ARCHIVE_INCOMPLETE when there is no manifest, with what the journal says was
 * done; ERR_ARCHIVE_CORRUPT when the manifest is not what its digest says, or contradicts itself;
 * ERR_ARCHIVE_VERSION when it is newer than this release; ERR_ARCHIVE_UNSAFE when it names a file
 * outside the archive.
 */
export async function openArchive(store: Store): Promise<Archive> {
  const place = `${store.place}/${MANIFEST}`;
  const bytes = await readIfThere(store, MANIFEST);
  if (bytes === undefined) throw await incomplete(store);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const stated = (await readIfThere(store, MANIFEST_DIGEST))?.toString();
  if (stated === undefined) refuseNewerManifest(bytes.toString(), place);
  if (stated !== `${digest}  ${MANIFEST}\n`) {
    const message =
      stated === undefined
        ? `${MANIFEST_DIGEST} is missing`
        : `the manifest's SHA-256 is ${digest}, ${MANIFEST_DIGEST} says ${stated.trim().slice(0, 80)}`;
    const code = "ERR_ARCHIVE_CORRUPT";
    throw problemError({ code, message, file: MANIFEST }, store.place);
  }
  return new Archive(store, parseManifest(bytes.toString(), place), digest);
}

async function readIfThere(store: Store, name: string): Promise<Buffer | undefined> {
  try {
    return await readWhole(store, name);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function incomplete(store: Store): Promise<ArkError> {
  const { run, segments } = await readJournal(store);
  const documents = segments.reduce((sum, { segment }) => sum + segment.records, 0);
  const collections = [...new Set(segments.map(({ collection }) => collection))];
  const isEmpty = run === undefined && (await store.list().next()).done === true;
  const done = `${segments.length} segments with ${documents} documents of ${collections.length} collections`;
  const message = isEmpty
    ? "there is no archive here: the place is empty or does not exist"
    : run === undefined
      ? `there is no archive here: ${MANIFEST} is missing`
      : `the export that began at ${run.started} never finished: ${done} were done`;
  return new ArkError("ERR_ARCHIVE_INCOMPLETE", message, {
    place: store.place,
    hint: run === undefined ? "Check the path." : "Export again into an empty place.",
    details: { started: run?.started, snapshot: run?.snapshot, documents, collections },
  });
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A complete archive, open for reading. Whatever is read is compared with the manifest; the first
 * difference ends the reading with an error. `checkArchive` is for finding all of them.
 */
export class Archive {
  readonly store: Store;
  readonly manifest: Manifest;
  /** SHA-256 of `manifest.json`: the archive's identity. */
  readonly digest: string;
  readonly #report: Report;

  constructor(store: Store, manifest: Manifest, digest: string) {
    this.store = store;
    this.manifest = manifest;
    this.digest = digest;
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

  /**
   * The exported database's entry, for those who look at no other.
   *
   * @throws ArkError ERR_ARCHIVE_VERSION when the archive holds child databases, which they would pass over.
   */
  onlyDatabase(): DatabaseEntry {
    const children = this.manifest.databases.length - 1;
    if (children === 0) return this.database();
    throw new ArkError(
      "ERR_ARCHIVE_VERSION",
      `The archive also holds ${children} child databases, which this release does not look into.`,
      { place: this.store.place, hint: "Use the release that wrote it, or a newer one." },
    );
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
    yield* readSegment(this.store, segment, options);
  }

  /** A collection's documents, ascending by id, frame by frame. */
  async *records(
    collection: CollectionEntry,
    options: ReadOptions = {},
  ): AsyncGenerator<RecordFrame, void, undefined> {
    for (const segment of collection.segments) yield* this.segment(collection, segment, options);
  }

  /** One document, found through the frame index; undefined when the collection has none of that id. */
  async record(collection: CollectionEntry, id: string): Promise<DocumentRecord | undefined> {
    const segment = collection.segments.find(
      ({ firstId, lastId }) => compareIds(firstId, id) <= 0 && compareIds(id, lastId) <= 0,
    );
    if (segment === undefined) return undefined;
    const codec = codecFor(this.manifest.compression);
    return await readOne(this.store, segment, id, { codec, report: this.#report });
  }

  /** The lines of all definitions of a kind, for `parseDefinitionLine`; none when there is no such file. */
  async *definitions(
    kind: DefinitionKind,
    path: readonly string[] = [],
  ): AsyncGenerator<string, void, undefined> {
    for (const entry of this.database(path).schema)
      if (entry.kind === kind) yield* readDefinitions(this.store, entry, this.#report);
  }

  /** The schema files as the server had them, by name. */
  async fsl(
    path: readonly string[] = [],
    { staged = false }: { readonly staged?: boolean } = {},
  ): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    for (const entry of this.database(path).schema) {
      if (entry.kind !== (staged ? "fsl-staged" : "fsl")) continue;
      const text = await readFsl(this.store, entry, this.#report);
      if (text !== undefined) files.set(entry.name ?? entry.file, text);
    }
    return files;
  }

  #absent(what: string): never {
    throw new ArkError("ERR_USAGE", `the archive does not hold ${what}`, {
      place: this.store.place,
      hint: "`fauna-ark show ARCHIVE` lists what it holds.",
    });
  }
}
