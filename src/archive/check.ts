import { isArkError } from "../errors/errors.ts";
import { Credits, mapConcurrent } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { expectToPack } from "../values/packing.ts";
import type { Archive } from "./archive-reader.ts";
import { codecFor } from "./compression.ts";
import { parseDefinitionLine } from "./definition-line.ts";
import type { Unlock } from "./encryption.ts";
import { bytesSummed } from "./frame-places.ts";
import type { CollectionEntry, Manifest, SchemaFileEntry } from "./manifest.ts";
import { digestFile, IDENTITY, JOURNAL, MANIFEST } from "./names.ts";
import { openArchive } from "./open-archive.ts";
import { everySegment } from "./parse-manifest.ts";
import { type PlacedProblem, placed, type Problem, type Report } from "./problem.ts";
import { readDefinitions, readFsl } from "./schema-files.ts";
import { type ReadSegmentOptions, readSegment } from "./segment-reader.ts";
import { checkStored, type OpenStore } from "./stored-check.ts";

export interface CheckProgress {
  readonly files: number;
  readonly filesTotal: number;
  /** Stored bytes of segments. */
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly documents: number;
}

export interface CheckOptions {
  /** What opens an encrypted archive. Without it only sizes and checksums of its files can be compared. */
  readonly unlock?: Unlock | undefined;
  /** Fail with ERR_ARCHIVE_LOCKED, before anything is compared, when nothing opens the archive. */
  readonly mustOpen?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** What a check found. The archive is proven whole exactly when `problems` is empty and it was `opened`. */
export interface CheckReport {
  /** Undefined when the manifest itself cannot be trusted; then nothing else was looked at. */
  readonly manifest: Manifest | undefined;
  /** The archive, to go on with; undefined as `manifest` is. */
  readonly archive: Archive | undefined;
  /** False when it is encrypted and no key was given: files are what was written, but nobody looked into them. */
  readonly opened: boolean;
  readonly problems: readonly PlacedProblem[];
  /** What is odd and harmless: files that the manifest does not name; that contents were not opened. */
  readonly notes: readonly { readonly message: string; readonly file: string }[];
  /** Documents that were read. */
  readonly documents: number;
  /** Records of history that were read. */
  readonly versions: number;
  readonly files: number;
}

/** Files of segments that are read at once. */
const SEGMENTS_AT_ONCE = 4;
/** Text of them that is there at once, about: enough for all where frames are of the usual size; one of large frames is read alone. */
const AHEAD_BYTES = 28 * 1024 * 1024;

/** Problems kept for one file; how many more there are is said in one further. */
const PROBLEMS_PER_FILE = 20;

/**
 * Proves an archive without a database: the manifest against its digest and itself, every file's
 * size and checksum, every record's form, count, order and bounds, every fingerprint, every
 * definition's form. Finds everything that is wrong, not only the first.
 *
 * @throws ArkError ERR_ARCHIVE_INCOMPLETE when there is no archive to be checked, ERR_ARCHIVE_VERSION
 * when it is newer than this release, ERR_ARCHIVE_LOCKED when the key is wrong or the manifest is hidden and there is none, ERR_USAGE when its compression is not to be had, and what the
 * store throws when it cannot be read at all; the signal's reason.
 */
export async function checkArchive(store: Store, options: CheckOptions = {}): Promise<CheckReport> {
  let archive: Archive;
  try {
    archive = await openArchive(store, options.unlock);
  } catch (error) {
    if (!isArkError(error, "ERR_ARCHIVE_CORRUPT", "ERR_ARCHIVE_UNSAFE")) throw error;
    const { file, offset } = error.details ?? {};
    const problem = {
      code: error.code,
      message: error.message,
      file: typeof file === "string" ? file : MANIFEST,
      offset: typeof offset === "number" ? offset : 0,
    };
    const nothing = { manifest: undefined, archive: undefined, opened: false };
    return { ...nothing, problems: [problem], notes: [], documents: 0, versions: 0, files: 1 };
  }
  if (options.mustOpen === true && archive.opener === undefined) throw archive.locked();
  return await new Check(archive, options).run();
}

class Check {
  readonly #archive: Archive;
  readonly #options: CheckOptions;
  readonly #problems: PlacedProblem[] = [];
  readonly #perFile = new Map<string, number>();
  /** Names of the child databases that are defined, by the path of the database; without those of unreadable files. */
  readonly #children = new Map<string, Set<string>>();
  readonly #ahead = new Credits(AHEAD_BYTES);
  #files = 1;
  #bytes = 0;
  #documents = 0;
  #versions = 0;

