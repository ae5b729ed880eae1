/** Lines of a segment, read back by one pass over their bytes: the fast path of `parseRecord`. */
import { isArkError } from "../errors/errors.ts";
import { skipValueBytes, standsAt, UNSURE } from "./byte-scan.ts";
import { digestRecord } from "./digest.ts";
import { DigestSums } from "./digest-sums.ts";
import { Ends, type PackedLines, TsRange } from "./packed-lines.ts";
import { parseRecord } from "./record.ts";
import { AscendingIds, RecordSpans } from "./record-spans.ts";

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const ID_HEAD = Buffer.from('{"id":"');
const TS_HEAD = Buffer.from('","ts":');
const TTL_HEAD = Buffer.from('ttl":{"@ts":"');
const DATA_HEAD = Buffer.from('data":');
const EXTRA_HEAD = Buffer.from('extra":');

/**
 * What is known of the records of `collection` in `bytes`: whole lines in UTF-8, ascending by id. The bytes stay where
 * they are.
 *
 * @returns undefined when they need thought: one is no record, they are not ascending, there is none, or the last
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
    const end = this.#record(start);
    if (end < 0) return this.#byText(start);
    const { id, idEnd, micros, extra } = this.#spans;
    if (!this.#ids.take(this.#bytes, id, idEnd)) return UNSURE;
    this.#sums.add(this.#bytes, this.#spans);
    this.#times.add(micros);
    this.#hasExtra ||= extra >= 0;
    return end;
  }

  /** Finds the pieces of the canonical line that begins at `start`. @returns the offset behind it, or UNSURE. */
  #record(start: number): number {
    const bytes = this.#bytes;
    const spans = this.#spans;
    if (!standsAt(bytes, start, ID_HEAD)) return UNSURE;
    let at = spans.readId(bytes, start + ID_HEAD.length);
    if (at < 0 || !standsAt(bytes, at, TS_HEAD)) return UNSURE;
    spans.clear();
    at = spans.readTs(bytes, at + TS_HEAD.length);
    while (at >= 0 && bytes[at] === COMMA && bytes[at + 1] === QUOTE) {
      at += 2;
      if (spans.data < 0 && standsAt(bytes, at, DATA_HEAD)) {
        at += DATA_HEAD.length;
        spans.data = at;
        spans.dataEnd = at = this.#object(at);
      } else if (spans.ttl < 0 && standsAt(bytes, at, TTL_HEAD)) {
        at = spans.readTtl(bytes, at + TTL_HEAD.length);
      } else if (spans.extra < 0 && standsAt(bytes, at, EXTRA_HEAD)) {
        at += EXTRA_HEAD.length;
        spans.extra = at;
        spans.extraEnd = at = this.#object(at);
      } else return UNSURE;
    }
    const isWhole =
      at >= 0 && spans.data >= 0 && bytes[at] === CLOSE_BRACE && bytes[at + 1] === LINE_FEED;
    return isWhole ? at + 2 : UNSURE;
  }

  #object(start: number): number {
    return this.#bytes[start] === OPEN_BRACE ? skipValueBytes(this.#bytes, start) : UNSURE;
  }

  /** Reads the line that begins at `start` as text. @returns the offset behind it, or UNSURE. */
  #byText(start: number): number {
    const end = this.#bytes.indexOf(LINE_FEED, start);
    if (end < 0) return UNSURE;
    try {
      const record = parseRecord(this.#text(start, end));
      if (!this.#ids.takeText(record.id)) return UNSURE;
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
