/** Lines of a segment, read back by one pass over their bytes: the fast path of `parseRecord`. */
import { isArkError } from "../errors/errors.ts";
import { UNSURE } from "./byte-scan.ts";
import { digestRecord } from "./digest.ts";
import { DigestSums } from "./digest-sums.ts";
import { readLineSpans } from "./line-spans.ts";
import { Ends, type PackedLines, TsRange } from "./packed-lines.ts";
import { parseRecord } from "./record.ts";
import { AscendingIds, RecordSpans } from "./record-spans.ts";

const LINE_FEED = 0x0a;

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
  return new LineScan(bytes, collection).run();
}

class LineScan {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #spans = new RecordSpans();
  readonly #ends = new Ends();
  readonly #times = new TsRange();
  readonly #sums: DigestSums;
  #hasExtra = false;
  readonly #ids = new AscendingIds();
  readonly #collection: string;

  constructor(bytes: Uint8Array<ArrayBuffer>, collection: string) {
    this.#bytes = bytes;
    this.#collection = collection;
    this.#sums = new DigestSums(collection);
  }

  run(): PackedLines | undefined {
    const bytes = this.#bytes;
    let firstId: string | undefined;
    let at = 0;
    while (at < bytes.length) {
      at = this.#line(at);
      if (at < 0) return undefined;
      this.#ends.push(at);
      firstId ??= this.#ids.last;
    }
    if (firstId === undefined) return undefined;
    return {
      bytes,
      ends: this.#ends.take(),
      firstId,
      lastId: this.#ids.last,
      ...this.#times.ends(),
      hasExtra: this.#hasExtra,
      sums: this.#sums.take(),
    };
  }

  #line(start: number): number {
    const end = readLineSpans(this.#bytes, start, this.#spans);
    if (end < 0) return this.#byText(start);
    const { id, idEnd, micros, extra } = this.#spans;
    if (!this.#ids.take(this.#bytes, id, idEnd)) return UNSURE;
    this.#sums.add(this.#bytes, this.#spans);
    this.#times.add(micros);
    this.#hasExtra ||= extra >= 0;
    return end;
  }

  /** Reads the line that begins at `start` as text. @returns the offset behind it, or UNSURE. */
  #byText(start: number): number {
    const end = this.#bytes.indexOf(LINE_FEED, start);
    if (end < 0) return UNSURE;
    try {
      const record = parseRecord(this.#text(start, end));
      if (record.action !== undefined || !this.#ids.takeText(record.id)) return UNSURE;
      this.#sums.addDigest(digestRecord(this.#collection, record));
      this.#times.addLarge(record.ts);
      this.#hasExtra ||= record.extraText !== undefined;
      return end + 1;
    } catch (error) {
      if (isArkError(error)) return UNSURE;
      throw error;
    }
  }

  #text(start: number, end: number): string {
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + start, end - start).toString("utf8");
  }
}
