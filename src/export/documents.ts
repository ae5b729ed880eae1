/** All documents at the snapshot time: several collections, and several id ranges of a large one, at once. */
import pLimit from "p-limit";
import type { CollectionWriter, DatabaseWriter } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import {
  type Extent,
  ids,
  type IdRange,
  largestFirst,
  measure,
  recordPages,
} from "../fauna/fauna.ts";
import type { DocumentRecord } from "../values/record.ts";
import type { ResolvedExport } from "./options.ts";
import type { CollectionAtSnapshot } from "./schema.ts";
import type { HowFar } from "./window.ts";

/** How the documents of one collection get on. */
interface Tally {
  readonly writer: CollectionWriter;
  readonly extent: Extent;
  /** Documents handed to the archive. */
  written: number;
  /** Documents listed whose ttl had passed when they were read. */
  expired: number;
  /** Values that only v4 could have told, where it is switched off. */
  lost: number;
  bytes: number;
}

export class DocumentsRun {
  readonly #options: ResolvedExport;
  readonly #at: bigint;
  readonly #tallies = new Map<string, Tally>();
  readonly #stop = new AbortController();
  readonly #started = performance.now();

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
      const ranges = [...this.#tallies.values()].flatMap(({ extent }) => extent.ranges);
      await this.#each(largestFirst(ranges), (range) => this.#write(range));
      for (const [name, tally] of this.#tallies) await this.#compareWithListing(name, tally);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Documents that were listed, but whose ttl had passed when they were read. */
  get expired(): ReadonlyMap<string, number> {
    return this.#counted(({ expired }) => expired);
  }

  /** Values that v10 may have shown as others, in a database that has v4 switched off. */
  get lost(): ReadonlyMap<string, number> {
    return this.#counted(({ lost }) => lost);
  }

  #counted(of: (tally: Tally) => number): ReadonlyMap<string, number> {
    const counts = [...this.#tallies].map(([name, tally]) => [name, of(tally)] as const);
    return new Map(counts.filter(([, count]) => count > 0));
  }

  get howFar(): HowFar {
    const tallies = [...this.#tallies.values()];
    return {
      documents: tallies.reduce((sum, { written }) => sum + written, 0),
      total: tallies.reduce((sum, { extent }) => sum + extent.documents, 0),
      collectionsDone: tallies.filter(isDone).length,
      collections: tallies.length,
      seconds: (performance.now() - this.#started) / 1000,
    };
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
    const { source, rangeDocuments, timeoutMs } = this.#options;
    const { name, historyDays, ttlDays } = collection;
    const writer = database.collection(name, { historyDays, ttlDays });
    const extent = await measure(source, {
      collection: name,
      at: this.#at,
      documentsPerRange: rangeDocuments,
      signal: this.#stop.signal,
      timeoutMs,
    });
    const tally: Tally = { writer, extent, written: 0, expired: 0, lost: 0, bytes: 0 };
    this.#tallies.set(name, tally);
    this.#report(name, tally);
  }

  async #write(range: IdRange): Promise<void> {
    const tally = this.#tallies.get(range.collection)!;
    await tally.writer.write(this.#pages(range, tally), { signal: this.#stop.signal });
  }

  async *#pages(range: IdRange, tally: Tally): AsyncGenerator<readonly DocumentRecord[]> {
    const { source, pageSize, timeoutMs } = this.#options;
    const { collection, from, to } = range;
    const signal = this.#stop.signal;
    const pages = recordPages(source, {
      collection,
      from,
      to,
      at: this.#at,
      pageSize,
      signal,
      timeoutMs,
    });
    for await (const { records, size, gone, lost } of pages) {
      if (records.length > 0) yield records;
      tally.written += records.length;
      tally.expired += gone;
      tally.lost += lost;
      tally.bytes += size;
      this.#report(collection, tally);
    }
  }

  #report(item: string, { written, expired, extent, bytes }: Tally): void {
    const done = written + expired;
    this.#options.onProgress({
      phase: "documents",
      item,
      done,
      total: extent.documents,
      unit: "documents",
      bytes,
    });
  }

  /** Every ref that was listed has to have led to a document or to an expired one. */
  async #compareWithListing(name: string, tally: Tally): Promise<void> {
    const { extent, written } = tally;
    if (isDone(tally)) return;
    // At a fixed time nothing can leave a listing but what expires, so those that it lacks by now have.
    const listed = await this.#countListed(name);
    const read = written + tally.expired;
    if (listed <= read && read < extent.documents) {
      tally.expired = extent.documents - written;
      this.#report(name, tally);
      return;
    }
    throw new ArkError(
      "ERR_MISMATCH",
      `${name} lists ${extent.documents} documents at the snapshot time, but ${written} were read and ${tally.expired} had expired.`,
      {
        place: `${this.#options.source.place} collection ${name}`,
        hint: "Export again; if it happens again, the database's index of documents is damaged.",
      },
    );
  }

  async #countListed(collection: string): Promise<number> {
    const { source, timeoutMs } = this.#options;
    const signal = this.#stop.signal;
    let count = 0;
    for await (const page of ids(source, { collection, at: this.#at, signal, timeoutMs }))
      count += page.length;
    return count;
  }
}

function isDone({ written, expired, extent }: Tally): boolean {
  return written + expired === extent.documents;
}
