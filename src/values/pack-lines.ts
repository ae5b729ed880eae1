/**
 * Lines of a segment, read back by one pass over their bytes: the fast path of `parseRecord`. The kernel reads them; a
 * line that it is unsure of is looked at here, as bytes if it is only large, else as text.
 */
import { isArkError } from "../errors/errors.ts";
import { UNSURE } from "./byte-scan.ts";
import { digestRecord } from "./digest.ts";
import { DigestSums } from "./digest-sums.ts";
import { EARLIEST, LATEST, LineKernel } from "./line-kernel.ts";
import { readLineSpans } from "./line-spans.ts";
import { Ends, idAt, type PackedLines } from "./packed-lines.ts";
import { parseRecord } from "./record.ts";
import { RecordSpans } from "./record-spans.ts";

const LINE_FEED = 0x0a;

let kernel: LineKernel | undefined;

/**
 * What is known of the records of `collection` in `bytes`: whole lines in UTF-8, ascending by id. The bytes stay where
 * they are.
 *
 * @returns undefined when they need thought: one is no document, they are not ascending, there is none, or the last
 * does not end.
 */
export function packLines(
  bytes: Uint8Array<ArrayBuffer>,
  collection: string,
): PackedLines | undefined {
  return new LineScan(bytes, collection, (kernel ??= new LineKernel())).run();
}

class LineScan {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #collection: string;
  readonly #kernel: LineKernel;
  readonly #spans = new RecordSpans();
  readonly #ends = new Ends();
  readonly #sums: DigestSums;
  /** Undefined when the kernel read the first line, in which it stands at its place. */
  #firstId: string | undefined;
  #minTs = LATEST;
  #maxTs = EARLIEST;
  #hasExtra = false;

  constructor(bytes: Uint8Array<ArrayBuffer>, collection: string, lines: LineKernel) {
    this.#bytes = bytes;
    this.#collection = collection;
    this.#kernel = lines;
    this.#sums = new DigestSums(collection);
  }

  run(): PackedLines | undefined {
    const bytes = this.#bytes;
    const lines = this.#kernel;
    const isTaken = lines.begin(this.#collection);
    let at = 0;
    /** So far the kernel has lines. */
    let to = 0;
    while (at < bytes.length) {
      if (at >= to) to = isTaken ? lines.take(bytes, at) : at;
      if (at < to) {
        at = lines.read(at, to, this.#ends, this.#sums);
        if (at === to) continue;
      }
      at = this.#line(at);
      if (at < 0) return undefined;
    }
    return bytes.length === 0 ? undefined : this.#packed();
  }

  #packed(): PackedLines {
    const { minTs, maxTs, lastId } = this.#kernel;
    this.#time(minTs, maxTs);
    return {
      bytes: this.#bytes,
      ends: this.#ends.take(),
      firstId: this.#firstId ?? idAt(this.#bytes, 0),
      lastId: String(lastId),
      minTs: this.#minTs,
      maxTs: this.#maxTs,
      hasExtra: this.#hasExtra || this.#kernel.hasExtra,
      sums: this.#sums.take(),
    };
  }

  /** Reads the line at `start` without the kernel. @returns the offset behind it, or UNSURE. */
  #line(start: number): number {
    const bytes = this.#bytes;
    const spans = this.#spans;
    const end = readLineSpans(bytes, start, spans);
    if (end < 0) return this.#byText(start);
    const { id, idEnd, micros, extra } = spans;
    this.#sums.add(bytes, spans);
    return this.#took(end, this.#text(id, idEnd), BigInt(micros), extra >= 0);
  }

  /** Reads the line at `start` as text. */
  #byText(start: number): number {
    const end = this.#bytes.indexOf(LINE_FEED, start);
    if (end < 0) return UNSURE;
    try {
      const record = parseRecord(this.#text(start, end));
      if (record.action !== undefined) return UNSURE;
      this.#sums.addDigest(digestRecord(this.#collection, record));
      return this.#took(end + 1, record.id, record.ts, record.extraText !== undefined);
    } catch (error) {
      if (isArkError(error)) return UNSURE;
      throw error;
    }
  }

  /** Notes what a line is about that ends at `end`. @returns `end`, or UNSURE when its id is not greater than the last. */
  #took(end: number, id: string, ts: bigint, hasExtra: boolean): number {
    const number = BigInt(id);
    if (number <= this.#kernel.lastId) return UNSURE;
    this.#kernel.lastId = number;
    if (this.#ends.length === 0) this.#firstId = id;
    this.#ends.push(end);
    this.#time(ts, ts);
    this.#hasExtra ||= hasExtra;
    return end;
  }

  #time(least: bigint, greatest: bigint): void {
    if (least < this.#minTs) this.#minTs = least;
    if (greatest > this.#maxTs) this.#maxTs = greatest;
  }

  #text(start: number, end: number): string {
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + start, end - start).toString("utf8");
  }
}
