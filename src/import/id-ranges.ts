/** The ids of a collection as sets of ranges, so that they can be compared piece by piece, several at once. */
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { IdSet } from "./id-set.ts";

/** Ids of a range: two pages of a listing, so that there are several to be listed at once in any but small collections. */
const RANGE_IDS = 20_000;

/** Ids from `from` to `to`, both included; without them from the very first, to the very last. */
export interface IdRange {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Those of them that have to be there. */
  readonly ids: IdSet;
}

/**
 * Sets of ids that together cover all there can be. Where one range ends and the next begins is decided as a source is
 * read, so that each has about as many; one that does not ascend is one range from there on.
 */
export class IdRanges {
  /** Where ranges begin but the first, ascending. */
  readonly #cuts: string[] = [];
  readonly #sets: IdSet[] = [new IdSet()];
  readonly #size: number;
  #last: string | undefined;
  #isAscending = true;
  #sinceCut = 0;
  /** Where the id that was added last fell. */
  #latest = 0;

  constructor(size: number = RANGE_IDS) {
    this.#size = size;
  }

  /** Sees records on their way, before any of their ids is added. */
  saw(records: readonly DocumentRecord[]): void {
    const [first] = records;
    if (first === undefined || !this.#isAscending) return;
    const { id } = first;
    let before = this.#last;
    for (const record of records) {
      if (before !== undefined && compareIds(before, record.id) >= 0) {
        this.#isAscending = false;
        return;
      }
      before = record.id;
    }
    if (this.#sinceCut >= this.#size) {
      this.#cuts.push(id);
      this.#sets.push(new IdSet());
      this.#sinceCut = 0;
    }
    this.#sinceCut += records.length;
    this.#last = before;
  }

  add(id: string): void {
    // Most ids fall where the one before them fell.
    if (!this.#isIn(this.#latest, id)) this.#latest = this.indexOf(id);
    this.#sets[this.#latest]!.add(id);
  }

  #isIn(index: number, id: string): boolean {
    const [from, next] = [this.#cuts[index - 1], this.#cuts[index]];
    if (from !== undefined && compareIds(from, id) > 0) return false;
    return next === undefined || compareIds(id, next) < 0;
  }

  /** Which range an id falls into. */
  indexOf(id: string): number {
    const cuts = this.#cuts;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareIds(cuts[middle]!, id) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get count(): number {
    return this.#sets.length;
  }

  range(index: number): IdRange {
    const next = this.#cuts[index];
    return {
      from: this.#cuts[index - 1],
      to: next === undefined ? undefined : String(BigInt(next) - 1n),
      ids: this.#sets[index]!,
    };
  }

  get ranges(): readonly IdRange[] {
    return this.#sets.map((_, index) => this.range(index));
  }
}
