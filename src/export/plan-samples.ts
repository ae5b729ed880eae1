/** Reads a few pages of each collection, evenly spread over its documents, and says what a document takes. */
import { codecFor } from "../archive/compression.ts";
import type { Compression } from "../archive/archive.ts";
import type { Connection } from "../fauna/fauna.ts";
import { mapConcurrent, type OnProgress } from "../flow/flow.ts";
import { type Estimate, exactly, meanOf, over, times } from "./estimate.ts";
import type { Counted } from "./plan-count.ts";
import { type DocumentsSeen, documentsFrom } from "./plan-pages.ts";

export interface SampleTarget extends Counted {
  readonly connection: Connection;
  readonly collection: string;
}

export interface SampleOptions {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  readonly compression: Compression;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What a document of a collection takes. */
export interface CollectionSample {
  /** That can be read: of those that are listed, some may have expired. */
  readonly documents: Estimate;
  readonly wireEach: Estimate;
  readonly bytesEach: Estimate;
  readonly readOpsEach: Estimate;
  readonly computeOpsEach: Estimate;
  /** Bytes as stored over bytes before compression. */
  readonly storedShare: Estimate;
  readonly sampled: number;
}

export interface Samples {
  readonly collections: readonly CollectionSample[];
  /** Bytes of answers a second, as many requests at once as an export makes at first. */
  readonly bytesPerSecond: Estimate;
}

/** A collection of so many documents is read whole: that is one request. */
const WHOLE = 200;

/** Pages of one collection. */
const PAGES = { min: 4, max: 16 };

/** Documents in a page. */
const PAGE = { min: 25, max: 500 };

/** Of a large collection so much is read. */
const SHARE = 0.02;

/** Requests under way at once. */
const WINDOW = 8;

/** What is compressed at once, as in a segment. */
const FRAME_BYTES = 1024 * 1024;

interface Look {
  readonly target: number;
  readonly from: string;
  readonly size: number;
}

/** Samples all collections, several pages at once. */
export async function sampleCollections(
  targets: readonly SampleTarget[],
  options: SampleOptions,
): Promise<Samples> {
  const { signal, onProgress } = options;
  const looks = targets.flatMap((target, index) =>
    looksAt(target).map((look) => ({ ...look, target: index })),
  );
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  const started = performance.now();
  let done = 0;
  const seen = mapConcurrent(
    looks,
    async ({ target, from, size }) => {
      const { connection, collection } = targets[target]!;
      const request = { ...options, collection, signal: either };
      return { target, seen: await documentsFrom(connection, request, { from, size }) };
    },
    { concurrency: WINDOW },
  );
  const collections: CollectionSample[] = [];
  const rates: { documents: number; sum: number }[] = [];
  let bytes = 0;
  let busy = 0;
  let open: DocumentsSeen[] = [];
  const close = async (): Promise<void> => {
    const target = targets[collections.length]!;
    collections.push(await conclude(target, open, options.compression));
    open = [];
  };
  try {
    for await (const look of seen) {
      while (collections.length < look.target) await close();
      open.push(look.seen);
      bytes += look.seen.wireBytes;
      busy += look.seen.seconds;
      if (look.seen.wireBytes > 0)
        rates.push({ documents: look.seen.wireBytes, sum: look.seen.seconds });
      onProgress({ phase: "sample", done: ++done, total: looks.length, unit: "steps" });
    }
  } catch (error) {
    own.abort(error);
    throw error;
  }
  const elapsed = (performance.now() - started) / 1000;
  while (collections.length < targets.length) await close();
  // How much of the time several were under way at once.
  const atOnce = elapsed === 0 ? 1 : Math.max(1, busy / elapsed);
  const secondsPerByte = meanOf(rates, 0);
  return {
    collections,
    bytesPerSecond:
      bytes === 0 ? exactly(0) : withSpreadOf(exactly((bytes / busy) * atOnce), secondsPerByte),
  };
}

/** The interval of what one over another is, as wide as the other's. */
function withSpreadOf({ expected }: Estimate, by: Estimate): Estimate {
  const { low, high } = over(exactly(by.expected), by);
  return { expected, low: expected * low, high: expected * high };
}

/** Where to look: pages at equal steps through the collection. */
function looksAt({ documents: { expected, high }, starts }: SampleTarget): Omit<Look, "target">[] {
  const [first] = starts;
  if (first === undefined) return [];
  if (high <= WHOLE) return [{ from: first, size: Math.max(1, Math.ceil(high)) }];
  const pages = Math.min(PAGES.max, Math.max(PAGES.min, Math.round(expected / 200)), starts.length);
  const wanted = Math.min(PAGE.max, Math.max(PAGE.min, Math.floor((SHARE * expected) / pages)));
  // Pages do not overlap.
  const size = Math.max(1, Math.min(wanted, Math.floor(expected / pages / 2)));
  return Array.from({ length: pages }, (_, index) => ({
    from: starts[Math.floor((index * starts.length) / pages)]!,
    size,
  }));
}

async function conclude(
  { documents: listed }: SampleTarget,
  seen: readonly DocumentsSeen[],
  compression: Compression,
): Promise<CollectionSample> {
  const sampled = seen.reduce((sum, { documents }) => sum + documents, 0);
  const looked = seen.reduce((sum, { documents, gone }) => sum + documents + gone, 0);
  const share = listed.expected === 0 ? 1 : looked / listed.expected;
  const mean = (of: (look: DocumentsSeen) => number): Estimate =>
    meanOf(
      seen.map((look) => ({ documents: look.documents, sum: of(look) })),
      share,
    );
  const readable = meanOf(
    seen.map(({ documents, gone }) => ({ documents: documents + gone, sum: documents })),
    share,
  );
  return {
    documents: sampled === looked ? listed : times(listed, readable),
    wireEach: mean(({ wireBytes }) => wireBytes),
    bytesEach: mean(({ lines }) => lines.length),
    readOpsEach: besidesPage(
      mean(({ readOps }) => readOps),
      sampled / Math.max(1, seen.length),
    ),
    computeOpsEach: mean(({ computeOps }) => computeOps),
    storedShare: await storedShare(
      seen.map(({ lines }) => lines),
      compression,
    ),
    sampled,
  };
}

/** Read ops of a page itself, whatever it holds: a node of the open-source server counts 8, others may count none. */
export const OPS_PER_PAGE: Estimate = { expected: 8, low: 0, high: 10 };

/** What of a mean is the documents' own, when it was taken from pages of so many. */
function besidesPage(mean: Estimate, documents: number): Estimate {
  if (documents === 0) return mean;
  const less = (value: number, page: number) => Math.max(0, value - page / documents);
  return {
    expected: less(mean.expected, OPS_PER_PAGE.expected),
    low: less(mean.low, OPS_PER_PAGE.high),
    high: less(mean.high, OPS_PER_PAGE.low),
  };
}

/** Bytes as stored over plain bytes. Lines from all over a collection, and few of them, compress worse than all in a row. */
async function storedShare(lines: readonly Buffer[], compression: Compression): Promise<Estimate> {
  const plain = Buffer.concat(lines);
  if (compression === "none" || plain.length === 0) return exactly(1);
  const codec = codecFor(compression);
  let stored = 0;
  for (let at = 0; at < plain.length; at += FRAME_BYTES)
    stored += (await codec.compress(plain.subarray(at, at + FRAME_BYTES))).length;
  const share = stored / plain.length;
  const better = plain.length < FRAME_BYTES / 4 ? 0.5 : 0.75;
  return { expected: share, low: share * better, high: share * 1.2 };
}
