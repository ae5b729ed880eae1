/** What of a collection has to be read, or left out, at the archive's moment. */
import { compareIds } from "../values/record.ts";
import { Ascending } from "./catch-up-layers.ts";
import type { Mark } from "./catch-up-spool.ts";

type Batches<T> = AsyncGenerator<readonly T[], void, undefined>;

/** What became of the documents that a listing at the archive's moment shows. */
export interface Tally {
  /** Read before, and no feed has named them since. */
  kept: number;
  /** Listed, but their ttl had passed. */
  expired: number;
}

/** Ids without a document that a layer holds together, at most. */
const ENTRIES_MAX = 5_000;

/** Ids of which some are to be read, and of the others there is no document. */
export class Batch {
  readonly ids: { readonly id: string; readonly isRead: boolean }[] = [];
  reads = 0;

  add(id: string, isRead: boolean): void {
    this.ids.push({ id, isRead });
    if (isRead) this.reads++;
  }

  /** The ids that are to be read. */
  get toRead(): string[] {
    return this.ids.filter(({ isRead }) => isRead).map(({ id }) => id);
  }

  /** In two, of which the first has so many to be read; in one where there are no more. */
  cutAt(reads: number): readonly [Batch, Batch | undefined] {
    if (this.reads <= reads) return [this, undefined];
    const parts = [new Batch(), new Batch()] as const;
    for (const { id, isRead } of this.ids) {
      const [first, rest] = parts;
      const isFull = rest.ids.length > 0 || (isRead && first.reads === reads);
      (isFull ? rest : first).add(id, isRead);
    }
    return parts;
  }
}

/** All ascending by id. */
interface Streams {
  /** Ids of documents that were read before. */
  readonly known: Batches<Mark>;
  /** Ids that feeds have named since. */
  readonly touched: Batches<{ readonly id: string }>;
  /** What there is at the archive's moment. */
  readonly listed: AsyncGenerator<readonly string[]>;
}

/**
 * What has to be read or left out for the listing to be true, ascending by id, in batches. The streams are closed however
 * this ends.
 *
 * @param size how many ids are read together.
 */
export async function* changesOf(
  streams: Streams,
  { tally, size }: { readonly tally: Tally; readonly size: () => number },
): AsyncGenerator<Batch> {
  const known = new Ascending(streams.known);
  const touched = new Ascending(streams.touched);
  const listed = new Ascending(asEntries(streams.listed));
  const all = [known, touched, listed];
  let batch = new Batch();
  try {
    for (const stream of all) await stream.next();
    for (;;) {
      const id = lowest(all);
      if (id === undefined) break;
      const isKnown = known.head?.id === id;
      if (listed.head?.id === id) {
        if (isKnown && touched.head?.id !== id) tally.kept++;
        else batch.add(id, true);
      } else if (isKnown) batch.add(id, false);
      if (batch.reads >= size() || batch.ids.length >= ENTRIES_MAX) {
        yield batch;
        batch = new Batch();
      }
      for (const stream of all) {
        if (stream.head?.id !== id) continue;
        const waiting = stream.next();
        if (waiting !== undefined) await waiting;
      }
    }
    if (batch.ids.length > 0) yield batch;
  } finally {
    for (const stream of all) await stream.close();
  }
}

async function* asEntries(
  pages: AsyncGenerator<readonly string[]>,
): Batches<{ readonly id: string }> {
  for await (const page of pages) yield page.map((id) => ({ id }));
}

function lowest(streams: readonly Ascending<{ readonly id: string }>[]): string | undefined {
  let id: string | undefined;
  for (const { head } of streams)
    if (head !== undefined && (id === undefined || compareIds(head.id, id) < 0)) ({ id } = head);
  return id;
}
