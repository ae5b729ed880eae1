/** All documents at the snapshot time: several collections, and several id ranges of a large one, at once. */
import pLimit from "p-limit";
import type { CollectionWriter, DatabaseWriter } from "../archive/archive.ts";
import { largestFirst } from "../fauna/fauna.ts";
import type { DocumentRecord } from "../values/record.ts";
import type { ResolvedExport } from "./options.ts";
import { CollectionReading } from "./reading.ts";
import type { CollectionAtSnapshot } from "./schema.ts";
import { withoutSecrets } from "./secrets.ts";
import { type HowFar, howFar } from "./window.ts";

/** A collection on its way into the archive. */
interface Moving {
  readonly writer: CollectionWriter;
  readonly reading: CollectionReading;
}

export class DocumentsRun {
  readonly #options: ResolvedExport;
  readonly #at: bigint;
  readonly #moving = new Map<string, Moving>();
  readonly #stop = new AbortController();
  readonly #started = performance.now();
  readonly #credentials = new Map<string, number>();

  constructor(options: ResolvedExport, at: bigint) {
    this.#options = options;
    this.#at = at;
  }

  /** Measures, then reads and writes every collection. When anything fails, all of it stops and is awaited. */
  async run(database: DatabaseWriter, collections: readonly CollectionAtSnapshot[]): Promise<void> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      signal.throwIfAborted();
      await this.#each(collections, (collection) => this.#measure(database, collection));
      const ranges = this.#readings.flatMap(({ extent }) => extent.ranges);
      await this.#each(largestFirst(ranges), async (range) => {
        const { writer, reading } = this.#moving.get(range.collection)!;
        await writer.write(this.#archived(reading.pages(range), range.collection), {
          signal: this.#stop.signal,
        });
      });
      for (const reading of this.#readings) await reading.compareWithListing();
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Documents that were listed, but whose ttl had passed when they were read. */
  get expired(): ReadonlyMap<string, number> {
    return this.#counted(({ expired }) => expired);
  }

  /** Documents whose own `credentials` are left out. */
  get credentials(): ReadonlyMap<string, number> {
    return this.#credentials;
  }

  /** Values that v10 may have shown as others, in a database that has v4 switched off. */
  get lost(): ReadonlyMap<string, number> {
    return this.#counted(({ lost }) => lost);
  }

  get howFar(): HowFar {
    return howFar(this.#readings, this.#started);
  }

  #archived(
    pages: AsyncGenerator<readonly DocumentRecord[]>,
    collection: string,
  ): AsyncGenerator<readonly DocumentRecord[]> {
    if (this.#options.secrets) return pages;
    const counts = this.#credentials;
    return withoutSecrets(pages, () => {
      counts.set(collection, (counts.get(collection) ?? 0) + 1);
    });
  }

  get #readings(): readonly CollectionReading[] {
    return [...this.#moving.values()].map(({ reading }) => reading);
  }

  #counted(of: (reading: CollectionReading) => number): ReadonlyMap<string, number> {
    const counts = this.#readings.map((reading) => [reading.name, of(reading)] as const);
    return new Map(counts.filter(([, count]) => count > 0));
  }

  async #each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const limit = pLimit(this.#options.window);
    const runs = items.map((item) =>
      limit(async () => {
        if (this.#stop.signal.aborted) return;
        try {
          await work(item);
        } catch (error) {
          this.#stop.abort(error);
        }
      }),
    );
    await Promise.all(runs);
    this.#stop.signal.throwIfAborted();
  }

  async #measure(database: DatabaseWriter, collection: CollectionAtSnapshot): Promise<void> {
    const { name, historyDays, ttlDays } = collection;
    const writer = database.collection(name, { historyDays, ttlDays });
    const reading = await CollectionReading.measure(name, {
      ...this.#options,
      at: this.#at,
      signal: this.#stop.signal,
    });
    this.#moving.set(name, { writer, reading });
  }
}
