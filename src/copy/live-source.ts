/** A live database as the source of an import: everything is read at one moment, as an export reads it. */
import type { DefinitionKind, DefinitionLine } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { RangeInProgress } from "../export/range-in-progress.ts";
import { answersV4, CollectionReading, NOTHING, type ReadingOptions } from "../export/reading.ts";
import {
  checkSchemaHeld,
  type CollectionAtSnapshot,
  type SchemaSnapshot,
} from "../export/schema.ts";
import { HistoryReading, requireHistory } from "../export/history.ts";
import { asNamedThen } from "../export/renames.ts";
import { withoutSecrets } from "../export/secrets.ts";
import { checkSameDatabase, type DatabaseAtSnapshot, explainDeleted } from "../export/tree.ts";
import { checkStillReadable, explainExpired, howFar } from "../export/window.ts";
import {
  type Connection,
  DEFINITION_KINDS,
  type Extent,
  largestFirst,
  measure,
  recordPages,
  type PageFlow,
} from "../fauna/fauna.ts";
import { merge, type OnProgress } from "../flow/flow.ts";
import { type HistorySource, type ImportSource, MARKER, OWNER } from "../import/import.ts";
import type { DocumentRecord } from "../values/record.ts";
import { recordsOf } from "../values/record-lines.ts";
import { Time } from "../values/time.ts";
import { liveSecrets } from "./live-secrets.ts";

export interface LiveSourceOptions {
  readonly database: DatabaseAtSnapshot;
  /** Collections whose documents are copied. */
  readonly chosen: readonly CollectionAtSnapshot[];
  /** Whether the schema is copied. */
  readonly hasSchema: boolean;
  /** Whether credentials, keys and tokens are copied, and the passwords that old documents may hold. */
  readonly secrets: boolean;
  /** Whether past versions and deletions are copied. */
  readonly history: boolean;
  /** Says which copy this is; see `identity.ts`. */
  readonly identity: string;
  readonly pageSize: number;
  readonly flow: PageFlow;
  /** Id ranges of a collection that are read at once. */
  readonly window: number;
  readonly rangeDocuments: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

const AGAIN = "copy again into an empty database";

/** What is read of the source, and what came of it. */
export class LiveSource {
  readonly path: readonly string[];
  readonly database: DatabaseAtSnapshot;
  readonly connection: Connection;
  readonly schema: SchemaSnapshot;
  /** As an import takes it. However often it is read, it gives the same, or fails: its moment is fixed. */
  readonly forImport: ImportSource;
  readonly #options: LiveSourceOptions;
  readonly #extents = new Map<string, Extent>();
  /** The newest reading of each collection. */
  readonly #readings = new Map<string, CollectionReading>();
  /** The newest reading of the past of each collection. */
  readonly #pasts = new Map<string, HistoryReading>();
  /** Documents whose passwords were left out, by collection. */
  readonly #passwords = new Map<string, number>();
  readonly #started = performance.now();

  private constructor(
    options: LiveSourceOptions,
    collections: ImportSource["collections"],
    secrets: ImportSource["secrets"],
  ) {
    const { database, hasSchema, identity } = options;
    const { schema, path, connection, globalId } = database;
    this.#options = options;
    this.database = database;
    this.path = path;
    this.connection = connection;
    this.schema = schema;
    this.forImport = {
      place: connection.place,
      title: `database at ${Time.fromMicros(schema.at).toString()}`,
      identity,
      globalId,
      hasSchema,
      files: new Map(
        hasSchema ? schema.files.map(({ filename, content }) => [filename, content]) : [],
      ),
      definitions: hasSchema ? byKind(schema) : new Map(),
      leftOut: [],
      collections,
      history: options.history ? this.#history : undefined,
      secrets,
      records: (collection, signal) => this.#records(collection, signal),
    };
  }

  /**
   * Measures the collections of a database.
   *
   * @throws ArkError ERR_SNAPSHOT_EXPIRED when its moment can no longer be read.
   */
  static async open(options: LiveSourceOptions): Promise<LiveSource> {
    refuseUnfinished(options.database);
    const collections: { readonly name: string; readonly documents: number }[] = [];
    const secrets = options.secrets ? await liveSecrets(options) : undefined;
    const { database, chosen, history } = options;
    if (history) await requireHistory(database.connection, chosen, options);
    const live = new LiveSource(options, collections, secrets);
    await live.#explaining(() => live.#measure());
    for (const [name, { documents }] of live.#extents) collections.push({ name, documents });
    return live;
  }

  async #measure(): Promise<void> {
    const { rangeDocuments, signal } = this.#options;
    const { source, at, timeoutMs } = this.#reading(signal);
    // v10 alone cannot begin anywhere but at a collection's first id.
    const documentsPerRange = answersV4(this.schema) ? rangeDocuments : Infinity;
    for (const { name, nameNow = name } of this.#options.chosen) {
      const request = { collection: nameNow, at, documentsPerRange, signal, timeoutMs };
      const extent = await measure(source, request);
      this.#extents.set(name, extent);
      this.#newReading(extent, signal);
      const { documents } = extent;
      const progress = {
        item: name,
        done: documents,
        total: documents,
        unit: "documents",
      } as const;
      this.#options.onProgress({ phase: "list", ...progress });
    }
  }

