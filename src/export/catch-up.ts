/**
 * `--catch-up`: an export that may take longer than the history window.
 *
 *     open the event feeds of all collections, and follow them from now on     (catch-up-feeds.ts)
 *     read every id range at a moment of its own, and put it by                (catch-up-spool.ts)
 *     read once more what the feeds have named, until that is quickly done
 *     pick the moment T and read the schema at T
 *     read the feeds up to T, list the ids at T, read at T what was named or is missing  (catch-up-collection.ts)
 *     write the archive of T from what was put by
 *
 * So only the last look has to be done while T can be read. The listing at T is the truth: what it shows is in the
 * archive, what it does not show is not. The feeds say which documents have changed since they were read.
 */
import { setMaxListeners } from "node:events";
import pLimit from "p-limit";
import type { ArchiveWriter } from "../archive/archive.ts";
import { ArkError, isArkError } from "../errors/errors.ts";
import {
  type Connection,
  type Extent,
  Feed,
  type IdRange,
  largestFirst,
  snapshotTime,
} from "../fauna/fauna.ts";
import { type DocumentRecord, compareIds } from "../values/record.ts";
import { printString } from "../values/json.ts";
import { CatchingUp, type CollectionOptions } from "./catch-up-collection.ts";
import { Following } from "./catch-up-feeds.ts";
import type { ResolvedCatchUp } from "./catch-up-options.ts";
import {
  type Chosen,
  itemIn,
  listedUpToIn,
  type Part,
  partsOf,
  type Place,
} from "./catch-up-places.ts";
import { Spool, type SpoolFile } from "./catch-up-spool.ts";
import { checkHeld, type ExportedDatabase, noteDocuments, writeSchema } from "./database.ts";
import type { ResolvedExport } from "./options.ts";
import { answersV4 } from "./reading.ts";
import type { CollectionAtSnapshot } from "./schema.ts";
import { noteSecrets, withoutSecrets, writeSecrets } from "./secrets.ts";
import { type DatabaseAtSnapshot, explainDeleted, readTree } from "./tree.ts";
import { checkStillReadable } from "./window.ts";

/** What catching up took. Part of the `--json` contract. */
export interface CaughtUp {
  /** Documents that are in the archive, or are not, in another way than they were read at first. */
  readonly documents: number;
  /** How often changed documents were read, the last look included. */
  readonly rounds: number;
}

type Databases = readonly [DatabaseAtSnapshot, ...DatabaseAtSnapshot[]];
type Options = ResolvedExport & { readonly catchUp: ResolvedCatchUp };

/** How often a moment is picked when the one before has left the window in the last look. */
const LAST_LOOKS = 3;

/** Documents in an id range, unless told otherwise. */
const RANGE_DOCUMENTS = 50_000;

/**
 * Reads everything that was chosen, however long it takes, and writes it as of one moment.
 *
 * @param databases as they were when the export began.
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when a feed or the last look took longer than the window; ERR_TRY_AGAIN when
 *   the schema was changed in the last look in a way that touches documents.
 */
export async function exportCatchingUp(
  archive: ArchiveWriter,
  databases: Databases,
  options: Options,
  choose: (databases: Databases) => Chosen,
): Promise<{ readonly exported: readonly ExportedDatabase[]; readonly caughtUp: CaughtUp }> {
  const run = new CatchUpRun(archive, options);
  try {
    await run.readAll(databases, choose(databases));
    await run.readChanges();
    await run.lastLook(choose);
    await run.writeSchemas();
    return await run.write();
  } finally {
    await run.close();
  }
}

class CatchUpRun {
  readonly #archive: ArchiveWriter;
  /** With the run's own signal: when following the feeds fails, all of it stops. */
  readonly #options: Options;
  readonly #signal: AbortSignal;
  readonly #spool: Spool;
  readonly #stop = new AbortController();
  readonly #following: Following;
  #places: Place[] = [];
  #parts: readonly Part[] = [];
  #read = 0;
  #readSeconds = 0;
  #rounds = 0;

