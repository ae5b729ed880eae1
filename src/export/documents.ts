/** All documents at the snapshot time: several collections, and several id ranges of a large one, at once. */
import type { CollectionWriter, DatabaseWriter } from "../archive/archive.ts";
import { type IdRange, LAST_ID } from "../fauna/fauna.ts";
import type { RecordBatch } from "../values/record-lines.ts";
import { type LeftOver, leftOver } from "./left-over.ts";
import type { ResolvedExport } from "./options.ts";
import type { RangeInProgress } from "./range-in-progress.ts";
import { rangeSizeAt } from "./plan-chunks.ts";
import { type Bounds, CollectionReading } from "./reading.ts";
import { asNamedThen, type Renames } from "./renames.ts";
import { type Listing, Schedule } from "./schedule.ts";
import type { CollectionAtSnapshot } from "./schema.ts";
import { withoutSecrets } from "./secrets.ts";
import { type HowFar, howFar } from "./window.ts";

/** So many ranges may be on their way to the disk while others are read, or half as many as are read if that is more. */
const ENDING_MIN = 4;

/** A collection on its way into the archive. */
interface Moving {
  /** What it is called in the archive; the reading has what the database calls it by now. */
  readonly name: string;
  readonly writer: CollectionWriter;
  readonly reading: CollectionReading;
}

export class DocumentsRun {
  readonly #options: ResolvedExport;
  readonly #at: bigint;
  readonly #hasV4: boolean;
  readonly #renames: Renames | undefined;
  readonly #moving = new Map<string, Moving>();
  /** Ranges of which all has come, on their way into the archive. */
  readonly #ending = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #started = performance.now();
  readonly #credentials = new Map<string, number>();

  /** @param hasV4 whether the database answers v4; v10 alone cannot begin anywhere but at a collection's first id. */
  constructor(
    options: ResolvedExport,
    { at, hasV4, renames }: { at: bigint; hasV4: boolean; renames?: Renames | undefined },
  ) {
    this.#options = options;
    this.#at = at;
    this.#hasV4 = hasV4;
    this.#renames = renames;
  }

