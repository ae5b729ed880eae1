/** Finds the pieces of one line of a segment by one pass over its bytes. */
import { skipValueBytes, standsAt, UNSURE } from "./byte-scan.ts";
import type { RecordSpans } from "./record-spans.ts";

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
 * Finds the pieces of the canonical line of a document that begins at `start`.
 *
 * @returns the offset behind its line feed, or UNSURE when it has to be looked at as text.
 */
export function readLineSpans(bytes: Uint8Array, start: number, spans: RecordSpans): number {
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
      spans.dataEnd = at = skipObject(bytes, at);
    } else if (spans.ttl < 0 && standsAt(bytes, at, TTL_HEAD)) {
      at = spans.readTtl(bytes, at + TTL_HEAD.length);
    } else if (spans.extra < 0 && standsAt(bytes, at, EXTRA_HEAD)) {
      at += EXTRA_HEAD.length;
      spans.extra = at;
      spans.extraEnd = at = skipObject(bytes, at);
    } else return UNSURE;
  }
  const isWhole =
    at >= 0 && spans.data >= 0 && bytes[at] === CLOSE_BRACE && bytes[at + 1] === LINE_FEED;
  return isWhole ? at + 2 : UNSURE;
}

function skipObject(bytes: Uint8Array, start: number): number {
  return bytes[start] === OPEN_BRACE ? skipValueBytes(bytes, start) : UNSURE;
}
