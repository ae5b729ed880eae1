import type { Part } from "../archive/archive.ts";
import type { IdRange } from "../fauna/fauna.ts";
import { compareIds } from "../values/record.ts";
import { type RecordBatch, RecordLines, recordsOf } from "../values/record-lines.ts";

/** A page is not larger than so many times the one before. */
const GROWTH = 8;

/** What a journal says of ids beside their records. */
export interface Counted extends Readonly<Record<string, number>> {
  readonly expired: number;
  readonly lost: number;
  /** Documents whose passwords were left out. */
  readonly credentials: number;
}

/**
 * An id range that is being read, and the tail of which somebody else may take over.
 *
 * Pages ahead of the reader may have been asked for already; so a cut keeps some distance, and everything that comes
 * after the cut is not asked for any more.
 */
export class RangeInProgress implements Part {
  readonly collection: string;
  readonly from: string;
  #to: string;
  #documents: number;
  #cuts: IdRange["cuts"];
  #arrived = 0;
  /** Nothing is to come up to this id. */
  #reached = "0";
  /** Documents of the largest page so far. */
  #largest = 0;
  #isSplit = false;
  #expired = 0;
  #lost = 0;
  /** Documents whose passwords were left out, and which no segment has noted yet. */
  #leftOut: string[] = [];
  readonly #pageSize: number;
  readonly #started = performance.now();
  /** Resolves when nothing of it is to be asked for any more. */
  readonly allCame: Promise<void>;
  #resolveAllCame!: () => void;

  /** @param pageSize the most documents that a page has. */
  constructor(range: IdRange, pageSize: number) {
    this.collection = range.collection;
    this.from = range.from;
    this.#to = range.to;
    this.#documents = range.documents;
    this.#cuts = range.cuts;
    this.#pageSize = pageSize;
    this.allCame = new Promise((resolve) => (this.#resolveAllCame = resolve));
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
  arrived(records: RecordBatch, gone: number): RecordBatch {
    const documents = records.length + gone;
    this.#arrived += documents;
    this.#largest = Math.max(this.#largest, documents);
    const last = records instanceof RecordLines ? records.lastId : records.at(-1)?.id;
    if (last !== undefined) this.#reached = last;
    if (!this.#isSplit || last === undefined || compareIds(last, this.#to) <= 0) return records;
    return recordsOf(records).filter(({ id }) => compareIds(id, this.#to) <= 0);
  }

  /** Takes note that the last page has come, though nobody may have looked at it yet. */
  lastCame(): void {
    this.#resolveAllCame();
  }

  /** Takes note that nothing is to come any more. */
  ended(): void {
    this.#reached = this.#to;
    this.#resolveAllCame();
  }

  /** Takes note of what a page has held beside its records, once they are taken over. */
  seen({ expired, lost }: { readonly expired: number; readonly lost: number }): void {
    this.#expired += expired;
    this.#lost += lost;
  }

  /** Takes note that the passwords of a document are left out. */
  leftOut(id: string): void {
    this.#leftOut.push(id);
  }

  counted(upTo: string): Counted {
    const rest = this.#leftOut.filter((id) => compareIds(id, upTo) > 0);
    const counted = {
      expired: this.#expired,
      lost: this.#lost,
      credentials: this.#leftOut.length - rest.length,
    };
    this.#expired = 0;
    this.#lost = 0;
    this.#leftOut = rest;
    return counted;
  }

  /** Gives half of what is left to be read away; undefined when it is not worth it. */
  split(): IdRange | undefined {
    // So much may have been asked for already: two pages, each not much larger than those before.
    const seen = this.#largest === 0 ? this.#pageSize : this.#largest;
    const nearest = this.#arrived + 2 * Math.min(this.#pageSize, GROWTH * seen);
    const farthest = this.#documents - seen;
    const wanted = this.#arrived + (this.#documents - this.#arrived) / 2;
    const [cut] = this.#cuts
      .filter(({ documents }) => documents >= nearest && documents <= farthest)
      // Where documents have expired since they were listed, their numbers say less than the ids.
      .filter(({ to }) => compareIds(to, this.#reached) >= 0)
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
