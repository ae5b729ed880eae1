/**
 * A v4 answer with a page of documents, packed as lines by one pass over its bytes: the fast path of `page.ts`.
 *
 * What it means is what `cutPage` and `printRecord` say. Whatever is not plainly of the form that servers print is
 * left to them: a document by itself where that is all, else the page as a whole.
 */
import { isArkError } from "../errors/errors.ts";
import { isNullAt, skipValueBytes, standsAt, UNSURE } from "./byte-scan.ts";
import { holdsNumberLikeString } from "./detect.ts";
import { cutDocument } from "./document.ts";
import { names } from "./id-page.ts";
import { packLines } from "./pack-lines.ts";
import { LineWriter, type PackedLines } from "./packed-lines.ts";
import { PageKernel } from "./page-kernel.ts";
import { scanPage, textOf } from "./page-scan.ts";
import { RecordSpans } from "./record-spans.ts";

/** What a page holds, and where it goes on. */
export interface PackedPage {
  /** Undefined when there are none. */
  readonly lines: PackedLines | undefined;
  /** As in `Page`. */
  readonly gone: number;
  readonly after?: string;
}

const REF_HEAD = Buffer.from('{"ref":{"@ref":{"id":"');
/** Where in {@link REF_HEAD} the ref itself begins. */
const REF_AT = '{"ref":'.length;
const DATA = Buffer.from('data":');
const TS = Buffer.from('ts":');
const TTL = Buffer.from('ttl":{"@ts":"');
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;

/**
 * The documents of the answer `page`, which must be UTF-8, as records of `collection`.
 *
 * @returns undefined when the page needs thought: it is malformed, its ids are not ascending, a text in it may be a
 * number (see `holdsNumberLikeString`), or it is spelled in an unusual way.
 */
export function packPage(page: Uint8Array, collection: string): PackedPage | undefined {
  return new PageScan(page, collection).run();
}

/** So much of a page says how large its lines will be in all: they are shorter than the documents. */
const FORECAST_BYTES = 64 * 1024;
const SPARE = 1.03;

class PageScan {
  readonly #page: Uint8Array;
  readonly #collection: string;
  readonly #lines: LineWriter;
  readonly #spans = new RecordSpans();
  #gone = 0;
  #isForecast = false;
  readonly #kernel = PageKernel.begin();

  constructor(page: Uint8Array, collection: string) {
    this.#page = page;
    this.#collection = collection;
    this.#lines = new LineWriter(Math.min(page.length, FORECAST_BYTES));
  }

  run(): PackedPage | undefined {
    const page = this.#page;
    if (mayHoldNumberLike(page)) return undefined;
    const frame = scanPage(page, (at) => this.#element(at));
    if (frame === undefined) return undefined;
    const { size, bytes } = this.#lines;
    const lines = size === 0 ? undefined : packLines(bytes, this.#collection);
    if (size > 0 && lines === undefined) return undefined;
    return { lines, gone: this.#gone, ...frame };
  }

  /** Reads the element at an offset, and perhaps some that follow. */
  #element(start: number): number {
    const page = this.#page;
    if (isNullAt(page, start)) {
      this.#gone++;
      return start + 4;
    }
    if (!this.#isForecast && start > FORECAST_BYTES) this.#forecast(start);
    const { end, count, lines } = this.#kernel.documents(page, start);
    if (count > 0) {
      this.#lines.addLines(lines);
      return end;
    }
    const behind = this.#document(start);
    if (behind < 0) return this.#byText(start);
    this.#lines.addSpans(page, this.#spans);
    return behind;
  }

  /** Makes room for all lines, going by those of the documents before `start`. */
  #forecast(start: number): void {
    this.#isForecast = true;
    const share = this.#lines.size / start;
    this.#lines.reserve(Math.ceil(share * this.#page.length * SPARE));
  }

  /** Finds the pieces of the document that begins at `start`. @returns the offset behind it, or UNSURE. */
  #document(start: number): number {
    const page = this.#page;
    const spans = this.#spans;
    if (!standsAt(page, start, REF_HEAD)) return UNSURE;
    let at = this.#ref(start);
    spans.clear();
    while (at >= 0 && page[at] === COMMA && page[at + 1] === QUOTE) {
      at += 2;
      if (spans.ts < 0 && standsAt(page, at, TS)) at = spans.readTs(page, at + TS.length);
      else if (spans.data < 0 && standsAt(page, at, DATA)) at = this.#data(at + DATA.length);
      else if (spans.ttl < 0 && standsAt(page, at, TTL)) at = spans.readTtl(page, at + TTL.length);
      else return UNSURE;
    }
    const isWhole = at >= 0 && page[at] === CLOSE_BRACE && spans.ts >= 0 && spans.data >= 0;
    return isWhole ? at + 1 : UNSURE;
  }

  /** The id in the ref of the document that begins at `start`. @returns the offset behind the ref, or UNSURE. */
  #ref(start: number): number {
    const page = this.#page;
    const at = this.#spans.readId(page, start + REF_HEAD.length);
    if (at < 0) return UNSURE;
    return this.#newRef(start + REF_AT, at);
  }

  /** Reads a ref as text: it says which collection the next ones are in, if what follows their ids is the same. */
  #newRef(start: number, idEnd: number): number {
    const page = this.#page;
    const end = skipValueBytes(page, start);
    if (end < 0) return UNSURE;
    if (!names(textOf(page, start, end), textOf(page, this.#spans.id, idEnd))) return UNSURE;
    this.#kernel.tail = page.subarray(idEnd, end);
    return end;
  }

  #data(start: number): number {
    if (this.#page[start] !== OPEN_BRACE) return UNSURE;
    this.#spans.data = start;
    return (this.#spans.dataEnd = skipValueBytes(this.#page, start));
  }

  /** Packs the document that begins at `start` by way of its text. @returns the offset behind it, or UNSURE. */
  #byText(start: number): number {
    const end = endOfObject(this.#page, start);
    if (end < 0) return UNSURE;
    try {
      const { record } = cutDocument(textOf(this.#page, start, end));
      this.#lines.addRecord(record);
      return end;
    } catch (error) {
      if (isArkError(error)) return UNSURE;
      throw error;
    }
  }
}

const NUMBER_LIKE = [Buffer.from('NaN"'), Buffer.from('Infinity"')];

/** As `holdsNumberLikeString` of the page's text. */
function mayHoldNumberLike(page: Uint8Array): boolean {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.length);
  const isSuspect = NUMBER_LIKE.some((token) => bytes.includes(token));
  return isSuspect && holdsNumberLikeString(bytes.toString("utf8"));
}

/** Where the object that begins at `start` ends, by its braces alone: right if it is well-formed. */
function endOfObject(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== OPEN_BRACE) return UNSURE;
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const c = bytes[at];
    if (c === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === 0x5c) at++;
    } else if (c === OPEN_BRACE) depth++;
    else if (c === CLOSE_BRACE && --depth === 0) return at + 1;
  }
  return UNSURE;
}
