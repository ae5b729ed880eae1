/**
 * The documents of two sides, collection by collection.
 *
 * Fingerprints first: what both sides know of is not read at all. The ids are then cut where the sides know
 * fingerprints of pieces, so that together the pieces cover all there can be; of a piece that only one side knows,
 * the other is read and summed. Only pieces that differ, or that neither side knows, are compared document by document, both in
 * step, so that memory does not grow with them; when there is room for what both hold (in-step.ts).
 */
import pLimit from "p-limit";
import { isTooLarge } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { RecordLines } from "../values/record-lines.ts";
import { Comparison, type ComparisonOfCollection } from "./comparison.ts";
import { type DocumentDifference, differenceOf, hasExpired } from "./difference.ts";
import type { PartOfRoom, Room } from "./in-step.ts";
import { EVERY_ID, FIRST_ID, LAST_ID, type Range, type Side } from "./side.ts";

export interface CompareDocumentsOptions {
  /** Whether the time of writing counts. */
  readonly ignoreTs: boolean;
  /** Pieces compared at once. */
  readonly window: number;
  /** Room for what is compared in step. */
  readonly room: Room;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Compares the documents of some collections, as many pieces at once as the window allows. */
export async function compareDocuments(
  left: Side,
  right: Side,
  collections: readonly string[],
  options: CompareDocumentsOptions,
): Promise<ComparisonOfCollection[]> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(options.signal.reason);
  options.signal.addEventListener("abort", onAbort);
  const { signal } = stop;
  const limit = pLimit(options.window);
  /** The first failure stops all that is under way, which is awaited. */
  const guarded = <T>(work: () => Promise<T>): Promise<T | undefined> =>
    limit(async () => {
      if (signal.aborted) return undefined;
      try {
        return await work();
      } catch (error) {
        stop.abort(error);
        return undefined;
      }
    });
  try {
    options.signal.throwIfAborted();
    const inner = { ...options, signal };
    const works = collections.map((name) => new CollectionWork(left, right, name, inner));
    const pieces = await Promise.all(works.map((work) => guarded(() => work.pieces())));
    signal.throwIfAborted();
    await Promise.all(
      works.flatMap((work, index) =>
        (pieces[index] ?? []).map((piece) => guarded(() => work.compare(piece))),
      ),
    );
    signal.throwIfAborted();
    return works.map((work) => work.comparison.result());
  } finally {
    options.signal.removeEventListener("abort", onAbort);
  }
}

class CollectionWork {
  readonly comparison: Comparison;
  readonly #left: Side;
  readonly #right: Side;
  readonly #name: string;
  readonly #options: CompareDocumentsOptions;
  #done = 0;

  constructor(left: Side, right: Side, name: string, options: CompareDocumentsOptions) {
    this.#left = left;
    this.#right = right;
    this.#name = name;
    this.#options = options;
    this.comparison = new Comparison(name, options);
  }

