/**
 * One collection of an export that catches up. It is read in layers: first all of it, each id range at a moment of its
 * own; then, round after round, what its feed has named meanwhile; at last, at the moment T of the archive, what was
 * named since and what a listing at T shows to be missing. What the listing does not show is left out. Each layer is
 * laid over those before; together they are the collection at T.
 */
import type { CollectionWriter } from "../archive/archive.ts";
import { ArkError, isArkError } from "../errors/errors.ts";
import {
  type Connection,
  documentsById,
  type DocumentsById,
  type Extent,
  type Feed,
  ids,
  type IdRange,
  measure,
  type PageFlow,
  type PageTurn,
  type PageTurns,
  recordPages,
  snapshotTime,
} from "../fauna/fauna.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { Batch, changesOf, type Tally } from "./catch-up-changes.ts";
import type { Followed, Following } from "./catch-up-feeds.ts";
import { IdSet } from "./catch-up-ids.ts";
import { entriesInOrder } from "./catch-up-in-order.ts";
import { newest, oneAfterTheOther } from "./catch-up-layers.ts";
import type { Entry, Mark, Spool, SpoolFile } from "./catch-up-spool.ts";

type Batches<T> = AsyncGenerator<readonly T[], void, undefined>;

export interface CollectionOptions {
  readonly source: Connection;
  readonly pageSize: number;
  readonly flow: PageFlow;
  readonly rangeDocuments: number;
  /** Requests for documents by their ids that are under way at once. */
  readonly window: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Whether a failure means that the database is there no more. */
  readonly isGone: (error: unknown) => boolean;
  /** Told how many documents were read once more. */
  readonly onRead: (documents: number) => void;
}

/** Ids asked for in one request, at most. */
const IDS_MAX = 500;
/** Moments that a page is asked for at, before it is given up. */
const MOMENTS = 3;

/** Files that follow one another in ids. */
type Layer = readonly SpoolFile[];

export class CatchingUp {
  readonly name: string;
  readonly #options: CollectionOptions;
  readonly #spool: Spool;
  readonly #followed: Followed | undefined;
  readonly #turns: PageTurns;
  #layers: Layer[] = [];
  #tally: Tally = { kept: 0, expired: 0 };
  #lost = 0;
  #caughtUp = 0;
  /** The last id of the last listing. */
  #lastListed: string | undefined;
  #isDropped = false;

  private constructor(name: string, options: CollectionOptions, spool: Spool, followed?: Followed) {
    this.name = name;
    this.#options = options;
    this.#spool = spool;
    this.#followed = followed;
    this.#turns = options.flow.stream(name, { most: IDS_MAX });
  }

  /** A collection whose feed is followed from now on. */
  static following(
    feed: Feed,
    options: CollectionOptions,
    { spool, following }: { readonly spool: Spool; readonly following: Following },
  ): CatchingUp {
    const followed = following.add(feed, new IdSet(spool), options.isGone);
    return new CatchingUp(feed.collection, options, spool, followed);
  }

  /** A collection of which nothing was read before the archive's moment. */
  static whole(name: string, options: CollectionOptions, spool: Spool): CatchingUp {
    return new CatchingUp(name, options, spool);
  }

