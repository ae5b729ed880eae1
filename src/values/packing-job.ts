/** One piece of packing, wherever it is done: on the main thread or in a worker. */
import { isUtf8 } from "node:buffer";
import { release } from "../flow/flow.ts";
import { type Compression, inflateSync } from "./inflate.ts";
import { packLines } from "./pack-lines.ts";
import { type PackedPage, packPage } from "./pack-page.ts";
import type { LinesSummary } from "./packed-lines.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a worker says when it has come up. */
export const READY = "ready";

/** An answer of v4 that is known to be UTF-8, to be packed. */
interface PageJob {
  readonly kind: "page";
  readonly bytes: Bytes;
  readonly collection: string;
}

/** A frame of a segment as it is stored, to be read and summed up. */
interface FrameJob {
  readonly kind: "frame";
  readonly bytes: Bytes;
  readonly collection: string;
  readonly compression: Compression;
  /** What its text has to be long. */
  readonly plainBytes: number;
}

export type PackingJob = PageJob | FrameJob;

/** What became of a job: one of these, or for a frame that needs thought nothing. */
export interface PackingResult {
  readonly page?: PackedPage;
  readonly summary?: LinesSummary;
  /** The job's page again: it needs thought. */
  readonly unsure?: Bytes;
}

/** How much text a job is about. */
export function plainBytesOf(job: PackingJob): number {
  return job.kind === "page" ? job.bytes.length : job.plainBytes;
}

export function pack(job: PackingJob): PackingResult {
  if (job.kind === "page") {
    const page = packPage(job.bytes, job.collection);
    if (page === undefined) return { unsure: job.bytes };
    release(job.bytes);
    return { page };
  }
  const summary = summedUp(job);
  release(job.bytes);
  return summary === undefined ? {} : { summary };
}

function summedUp({
  bytes: stored,
  compression,
  plainBytes,
  collection,
}: FrameJob): LinesSummary | undefined {
  let plain: Bytes;
  try {
    plain = inflateSync(stored, compression, plainBytes);
  } catch {
    // What is wrong with it, whoever asked finds out in peace.
    return undefined;
  }
  const isText = plain.length === plainBytes && isUtf8(plain);
  const lines = isText ? packLines(plain, collection) : undefined;
  // With what is left of the room that it was decompressed into.
  release(new Uint8Array(plain.buffer));
  if (lines === undefined) return undefined;
  const { bytes: _, ends: __, ...summary } = lines;
  return summary;
}

/** What of a result is handed over to another thread instead of being copied. */
export function buffersOf({ page, unsure }: PackingResult): ArrayBuffer[] {
  if (unsure !== undefined) return [unsure.buffer];
  const lines = page?.lines;
  return lines === undefined ? [] : [lines.bytes.buffer, lines.ends.buffer];
}
