/**
 * What an export would cost, before anything is spent: documents, bytes, ops, requests, time, and the chunks it would
 * be read in, each with the interval that the truth lies in nineteen times out of twenty.
 *
 *     pick the moment T and read the schema at T                      (tree.ts)
 *     count documents: by listing refs, or, quick, by a few looks     (plan-count.ts)
 *     read a few pages, evenly spread over each collection            (plan-samples.ts)
 *     conclude from those to all                                      (estimate.ts)
 *
 * T = k · n · s / b: n documents of s bytes each, read at b bytes a second; k is what is done besides reading.
 */
import type { Compression } from "../archive/archive.ts";
import type { Connection } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import { Time } from "../values/time.ts";
import { type ChoiceOptions, resolveChoice } from "./choice.ts";
import { type Estimate, exactly, over, sumOf, times, whole } from "./estimate.ts";
import { type Chunks, chunksOf } from "./plan-chunks.ts";
import { countByListing, countByLooks, type Counted } from "./plan-count.ts";
import { type CollectionSample, OPS_PER_PAGE, sampleCollections } from "./plan-samples.ts";
import { type DatabaseAtSnapshot, readTree } from "./tree.ts";

export type { Estimate } from "./estimate.ts";

export interface ExportPlanOptions extends ChoiceOptions {
  /** The database, opened with an admin secret. */
  readonly source: Connection;
  /** Also the databases below. */
  readonly recursive?: boolean | undefined;
  /** Count by a few looks at each collection in place of listing every ref: cheaper, and less certain. */
  readonly quick?: boolean | undefined;
  /** How the archive would be stored; gzip by default. */
  readonly compression?: Compression | undefined;
  /** As for the export. */
  readonly segmentBytes?: number | undefined;
  readonly pageSize?: number | undefined;
  readonly window?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What an export of one collection would be. */
export interface CollectionPlan {
  /** The database's path below the exported one; "" for itself. */
  readonly database: string;
  readonly name: string;
  readonly documents: Estimate;
  /** Of a document, as a line of the archive. */
  readonly bytesEach: Estimate;
  readonly plainBytes: Estimate;
  readonly storedBytes: Estimate;
  readonly readOps: Estimate;
  /** Documents that were read to find out. */
  readonly sampled: number;
  /** Id ranges that would be read at once or after one another, and segments that would be written. */
  readonly chunks: Chunks;
}

/** Its form is the `--json` contract: members may be added, none change their meaning. */
export interface ExportPlan {
  readonly source: string;
  readonly snapshot: { readonly ts: string; readonly time: string };
  /** How documents were counted: every ref was listed, or a few looks taken. */
  readonly counted: "by listing" | "by looks";
  readonly documents: Estimate;
  readonly plainBytes: Estimate;
  readonly storedBytes: Estimate;
  readonly readOps: Estimate;
  readonly computeOps: Estimate;
  readonly requests: Estimate;
  readonly seconds: Estimate;
  /** T = k · n · s / b. */
  readonly formula: {
    /** All that is done over reading documents alone. */
    readonly k: number;
    readonly n: number;
    /** Bytes of a document on the wire. */
    readonly s: number;
    /** Bytes a second, measured. */
    readonly b: number;
  };
  /** How far back every collection can be read: an export that takes longer has to catch up. Seconds; null without collections. */
  readonly historySeconds: number | null;
  readonly collections: readonly CollectionPlan[];
  /** What finding this out has used. */
  readonly used: {
    readonly requests: number;
    readonly documents: number;
    readonly readOps: number;
    readonly computeOps: number;
    readonly bytes: number;
    readonly seconds: number;
  };
}

/** Without any history, Fauna still reads a quarter of an hour back (live 20). */
const HISTORY_MIN_SECONDS = 15 * 60;

/** Of its own, besides documents: reading tree and schema again at the end, for each database and each collection. */
const LAST_LOOKS = { database: 3, collection: 1 };

/** Pages at the ends of ranges are shorter, and slow ranges are split: so much fewer or more requests it may be. */
const REQUESTS_SPREAD = { low: 0.7, high: 1.5 };

/** The pages of an export are larger than those of the samples, so that it is rather faster than they were. */
const FASTER = 0.5;

/**
 * Finds out what an export would cost. Reads only; of large databases a listing of refs and about a fiftieth of the
 * documents, of each collection sixteen pages at most.
 *
 * @throws ArkError as `exportDatabase`, but for what concerns the target.
 */
export async function planExport(options: ExportPlanOptions): Promise<ExportPlan> {
  const { source, recursive = false, quick = false, timeoutMs } = options;
  const signal = options.signal ?? new AbortController().signal;
  const onProgress = options.onProgress ?? (() => {});
  const choice = resolveChoice(options);
  const started = performance.now();
  const before = source.counters;

  const databases = await readTree(source, { recursive, signal, timeoutMs });
  const [top] = databases;
  const { at } = top.schema;
  const chosen = choice.choose(
    databases.flatMap((database) =>
      database.schema.collections.map((collection) => ({
        name: collection.name,
        historyDays: collection.historyDays,
        database,
      })),
    ),
    source.place,
  );
  const schemaRequests = source.counters.requests - before.requests;
  const schemaSeconds = (performance.now() - started) / 1000;

  const counting = performance.now();
  const beforeCounting = source.counters;
  const counts: Counted[] = [];
  for (const [index, { name, database }] of chosen.entries()) {
    onProgress({ phase: "count", done: index, total: chosen.length, unit: "steps" });
    const request = { collection: name, at, timeoutMs, signal };
    const count = quick ? countByLooks : countByListing;
    counts.push(await count(database.connection, request));
  }
  const afterCounting = source.counters;
  const listingSeconds = (performance.now() - counting) / 1000;

  const targets = chosen.map(({ name, database }, index) => ({
    connection: database.connection,
    collection: name,
    ...counts[index]!,
  }));
  const compression = options.compression ?? "gzip";
  const read = await sampleCollections(targets, { at, timeoutMs, signal, compression, onProgress });
  const chunks = chunksOf(
    read.collections.map(({ documents, wireEach, bytesEach }) => ({
      documents: documents.expected,
      wireEach: wireEach.expected,
      bytesEach: bytesEach.expected,
    })),
    options,
  );
  const collections = chosen.map(({ name, database }, index) =>
    collectionPlan(name, database, read.collections[index]!, chunks[index]!),
  );

  const reading = sumOf(
    read.collections.map(({ documents, wireEach }) => times(documents, wireEach)),
  );
  const documents = sumOf(counts.map((each) => each.documents));
  const readSeconds = over(reading, read.bytesPerSecond);
  // Of a listing that was not made, what one of as many refs would take is known from reading: a twentieth.
  const besides = 2 * schemaSeconds + (quick ? readSeconds.expected / 20 : listingSeconds);
  const listed = quick ? readSeconds.expected / 20 : listingSeconds;
  const listingOps = afterCounting.readOps - beforeCounting.readOps;
  const pages = chunks.reduce((sum, each) => sum + each.pages + each.listingPages, 0);
  const ends = LAST_LOOKS.database * databases.length + LAST_LOOKS.collection * chosen.length;
  const used = source.counters;
  return {
    source: source.place,
    snapshot: { ts: String(at), time: Time.fromMicros(at).toString() },
    counted: quick ? "by looks" : "by listing",
    documents: whole(documents),
    plainBytes: whole(sumOf(collections.map(({ plainBytes }) => plainBytes))),
    storedBytes: whole(sumOf(collections.map(({ storedBytes }) => storedBytes))),
    readOps: whole(
      sumOf([
        ...collections.map(({ readOps }) => readOps),
        { expected: 1.5 * listingOps, low: listingOps, high: 2 * listingOps },
        { expected: schemaRequests, low: 0, high: 20 * schemaRequests },
      ]),
    ),
    computeOps: whole(
      sumOf(read.collections.map((each) => times(each.documents, each.computeOpsEach))),
    ),
    requests: whole(spread(schemaRequests + ends + pages)),
    seconds: {
      expected: readSeconds.expected + besides,
      low: FASTER * (readSeconds.low + Math.max(0, besides - listed)),
      high: readSeconds.high + besides,
    },
    formula: {
      k: readSeconds.expected === 0 ? 1 : 1 + besides / readSeconds.expected,
      n: documents.expected,
      s: documents.expected === 0 ? 0 : reading.expected / documents.expected,
      b: read.bytesPerSecond.expected,
    },
    historySeconds:
      chosen.length === 0
        ? null
        : Math.min(...chosen.map(({ historyDays }) => historySeconds(historyDays))),
    collections,
    used: {
      requests: used.requests - before.requests,
      documents: read.collections.reduce((sum, { sampled }) => sum + sampled, 0),
      readOps: used.readOps - before.readOps,
      computeOps: used.computeOps - before.computeOps,
      bytes: used.bytesIn + used.bytesOut - before.bytesIn - before.bytesOut,
      seconds: (performance.now() - started) / 1000,
    },
  };
}

function collectionPlan(
  name: string,
  { path }: DatabaseAtSnapshot,
  sample: CollectionSample,
  { ranges, documentsPerRange, segments, pages }: Chunks & { readonly pages: number },
): CollectionPlan {
  const { documents, bytesEach, readOpsEach, storedShare, sampled } = sample;
  const plainBytes = times(documents, bytesEach);
  return {
    database: path.join("/"),
    name,
    documents: whole(documents),
    bytesEach,
    plainBytes: whole(plainBytes),
    storedBytes: whole(times(plainBytes, storedShare)),
    readOps: whole(sumOf([times(documents, readOpsEach), times(spread(pages), OPS_PER_PAGE)])),
    sampled,
    chunks: { ranges, documentsPerRange, segments },
  };
}

function spread(requests: number): Estimate {
  const { low, high } = REQUESTS_SPREAD;
  return requests === 0
    ? exactly(0)
    : { expected: requests, low: low * requests, high: high * requests };
}

function historySeconds(days: number | null | undefined): number {
  return Math.max(HISTORY_MIN_SECONDS, (days ?? 0) * 24 * 60 * 60);
}
