/** Reads one collection at the snapshot time, range by range, and keeps account of what became of every listed document. */
import { ArkError } from "../errors/errors.ts";
import {
  type Connection,
  type Extent,
  ids,
  type IdRange,
  measure,
  recordPages,
} from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { DocumentRecord } from "../values/record.ts";

export interface ReadingOptions {
  readonly source: Connection;
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  readonly pageSize: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export class CollectionReading {
  readonly extent: Extent;
  readonly #options: ReadingOptions;
  #read = 0;
  #expired = 0;
  #lost = 0;
  #bytes = 0;

  constructor(extent: Extent, options: ReadingOptions) {
    this.extent = extent;
    this.#options = options;
  }

  /** Counts a collection's documents and cuts them into ranges, of which the reading is then made. */
  static async measure(
    collection: string,
    options: ReadingOptions & { readonly rangeDocuments: number },
  ): Promise<CollectionReading> {
    const { source, at, rangeDocuments: documentsPerRange, signal, timeoutMs } = options;
    const request = { collection, at, documentsPerRange, signal, timeoutMs };
    const reading = new CollectionReading(await measure(source, request), options);
    reading.#report();
    return reading;
  }

  get name(): string {
    return this.extent.collection;
  }

  /** Documents that were read and handed on. */
  get read(): number {
    return this.#read;
  }

  /** Documents that were listed, but whose ttl had passed when they were read. */
  get expired(): number {
    return this.#expired;
  }

  /** Values that v10 may have shown as others, in a database that has v4 switched off. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether every document that was listed is accounted for. */
  get isDone(): boolean {
    return this.#read + this.#expired === this.extent.documents;
  }

  /** The documents of a range, ascending by id, page by page. */
  async *pages({ from, to }: IdRange): AsyncGenerator<readonly DocumentRecord[]> {
    const { source, at, pageSize, timeoutMs, signal } = this.#options;
    const request = { collection: this.name, from, to, at, pageSize, signal, timeoutMs };
    for await (const { records, size, gone, lost } of recordPages(source, request)) {
      if (records.length > 0) yield records;
      this.#read += records.length;
      this.#expired += gone;
      this.#lost += lost;
      this.#bytes += size;
      this.#report();
    }
  }

  /**
   * Makes sure, after the last range, that every ref that was listed has led to a document or to an expired one.
   *
   * @throws ArkError ERR_MISMATCH when one has not.
   */
  async compareWithListing(): Promise<void> {
    if (this.isDone) return;
    const { documents } = this.extent;
    // At a fixed time nothing can leave a listing but what expires, so those that it lacks by now have.
    const listed = await this.#countListed();
    const seen = this.#read + this.#expired;
    if (listed <= seen && seen < documents) {
      this.#expired = documents - this.#read;
      this.#report();
      return;
    }
    throw new ArkError(
      "ERR_MISMATCH",
      `${this.name} lists ${documents} documents at the snapshot time, but ${this.#read} were read and ${this.#expired} had expired.`,
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

  #report(): void {
    this.#options.onProgress({
      phase: "documents",
      item: this.name,
      done: this.#read + this.#expired,
      total: this.extent.documents,
      unit: "documents",
      bytes: this.#bytes,
    });
  }
}
