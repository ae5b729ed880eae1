import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mapConcurrent } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareHistory } from "../values/history.ts";
import { compareIds, type DocumentRecord, printRecord } from "../values/record.ts";
import type { Sealer } from "./age.ts";
import type { Codec } from "./compression.ts";
import type { FrameEntry, SegmentEntry } from "./manifest.ts";
import type { Naming } from "./names.ts";

export interface SegmentOptions {
  /** The collection's real name, which the fingerprint is taken with. */
  readonly collection: string;
  /** Where segments go, ending in a slash. */
  readonly folder: string;
  readonly codec: Codec;
  readonly sealer: Sealer;
  readonly naming: Naming;
  /** Plain bytes of a segment, at most, unless one record alone is over it. */
  readonly segmentBytes: number;
  /** Plain bytes after which a frame ends. */
  readonly frameBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Frames that are compressed while another is filled or written. */
const FRAMES_AHEAD = 2;

/** Room for the line that takes a frame over its size. Longer ones make the buffer grow. */
const LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** What a segment holds: documents, each once, or what is told of their past. */
export type SegmentContent = "documents" | "history";

/** A source of records that can be looked at before it is taken from. */
export class RecordSource {
  /** The next record and its line; undefined at the end. */
  next:
    | { readonly record: DocumentRecord; readonly line: string; readonly bytes: number }
    | undefined;
  readonly #records: AsyncIterator<readonly DocumentRecord[]>;
  #batch: readonly DocumentRecord[] = [];
  #at = 0;
  readonly content: SegmentContent;
  #last: DocumentRecord | undefined;

  constructor(
    records: AsyncIterable<readonly DocumentRecord[]>,
    content: SegmentContent = "documents",
  ) {
    this.#records = records[Symbol.asyncIterator]();
    this.content = content;
  }

  /** Puts the next record into {@link next}. Only a promise when a further batch has to be awaited. */
  advance(): void | Promise<void> {
    const record = this.#batch[this.#at];
    return record === undefined ? this.#nextBatch() : this.#take(record);
  }

  #take(record: DocumentRecord): void {
    this.#at++;
    const isHistory = this.content === "history";
    const last = this.#last;
    const isAscending =
      last === undefined ||
      (isHistory ? compareHistory(last, record) : compareIds(last.id, record.id)) < 0;
    assert(isAscending, `records have to be ascending by id: ${record.id} after ${last?.id}`);
    assert.equal(record.action !== undefined, isHistory, "only a history tells actions");
    this.#last = record;
    const line = printRecord(record);
    this.next = { record, line, bytes: Buffer.byteLength(line) + 1 };
  }

  async #nextBatch(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#records.next();
      if (done === true) {
        this.next = undefined;
        return;
      }
      this.#batch = value;
      this.#at = 0;
      const first = value[0];
      if (first !== undefined) {
        this.#take(first);
        return;
      }
    }
  }

  async close(): Promise<void> {
    await this.#records.return?.();
  }
}

interface PlainFrame {
  readonly plain: Buffer;
  readonly plainOffset: number;
  readonly records: number;
  readonly firstId: string;
}

/**
 * Writes one segment from the head of `source`, which must have a next record, and leaves the source
 * at the first record that no longer fits. The segment is durable when the promise resolves.
 */
export async function writeSegment(
  store: Store,
  source: RecordSource,
  options: SegmentOptions,
): Promise<SegmentEntry> {
  const { codec, sealer, signal } = options;
  const first = source.next?.record;
  assert(first !== undefined, "a segment has at least one record");
  const stem = options.folder + options.naming.segment(first.id);
  const file = `${stem}.ndjson${codec.extension}${sealer.extension}`;
  const fingerprint = new Fingerprint();
  const sha256 = createHash("sha256");
  const frames: FrameEntry[] = [];
  const spare: Buffer[] = [];
  let lastId = first.id;
  let minTs = first.ts;
  let maxTs = first.ts;
  let plainBytes = 0;
  let compressedBytes = 0;
  let storedBytes = 0;

  async function* plainFrames(): AsyncGenerator<PlainFrame, void, undefined> {
    while (source.next !== undefined) {
      const plainOffset = plainBytes;
      const firstId = source.next.record.id;
      let buffer = spare.pop() ?? Buffer.allocUnsafeSlow(options.frameBytes + LINE_BYTES);
      let length = 0;
      let records = 0;
      while (source.next !== undefined && length < options.frameBytes) {
        const { record, line, bytes } = source.next;
        const isFull = plainBytes > 0 && plainBytes + bytes > options.segmentBytes;
        // All that is told of one document is in one segment.
        if (isFull && !(source.content === "history" && record.id === lastId)) break;
        fingerprint.add(options.collection, record);
        lastId = record.id;
        if (record.ts < minTs) minTs = record.ts;
        if (record.ts > maxTs) maxTs = record.ts;
        if (length + bytes > buffer.length) buffer = grown(buffer, length, bytes);
        buffer.write(line, length);
        length += bytes;
        buffer[length - 1] = NEWLINE;
        plainBytes += bytes;
        records++;
        const waiting = source.advance();
        if (waiting !== undefined) await waiting;
      }
      if (records === 0) return;
      signal?.throwIfAborted();
      yield { plain: buffer.subarray(0, length), plainOffset, records, firstId };
    }
  }

  async function compress({ plain, ...frame }: PlainFrame) {
    const stored = await codec.compress(plain);
    // What is stored as it is belongs to the store from here on; only other buffers are used again.
    if (stored !== plain) spare.push(Buffer.from(plain.buffer));
    return { ...frame, stored };
  }

  async function* compressedFrames(): AsyncGenerator<Uint8Array, void, undefined> {
    const compressed = mapConcurrent(plainFrames(), compress, { concurrency: FRAMES_AHEAD });
    for await (const { plainOffset, records, firstId, stored } of compressed) {
      frames.push({ offset: compressedBytes, plainOffset, records, firstId });
      compressedBytes += stored.length;
      yield stored;
    }
  }

  async function* storedChunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of sealer.seal(compressedFrames())) {
      sha256.update(chunk);
      storedBytes += chunk.length;
      yield chunk;
    }
  }

  const written = await store.write(file, storedChunks(), { signal });
  assert.equal(written.bytes, storedBytes);
  return {
    file,
    firstId: first.id,
    lastId,
    minTs: String(minTs),
    maxTs: String(maxTs),
    records: fingerprint.records,
    plainBytes,
    storedBytes,
    ...(sealer.extension === "" ? {} : { openedBytes: compressedBytes }),
    sha256: sha256.digest("hex"),
    fingerprint: fingerprint.toJSON(),
    frames,
  };
}

/** A larger buffer with the first `length` bytes of `buffer` and room for `more`. */
function grown(buffer: Buffer, length: number, more: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(length + more);
  buffer.copy(larger, 0, 0, length);
  return larger;
}
