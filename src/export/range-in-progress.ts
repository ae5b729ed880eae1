import type { IdRange } from "../fauna/fauna.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";

/**
 * An id range that is being read, and the tail of which somebody else may take over.
 *
 * Pages ahead of the reader may have been asked for already; so a cut keeps some distance, and everything that comes
 * after the cut is not asked for any more.
 */
export class RangeInProgress {
  readonly collection: string;
  readonly from: string;
  #to: string;
  #documents: number;
  #cuts: IdRange["cuts"];
  #arrived = 0;
  #isSplit = false;
  readonly #pageSize: number;
  readonly #started = performance.now();

  /** @param pageSize the most documents that a page has. */
  constructor(range: IdRange, pageSize: number) {
    this.collection = range.collection;
    this.from = range.from;
    this.#to = range.to;
    this.#documents = range.documents;
    this.#cuts = range.cuts;
    this.#pageSize = pageSize;
  }

  /** The last id that is to be read. It may become less. */
  get to(): string {
    return this.#to;
  }

  /** Documents that were listed from {@link from} to {@link to}. */
  get documents(): number {
    return this.#documents;
  }

  /** How long it may take to the end, in milliseconds, going by what has come. */
  get left(): number {
    const seen = Math.max(1, this.#arrived);
    return ((this.#documents - this.#arrived) * (performance.now() - this.#started)) / seen;
  }

  /** Takes note of a page and gives those of its records that are still within the range. */
  arrived(records: readonly DocumentRecord[], gone: number): readonly DocumentRecord[] {
    this.#arrived += records.length + gone;
    const last = records.at(-1);
    if (!this.#isSplit || last === undefined || compareIds(last.id, this.#to) <= 0) return records;
    return records.filter(({ id }) => compareIds(id, this.#to) <= 0);
  }

  /** Gives half of what is left to be read away; undefined when it is not worth it. */
  split(): IdRange | undefined {
    const nearest = this.#arrived + 2 * this.#pageSize;
    const farthest = this.#documents - this.#pageSize;
    const wanted = this.#arrived + (this.#documents - this.#arrived) / 2;
    const [cut] = this.#cuts
      .filter(({ documents }) => documents >= nearest && documents <= farthest)
      .toSorted((a, b) => Math.abs(a.documents - wanted) - Math.abs(b.documents - wanted));
    if (cut === undefined) return undefined;
    const tail: IdRange = {
      collection: this.collection,
      from: String(BigInt(cut.to) + 1n),
      to: this.#to,
      documents: this.#documents - cut.documents,
      cuts: this.#cuts
        .filter(({ documents }) => documents > cut.documents)
        .map(({ to, documents }) => ({ to, documents: documents - cut.documents })),
    };
    this.#to = cut.to;
    this.#documents = cut.documents;
    this.#cuts = this.#cuts.filter(({ documents }) => documents < cut.documents);
    this.#isSplit = true;
    return tail;
  }
}