  constructor(archive: Archive, options: CheckOptions) {
    this.#archive = archive;
    this.#options = options;
  }

  async run(): Promise<CheckReport> {
    const { manifest, opener } = this.#archive;
    if (opener !== undefined) expectToPack(manifest.totals.plainBytes);
    for (const database of manifest.databases) {
      for (const entry of database.schema)
        await this.#file(entry.file, () => this.#schema(entry, database.path));
      this.#isDefined(database.path);
      for (const collection of database.collections) await this.#collection(collection);
    }
    for (const [file, count] of this.#perFile) {
      const more = count - PROBLEMS_PER_FILE;
      const message = `and ${more} more problems in this file`;
      const problem: Problem = { code: "ERR_ARCHIVE_CORRUPT", message, file };
      if (more > 0) this.#problems.push(placed(problem));
    }
    const opened = opener !== undefined;
    const unlisted = await this.#unlisted();
    return {
      manifest,
      archive: this.#archive,
      opened,
      problems: this.#problems,
      notes: opened ? unlisted : [this.#notOpened(), ...unlisted],
      documents: this.#documents,
      versions: this.#versions,
      files: this.#files,
    };
  }

  readonly #report = this.#into(this.#problems);

  /** Keeps problems in a list, but no more of a file than are read. */
  #into(problems: PlacedProblem[]): Report {
    return (problem) => {
      const count = (this.#perFile.get(problem.file) ?? 0) + 1;
      this.#perFile.set(problem.file, count);
      if (count <= PROBLEMS_PER_FILE) problems.push(placed(problem));
    };
  }

  /** Looks at one file. That it cannot be read is a finding too. */
  async #file(
    file: string,
    look: () => Promise<void>,
    report: Report = this.#report,
  ): Promise<void> {
    this.#options.signal?.throwIfAborted();
    // Files are told of in the order in which they were begun.
    this.#perFile.set(file, this.#perFile.get(file) ?? 0);
    try {
      await look();
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!isArkError(error, "ERR_FILE_ACCESS", "ERR_ARCHIVE_UNSAFE")) throw error;
      report({ code: error.code, message: error.message, file });
    }
    this.#files++;
    this.#progress();
  }

