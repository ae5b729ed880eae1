/** The frame of a v4 answer with a page, as servers print it: what is around its elements. */
import { skipValueBytes, standsAt, UNSURE } from "./byte-scan.ts";

const PAGE_HEAD = Buffer.from('{"resource":{"');
const DATA = Buffer.from('data":');
const AFTER = Buffer.from('after":');
const BEFORE = Buffer.from('before":');
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;

/** Where a page goes on. */
export interface PageFrame {
  /** The cursor's JSON text; absent on the last page. */
  readonly after?: string;
}

/**
 * Walks the page that the bytes are, and nothing else.
 *
 * @param element reads the element at an offset, or some, and gives the offset behind, or UNSURE.
 * @returns undefined when the page is not of the usual form, or an element is not.
 */
export function scanPage(page: Uint8Array, element: (at: number) => number): PageFrame | undefined {
  let after: string | undefined;
  let hasData = false;
  let hasBefore = false;
  let at = PAGE_HEAD.length;
  if (!standsAt(page, 0, PAGE_HEAD)) return undefined;
  for (;;) {
    // A member's name begins at `at`, its quote passed.
    if (!hasData && standsAt(page, at, DATA)) {
      hasData = true;
      at = scanArray(page, at + DATA.length, element);
    } else if (after === undefined && standsAt(page, at, AFTER)) {
      const start = at + AFTER.length;
      at = skipValueBytes(page, start);
      if (at >= 0) after = textOf(page, start, at);
    } else if (!hasBefore && standsAt(page, at, BEFORE)) {
      hasBefore = true;
      at = skipValueBytes(page, at + BEFORE.length);
    } else return undefined;
    if (at < 0) return undefined;
    if (page[at] === CLOSE_BRACE) break;
    if (page[at] !== COMMA || page[at + 1] !== QUOTE) return undefined;
    at += 2;
  }
  const isWhole = hasData && page[at + 1] === CLOSE_BRACE && page.length === at + 2;
  if (!isWhole) return undefined;
  return after === undefined ? {} : { after };
}

function scanArray(page: Uint8Array, at: number, element: (at: number) => number): number {
  if (page[at] !== OPEN_BRACKET) return UNSURE;
  if (page[at + 1] === CLOSE_BRACKET) return at + 2;
  for (;;) {
    at = element(at + 1);
    if (at < 0) return UNSURE;
    if (page[at] === CLOSE_BRACKET) return at + 1;
    if (page[at] !== COMMA) return UNSURE;
  }
}

/** The text of a piece of UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