  /** The pieces that are left to be compared. */
  async pieces(): Promise<Range[]> {
    const { signal } = this.#options;
    const [left, right, name] = [this.#left, this.#right, this.#name];
    if (this.#isKnownEqual(EVERY_ID)) return [];
    const known = [left, right].some(
      ({ kind, collections }) => kind === "archive" && collections.has(name),
    );
    const cuts = new Set([
      ...(await left.cuts(name, !known, signal)),
      ...(await right.cuts(name, !known && !left.collections.has(name), signal)),
    ]);
    const clean = [...cuts]
      .filter((id) => left.isCleanCut(name, id) && right.isCleanCut(name, id))
      .toSorted(compareIds);
    return [...clean, LAST_ID].map((to, index) => ({
      from: index === 0 ? FIRST_ID : String(BigInt(clean[index - 1]!) + 1n),
      to,
    }));
  }

  async compare(range: Range): Promise<void> {
    if (this.#isKnownEqual(range)) return;
    const { room, signal } = this.#options;
    const sides = [this.#left, this.#right];
    const held = sides.reduce((sum, side) => sum + (side.held?.(this.#name, range) ?? 0), 0);
    const lease = held === 0 ? undefined : await room.hold(held, signal);
    try {
      await this.#compareHeld(range);
    } finally {
      lease?.release();
    }
  }

  async #compareHeld(range: Range): Promise<void> {
    const [left, right] = [this.#known(this.#left, range), this.#known(this.#right, range)];
    const hasOne = (left === undefined) !== (right === undefined);
    if (hasOne && (await this.#isSummedEqual(range, (left ?? right)!))) return;
    await this.#compareEach(range, !hasOne);
  }

  #known(side: Side, range: Range): Fingerprint | undefined {
    return side.known(this.#name, range);
  }

  #isKnownEqual(range: Range): boolean {
    const [left, right] = [this.#known(this.#left, range), this.#known(this.#right, range)];
    if (left === undefined || right === undefined || !this.#same(left, right)) return false;
    this.comparison.count(left.records, right.records);
    this.#report(left.records);
    return true;
  }

  /** Reads the side that knows nothing of the range. */
  async #isSummedEqual(range: Range, known: Fingerprint): Promise<boolean> {
    const unknown = this.#known(this.#left, range) === undefined ? this.#left : this.#right;
    const sum = new Fingerprint();
    const { signal } = this.#options;
    const batches =
      unknown.batches?.(this.#name, range, signal) ?? unknown.records(this.#name, range, signal);
    for await (const batch of batches) {
      if (batch instanceof RecordLines) {
        sum.merge(batch.fingerprint);
        batch.release();
      } else for (const record of batch) sum.add(this.#name, record);
      this.#report(batch.length);
    }
    if (!this.#same(sum, known)) return false;
    this.comparison.count(sum.records, sum.records);
    return true;
  }

  #same(left: Fingerprint, right: Fingerprint): boolean {
    return this.#options.ignoreTs ? left.equalsContent(right) : left.equals(right);
  }

  /** Walks both sides in step. */
  async #compareEach(range: Range, reports: boolean): Promise<void> {
    const { room, signal } = this.#options;
    const walked: Walked = { next: range.from, seen: 0, hidden: [] };
    const isLive = [this.#left, this.#right].every(({ kind }) => kind === "database");
    const report = (documents: number): void => {
      if (reports) this.#report(documents);
    };
    for (let all = false; compareIds(walked.next, range.to) <= 0;) {
      const part = isLive ? await room.enter(all, signal) : undefined;
      try {
        await this.#walk({ from: walked.next, to: range.to }, walked, { part, report });
        break;
      } catch (error) {
        if (part?.isAll !== false || !isTooLarge(error)) throw error;
        all = true;
      } finally {
        part?.release();
      }
    }
    report(walked.seen % STRIDE);
    await this.#settle(walked.hidden);
  }

  async #walk(
    range: Range,
    walked: Walked,
    {
      part,
      report,
    }: { readonly part: PartOfRoom | undefined; readonly report: (documents: number) => void },
  ): Promise<void> {
    const { signal, ignoreTs } = this.#options;
    const left = new Cursor(this.#left.records(this.#name, range, signal, part?.left));
    const right = new Cursor(this.#right.records(this.#name, range, signal, part?.right));
    try {
      await left.load();
      await right.load();
      while (left.current !== undefined || right.current !== undefined) {
        const order = compareCursors(left, right);
        const mine = order <= 0 ? left.current : undefined;
        const theirs = order >= 0 ? right.current : undefined;
        const kind = differenceOf(mine, theirs, { ignoreTs });
        const { ttl, id } = (mine ?? theirs)!;
        if ((kind === "missing" || kind === "extra") && ttl !== undefined)
          walked.hidden.push({ kind, id, ttl });
        else if (kind !== undefined) this.comparison.found(kind, mine, theirs);
        this.comparison.count(mine === undefined ? 0 : 1, theirs === undefined ? 0 : 1);
        if (++walked.seen % STRIDE === 0) {
          report(STRIDE);
          await this.#settle(walked.hidden.splice(0));
        }
        if (part !== undefined) walked.next = String(BigInt(id) + 1n);
        if (mine !== undefined && !left.step()) await left.load();
        if (theirs !== undefined && !right.step()) await right.load();
      }
    } finally {
      await left.close();
      await right.close();
    }
  }

  /** What expires before it is read, is not shown at an earlier moment either (live 3). */
  async #settle(hidden: readonly Hidden[]): Promise<void> {
    if (hidden.length === 0) return;
    const { signal } = this.#options;
    const until = {
      missing: await this.#right.hidesUntil(signal),
      extra: await this.#left.hidesUntil(signal),
    };
    for (const { kind, id, ttl } of hidden)
      this.comparison.foundId(hasExpired(ttl, until[kind]) ? "expired" : kind, id);
  }

  #report(documents: number): void {
    this.#done += documents;
    this.#options.onProgress({
      phase: "compare",
      item: this.#name,
      done: this.#done,
      total: this.#left.documents(this.#name) ?? this.#right.documents(this.#name),
      unit: "documents",
    });
  }
}

/** Documents between two reports of progress. */
const STRIDE = 1000;

/** How far a piece has been compared. */
interface Walked {
  /** The first id that was not looked at. */
  next: string;
  seen: number;
  /** What is still to be found out about. */
  hidden: Hidden[];
}

/** A document of one side only that has a ttl. */
interface Hidden {
  readonly kind: Extract<DocumentDifference, "missing" | "extra">;
  readonly id: string;
  readonly ttl: string;
}

/** A stream of records with one in view. */
class Cursor {
  readonly #batches: AsyncGenerator<readonly DocumentRecord[]>;
  #batch: readonly DocumentRecord[] = [];
  #index = 0;

  constructor(batches: AsyncGenerator<readonly DocumentRecord[]>) {
    this.#batches = batches;
  }

  /** Undefined at the end. */
  get current(): DocumentRecord | undefined {
    return this.#batch[this.#index];
  }

  /** Goes on by one. @returns false when the next has to be loaded first. */
  step(): boolean {
    return ++this.#index < this.#batch.length;
  }

  async load(): Promise<void> {
    do {
      const { done, value } = await this.#batches.next();
      this.#index = 0;
      this.#batch = done === true ? [] : value;
      if (done === true) return;
    } while (this.#batch.length === 0);
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}

/** Negative when only the left one's record is next, 0 when both have the same id. */
function compareCursors({ current: left }: Cursor, { current: right }: Cursor): number {
  if (left === undefined) return 1;
  return right === undefined ? -1 : compareIds(left.id, right.id);
}