  /** Of a child database its parent holds a definition, where it holds any. */
  #isDefined(path: readonly string[]): void {
    const names = this.#children.get(JSON.stringify(path.slice(0, -1)));
    if (path.length === 0 || names === undefined || names.has(path.at(-1)!)) return;
    const message = `the database ${path.join("/")} is none of those that are defined`;
    this.#report({ code: "ERR_ARCHIVE_CORRUPT", message, file: this.#archive.manifestFile });
  }

  async #schema(entry: SchemaFileEntry, path: readonly string[]): Promise<void> {
    const store = this.#open();
    if (store === undefined) {
      await this.#stored(entry);
      return;
    }
    if (entry.kind === "fsl" || entry.kind === "fsl-staged") {
      await readFsl(store, entry, this.#report);
      return;
    }
    let line = 0;
    const names = new Set<string>();
    const before = this.#problems.length;
    for await (const text of readDefinitions(store, entry, this.#report)) {
      line++;
      try {
        names.add(parseDefinitionLine(text, entry.file).name);
      } catch (error) {
        if (!isArkError(error)) throw error;
        this.#report({ code: error.code, message: error.message, file: entry.file, line });
      }
    }
    if (entry.kind === "databases" && this.#problems.length === before)
      this.#children.set(JSON.stringify(path), names);
  }

  async #collection(collection: CollectionEntry): Promise<void> {
    const { name, history } = collection;
    await this.#segments(collection, "documents", name, (records) => {
      this.#documents += records;
    });
    if (history === undefined) return;
    await this.#segments({ name, ...history }, "history", `the history of ${name}`, (records) => {
      this.#versions += records;
    });
  }

  async #segments(
    entry: Pick<CollectionEntry, "name" | "segments" | "fingerprint">,
    content: "documents" | "history",
    what: string,
    onRead: (records: number) => void,
  ): Promise<void> {
    const store = this.#open();
    if (store === undefined) {
      for (const segment of entry.segments) {
        const bytes = segment.storedBytes;
        await this.#file(segment.file, () => this.#stored({ ...segment, bytes }, true));
      }
      return;
    }
    const codec = codecFor(this.#archive.manifest.compression);
    const { signal } = this.#options;
    const fingerprint = new Fingerprint();
    const before = this.#problems.length;
    const options = { collection: entry.name, codec, content, fingerprint, signal };
    // Several files at once: small ones have a frame each. What is found is told in their order all the same.
    const looked = mapConcurrent(
      entry.segments,
      async (segment) => {
        const found: PlacedProblem[] = [];
        const report = this.#into(found);
        const look = () => this.#segment(store, segment, { ...options, report }, onRead);
        await this.#file(segment.file, look, report);
        return found;
      },
      { concurrency: SEGMENTS_AT_ONCE },
    );
    for await (const found of looked) this.#problems.push(...found);
    if (this.#problems.length > before) return;
    if (fingerprint.equals(Fingerprint.parse(entry.fingerprint))) return;
    const message = `the fingerprint of ${what} is not the one in the manifest`;
    const file = this.#archive.manifestFile;
    this.#report({ code: "ERR_ARCHIVE_CORRUPT", message, file });
  }

  async #segment(
    store: OpenStore,
    segment: CollectionEntry["segments"][number],
    options: ReadSegmentOptions,
    onRead: (records: number) => void,
  ): Promise<void> {
    let bytes = 0;
    const lease = await this.#ahead.acquire(bytesSummed(segment), options.signal);
    try {
      const frames = readSegment(store, segment, { ...options, countsOnly: true });
      for await (const { count, storedBytes } of frames) {
        onRead(count);
        bytes += storedBytes;
        this.#bytes += storedBytes;
        this.#progress();
      }
    } finally {
      lease.release();
    }
    this.#bytes += segment.storedBytes - bytes;
  }

  #open(): OpenStore | undefined {
    const { store, opener } = this.#archive;
    return opener === undefined ? undefined : { store, opener };
  }

  /** As far as a file can be looked at without a key. */
  async #stored(
    { file, bytes, sha256 }: Pick<SchemaFileEntry, "file" | "bytes" | "sha256">,
    isSegment = false,
  ): Promise<void> {
    const { store } = this.#archive;
    const { signal } = this.#options;
    for await (const size of checkStored(store, { file, bytes, sha256 }, this.#report)) {
      signal?.throwIfAborted();
      if (!isSegment) continue;
      this.#bytes += size;
      this.#progress();
    }
  }

  #notOpened(): CheckReport["notes"][number] {
    const message =
      "the archive is encrypted: sizes and checksums were compared, contents were not opened";
    return { message, file: this.#archive.manifestFile };
  }

  async #unlisted(): Promise<CheckReport["notes"]> {
    const { store, manifest, manifestFile } = this.#archive;
    const listed = new Set([manifestFile, digestFile(manifestFile)]);
    if (manifest.encryption?.passphrase === true) listed.add(IDENTITY);
    for (const database of manifest.databases) {
      for (const { file } of database.schema) listed.add(file);
      for (const collection of database.collections)
        for (const { file } of everySegment(collection)) listed.add(file);
    }
    const notes: { message: string; file: string }[] = [];
    try {
      for await (const { name } of store.list()) {
        if (listed.has(name)) continue;
        const message = name.startsWith(JOURNAL)
          ? "left over from the export; the archive is complete without it"
          : "not part of the archive";
        notes.push({ message, file: name });
      }
    } catch (error) {
      if (!isArkError(error, "ERR_FILE_ACCESS", "ERR_ARCHIVE_UNSAFE")) throw error;
      notes.push({
        message: `not everything can be listed: ${error.message}`,
        file: error.place ?? "",
      });
    }
    return notes;
  }

  #progress(): void {
    const { totals, databases } = this.#archive.manifest;
    const schema = databases.reduce((sum, database) => sum + database.schema.length, 0);
    this.#options.onProgress?.({
      files: this.#files,
      filesTotal: 1 + totals.segments + (totals.history?.segments ?? 0) + schema,
      bytes: this.#bytes,
      bytesTotal: totals.storedBytes + (totals.history?.storedBytes ?? 0),
      documents: this.#documents,
    });
  }
}