  /** Lists, reads and writes every collection. When anything fails, all of it stops and is awaited. */
  async run(database: DatabaseWriter, collections: readonly CollectionAtSnapshot[]): Promise<void> {
    const { signal, window: slots, pageSize } = this.#options;
    const onAbort = (): void => this.#stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    const listings: CollectionListing[] = [];
    const ranges: IdRange[] = [];
    try {
      signal.throwIfAborted();
      for (const collection of collections) {
        const { reading, left } = await this.#begin(database, collection);
        const size = (listed: number) => this.#rangeSize(reading, listed);
        listings.push(new CollectionListing(reading, left.unlisted, size));
        ranges.push(...left.ranges);
      }
      const schedule = new Schedule(listings, ranges, { slots, pageSize });
      await Promise.all(Array.from({ length: slots }, () => this.#slot(schedule)));
      await Promise.all(this.#ending);
      this.#stop.signal.throwIfAborted();
      for (const reading of this.#readings) await reading.compareWithListing();
    } finally {
      signal.removeEventListener("abort", onAbort);
      await Promise.all(listings.map((listing) => listing.close()));
    }
  }

  /** Collections of which nothing was listed, and so nothing was read. Whatever is behind a listing else was read. */
  get listedUpTo(): ReadonlyMap<string, string> {
    const empty = this.#readings.filter(({ account }) => account.listed === 0);
    return new Map(empty.map(({ name }) => [name, "0"]));
  }

  /** Documents that were listed, but whose ttl had passed when they were read. */
  get expired(): ReadonlyMap<string, number> {
    return this.#counted(({ account }) => account.expired);
  }

  /** Documents whose own `credentials` are left out. */
  get credentials(): ReadonlyMap<string, number> {
    return this.#credentials;
  }

  /** Values that v10 may have shown as others, in a database that has v4 switched off. */
  get lost(): ReadonlyMap<string, number> {
    return this.#counted(({ account }) => account.lost);
  }

  get howFar(): HowFar {
    return howFar(this.#readings, this.#started);
  }

  /** Begins with a collection, or goes on with what an earlier run has left. */
  async #begin(
    database: DatabaseWriter,
    collection: CollectionAtSnapshot,
  ): Promise<{ reading: CollectionReading; left: LeftOver }> {
    const { name, nameNow = name, historyDays, ttlDays } = collection;
    const writer = database.collection(name, { historyDays, ttlDays });
    const options = { ...this.#options, at: this.#at, signal: this.#stop.signal };
    let left = leftOver(nameNow, writer.kept);
    if (!this.#hasV4 && (left.ranges.length > 0 || left.unlisted.length > 0)) {
      // v10 begins at the first id, wherever reading was left off.
      await writer.forget();
      left = leftOver(nameNow, []);
    }
    const reading = new CollectionReading(nameNow, options, left.account);
    if (left.credentials > 0) this.#credentials.set(name, left.credentials);
    this.#moving.set(nameNow, { name, writer, reading });
    return { reading, left };
  }

  /** Works until nothing is left to be done or anything fails. */
  async #slot(schedule: Schedule): Promise<void> {
    for (;;) {
      const task = await schedule.next();
      if (task === undefined) return;
      try {
        this.#stop.signal.throwIfAborted();
        if (task.kind === "list") schedule.ended(task, await task.listing.next());
        else {
          await this.#read(task.range, schedule);
          schedule.ended(task);
        }
      } catch (error) {
        this.#fail(error, schedule);
        schedule.ended(task);
      }
    }
  }

  #fail(error: unknown, schedule: Schedule): void {
    this.#stop.abort(error);
    schedule.stop();
  }

  /**
   * Reads a range until all of it has come. The database is not to wait for the disk: what is still to be packed,
   * compressed and synced is left to end by itself, of so few ranges that their buffers are no burden.
   */
  async #read(range: RangeInProgress, schedule: Schedule): Promise<void> {
    const most = Math.max(ENDING_MIN, this.#options.window / 2);
    while (this.#ending.size >= most) await Promise.race(this.#ending);
    const written = this.#write(range);
    await Promise.race([written, range.allCame]);
    const ending = written
      .catch((error: unknown) => this.#fail(error, schedule))
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  async #write(range: RangeInProgress): Promise<void> {
    const { writer, reading } = this.#moving.get(range.collection)!;
    // Where nothing at all was listed, that is looked into in the end.
    const isEmpty = range.documents === 0 && range.from === "0" && range.to === LAST_ID;
    const pages = isEmpty ? none() : this.#archived(reading.pages(range), range);
    // Stopped is the reading, so that what was read is still written.
    await writer.write(pages, { part: range });
  }

  /** Documents in the next range of a collection of which so many are listed by now. */
  #rangeSize(collection: CollectionReading, listed: number): number {
    const { rangeDocuments, pageSize, window } = this.#options;
    if (!this.#hasV4) return Infinity;
    if (rangeDocuments !== undefined) return rangeDocuments;
    const others = this.#readings.filter((reading) => reading !== collection);
    const all = others.reduce((sum, { account }) => sum + account.listed, listed);
    return rangeSizeAt(all, { pageSize, window });
  }

  #archived(
    pages: AsyncGenerator<RecordBatch>,
    range: RangeInProgress,
  ): AsyncGenerator<RecordBatch> {
    const renamed = asNamedThen(pages, this.#renames);
    if (this.#options.secrets) return renamed;
    const { name: collection } = this.#moving.get(range.collection)!;
    const counts = this.#credentials;
    return withoutSecrets(renamed, (id) => {
      range.leftOut(id);
      counts.set(collection, (counts.get(collection) ?? 0) + 1);
    });
  }

  get #readings(): readonly CollectionReading[] {
    return [...this.#moving.values()].map(({ reading }) => reading);
  }

  #counted(of: (reading: CollectionReading) => number): ReadonlyMap<string, number> {
    const counts = [...this.#moving.values()].map(
      ({ name, reading }) => [name, of(reading)] as const,
    );
    return new Map(counts.filter(([, count]) => count > 0));
  }
}

async function* none(): AsyncGenerator<RecordBatch> {}

/** Lists what of a collection is not yet listed, page by page. */
class CollectionListing implements Listing {
  readonly #reading: CollectionReading;
  readonly #pages: AsyncGenerator<readonly IdRange[]>;

  constructor(
    reading: CollectionReading,
    unlisted: readonly Bounds[],
    rangeSize: (listed: number) => number,
  ) {
    this.#reading = reading;
    this.#pages = pagesOf(reading, unlisted, rangeSize);
  }

  async next(): Promise<readonly IdRange[] | undefined> {
    const page = await this.#pages.next();
    if (page.done !== true) return page.value;
    this.#reading.allListed();
    return undefined;
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined);
  }
}

async function* pagesOf(
  reading: CollectionReading,
  unlisted: readonly Bounds[],
  rangeSize: (listed: number) => number,
): AsyncGenerator<readonly IdRange[]> {
  for (const bounds of unlisted) yield* reading.list(bounds, rangeSize);
}