  /** Documents that have changed since they were read, at most. */
  get touched(): number {
    return this.isGone ? 0 : (this.#followed?.touched.size ?? 0);
  }

  /** Whether it was deleted, so that what was read of it counts for nothing. */
  get isGone(): boolean {
    return this.#isDropped || this.#followed?.isGone === true;
  }

  /** Listed, but their ttl had passed at the archive's moment or when they were read. */
  get expired(): number {
    return this.#tally.expired;
  }

  /** Values that v10 may have shown as others, counted as often as they were read. */
  get lost(): number {
    return this.#lost;
  }

  /** Documents that the archive holds, or holds no more, in another way than they were read at first. */
  get caughtUp(): number {
    return this.#caughtUp;
  }

  /** The first id behind all that the last listing has shown. */
  get listedUpTo(): string {
    return this.#lastListed === undefined ? "0" : String(BigInt(this.#lastListed) + 1n);
  }

  /** Cuts the collection into ranges, as it is now. */
  async measure(): Promise<Extent> {
    const { source, rangeDocuments: documentsPerRange, signal, timeoutMs } = this.#options;
    const at = await snapshotTime(source, { signal });
    return measure(source, { collection: this.name, at, documentsPerRange, signal, timeoutMs });
  }

  /** Puts by the documents of a range, as they are about now. */
  async readRange(range: IdRange, onRead: (documents: number) => void): Promise<SpoolFile> {
    return this.#spool.write(this.#pages(range, onRead), this.#options.signal);
  }

  /** @param files those of all ranges, ascending by id. */
  hasRead(files: Layer): void {
    this.#layers = [files];
  }

  /** Reads once more what the feed has named so far, which has to be read up to now. */
  async readTouched(): Promise<void> {
    if (this.isGone || this.#followed === undefined) return;
    const touched = this.#followed.touched.take();
    if (touched.size === 0) return;
    const moment = new Moment(this.#options);
    const read = (batch: readonly string[], turn: PageTurn) => this.#readNow(batch, moment, turn);
    const batches = this.#batches(touched.ascending());
    this.#layers.push([
      await this.#spool.write(this.#inOrder(batches, read), this.#options.signal),
    ]);
    await touched.remove();
  }

  /**
   * Lays the last layer: makes what was read the collection at the archive's moment. The feed has to be read up to
   * that. What has failed can be repeated at a later moment.
   *
   * @throws ArkError ERR_SNAPSHOT_EXPIRED when it took too long.
   */
  async settle(at: bigint): Promise<void> {
    if (this.isGone) await this.drop();
    const { signal } = this.#options;
    const touched = this.#followed?.touched.take() ?? new IdSet(this.#spool);
    const tally: Tally = { kept: 0, expired: 0 };
    const changes = changesOf(
      {
        known: this.#known(),
        touched: touched.ascending(),
        listed: this.#listed(at),
      },
      { tally, size: () => this.#turns.size },
    );
    const read = (batch: readonly string[], turn: PageTurn) => this.#read(batch, at, turn);
    const entries = this.#inOrder(changes, read, (expired) => (tally.expired += expired));
    try {
      this.#layers.push([await this.#spool.write(entries, signal)]);
    } catch (error) {
      await this.#followed?.touched.absorb(touched);
      throw error;
    }
    await touched.remove();
    this.#tally = tally;
  }

  /**
   * Writes the collection as it is at the archive's moment, and removes what was put by.
   *
   * @throws ArkError ERR_MISMATCH when not everything that was put by came back.
   */
  async write(
    writer: CollectionWriter,
    at: bigint,
    through: (pages: Batches<DocumentRecord>) => Batches<DocumentRecord>,
  ): Promise<void> {
    const { flow, signal } = this.#options;
    const lease = await flow.hold(this.#bytesInStep, signal);
    try {
      await writer.write(through(this.#final(at)), { signal });
    } finally {
      lease?.release();
    }
    await this.#clear();
  }

  /** Forgets what was read. */
  async drop(): Promise<void> {
    this.#isDropped = true;
    await this.#clear();
    this.#tally = { kept: 0, expired: 0 };
    await this.#followed?.touched.take().remove();
  }

  async #clear(): Promise<void> {
    for (const file of this.#layers.flat()) await file.remove();
    this.#layers = [];
  }

  /** Bytes that are held, at most, while all layers are read in step. */
  get #bytesInStep(): number {
    const largest = this.#layers.map((files) => Math.max(0, ...files.map((file) => file.largest)));
    return largest.reduce((sum, bytes) => sum + bytes, 0);
  }

  async *#pages({ from, to }: IdRange, onRead: (documents: number) => void): Batches<Entry> {
    const { source, pageSize, flow, signal, timeoutMs } = this.#options;
    const request = { collection: this.name, to, pageSize, flow, signal, timeoutMs };
    let next = from;
    for (let failures = 0; compareIds(next, to) <= 0;) {
      const at = await snapshotTime(source, { signal });
      try {
        for await (const page of recordPages(source, { ...request, at, from: next })) {
          const { records, lost } = page;
          this.#lost += lost;
          yield records.map((record) => ({ id: record.id, record }));
          onRead(records.length);
          const last = records.at(-1);
          if (last === undefined) continue;
          next = String(BigInt(last.id) + 1n);
          failures = 0;
        }
        return;
      } catch (error) {
        // Where a moment has left the window, a later one does as well.
        if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED") || ++failures === MOMENTS) throw error;
      }
    }
  }

  /** Ids that were read, by what is known of them: those that were not there are none. */
  async *#known(): Batches<Mark> {
    const layers = this.#layers.map((files) =>
      oneAfterTheOther(files.map((file) => () => file.marks())),
    );
    for await (const batch of newest(layers))
      yield batch.map(({ top }) => top).filter(({ isThere }) => isThere);
  }

  async *#listed(at: bigint): Batches<string> {
    const { source, signal, timeoutMs } = this.#options;
    this.#lastListed = undefined;
    for await (const page of ids(source, { collection: this.name, at, signal, timeoutMs })) {
      this.#lastListed = page.at(-1);
      yield page;
    }
  }