  /** Documents that were listed, but whose ttl had passed when they were read; and values that v10 may have shown as others. */
  counted(what: "expired" | "lost" | "passwords"): ReadonlyMap<string, number> {
    if (what === "passwords") return this.#passwords;
    const counts = [...this.#readings.values()].map(
      ({ name, account }) => [name, account[what]] as const,
    );
    return new Map(counts.filter(([, count]) => count > 0));
  }

  /** What of the past could not be taken as it was, counted. */
  get pastNotes() {
    return [...this.#pasts.values()].flatMap(({ notes }) => notes);
  }

  /** However often it is read, it tells the same since {@link HistorySource.edge}. */
  get #history(): HistorySource {
    const reading = (name: string, signal = this.#options.signal): HistoryReading => {
      const { source, at, timeoutMs, onProgress } = this.#reading(signal);
      const collection = this.#options.chosen.find((each) => each.name === name)!;
      const renames = this.schema.past?.renames;
      const { secrets, flow } = this.#options;
      const options = { source, at, flow, timeoutMs, onProgress, signal, renames, secrets };
      return new HistoryReading(collection, options);
    };
    return {
      collections: this.#options.chosen.map(({ name }) => ({ name })),
      edge: (name) => reading(name).edge(),
      records: (name, signal) => {
        const past = reading(name, signal);
        this.#pasts.set(name, past);
        return past.pages();
      },
    };
  }

  /** A collection's documents, several ranges of ids at once: in no order, but each once. */
  async *#records(
    collection: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly DocumentRecord[]> {
    const extent = this.#extents.get(collection)!;
    const stop = new AbortController();
    const reading = this.#newReading(extent, AbortSignal.any([signal, stop.signal]));
    // The readers share what is left to be read.
    const left = largestFirst(extent.ranges).values();
    const { pageSize } = this.#options;
    async function* reader() {
      for (const range of left)
        yield* reading.pages(new RangeInProgress(range, pageSize), recordPages);
    }
    let passwords = 0;
    const copied = (pages: ReturnType<typeof reader>) =>
      this.#options.secrets ? pages : withoutSecrets(pages, () => passwords++);
    const readers = Math.min(this.#options.window, extent.ranges.length);
    try {
      const pages = merge(Array.from({ length: readers }, () => copied(reader())));
      const { past } = this.schema;
      for await (const records of asNamedThen(pages, past?.renames)) yield recordsOf(records);
      await reading.compareWithListing();
      if (passwords > 0) this.#passwords.set(collection, passwords);
    } catch (error) {
      throw this.#explained(error);
    } finally {
      stop.abort();
    }
  }

  /**
   * What an export looks at before it writes the manifest.
   *
   * @throws ArkError ERR_SNAPSHOT_EXPIRED, or ERR_TRY_AGAIN when what was read was migrated, deleted or made anew.
   */
  check(): Promise<void> {
    const { database, chosen, signal, timeoutMs } = this.#options;
    const { connection: source, schema, path } = database;
    const names = new Set(chosen.map(({ name }) => name));
    return this.#explaining(async () => {
      await checkSameDatabase(database, signal);
      try {
        const empty = [...this.#extents.values()].filter(({ documents }) => documents === 0);
        const listedUpTo = new Map(empty.map(({ collection }) => [collection, "0"]));
        const request = { source, at: schema.at, collections: chosen, signal, timeoutMs };
        await checkStillReadable({ ...request, listedUpTo });
        await checkSchemaHeld(source, schema, names, { signal, timeoutMs });
      } catch (error) {
        throw explainDeleted(error, path);
      }
    });
  }

  #newReading({ collection, documents }: Extent, signal: AbortSignal): CollectionReading {
    const options = this.#reading(signal);
    const reading = new CollectionReading(collection, options, { ...NOTHING, listed: documents });
    reading.allListed();
    this.#readings.set(collection, reading);
    return reading;
  }

  #reading(signal: AbortSignal): ReadingOptions {
    const { database, pageSize, flow, timeoutMs } = this.#options;
    const { connection: source } = database;
    // How far a copy is, the writing tells.
    const { at } = this.schema;
    return { source, at, pageSize, flow, timeoutMs, signal, onProgress: () => {} };
  }

  async #explaining(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    const { chosen, database } = this.#options;
    const far = howFar([...this.#readings.values()], this.#started);
    return explainExpired(error, chosen, far, database.connection.endpoint, AGAIN);
  }
}

function byKind({ definitions }: SchemaSnapshot): ReadonlyMap<DefinitionKind, DefinitionLine[]> {
  return new Map(
    DEFINITION_KINDS.map(
      (kind) => [kind, definitions.filter((each) => each.kind === kind)] as const,
    ).filter(([, each]) => each.length > 0),
  );
}

const MARKS: ReadonlySet<string> = new Set([MARKER, OWNER]);

/** The mark of an unfinished import would be copied with all the rest that is half there. */
function refuseUnfinished({ connection, schema }: DatabaseAtSnapshot): void {
  const { definitions } = schema;
  if (!definitions.some(({ kind, name }) => kind === "functions" && MARKS.has(name))) return;
  throw new ArkError(
    "ERR_USAGE",
    "The source is itself the target of an import that never finished.",
    { place: connection.place, hint: "Finish that one first, with --continue." },
  );
}
