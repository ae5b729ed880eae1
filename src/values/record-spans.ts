/** The pieces of one record as places in bytes, found without making strings of them. */
import { skipStringBytes, UNSURE } from "./byte-scan.ts";

/** A time as servers print it is much shorter. */
const TTL_BYTES = 64;
/** Ids of 19 digits may be beyond the largest. */
const ID_DIGITS = 18;
const BACKSLASH = 0x5c;
const CLOSE_BRACE = 0x7d;
const MINUS = 0x2d;
const ZERO = 0x30;

/**
 * Where the pieces of a record lie: offsets, each piece from its start up to its end. A start of -1: not there.
 *
 * The `read` methods take a piece at an offset and give the offset behind it, or UNSURE when it has to be looked at
 * as text.
 */
export class RecordSpans {
  id = -1;
  idEnd = -1;
  ts = -1;
  tsEnd = -1;
  /** The time at `ts`, as a number: one that is exact. */
  micros = 0;
  /** What is between the quotes of `{"@ts":"…"}`: short and without any escape. */
  ttl = -1;
  ttlEnd = -1;
  data = -1;
  dataEnd = -1;
  extra = -1;
  extraEnd = -1;

  /** Forgets all but the id. */
  clear(): void {
    this.ts = -1;
    this.ttl = -1;
    this.ttlEnd = -1;
    this.data = -1;
    this.extra = -1;
    this.extraEnd = -1;
  }

  /** The digits at `start`. */
  readId(bytes: Uint8Array, start: number): number {
    let at = start;
    for (let c = bytes[at]!; c >= 0x30 && c <= 0x39; c = bytes[at]!) at++;
    const digits = at - start;
    if (digits === 0 || digits > ID_DIGITS || (bytes[start] === ZERO && digits > 1)) return UNSURE;
    this.id = start;
    this.idEnd = at;
    return at;
  }

  /** The integer at `start`. What follows is not looked at: a fraction ends where no record goes on. */
  readTs(bytes: Uint8Array, start: number): number {
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let micros = 0;
    for (let c = bytes[at]!; c >= 0x30 && c <= 0x39; c = bytes[at]!) {
      micros = micros * 10 + (c - ZERO);
      at++;
    }
    if (at === first || micros > Number.MAX_SAFE_INTEGER) return UNSURE;
    if (bytes[first] === ZERO && (isNegative || at - first > 1)) return UNSURE;
    this.ts = start;
    this.tsEnd = at;
    this.micros = isNegative ? -micros : micros;
    return at;
  }

  /** The rest of `{"@ts":"…"}` whose text begins at `start`. */
  readTtl(bytes: Uint8Array, start: number): number {
    const end = skipStringBytes(bytes, start - 1);
    if (end < 0 || bytes[end] !== CLOSE_BRACE || end - start > TTL_BYTES) return UNSURE;
    for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return UNSURE;
    this.ttl = start;
    this.ttlEnd = end - 1;
    return end + 1;
  }
}
