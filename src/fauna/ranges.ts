import type { Connection } from "./connection.ts";
import { ids, type IdsOptions } from "./refs.ts";

/** Consecutive documents of a collection: those from one id to another, both included. */
export interface IdRange {
  readonly collection: string;
  readonly from: string;
  readonly to: string;
  /** Exactly how many there are at the time it was measured. */
  readonly documents: number;
}

/** How large a collection is at a time, cut into ranges. */
export interface Extent {
  readonly collection: string;
  readonly documents: number;
  /** Disjoint, ascending, together the whole collection; empty for an empty one. */
  readonly ranges: readonly IdRange[];
}

export interface MeasureOptions extends IdsOptions {
  /** Documents in a range, but for the last one. */
  readonly documentsPerRange: number;
}

/**
 * Counts the documents of a collection, or of the ids between bounds, and cuts them into ranges. Costs a listing of
 * refs; memory grows with the ranges and not with the documents. A range that turns out slow is split by measuring
 * it again with a smaller `documentsPerRange`.
 */
export async function measure(connection: Connection, options: MeasureOptions): Promise<Extent> {
  const { collection, documentsPerRange } = options;
  const ranges: IdRange[] = [];
  let documents = 0;
  let open: { from: string; to: string; documents: number } | undefined;
  for await (const page of ids(connection, options)) {
    for (const id of page) {
      if (open === undefined) open = { from: id, to: id, documents: 0 };
      open.to = id;
      open.documents++;
      if (open.documents === documentsPerRange) {
        ranges.push(closed(collection, open));
        open = undefined;
      }
    }
    documents += page.length;
  }
  if (open !== undefined) ranges.push(closed(collection, open));
  return { collection, documents, ranges };
}

/** Ids are slices of an answer's text; one that is kept for long must not keep megabytes alive. */
function closed(
  collection: string,
  range: { from: string; to: string; documents: number },
): IdRange {
  return { ...range, collection, from: own(range.from), to: own(range.to) };
}

function own(id: string): string {
  return String(BigInt(id));
}

/** Ranges in the order to work on them: the largest first, so that no large one is left over at the end. */
export function largestFirst(ranges: readonly IdRange[]): IdRange[] {
  return [...ranges].toSorted((a, b) => b.documents - a.documents);
}
