import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mapConcurrent, release } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareHistory } from "../values/history.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { type RecordBatch, RecordLines } from "../values/record-lines.ts";
import type { Sealer } from "./age.ts";
import type { Codec } from "./compression.ts";
import type { FrameEntry, SegmentEntry } from "./manifest.ts";
import type { Naming } from "./names.ts";

export interface SegmentOptions {
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

/** What a segment holds: documents, each once, or what is told of their past. */
export type SegmentContent = "documents" | "history";

type HistoryPlace = Pick<DocumentRecord, "id" | "ts" | "action">;

/** A source of lines that can be looked at before they are taken. */
export class RecordSource {
  readonly content: SegmentContent;
  readonly collection: string;
  readonly #batches: AsyncIterator<RecordBatch>;
  #lines: RecordLines | undefined;
  #at = 0;
  #last: HistoryPlace | undefined;
  #lastId: string | undefined;

  /** @param collection the real name of the collection that the records are of. */
  constructor(
    batches: AsyncIterable<RecordBatch>,
    collection: string,
    content: SegmentContent = "documents",
  ) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.collection = collection;
    this.content = content;
  }

  /** The id of the next record; undefined at the end, and before the first {@link load}. */
  get nextId(): string | undefined {
    return this.#lines?.id(this.#at);
  }

  /** What is there of the next lines without waiting, and the index in them of the first that is not yet taken. */
  get next(): { readonly lines: RecordLines; readonly from: number } | undefined {
    return this.#lines === undefined ? undefined : { lines: this.#lines, from: this.#at };
  }

  /** Goes on to the line of index `to`. @returns whether something else has to be loaded first. */
  taken(to: number): boolean {
    this.#at = to;
    return to === this.#lines?.length;
  }

  /** Waits for further lines. At the end there are none. */
  async load(): Promise<void> {
    this.#lines = undefined;
    this.#at = 0;
    while (this.#lines === undefined) {
      const { done, value } = await this.#batches.next();
      if (done === true) return;
      this.#lines = value instanceof RecordLines ? this.#checkedLines(value) : this.#packed(value);
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  #checkedLines(lines: RecordLines): RecordLines {
    assert.equal(this.content, "documents", "a history comes as records");
    assert.equal(lines.collection, this.collection);
    this.#assertAscending(
      this.#lastId === undefined || compareIds(this.#lastId, lines.firstId) < 0,
      lines.firstId,
    );
    this.#lastId = lines.lastId;
    return lines;
  }

  #packed(records: readonly DocumentRecord[]): RecordLines | undefined {
    const isHistory = this.content === "history";
    for (const record of records) {
      const last = this.#last;
      const isAscending = isHistory
        ? last === undefined || compareHistory(last, record) < 0
        : this.#lastId === undefined || compareIds(this.#lastId, record.id) < 0;
      this.#assertAscending(isAscending, record.id);
      assert.equal(record.action !== undefined, isHistory, "only a history tells actions");
      this.#last = record;
      this.#lastId = record.id;
    }
    // Its data would keep the whole page.
    if (this.#last !== undefined) this.#last = placeOf(this.#last);
    return RecordLines.of(this.collection, records);
  }

  #assertAscending(isAscending: boolean, id: string): void {
    assert(isAscending, `records have to be ascending by id: ${id} after ${this.#lastId}`);
  }
}