  constructor(archive: ArchiveWriter, options: Options) {
    this.#archive = archive;
    this.#signal = options.signal;
    this.#options = { ...options, signal: this.#stop.signal };
    this.#spool = new Spool(archive.store);
    this.#following = new Following({
      everyMs: options.catchUp.feedEveryMs,
      timeoutMs: options.timeoutMs,
      signal: this.#stop.signal,
      onFailure: (error) => this.#stop.abort(error),
    });
    // Everything that is under way listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#signal.addEventListener("abort", this.#onAbort);
    if (this.#signal.aborted) this.#onAbort();
  }

  readonly #onAbort = (): void => this.#stop.abort(this.#signal.reason);

  /** Opens the feeds, then reads every collection. */
  async readAll(databases: Databases, chosen: Chosen): Promise<void> {
    const started = performance.now();
    const all = databases.flatMap((database) =>
      (chosen.get(database) ?? []).map((collection) => ({ database, collection })),
    );
    await this.#each(all, async ({ database, collection }) => {
      const { connection } = database;
      const { timeoutMs, signal } = this.#options;
      const feed = await Feed.open(connection, collection.name, { signal, timeoutMs });
      const shared = { spool: this.#spool, following: this.#following };
      const reading = CatchingUp.following(feed, this.#reading(database, collection), shared);
      this.#places.push({ database, collection, reading });
    });
    const ranges = new Map<IdRange, Extent & { readonly place: Place }>();
    const files = new Map<Place, { readonly range: IdRange; readonly file: SpoolFile }[]>();
    await this.#each(this.#places, (place) =>
      this.#unlessDeleted(place, async () => {
        const extent = await place.reading.measure();
        for (const range of extent.ranges) ranges.set(range, { ...extent, place });
        files.set(place, []);
        this.#report(place, 0, extent.documents);
      }),
    );
    const done = new Map<Place, number>();
    await this.#each(largestFirst([...ranges.keys()]), async (range) => {
      const { place, documents } = ranges.get(range)!;
      await this.#unlessDeleted(place, async () => {
        const file = await place.reading.readRange(range, (count) => {
          this.#read += count;
          done.set(place, (done.get(place) ?? 0) + count);
          this.#report(place, done.get(place)!, documents);
        });
        files.get(place)!.push({ range, file });
      });
    });
    for (const [{ reading }, ofIt] of files) {
      const inOrder = ofIt.toSorted((a, b) => compareIds(a.range.from, b.range.from));
      reading.hasRead(inOrder.map(({ file }) => file));
    }
    this.#readSeconds = (performance.now() - started) / 1000;
  }

  /** Reads what has changed, until reading it once more is quickly done. */
  async readChanges(): Promise<void> {
    const { lastLookSeconds, rounds } = this.#options.catchUp;
    const rate = this.#read / Math.max(this.#readSeconds, 0.001);
    while (this.#rounds < rounds) {
      await this.#followToNow();
      const touched = this.#places.reduce((sum, { reading }) => sum + reading.touched, 0);
      if (touched / Math.max(rate, 1) <= lastLookSeconds) return;
      this.#rounds++;
      await this.#each(this.#places, (place) =>
        this.#unlessDeleted(place, () => place.reading.readTouched()),
      );
    }
  }

  /** Picks the archive's moment and makes of what was read what was there at that moment. */
  async lastLook(choose: (databases: Databases) => Chosen): Promise<void> {
    for (let look = 1; ; look++) {
      await this.#followToNow();
      const databases = await readTree(this.#options.source, this.#options);
      const { timeoutMs } = this.#options;
      const parts = await partsOf(this.#places, databases, choose(databases), {
        begin: (database, collection) =>
          CatchingUp.whole(collection.name, this.#reading(database, collection), this.#spool),
        signal: this.#stop.signal,
        timeoutMs,
      });
      try {
        await this.#settle(parts, databases[0].schema.at);
        this.#parts = parts;
        return;
      } catch (error) {
        if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED") || isOfFeed(error)) throw error;
        if (look === LAST_LOOKS) throw this.#tooSlow(error);
      }
    }
  }

  /** Writes what has to be read at the archive's moment, but for the documents. */
  async writeSchemas(): Promise<void> {
    const { secrets, timeoutMs, choice, signal } = this.#options;
    for (const { database, chosen } of this.#parts) {
      const { path, connection: source, schema } = database;
      const { at } = schema;
      const writer = this.#archive.database(path);
      if (choice.schema) await writeSchema(this.#archive, writer, schema, this.#options);
      if (secrets) await writeSecrets(writer, source, { at, signal, timeoutMs });
      await checkHeld(database, chosen, { signal, timeoutMs });
      this.#archive.snapshotAt(at);
    }
  }

  /** Writes the documents. Nothing of them is asked of the databases any more. */
  async write(): Promise<{ exported: readonly ExportedDatabase[]; caughtUp: CaughtUp }> {
    await this.#following.stop();
    const exported: ExportedDatabase[] = [];
    let documents = 0;
    for (const part of this.#parts) {
      const counts = await this.#writeDocuments(part);
      for (const { reading } of part.places) documents += reading.caughtUp;
      const { path, connection: source } = part.database;
      noteDocuments(this.#archive, path, counts);
      const { secrets, timeoutMs, signal } = this.#options;
      if (!secrets) await noteSecrets(this.#archive, source, { path, signal, timeoutMs });
      exported.push({ path, expired: counts.expired });
    }
    return { exported, caughtUp: { documents, rounds: this.#rounds } };
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#stop.abort();
    await this.#following.stop();
    // What cannot be removed is in nobody's way: it lies in the journal and cannot be read.
    await this.#spool.clear().catch(() => {});
  }

  async #settle(parts: readonly Part[], at: bigint): Promise<void> {
    await this.#following.readTo(at);
    this.#rounds++;
    const places = parts.flatMap((part) => part.places);
    await this.#each(places, ({ reading }) => reading.settle(at));
    const { timeoutMs, signal } = this.#options;
    for (const part of parts) {
      const { connection: source } = part.database;
      const { chosen: collections } = part;
      const listedUpTo = listedUpToIn(part);
      await checkStillReadable({ source, at, collections, listedUpTo, signal, timeoutMs });
    }
  }

  async #writeDocuments({ database, places }: Part) {
    const { path, schema } = database;
    const { secrets } = this.#options;
    const writer = this.#archive.database(path);
    const credentials = new Map<string, number>();
    const archived = (name: string) => (pages: AsyncGenerator<readonly DocumentRecord[]>) =>
      secrets
        ? pages
        : withoutSecrets(pages, () => credentials.set(name, (credentials.get(name) ?? 0) + 1));
    const writers = places.map(({ collection: { name, historyDays, ttlDays }, reading }) => ({
      name,
      reading,
      collection: writer.collection(name, { historyDays, ttlDays }),
    }));
    await this.#each(writers, ({ name, reading, collection }) =>
      reading.write(collection, schema.at, archived(name)),
    );
    const counted = (of: (reading: CatchingUp) => number): ReadonlyMap<string, number> =>
      new Map(
        places
          .map(({ reading }) => [reading.name, of(reading)] as const)
          .filter(([, count]) => count > 0),
      );
    return {
      expired: counted((reading) => reading.expired),
      lost: counted((reading) => reading.lost),
      credentials,
    };
  }

  #reading(database: DatabaseAtSnapshot, { name }: CollectionAtSnapshot): CollectionOptions {
    const { pageSize, flow, rangeDocuments, window, timeoutMs, onProgress } = this.#options;
    let done = 0;
    return {
      source: database.connection,
      pageSize,
      flow,
      // v10 alone cannot begin anywhere but at a collection's first id.
      rangeDocuments: answersV4(database.schema) ? (rangeDocuments ?? RANGE_DOCUMENTS) : Infinity,
      window,
      timeoutMs,
      signal: this.#stop.signal,
      isGone: (error) => explainDeleted(error, database.path) !== error,
      onRead: (documents) => {
        const item = itemIn(database.path, name);
        onProgress({ phase: "changes", item, done: (done += documents), unit: "documents" });
      },
    };
  }

  async #followToNow(): Promise<void> {
    const { signal } = this.#stop;
    await this.#following.readTo(await snapshotTime(this.#options.source, { signal }));
  }

  /** Does something with a collection, unless it turns out to be there no more. */
  async #unlessDeleted({ database, collection, reading }: Place, work: () => Promise<void>) {
    if (reading.isGone) return;
    try {
      await work();
    } catch (error) {
      if (explainDeleted(error, database.path) === error) {
        if (!isArkError(error, "ERR_DATABASE")) throw error;
        if (await isThere(database.connection, collection.name, this.#stop.signal)) throw error;
      }
      await reading.drop();
    }
  }

  #report({ database, collection }: Place, done: number, total: number): void {
    const item = itemIn(database.path, collection.name);
    this.#options.onProgress({ phase: "documents", item, done, total, unit: "documents" });
  }

  async #each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const limit = pLimit(this.#options.window);
    const failures: unknown[] = [];
    const runs = items.map((item) =>
      limit(async () => {
        if (failures.length > 0 || this.#stop.signal.aborted) return;
        try {
          await work(item);
        } catch (error) {
          failures.push(error);
        }
      }),
    );
    await Promise.all(runs);
    // What following has failed with comes first: the others have only been stopped by it.
    this.#stop.signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
  }

  #tooSlow(cause: ArkError): ArkError {
    return new ArkError(
      "ERR_SNAPSHOT_EXPIRED",
      `The last look, at all that has changed, took longer than the database can be read at one moment, ${LAST_LOOKS} times.`,
      {
        cause,
        place: cause.place,
        hint: "Keep history for longer (history_days), export fewer collections at once (--collection), or export when less is written.",
        details: { ...cause.details, documents: this.#read, rounds: this.#rounds },
      },
    );
  }
}

/** A failure of following, which a later moment does not help. */
function isOfFeed(error: ArkError): boolean {
  return error.details?.["code"] === "invalid_stream_start_time";
}

async function isThere(source: Connection, name: string, signal: AbortSignal): Promise<boolean> {
  const { dataText } = await source.v10("Collection.byName(name).exists()", {
    arguments: { name: printString(name) },
    idempotent: true,
    typecheck: false,
    signal,
  });
  return dataText === "true";
}
