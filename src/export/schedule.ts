/**
 * What a run does next: list further, read a range, or take over half of the range that would take longest.
 *
 * One listing goes on all the time, for it is cheap and tells how much there is; the other slots read, the largest
 * range first. More listings only when nothing is there to be read. When all is listed and begun, ranges in progress
 * are split, so that no slot idles while another has much before it.
 */
import type { IdRange } from "../fauna/fauna.ts";
import { RangeInProgress } from "./range-in-progress.ts";

/** Lists one collection, page by page. */
export interface Listing {
  /** Lists a page. @returns the ranges that it has closed; undefined when all is listed. */
  next(): Promise<readonly IdRange[] | undefined>;
}

export type Task =
  | { readonly kind: "list"; readonly listing: Listing }
  | { readonly kind: "read"; readonly range: RangeInProgress };

export interface ScheduleOptions {
  /** Tasks that are done at once. */
  readonly slots: number;
  /** The most documents that a page has. */
  readonly pageSize: number;
}

export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #listings: Listing[];
  readonly #ranges: IdRange[];
  readonly #reading = new Set<RangeInProgress>();
  #listingNow = 0;
  #waiting: (() => void)[] = [];

  /** @param ranges what is known already to be there to be read. */
  constructor(listings: readonly Listing[], ranges: readonly IdRange[], options: ScheduleOptions) {
    this.#listings = [...listings];
    this.#ranges = [...ranges];
    this.#options = options;
  }

  /** The next task, waited for if need be; undefined when all is done or under way for good. */
  async next(): Promise<Task | undefined> {
    for (;;) {
      const task = this.#nextNow();
      if (task !== undefined) return task;
      if (this.#listingNow === 0 && this.#reading.size === 0) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Ends a task, well or not. Of a listing that is not at its end, with what it has brought. */
  ended(task: Task, found?: readonly IdRange[]): void {
    if (task.kind === "read") {
      this.#reading.delete(task.range);
    } else {
      this.#listingNow--;
      if (found !== undefined) {
        this.#ranges.push(...found);
        this.#listings.unshift(task.listing);
      }
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Gives nothing to do any more. */
  stop(): void {
    this.#listings.length = 0;
    this.#ranges.length = 0;
  }

  #nextNow(): Task | undefined {
    const mayList = this.#ranges.length === 0 || this.#options.slots > 1;
    if (this.#listingNow === 0 && mayList && this.#listings.length > 0) return this.#list();
    if (this.#ranges.length > 0) return this.#read(this.#largest());
    if (this.#listings.length > 0) return this.#list();
    if (this.#listingNow > 0) return undefined;
    const tail = this.#tailOfSlowest();
    return tail === undefined ? undefined : this.#read(tail);
  }

  #list(): Task {
    this.#listingNow++;
    return { kind: "list", listing: this.#listings.shift()! };
  }

  #read(range: IdRange): Task {
    const inProgress = new RangeInProgress(range, this.#options.pageSize);
    this.#reading.add(inProgress);
    return { kind: "read", range: inProgress };
  }

  #largest(): IdRange {
    let at = 0;
    for (const [i, { documents }] of this.#ranges.entries()) {
      if (documents > this.#ranges[at]!.documents) at = i;
    }
    return this.#ranges.splice(at, 1)[0]!;
  }

  #tailOfSlowest(): IdRange | undefined {
    for (const range of [...this.#reading].toSorted((a, b) => b.left - a.left)) {
      const tail = range.split();
      if (tail !== undefined) return tail;
    }
    return undefined;
  }
}