/** What the order of a history goes by. */
function placeOf({ id, ts, action }: HistoryPlace): HistoryPlace {
  return action === undefined ? { id, ts } : { id, ts, action };
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
  const begin = source.nextId;
  assert(begin !== undefined, "a segment has at least one record");
  const stem = options.folder + options.naming.segment(begin);
  const file = `${stem}.ndjson${codec.extension}${sealer.extension}`;
  const contents = new Contents();
  const sha256 = createHash("sha256");
  const frames: FrameEntry[] = [];
  const spare: Buffer[] = [];
  const frameRoom = options.frameBytes + LINE_BYTES;
  let plainBytes = 0;
  let compressedBytes = 0;
  let storedBytes = 0;

  async function* plainFrames(): AsyncGenerator<PlainFrame, void, undefined> {
    for (let next = source.next; next !== undefined; next = source.next) {
      const frame = { plainOffset: plainBytes, firstId: next.lines.id(next.from) };
      let buffer = spare.pop() ?? Buffer.allocUnsafeSlow(frameRoom);
      let length = 0;
      let records = 0;
      for (; next !== undefined && length < options.frameBytes; next = source.next) {
        const { lines, from } = next;
        const start = lines.offset(from);
        const wanted = lines.reaching(start + options.frameBytes - length);
        const to = Math.min(wanted, roomFor(lines, from));
        if (to <= from) break;
        const bytes = lines.bytes(from, to);
        if (length + bytes.length > buffer.length) buffer = grown(buffer, length, bytes.length);
        buffer.set(bytes, length);
        length += bytes.length;
        plainBytes += bytes.length;
        records += to - from;
        contents.take(lines, from, to);
        if (source.taken(to)) await source.load();
      }
      if (records === 0) return;
      signal?.throwIfAborted();
      yield { ...frame, plain: buffer.subarray(0, length), records };
    }
  }

  /** The index behind the last line, of those from `from` on, that the segment has room for. */
  function roomFor(lines: RecordLines, from: number): number {
    const start = lines.offset(from);
    let to = lines.fitting(start + options.segmentBytes - plainBytes);
    if (plainBytes === 0) to = Math.max(to, from + 1);
    if (source.content === "documents") return to;
    // All that is told of one document is in one segment.
    const last = to > from ? lines.id(to - 1) : contents.lastId;
    while (to < lines.length && lines.id(to) === last) to++;
    return to;
  }

  async function compress({ plain, ...frame }: PlainFrame) {
    const stored = await codec.compress(plain);
    // What is stored as it is belongs to the store from here on; only other buffers are used again, but for those that
    // had to grow: a large document would keep its room as long as the segment is written.
    const room = Buffer.from(plain.buffer);
    if (stored !== plain && room.length > frameRoom) release(room);
    else if (stored !== plain) spare.push(room);
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
  spare.forEach(release);
  const { lastId, minTs, maxTs, records, fingerprint } = contents.entry();
  return {
    file,
    firstId: begin,
    lastId,
    minTs,
    maxTs,
    records,
    plainBytes,
    storedBytes,
    ...(sealer.extension === "" ? {} : { openedBytes: compressedBytes }),
    sha256: sha256.digest("hex"),
    fingerprint,
    frames,
  };
}

/** What is in a segment, summed up. Lines are looked at once for all pieces of them that were taken in a row. */
class Contents {
  readonly #fingerprint = new Fingerprint();
  #minTs: bigint | undefined;
  #maxTs: bigint | undefined;
  #lastId: string | undefined;
  #pending: { readonly lines: RecordLines; readonly from: number; readonly to: number } | undefined;

  get lastId(): string | undefined {
    return this.#pending?.lines.id(this.#pending.to - 1) ?? this.#lastId;
  }

  take(lines: RecordLines, from: number, to: number): void {
    if (this.#pending?.lines === lines) this.#pending = { ...this.#pending, to };
    else {
      this.#settle();
      this.#pending = { lines, from, to };
    }
  }

  entry(): Pick<SegmentEntry, "lastId" | "minTs" | "maxTs" | "records" | "fingerprint"> {
    this.#settle();
    const fingerprint = this.#fingerprint.toJSON();
    return {
      lastId: this.#lastId!,
      minTs: String(this.#minTs),
      maxTs: String(this.#maxTs),
      records: fingerprint.records,
      fingerprint,
    };
  }

  #settle(): void {
    if (this.#pending === undefined) return;
    const { lines, from, to } = this.#pending;
    this.#pending = undefined;
    const part = lines.part(from, to);
    this.#fingerprint.merge(part.fingerprint);
    if (this.#minTs === undefined || part.minTs < this.#minTs) this.#minTs = part.minTs;
    if (this.#maxTs === undefined || part.maxTs > this.#maxTs) this.#maxTs = part.maxTs;
    this.#lastId = part.lastId;
    // A segment that takes lines to their end is the last to look at them.
    if (to === lines.length) lines.release();
  }
}

/** A larger buffer with the first `length` bytes of `buffer` and room for `more`. */
function grown(buffer: Buffer, length: number, more: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(length + more);
  buffer.copy(larger, 0, 0, length);
  release(buffer);
  return larger;
}
