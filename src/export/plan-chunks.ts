/** The id ranges that an export would read collections in, and the segments it would write. */
import { availableParallelism } from "node:os";

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

/** Ranges that each of those that are read at once has before it, at least, when all is listed. */
export const RANGES_PER_SLOT = 16;

/** Refs in a page of an export's listing. */
const LISTED_AT_ONCE = 10_000;

/** A page of documents is not larger, if it has several. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Documents in the next range when so many are listed by now: the larger, the more there turn out to be. */
export function rangeDocuments(listed: number, pageSize: number, window: number): number {
  return Math.max(pageSize, Math.floor(listed / (RANGES_PER_SLOT * window)));
}

/** One entry for each collection, in their order; `pages` are requests for documents, `listingPages` for refs. */
export function chunksOf(
  collections: readonly Collection[],
  options: ChunkOptions,
): readonly (Chunks & { readonly pages: number; readonly listingPages: number })[] {
  const {
    pageSize = 2_000,
    window = Math.max(8, availableParallelism() * 2),
    segmentBytes = 64 * 1024 * 1024,
  } = options;
  let before = 0;
  return collections.map(({ documents, wireEach, bytesEach }) => {
    const page = Math.max(1, Math.min(pageSize, Math.floor(PAGE_BYTES / Math.max(1, wireEach))));
    let ranges = 0;
    let largest = 0;
    let segments = 0;
    let pages = 0;
    for (let listed = 0; listed < documents;) {
      const size = Math.min(rangeDocuments(before + listed, pageSize, window), documents - listed);
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
