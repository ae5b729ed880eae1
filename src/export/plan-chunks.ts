/** The id ranges that an export would read collections in, and the segments it would write. */
import { availableParallelism } from "node:os";
import { PAGE_SIZES } from "../fauna/fauna.ts";

export interface Chunks {
  /** Id ranges, and how many documents the largest of them has. */
  readonly ranges: number;
  readonly documentsPerRange: number;
  readonly segments: number;
}

interface Collection {
  readonly documents: number;
  /** Bytes of a document in an answer, and as a line. */
  readonly wireEach: number;
  readonly bytesEach: number;
}

export interface ChunkOptions {
  readonly segmentBytes?: number | undefined;
  readonly pageSize?: number | undefined;
  readonly window?: number | undefined;
}

/**
 * So many ranges a slot has before it when a listing ends, at least: what is under way at one moment is then at most a
 * sixteenth of everything, which is what a run that is killed has to read again, and what slots may idle for at the end.
 */
const RANGES_PER_SLOT = 16;

/** Refs in a page of an export's listing. */
const LISTED_AT_ONCE = 10_000;

/** A page of documents is not larger, if it has several. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Documents in the next range when so many are listed by now: the larger, the more there turn out to be. */
export function rangeSizeAt(
  listed: number,
  { pageSize, window }: { readonly pageSize: number; readonly window: number },
): number {
  return Math.max(pageSize, Math.floor(listed / (RANGES_PER_SLOT * window)));
}

/** One entry for each collection, in their order; `pages` are requests for documents, `listingPages` for refs. */
export function chunksOf(
  collections: readonly Collection[],
  options: ChunkOptions,
): readonly (Chunks & { readonly pages: number; readonly listingPages: number })[] {
  const {
    pageSize = PAGE_SIZES.max,
    window = Math.max(8, availableParallelism() * 2),
    segmentBytes = 64 * 1024 * 1024,
  } = options;
  let before = 0;
  return collections.map(({ documents, wireEach, bytesEach }) => {
    const usual = options.pageSize ?? PAGE_SIZES.start;
    const page = Math.max(1, Math.min(usual, Math.floor(PAGE_BYTES / Math.max(1, wireEach))));
    let ranges = 0;
    let largest = 0;
    let segments = 0;
    let pages = 0;
    for (let listed = 0; listed < documents;) {
      const size = Math.min(rangeSizeAt(before + listed, { pageSize, window }), documents - listed);
      listed += size;
      ranges++;
      largest = Math.max(largest, size);
      segments += Math.max(1, Math.ceil((size * bytesEach) / segmentBytes));
      pages += Math.ceil(size / page);
    }
    before += documents;
    return {
      ranges,
      documentsPerRange: Math.round(largest),
      segments,
      // The first page of whatever is begun at once is a small one.
      pages: pages + Math.min(window, ranges),
      listingPages: 1 + Math.floor(documents / LISTED_AT_ONCE),
    };
  });
}
