/** Records packed as the lines that stand for them in a segment: the form in which they move in bulk. */
import { release } from "../flow/flow.ts";
import { digestLarge, digestRecord, LARGE } from "./digest.ts";
import { DigestSums, type SumLimbs } from "./digest-sums.ts";
import { type DocumentRecord, printRecord } from "./record.ts";
import type { RecordSpans } from "./record-spans.ts";

/** What is known of some lines. Plain data: it can be handed from thread to thread. */
export interface LinesSummary {
  readonly firstId: string;
  readonly lastId: string;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  /** Whether any record has `extra` members. */
  readonly hasExtra: boolean;
  readonly sums: SumLimbs;
}

/** Some lines and what is known of them. */
export interface PackedLines extends LinesSummary {
  /** The lines, each with its line feed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each line ends: the offset behind its line feed. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

const DATA_MEMBER = ',"data":';

const LINE_FEED = 0x0a;
const CLOSE_BRACE = 0x7d;
const ID_HEAD = Buffer.from('{"id":"');
const TS_HEAD = Buffer.from('","ts":');
const TTL_HEAD = Buffer.from(',"ttl":{"@ts":"');
const TTL_TAIL = Buffer.from('"}');
const DATA_HEAD = Buffer.from(',"data":');
/** What a line has besides its pieces, at most. */
const FRAME_BYTES = 64;

/** Offsets that become more as they come. */
export class Ends {
  #ends = new Uint32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(end: number): void {
    if (this.#length === this.#ends.length) {
      const larger = new Uint32Array(2 * this.#ends.length);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#ends[this.#length++] = end;
  }

  take(): Uint32Array<ArrayBuffer> {
    return this.#ends.slice(0, this.#length);
  }
}

/** Writes documents as lines, one behind the other. */
export class LineWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  /** @param bytesGuess how many bytes the lines will take, or a little more. */
  constructor(bytesGuess: number) {
    this.#bytes = new Uint8Array(new ArrayBuffer(Math.max(bytesGuess, 1024)));
  }

  /** Adds the document whose pieces lie in `source`: id, ts, data and, if there is one, a ttl. */
  addSpans(source: Uint8Array, spans: RecordSpans): void {
    const { id, idEnd, ttl, data, dataEnd } = spans;
    this.#room(FRAME_BYTES + (idEnd - id) + (spans.ttlEnd - ttl) + 24 + (dataEnd - data));
    this.#putShort(ID_HEAD, 0, ID_HEAD.length);
    this.#putShort(source, id, idEnd);
    this.#putShort(TS_HEAD, 0, TS_HEAD.length);
    this.#putShort(source, spans.ts, spans.tsEnd);
    if (ttl >= 0) {
      this.#putShort(TTL_HEAD, 0, TTL_HEAD.length);
      this.#putShort(source, ttl, spans.ttlEnd);
      this.#putShort(TTL_TAIL, 0, TTL_TAIL.length);
    }
    this.#putShort(DATA_HEAD, 0, DATA_HEAD.length);
    this.#bytes.set(source.subarray(data, dataEnd), this.#at);
    this.#at += dataEnd - data;
    this.#bytes[this.#at++] = CLOSE_BRACE;
    this.#bytes[this.#at++] = LINE_FEED;
  }

  /** Adds lines that are there already. */
  addLines(lines: Uint8Array): void {
    this.#room(lines.length);
    this.#bytes.set(lines, this.#at);
    this.#at += lines.length;
  }

  /** Adds a record that was read as text. @returns of a large one, the bytes of its data. */
  addRecord(record: DocumentRecord): Uint8Array | undefined {
    const { dataText = "" } = record;
    const isLarge = dataText.length >= LARGE;
    const line = printRecord(isLarge ? { ...record, dataText: "" } : record);
    const most = isLarge ? Buffer.byteLength(line) + Buffer.byteLength(dataText) : line.length * 3;
    this.#room(most + 1);
    const bytes = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset);
    // Of a large one no text as large as the line is made.
    const head = isLarge ? line.indexOf(DATA_MEMBER) + DATA_MEMBER.length : 0;
    if (isLarge) this.#at += bytes.write(line.slice(0, head), this.#at);
    const data = this.#at;
    if (isLarge) this.#at += bytes.write(dataText, this.#at);
    const dataEnd = this.#at;
    this.#at += bytes.write(line.slice(head), this.#at);
    this.#bytes[this.#at++] = LINE_FEED;
    return isLarge ? bytes.subarray(data, dataEnd) : undefined;
  }

  /** Bytes that were written so far. */
  get size(): number {
    return this.#at;
  }

  /** Makes room for `bytes` bytes in all, at once. */
  reserve(bytes: number): void {
    if (bytes > this.#bytes.length) this.#grow(bytes);
  }

  /** All that was added. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  #putShort(source: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    this.#at = at;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    this.#grow(Math.max(this.#at + more, 2 * this.#bytes.length));
  }

  #grow(size: number): void {
    const larger = new Uint8Array(new ArrayBuffer(size));
    larger.set(this.#bytes.subarray(0, this.#at));
    release(this.#bytes);
    this.#bytes = larger;
  }
}

/** The records as lines, in their order, as ones of `collection`; undefined when there are none. */
export function packRecords(
  collection: string,
  records: readonly DocumentRecord[],
): PackedLines | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const guess = records.reduce(
    (sum, { dataText = "", extraText = "" }) =>
      sum + dataText.length + extraText.length + FRAME_BYTES * 2,
    0,
  );
  const writer = new LineWriter(guess);
  const sums = new DigestSums(collection);
  const ends = new Ends();
  let [minTs, maxTs] = [first.ts, first.ts];
  for (const record of records) {
    const data = writer.addRecord(record);
    ends.push(writer.size);
    sums.addDigest(
      data === undefined ? digestRecord(collection, record) : digestLarge(collection, record, data),
    );
    if (record.ts < minTs) minTs = record.ts;
    if (record.ts > maxTs) maxTs = record.ts;
  }
  return {
    bytes: writer.bytes,
    ends: ends.take(),
    firstId: first.id,
    lastId: records.at(-1)!.id,
    minTs,
    maxTs,
    hasExtra: records.some(({ extraText }) => extraText !== undefined),
    sums: sums.take(),
  };
}

/** The id of the canonical line that begins at `start`. */
export function idAt(bytes: Uint8Array, start: number): string {
  const at = start + ID_HEAD.length;
  let end = at;
  while (bytes[end] !== 0x22) end++;
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString("latin1");
}
