import { release } from "../flow/flow.ts";
import { fingerprintOf } from "./digest-sums.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { packLines } from "./pack-lines.ts";
import { idAt, type PackedLines, packRecords } from "./packed-lines.ts";
import { type DocumentRecord, parseRecord } from "./record.ts";

/** Some records of a collection, in order, as the lines that stand for them in a segment. There is one at least. */
export class RecordLines {
  readonly collection: string;
  readonly #packed: PackedLines;

  constructor(collection: string, packed: PackedLines) {
    this.collection = collection;
    this.#packed = packed;
  }

  /** The records as lines; undefined when there are none. */
  static of(collection: string, records: readonly DocumentRecord[]): RecordLines | undefined {
    const packed = packRecords(collection, records);
    return packed === undefined ? undefined : new RecordLines(collection, packed);
  }

  /** How many records there are. */
  get length(): number {
    return this.#packed.ends.length;
  }

  get firstId(): string {
    return this.#packed.firstId;
  }

  get lastId(): string {
    return this.#packed.lastId;
  }

  get minTs(): bigint {
    return this.#packed.minTs;
  }

  get maxTs(): bigint {
    return this.#packed.maxTs;
  }

  /** Whether any record has `extra` members. */
  get hasExtra(): boolean {
    return this.#packed.hasExtra;
  }

  /** The sum of the records' digests. */
  get fingerprint(): Fingerprint {
    return fingerprintOf(this.#packed.sums);
  }

  /** The lines from that of index `from` up to, not including, that of index `to`. */
  bytes(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#packed.bytes.subarray(this.offset(from), this.offset(to));
  }

  /** Bytes of the lines before that of index `index`. */
  offset(index: number): number {
    return index === 0 ? 0 : this.#packed.ends[index - 1]!;
  }

  /** The id of the record of an index. */
  id(index: number): string {
    return idAt(this.#packed.bytes, this.offset(index));
  }

  /**
   * How many lines, counted from the beginning, have to be taken for `bytes` bytes, the last one perhaps beyond; all
   * when they have fewer.
   */
  reaching(bytes: number): number {
    const { ends } = this.#packed;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! < bytes) low = middle + 1;
      else high = middle;
    }
    return Math.min(low + 1, ends.length);
  }

  /** How many lines, counted from the beginning, fit into `bytes` bytes. */
  fitting(bytes: number): number {
    const lines = this.reaching(bytes);
    return lines > 0 && this.offset(lines) > bytes ? lines - 1 : lines;
  }

  /** The lines `from` up to, not including, `to`, by themselves; all of them are this object. */
  part(from: number, to: number): RecordLines {
    if (from === 0 && to === this.length) return this;
    const bytes = this.bytes(from, to);
    const packed =
      packLines(bytes, this.collection) ?? packRecords(this.collection, recordsIn(bytes));
    return new RecordLines(this.collection, packed!);
  }

  /**
   * Gives the memory of the lines back; a second time does nothing. What is known of them stays; nobody may ask for lines,
   * ids or records any more.
   */
  release(): void {
    const { buffer } = this.#packed.bytes;
    if (buffer.byteLength > 0) release(new Uint8Array(buffer));
  }

  records(): DocumentRecord[] {
    return recordsIn(this.#packed.bytes);
  }
}

/** Records as they move: read as text, or packed already. */
export type RecordBatch = readonly DocumentRecord[] | RecordLines;

export function recordsOf(batch: RecordBatch): readonly DocumentRecord[] {
  return batch instanceof RecordLines ? batch.records() : batch;
}

function recordsIn(bytes: Uint8Array): DocumentRecord[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - 1).toString("utf8");
  return text.split("\n").map((line) => parseRecord(line));
}
