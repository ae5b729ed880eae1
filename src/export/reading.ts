/** Reads one collection at the snapshot time, range by range, and keeps account of what became of every listed document. */
import { ArkError } from "../errors/errors.ts";
import {
  type Connection,
  idRanges,
  ids,
  type IdRange,
  LAST_ID,
  linePages,
  type PageFlow,
} from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { RecordBatch } from "../values/record-lines.ts";
import type { RangeInProgress } from "./range-in-progress.ts";
import type { SchemaSnapshot } from "./schema.ts";

export interface ReadingOptions {
  readonly source: Connection;
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  readonly pageSize: number;
  readonly flow?: PageFlow | undefined;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What became of the documents that were listed. */
export interface Account {
  readonly listed: number;
  /** Read and handed on. */
  readonly read: number;
  /** Listed, but their ttl had passed when they were read. */
  readonly expired: number;
  /** Values that v10 may have shown as others, in a database that has v4 switched off. */
  readonly lost: number;
}

/** Ids, both ends included; without an end, all from or to there. */
export interface Bounds {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export const NOTHING: Account = { listed: 0, read: 0, expired: 0, lost: 0 };

export class CollectionReading {
  readonly name: string;
  readonly #options: ReadingOptions;
  #account: Account;
  #isListed = false;
  #bytes = 0;

  /** @param earlier what an earlier run has done of the same. */
  constructor(name: string, options: ReadingOptions, earlier: Account = NOTHING) {
    this.name = name;
    this.#options = options;
    this.#account = earlier;
    this.#report();
  }

  /** What is so far. */
  get account(): Account {
    return this.#account;
  }

  get isListed(): boolean {
    return this.#isListed;
  }

  /** Whether every document was listed and is accounted for. */
  get isDone(): boolean {
    const { listed, read, expired } = this.#account;
    return this.#isListed && read + expired === listed;
  }

  /**
   * Lists what is between bounds, and gives ranges to be read as they close. A page of the listing each, which may have
   * closed none.
   */
  async *list(
    { from, to }: Bounds,
    documentsPerRange: number | ((listed: number) => number),
  ): AsyncGenerator<readonly IdRange[]> {
    const { source, at, signal, timeoutMs } = this.#options;
    const bounds = { collection: this.name, ...bounded({ from, to }) };
    const request = { ...bounds, at, documentsPerRange, signal, timeoutMs };
    let listed = 0;
    for await (const { documents, ranges } of idRanges(source, request)) {
      this.#add({ listed: documents - listed });
      listed = documents;
      yield ranges;
    }
  }

  /** Says that nothing is left to be listed. */
  allListed(): void {
    this.#isListed = true;
    this.#report();
  }

  /**
   * The documents of a range, ascending by id, page by page. Its end may be lowered meanwhile.
   *
   * @param read `recordPages` for those who look at each record.
   */
  async *pages(range: RangeInProgress, read = linePages): AsyncGenerator<RecordBatch> {
    const { source, at, pageSize, flow, timeoutMs, signal } = this.#options;
    const request = {
      collection: this.name,
      from: bounded(range).from,
      get to() {
        return bounded(range).to;
      },
      at,
      get documents() {
        return range.documents;
      },
      onLastPage: () => range.lastCame(),
      pageSize,
      flow,
      signal,
      timeoutMs,
    };
    for await (const { records, size, gone, lost } of read(source, request)) {
      const wanted = range.arrived(records, gone);
      if (wanted.length > 0) yield wanted;
      this.#bytes += size;
      range.seen({ expired: gone, lost });
      this.#add({ read: wanted.length, expired: gone, lost });
    }
    range.ended();
  }

  /**
   * Makes sure, after the last range, that every ref that was listed has led to a document or to an expired one.
   *
   * @throws ArkError ERR_MISMATCH when one has not.
   */
  async compareWithListing(): Promise<void> {
    if (this.isDone) return;
    const { listed, read, expired } = this.#account;
    // At a fixed time nothing can leave a listing but what expires, so those that it lacks by now have.
    if (read <= listed && (await this.#countListed()) <= read + expired) {
      this.#add({ expired: listed - read - expired });
      return;
    }
    throw new ArkError(
      "ERR_MISMATCH",
      `${this.name} lists ${listed} documents at the snapshot time, but ${read} were read and ${expired} had expired.`,
      {
        place: `${this.#options.source.place} collection ${this.name}`,
        hint: "Begin again; if it happens again, the database's index of documents is damaged.",
      },
    );
  }

  async #countListed(): Promise<number> {
    const { source, at, timeoutMs, signal } = this.#options;
    let count = 0;
    const listing = ids(source, { collection: this.name, at, signal, timeoutMs });
    for await (const page of listing) count += page.length;
    return count;
  }

  #add(more: Partial<Account>): void {
    const { listed, read, expired, lost } = this.#account;
    this.#account = {
      listed: listed + (more.listed ?? 0),
      read: read + (more.read ?? 0),
      expired: expired + (more.expired ?? 0),
      lost: lost + (more.lost ?? 0),
    };
    this.#report();
  }

  #report(): void {
    const { listed, read, expired } = this.#account;
    this.#options.onProgress({
      phase: "documents",
      item: this.name,
      done: read + expired,
      total: listed,
      ...(this.#isListed ? {} : { totalGrows: true }),
      unit: "documents",
      bytes: this.#bytes,
    });
  }
}

/** Whether the database answers v4, which shows every definition, whichever protocol made it. */
export function answersV4({ definitions }: Pick<SchemaSnapshot, "definitions">): boolean {
  return definitions.length === 0 || definitions.some(({ v4 }) => v4 !== undefined);
}

/** Bounds that exclude something: a range of every id is asked for without its ends. */
function bounded({ from, to }: Bounds): Bounds {
  return { from: from === "0" ? undefined : from, to: to === LAST_ID ? undefined : to };
}
