/** A live database as the source of an import: everything is read at one moment, as an export reads it. */
import type { DefinitionKind, DefinitionLine } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import type { Choice } from "../export/choice.ts";
import { CollectionReading, type ReadingOptions } from "../export/reading.ts";
import {
  checkSchemaHeld,
  type CollectionAtSnapshot,
  readSchema,
  type SchemaSnapshot,
} from "../export/schema.ts";
import { checkStillReadable, explainExpired, howFar } from "../export/window.ts";
import { type Connection, DEFINITION_KINDS, largestFirst } from "../fauna/fauna.ts";
import { merge, type OnProgress } from "../flow/flow.ts";
import { type ImportSource, MARKER, type Step } from "../import/import.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";

export interface LiveSourceOptions {
  readonly source: Connection;
  readonly choice: Choice;
  /** Says which copy this is; see `identity.ts`. */
  readonly identity: (at: bigint) => string;
  /** The moment of an earlier attempt, to go on at; without it one is picked. */
  readonly asOf: bigint | undefined;
  readonly pageSize: number;
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
  readonly schema: SchemaSnapshot;
  /** As an import takes it. However often it is read, it gives the same, or fails: its moment is fixed. */
  readonly forImport: ImportSource;
  readonly #options: LiveSourceOptions;
  readonly #chosen: readonly CollectionAtSnapshot[];
  /** The newest reading of each collection. */
  readonly #readings = new Map<string, CollectionReading>();
  readonly #collections: { readonly name: string; readonly documents: number }[] = [];
  readonly #started = performance.now();

  private constructor(
    options: LiveSourceOptions,
    schema: SchemaSnapshot,
    chosen: readonly CollectionAtSnapshot[],
  ) {
    const { source, choice, identity } = options;
    this.#options = options;
    this.#chosen = chosen;
    this.schema = schema;
    this.forImport = {
      place: source.place,
      title: `database at ${Time.fromMicros(schema.at).toString()}`,
      identity: identity(schema.at),
      hasSchema: choice.schema,
      files: new Map(
        choice.schema ? schema.files.map(({ filename, content }) => [filename, content]) : [],
      ),
      definitions: choice.schema ? byKind(schema) : new Map(),
      leftOut: [],
      collections: this.#collections,
      records: (collection, signal) => this.#records(collection, signal),
    };
  }

  /**
   * Picks the moment, reads the schema and measures the collections at it.
   *
   * @throws ArkError ERR_SNAPSHOT_EXPIRED when `asOf` can no longer be read; ERR_TRY_AGAIN when the schema has
   * changed since, or never holds still; ERR_USAGE when a glob names no collection.
   */
  static async open(options: LiveSourceOptions): Promise<LiveSource> {
    const { source, choice, signal, timeoutMs, asOf } = options;
    const schema = await readSchema(source, { signal, timeoutMs, asOf });
    refuseUnfinished(source, schema);
    const chosen = choice.choose(schema.collections, source.place);
    const live = new LiveSource(options, schema, chosen);
    await live.#explaining(() => live.#measure());
    return live;
  }

  async #measure(): Promise<void> {
    const { rangeDocuments, signal } = this.#options;
    const onProgress: OnProgress = (progress) =>
      this.#options.onProgress({ ...progress, phase: "list" });
    for (const { name } of this.#chosen) {
      const options = { ...this.#reading(signal), rangeDocuments, onProgress };
      const reading = await CollectionReading.measure(name, options);
      this.#readings.set(name, reading);
      this.#collections.push({ name, documents: reading.extent.documents });
    }
  }

  /** Documents that were listed, but whose ttl had passed when they were read; and values that v10 may have shown as others. */
  counted(what: "expired" | "lost"): ReadonlyMap<string, number> {
    const counts = [...this.#readings.values()].map(
      (reading) => [reading.name, reading[what]] as const,
    );
    return new Map(counts.filter(([, count]) => count > 0));
  }

  /** A collection's documents, several ranges of ids at once: in no order, but each once. */
  async *#records(
    collection: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly DocumentRecord[]> {
    const { extent } = this.#readings.get(collection)!;
    const stop = new AbortController();
    const reading = new CollectionReading(
      extent,
      this.#reading(AbortSignal.any([signal, stop.signal])),
    );
    this.#readings.set(collection, reading);
    // The readers share what is left to be read.
    const left = largestFirst(extent.ranges).values();
    async function* reader() {
      for (const range of left) yield* reading.pages(range);
    }
    const readers = Math.min(this.#options.window, extent.ranges.length);
    try {
      yield* merge(Array.from({ length: readers }, reader));
      await reading.compareWithListing();
    } catch (error) {
      throw this.#explained(error);
    } finally {
      stop.abort();
    }
  }

  /** The last step of a copy: what an export looks at before it writes the manifest. */
  get check(): Step {
    const { source, signal, timeoutMs } = this.#options;
    const { at } = this.schema;
    const names = new Set(this.#chosen.map(({ name }) => name));
    return {
      title: `look at the source once more, at ${Time.fromMicros(at).toString()}`,
      reason:
        "its moment has to have been readable to the end, and its collections must not have been migrated, deleted or made anew",
      run: () =>
        this.#explaining(async () => {
          const collections = this.#chosen;
          await checkStillReadable({ source, at, collections, signal, timeoutMs });
          await checkSchemaHeld(source, this.schema, names, { signal, timeoutMs });
        }),
    };
  }

  #reading(signal: AbortSignal): ReadingOptions {
    const { source, pageSize, timeoutMs } = this.#options;
    // How far a copy is, the writing tells.
    return { source, at: this.schema.at, pageSize, timeoutMs, signal, onProgress: () => {} };
  }

  async #explaining(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    const far = howFar([...this.#readings.values()], this.#started);
    return explainExpired(error, this.#chosen, far, this.#options.source.endpoint, AGAIN);
  }
}

function byKind({ definitions }: SchemaSnapshot): ReadonlyMap<DefinitionKind, DefinitionLine[]> {
  return new Map(
    DEFINITION_KINDS.map(
      (kind) => [kind, definitions.filter((each) => each.kind === kind)] as const,
    ).filter(([, each]) => each.length > 0),
  );
}

/** The mark of an unfinished import would be copied with all the rest that is half there. */
function refuseUnfinished(source: Connection, { definitions }: SchemaSnapshot): void {
  if (!definitions.some(({ kind, name }) => kind === "functions" && name === MARKER)) return;
  throw new ArkError(
    "ERR_USAGE",
    "The source is itself the target of an import that never finished.",
    {
      place: source.place,
      hint: "Finish that one first, with --continue.",
    },
  );
}
