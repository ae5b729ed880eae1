/** One piece of packing, wherever it is done: on the main thread or in a worker. */
import { isUtf8 } from "node:buffer";
import { packLines } from "./pack-lines.ts";
import { type PackedPage, packPage } from "./pack-page.ts";
import type { PackedLines } from "./packed-lines.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a worker says when it has come up. */
export const READY = "ready";

export interface PackingJob {
  /** `page`: an answer of v4 that is known to be UTF-8. `lines`: the text of a segment, or of a frame of it. */
  readonly kind: "page" | "lines";
  readonly bytes: Bytes;
  readonly collection: string;
}

/** What became of a job: one of these. */
export interface PackingResult {
  readonly page?: PackedPage;
  readonly lines?: PackedLines;
  /** The job's bytes again: they need thought. */
  readonly unsure?: Bytes;
}

export function pack({ kind, bytes, collection }: PackingJob): PackingResult {
  if (kind === "page") {
    const page = packPage(bytes, collection);
    return page === undefined ? { unsure: bytes } : { page };
  }
  const lines = isUtf8(bytes) ? packLines(bytes, collection) : undefined;
  return lines === undefined ? { unsure: bytes } : { lines };
}

/** What of a result is handed over to another thread instead of being copied. */
export function buffersOf({ page, lines = page?.lines, unsure }: PackingResult): ArrayBuffer[] {
  if (unsure !== undefined) return [unsure.buffer];
  return lines === undefined ? [] : [lines.bytes.buffer, lines.ends.buffer];
}
