import type { Connection } from "./connection.ts";
import type { Ids } from "../values/id-page.ts";
import { idPages, type IdsOptions } from "./refs.ts";

/** The largest id that a document can have. */
export const LAST_ID = String(2n ** 63n - 1n);

/** Where a range can be cut in two. */
export interface Cut {
  /** The last id of the first part. */
  readonly to: string;
  /** Documents in the first part. */
  readonly documents: number;
}

/**
 * Consecutive ids of a collection, both ends included. Ranges lie side by side: whatever id a document of the
 * collection has, it is in one of them.
 */
export interface IdRange {
  readonly collection: string;
  readonly from: string;
  readonly to: string;
  /** Exactly how many documents there are at the time it was measured. */
  readonly documents: number;
  /** Ascending, some sixteen of them in a range that is not small. */
  readonly cuts: readonly Cut[];
}

/** How large a collection is at a time, cut into ranges. */
export interface Extent {
  readonly collection: string;
  readonly documents: number;
  /** Disjoint, ascending, together the whole collection; empty for an empty one. */
  readonly ranges: readonly IdRange[];
}

export interface RangesOptions extends IdsOptions {
  /** Documents in a range, but for the last one: always so many, or by how many were listed before it. */
  readonly documentsPerRange: number | ((listed: number) => number);
}

/** What one page of a listing has brought. */
export interface Listed {
  /** Documents listed so far. */
  readonly documents: number;
  /** Ranges that are closed by now. */
  readonly ranges: readonly IdRange[];
}

/** Pieces that a range can be cut into. */
const PIECES = 16;

/**
 * Lists the refs of a collection, or of the ids between bounds, and gives each range as soon as it is closed; of a
 * collection without documents one range of none. The next page is listed while one is looked at. Memory grows with
 * the ranges that are kept, and not with the documents.
 */
export async function* idRanges(
  connection: Connection,
  options: RangesOptions,
): AsyncGenerator<Listed> {
  const { collection, documentsPerRange, from = "0", to = LAST_ID } = options;
  const size = typeof documentsPerRange === "number" ? () => documentsPerRange : documentsPerRange;
  let documents = 0;
  let open = new OpenRange(collection, from, size(0));
  for await (const page of ahead(idPages(connection, options))) {
    const ranges: IdRange[] = [];
    for (let index = 0; index < page.length;) {
      if (open.isFull) {
        const range = open.closed();
        ranges.push(range);
        open = new OpenRange(collection, String(BigInt(range.to) + 1n), size(documents));
      }
      const taken = open.take(page, index);
      index += taken;
      documents += taken;
    }
    yield { documents, ranges };
  }
  yield { documents, ranges: [open.closed(to)] };
}

/**
 * Counts the documents of a collection, or of the ids between bounds, and cuts them into ranges. Costs a listing of
 * refs.
 */
export async function measure(connection: Connection, options: RangesOptions): Promise<Extent> {
  const { collection } = options;
  const ranges: IdRange[] = [];
  let documents = 0;
  for await (const listed of idRanges(connection, options)) {
    documents = listed.documents;
    ranges.push(...listed.ranges);
  }
  return { collection, documents, ranges: documents === 0 ? [] : ranges };
}

/** A range that further ids are added to. */
class OpenRange {
  readonly #collection: string;
  readonly #from: string;
  readonly #wanted: number;
  readonly #cuts: Cut[] = [];
  #documents = 0;
  /** Where the last id that was added is. */
  #last: Ids | undefined;
  #index = 0;

  constructor(collection: string, from: string, wanted: number) {
    this.#collection = collection;
    this.#from = from;
    this.#wanted = wanted;
  }

  get isFull(): boolean {
    return this.#documents >= this.#wanted;
  }

  /** Takes ids in, from an index on and up to where the next piece begins. @returns how many. */
  take(page: Ids, index: number): number {
    const documents = this.#documents;
    const piece = Math.ceil(this.#wanted / PIECES);
    const inPiece = documents % piece;
    if (documents > 0 && inPiece === 0) this.#cuts.push({ to: this.#lastId, documents });
    const taken = Math.min(page.length - index, piece - inPiece, this.#wanted - documents);
    this.#documents += taken;
    this.#last = page;
    this.#index = index + taken - 1;
    return taken;
  }

  get #lastId(): string {
    return own(this.#last?.at(this.#index) ?? "0");
  }

  /** @param to the end of what is listed, for the last range. */
  closed(to = this.#lastId): IdRange {
    return {
      collection: this.#collection,
      from: this.#from,
      to,
      documents: this.#documents,
      cuts: this.#cuts,
    };
  }
}

/** Ids may be slices of an answer's text; one that is kept for long must not keep megabytes alive. */
function own(id: string): string {
  return String(BigInt(id));
}

/** The same items, each asked for while the one before is worked on. */
async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let coming = source.next();
  try {
    for (;;) {
      const item = await coming;
      if (item.done === true) return;
      coming = source.next();
      // Whoever stops early never looks at it; its failure is then nobody's.
      coming.catch(() => {});
      yield item.value;
    }
  } finally {
    await source.return(undefined).catch(() => {});
  }
}

/** Ranges in the order to work on them: the largest first, so that no large one is left over at the end. */
export function largestFirst(ranges: readonly IdRange[]): IdRange[] {
  return [...ranges].toSorted((a, b) => b.documents - a.documents);
}
