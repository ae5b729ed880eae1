/**
 * Which documents a collection of the target has already, so that an import that goes on does not write them again.
 * Listing their refs costs a twentieth of writing them.
 */
import { isArkError } from "../errors/errors.ts";
import { type Connection, ids, snapshotTime } from "../fauna/fauna.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";

interface PresentOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/**
 * The ids that a collection has, asked for in step with a source. As long as the source ascends, one page of them is
 * held; for one that does not (a copy reads ranges side by side) all of them are, at eight bytes each.
 *
 * What is written after the listing has passed it does not show: such a document is only written once more.
 */
export class Present {
  readonly #target: Connection;
  readonly #collection: string;
  readonly #options: PresentOptions;
  readonly #pages: AsyncGenerator<readonly string[]>;
  #page: readonly string[] = [];
  #at = 0;
  #ended = false;
  #last: string | undefined;
  #all: IdTable | undefined;

  constructor(target: Connection, collection: string, options: PresentOptions) {
    this.#target = target;
    this.#collection = collection;
    this.#options = options;
    this.#pages = this.#list();
  }

  /** Of the records of a source, in its order, those that the target does not have, and those that it has. */
  async split(
    records: readonly DocumentRecord[],
  ): Promise<{ readonly missing: DocumentRecord[]; readonly there: DocumentRecord[] }> {
    const missing: DocumentRecord[] = [];
    const there: DocumentRecord[] = [];
    for (const record of records) {
      const { id } = record;
      let has: boolean | undefined;
      if (this.#all === undefined && this.#last !== undefined && compareIds(this.#last, id) > 0)
        this.#all = await this.#readAll();
      this.#last = id;
      if (this.#all !== undefined) has = this.#all.has(id);
      else {
        while (!this.#reaches(id)) await this.#turn();
        has = this.#page[this.#at] === id;
      }
      (has ? there : missing).push(record);
    }
    return { missing, there };
  }

  /** Ends the listing, wherever it is. */
  async close(): Promise<void> {
    await this.#pages.return(undefined);
  }

  /** Goes on in the page to the first id that is not below `id`; false when it lies beyond the page. */
  #reaches(id: string): boolean {
    while (this.#at < this.#page.length && compareIds(this.#page[this.#at]!, id) < 0) this.#at++;
    return this.#at < this.#page.length || this.#ended;
  }

  async #turn(): Promise<void> {
    const next = await this.#pages.next();
    this.#page = next.done === true ? [] : next.value;
    this.#at = 0;
    this.#ended = next.done === true;
  }

  async #readAll(): Promise<IdTable> {
    await this.close();
    const table = new IdTable();
    for await (const page of this.#list()) table.add(page);
    return table;
  }

  /** All ids, ascending; at another moment when the first can no longer be read, for writing takes its time. */
  async *#list(): AsyncGenerator<readonly string[]> {
    const { signal, timeoutMs } = this.#options;
    const collection = this.#collection;
    let from: string | undefined;
    for (;;) {
      const before = from;
      try {
        const at = await snapshotTime(this.#target, { signal });
        for await (const page of ids(this.#target, { collection, from, at, signal, timeoutMs })) {
          yield page;
          from = String(BigInt(page.at(-1)!) + 1n);
        }
        return;
      } catch (error) {
        if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED") || from === before) throw error;
      }
    }
  }
}

/** Ids in ascending order, eight bytes each. */
export class IdTable {
  readonly #pages: BigUint64Array[] = [];

  /** Takes ids that ascend and follow those taken before. */
  add(page: readonly string[]): void {
    if (page.length > 0) this.#pages.push(BigUint64Array.from(page, BigInt));
  }

  has(id: string): boolean {
    const wanted = BigInt(id);
    const pages = this.#pages;
    const page = pages[lastNotAbove(pages.length, (i) => pages[i]![0]! <= wanted)];
    if (page === undefined) return false;
    return page[lastNotAbove(page.length, (i) => page[i]! <= wanted)] === wanted;
  }
}

/** The last index for which `holds`, which holds up to some index and then no more; -1 when it never does. */
function lastNotAbove(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