  async *#batches(touched: Batches<{ readonly id: string }>): AsyncGenerator<Batch> {
    let batch = new Batch();
    for await (const named of touched) {
      for (const { id } of named) {
        batch.add(id, true);
        if (batch.reads < this.#turns.size) continue;
        yield batch;
        batch = new Batch();
      }
    }
    if (batch.ids.length > 0) yield batch;
  }

  /**
   * The entries of batches, several of which are read at once.
   *
   * @param onMissing told of how many there was no document.
   */
  #inOrder(
    batches: AsyncGenerator<Batch>,
    read: (ids: readonly string[], turn: PageTurn) => Promise<DocumentsById>,
    onMissing: (count: number) => void = () => {},
  ): AsyncGenerator<readonly Entry[]> {
    const { window, signal, onRead } = this.#options;
    const onGiven = (asked: number, { records, lost }: DocumentsById): void => {
      onRead(asked);
      onMissing(asked - records.length);
      this.#lost += lost;
    };
    return entriesInOrder(batches, { turns: this.#turns, window, signal, read, onGiven });
  }

  async #readNow(batch: readonly string[], moment: Moment, turn: PageTurn): Promise<DocumentsById> {
    try {
      return await this.#read(batch, await moment.get(), turn);
    } catch (error) {
      if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED")) throw error;
      return await this.#read(batch, await moment.renew(), turn);
    }
  }

  #read(batch: readonly string[], at: bigint, turn: PageTurn): Promise<DocumentsById> {
    const { source, signal, timeoutMs } = this.#options;
    return documentsById(source, batch, { collection: this.name, at, signal, timeoutMs, turn });
  }

  async *#final(at: bigint): Batches<DocumentRecord> {
    const last = this.#layers.length - 1;
    let kept = 0;
    const layers = this.#layers.map((files) =>
      oneAfterTheOther(files.map((file) => () => file.all())),
    );
    for await (const batch of newest(layers)) {
      const records: DocumentRecord[] = [];
      for (const { top, layer, inLowest } of batch) {
        const { record } = top;
        if (layer > 0 && (record !== undefined || inLowest)) this.#caughtUp++;
        if (record === undefined) continue;
        if (layer < last) kept++;
        // Fauna shows no document whose ttl has passed, at whatever time it is asked for (live 3).
        if (hasPassed(record, at)) this.#tally.expired++;
        else records.push(record);
      }
      if (records.length > 0) yield records;
    }
    if (kept === this.#tally.kept) return;
    throw new ArkError(
      "ERR_MISMATCH",
      `Of ${this.name}, ${this.#tally.kept} documents were read before the snapshot time and are still listed, but ${kept} were put by.`,
      { place: this.#options.source.place, hint: "Export again." },
    );
  }
}

/** A moment that is as good as any other, but for its having to be readable. */
class Moment {
  readonly #options: Pick<CollectionOptions, "source" | "signal">;
  #at: Promise<bigint> | undefined;

  constructor(options: Pick<CollectionOptions, "source" | "signal">) {
    this.#options = options;
  }

  get(): Promise<bigint> {
    this.#at ??= this.renew();
    return this.#at;
  }

  renew(): Promise<bigint> {
    const { source, signal } = this.#options;
    this.#at = snapshotTime(source, { signal });
    return this.#at;
  }
}

function hasPassed({ ttl }: DocumentRecord, at: bigint): boolean {
  return ttl !== undefined && Time.parse(ttl).toMicros() <= at;
}
