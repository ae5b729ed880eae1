/**
 * Records that stay the bytes of their lines: what an import reads of an archive and sends on without making strings
 * of it. The fast path of `parseRecord`; whatever needs thought is parsed.
 */
import { UNSURE } from "./byte-scan.ts";
import { holdsDoubleTag, holdsNullInArray } from "./detect.ts";
import { readLineSpans } from "./line-spans.ts";
import { type DocumentRecord, parseRecord } from "./record.ts";
import { RecordSpans } from "./record-spans.ts";

const LINE_FEED = 0x0a;
const ID_HEAD_BYTES = '{"id":"'.length;
const NULL = "null";
const DOUBLE_TAG = '{"@double":"';

/**
 * A document whose line lies in bytes that nobody changes, with nothing in it that `{"quote":…}` cannot write: no null
 * inside an array, no `{"@double":…}`, no members beside `data` and `ttl`. Its texts are made when they are asked for.
 */
export class LineRecord implements DocumentRecord {
  readonly id: string;
  declare readonly ttl?: string;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #ts: number;
  readonly #tsEnd: number;
  readonly #data: number;
  readonly #dataEnd: number;

  /** @param spans where the pieces of the line lie in `bytes`. */
  constructor(bytes: Buffer, spans: RecordSpans) {
    this.#bytes = bytes;
    this.id = bytes.toString("latin1", spans.id, spans.idEnd);
    this.#start = spans.id - ID_HEAD_BYTES;
    this.#ts = spans.ts;
    this.#tsEnd = spans.tsEnd;
    this.#data = spans.data;
    this.#dataEnd = spans.dataEnd;
    if (spans.ttl >= 0) this.ttl = bytes.toString("utf8", spans.ttl, spans.ttlEnd);
  }

  get ts(): bigint {
    return BigInt(this.#bytes.toString("latin1", this.#ts, this.#tsEnd));
  }

  get dataText(): string {
    return this.#bytes.toString("utf8", this.#data, this.#dataEnd);
  }

  /** How many bytes the record takes, about. */
  get size(): number {
    return this.#dataEnd - this.#start;
  }

  /** Puts `{"id":"…","ts":…`, as far as that, into `target` at `at`. @returns the offset behind it. */
  copyHead(target: Buffer, at: number): number {
    return at + this.#bytes.copy(target, at, this.#start, this.#tsEnd);
  }

  /** Puts the data into `target` at `at`. @returns the offset behind it. */
  copyData(target: Buffer, at: number): number {
    return at + this.#bytes.copy(target, at, this.#data, this.#dataEnd);
  }
}

/**
 * The documents of whole lines in UTF-8, as {@link LineRecord}s where that is enough.
 *
 * @param place where the lines stand, for errors.
 * @throws ArkError ERR_RECORD when a line is no record.
 */
export function readLines(bytes: Buffer, place: string): DocumentRecord[] {
  const records: DocumentRecord[] = [];
  const spans = new RecordSpans();
  // One search through all lines spares thousands through each.
  const mayNeedThought = bytes.includes(NULL) || bytes.includes(DOUBLE_TAG);
  let at = 0;
  while (at < bytes.length) {
    const end = readLineSpans(bytes, at, spans);
    if (end === UNSURE || spans.extra >= 0 || (mayNeedThought && needsThought(bytes, spans))) {
      const feed = bytes.indexOf(LINE_FEED, at);
      const lineEnd = feed < 0 ? bytes.length : feed;
      records.push(parseRecord(bytes.toString("utf8", at, lineEnd), place));
      at = lineEnd + 1;
    } else {
      records.push(new LineRecord(bytes, spans));
      at = end;
    }
  }
  return records;
}

function needsThought(bytes: Buffer, { data, dataEnd }: RecordSpans): boolean {
  const some = bytes.subarray(data, dataEnd);
  if (!some.includes(NULL) && !some.includes(DOUBLE_TAG)) return false;
  const text = some.toString("utf8");
  return holdsDoubleTag(text) || holdsNullInArray(text);
}
