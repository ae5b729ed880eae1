/** Records packed as the lines that stand for them in a segment: the form in which they move in bulk. */
import { digestRecord } from "./digest.ts";
import { DigestSums, type SumLimbs } from "./digest-sums.ts";
import { type DocumentRecord, printRecord } from "./record.ts";
import { AscendingIds, type RecordSpans } from "./record-spans.ts";

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

const LINE_FEED = 0x0a;
const CLOSE_BRACE = 0x7d;
const ID_HEAD = Buffer.from('{"id":"');
const TS_HEAD = Buffer.from('","ts":');
const TTL_HEAD = Buffer.from(',"ttl":{"@ts":"');
const TTL_TAIL = Buffer.from('"}');
const DATA_HEAD = Buffer.from(',"data":');
/** What a line has besides its pieces, at most. */
const FRAME_BYTES = 64;

/** Least and greatest of times that are mostly small enough for numbers. */
export class TsRange {
  #min = Infinity;
  #max = -Infinity;
  #large: bigint[] = [];

  add(ts: number): void {
    if (ts < this.#min) this.#min = ts;
    if (ts > this.#max) this.#max = ts;
  }

  addLarge(ts: bigint): void {
    const number = Number(ts);
    if (Number.isSafeInteger(number)) this.add(number);
    else this.#large.push(ts);
  }

  /** Both ends; there has to be one time at least. */
  ends(): { readonly minTs: bigint; readonly maxTs: bigint } {
    const all = this.#min === Infinity ? this.#large : [BigInt(this.#min), BigInt(this.#max)];
    let minTs = all[0]!;
    let maxTs = all[0]!;
    for (const ts of [...all, ...this.#large]) {
      if (ts < minTs) minTs = ts;
      if (ts > maxTs) maxTs = ts;
    }
    return { minTs, maxTs };
  }
}

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

/** Writes records as lines, one behind the other, and keeps account of them. */
export class LinePacker {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  #hasExtra = false;
  readonly #ids = new AscendingIds();
  readonly #ends = new Ends();
  readonly #times = new TsRange();
  readonly #sums: DigestSums;
  readonly #collection: string;

  /** @param bytesGuess how many bytes the lines will take, or a little more. */
  constructor(collection: string, bytesGuess: number) {
    this.#collection = collection;
    this.#sums = new DigestSums(collection);
    this.#bytes = new Uint8Array(new ArrayBuffer(Math.max(bytesGuess, 1024)));
  }

  /**
   * Adds the document whose pieces lie in `source`: id, ts, data and, if there is one, a ttl.
   *
   * @returns whether its id comes after the last one.
   */
  addSpans(source: Uint8Array, spans: RecordSpans): boolean {
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
    this.#sums.add(source, spans);
    this.#times.add(spans.micros);
    this.#endLine();
    return this.#ids.take(source, id, idEnd);
  }

  /** Adds a record that was read as text. @returns as {@link addSpans}. */
  addRecord(record: DocumentRecord): boolean {
    const line = printRecord(record);
    this.#room(line.length * 3 + 1);
    const { buffer, byteOffset } = this.#bytes;
    this.#at += Buffer.from(buffer, byteOffset).write(line, this.#at);
    this.#sums.addDigest(digestRecord(this.#collection, record));
    this.#times.addLarge(record.ts);
    this.#hasExtra ||= record.extraText !== undefined;
    this.#endLine();
    return this.#ids.takeText(record.id);
  }

  /** Bytes that were written so far. */
  get size(): number {
    return this.#at;
  }

  /** Makes room for `bytes` bytes in all, at once. */
  reserve(bytes: number): void {
    if (bytes > this.#bytes.length) this.#grow(bytes);
  }

  /** All that was added; undefined when nothing was. The packer is done with then. */
  finish(): PackedLines | undefined {
    if (this.#at === 0) return undefined;
    const bytes = this.#bytes.subarray(0, this.#at);
    return {
      bytes,
      ends: this.#ends.take(),
      firstId: idAt(bytes, 0),
      lastId: this.#ids.last,
      ...this.#times.ends(),
      hasExtra: this.#hasExtra,
      sums: this.#sums.take(),
    };
  }

  #endLine(): void {
    this.#bytes[this.#at++] = LINE_FEED;
    this.#ends.push(this.#at);
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
    this.#bytes = larger;
  }
}

/** The records as lines, in their order, as ones of `collection`; undefined when there are none. */
export function packRecords(
  collection: string,
  records: readonly DocumentRecord[],
): PackedLines | undefined {
  const guess = records.reduce(
    (sum, { dataText = "", extraText = "" }) =>
      sum + dataText.length + extraText.length + FRAME_BYTES * 2,
    0,
  );
  const packer = new LinePacker(collection, guess);
  for (const record of records) packer.addRecord(record);
  return packer.finish();
}

/** The id of the canonical line that begins at `start`. */
export function idAt(bytes: Uint8Array, start: number): string {
  const at = start + ID_HEAD.length;
  let end = at;
  while (bytes[end] !== 0x22) end++;
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString("latin1");
}
