/**
 * A strict JSON scanner over text that builds nothing: it only says where things end.
 *
 * Everything that cuts, checks or rewrites records stands on it, so it refuses what RFC 8259 refuses.
 */
import { ArkError, type ErrorCode } from "../errors/errors.ts";

/** Nesting that is given up on. The server itself stops at 1000 levels; nothing real comes near. */
export const MAX_DEPTH = 1200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The failure of a text that is not JSON, with the offset (UTF-16 units) where it stops being so. */
export function malformed(
  text: string,
  at: number,
  expected: string,
  code: ErrorCode = "ERR_RECORD",
): ArkError {
  const found = at >= text.length ? "the end of the text" : JSON.stringify(text.slice(at, at + 20));
  return new ArkError(
    code,
    `Not well-formed JSON: ${expected} expected at offset ${at}, found ${found}.`,
    {
      details: { offset: at },
    },
  );
}

/** The offset of the first character at or after `at` that is not JSON white space. */
export function skipSpace(text: string, at: number): number {
  for (;;) {
    const c = text.charCodeAt(at);
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at;
    at += 1;
  }
}

/** The offset behind the string whose opening quote stands at `at`. */
export function skipString(text: string, at: number): number {
  if (text.charCodeAt(at) !== QUOTE) throw malformed(text, at, "a string");
  at += 1;
  for (;;) {
    const c = text.charCodeAt(at);
    if (c === QUOTE) return at + 1;
    if (c === BACKSLASH) at = skipEscape(text, at);
    else if (c >= 0x20) at += 1;
    else throw malformed(text, at, "the rest of a string");
  }
}

function skipEscape(text: string, at: number): number {
  switch (text.charCodeAt(at + 1)) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: // u
      for (let i = at + 2; i < at + 6; i++)
        if (!isHex(text.charCodeAt(i))) throw malformed(text, at, "an escape");
      return at + 6;
    default:
      throw malformed(text, at, "an escape");
  }
}

function isHex(c: number): boolean {
  return isDigit(c) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function skipDigits(text: string, at: number): number {
  if (!isDigit(text.charCodeAt(at))) throw malformed(text, at, "a digit");
  do at += 1;
  while (isDigit(text.charCodeAt(at)));
  return at;
}

/** The offset behind the number that begins at `at`. */
export function skipNumber(text: string, at: number): number {
  if (text.charCodeAt(at) === 0x2d) at += 1;
  at = text.charCodeAt(at) === 0x30 ? at + 1 : skipDigits(text, at);
  if (text.charCodeAt(at) === 0x2e) at = skipDigits(text, at + 1);
  const e = text.charCodeAt(at);
  if (e === 0x65 || e === 0x45) {
    const sign = text.charCodeAt(at + 1);
    at = skipDigits(text, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function skipScalar(text: string, at: number): number {
  const c = text.charCodeAt(at);
  if (c === QUOTE) return skipString(text, at);
  if (c === 0x2d || isDigit(c)) return skipNumber(text, at);
  for (const word of ["true", "false", "null"])
    if (text.startsWith(word, at)) return at + word.length;
  throw malformed(text, at, "a value");
}

/** The offset of the value of the member whose name begins at `at`. */
function skipName(text: string, at: number): number {
  const colon = skipSpace(text, skipString(text, at));
  if (text.charCodeAt(colon) !== COLON) throw malformed(text, colon, '":"');
  return skipSpace(text, colon + 1);
}

/**
 * The offset behind the value that begins at `at` (no white space before it).
 *
 * @throws ArkError ERR_RECORD when what stands there is not one whole JSON value.
 */
export function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(text, at);
  const open: number[] = [];
  for (;;) {
    // A value begins at `at`.
    const c = text.charCodeAt(at);
    if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      const inner = skipSpace(text, at + 1);
      if (text.charCodeAt(inner) !== c + 2) {
        if (open.length >= MAX_DEPTH)
          throw malformed(text, at, `nesting below ${MAX_DEPTH} levels`);
        open.push(c);
        at = c === OPEN_BRACE ? skipName(text, inner) : inner;
        continue;
      }
      at = inner + 1;
    } else {
      at = skipScalar(text, at);
    }
    // A value ended at `at`: close what it completes, or go on to the next one.
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) return at;
      at = skipSpace(text, at);
      const next = text.charCodeAt(at);
      if (next === COMMA) {
        at = skipSpace(text, at + 1);
        if (container === OPEN_BRACE) at = skipName(text, at);
        break;
      }
      if (next !== container + 2)
        throw malformed(text, at, container === OPEN_BRACE ? '"," or "}"' : '"," or "]"');
      open.pop();
      at += 1;
    }
  }
}

/** Where something stands in a text: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The string whose token stands at `start..end`, quotes included, decoded. */
export function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes("\\") ? String(JSON.parse(text.slice(start, end))) : inner;
}

/**
 * Walks the members of the object that begins at `at`, in order, duplicates included. `visit` gets a member's
 * decoded name and the offset of its value, and returns the offset behind that value: it skips it
 * ({@link skipValue}) or walks deeper, so that a text is passed once however deep one looks.
 *
 * @returns the offset behind the object.
 * @throws ArkError ERR_RECORD when it is not a whole object.
 */
export function walkObject(
  text: string,
  at: number,
  visit: (name: string, start: number) => number,
): number {
  if (text.charCodeAt(at) !== OPEN_BRACE) throw malformed(text, at, "an object");
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1;
  for (;;) {
    const nameEnd = skipString(text, at);
    at = skipSpace(text, visit(decodeString(text, at, nameEnd), skipName(text, at)));
    const c = text.charCodeAt(at);
    if (c === CLOSE_BRACE) return at + 1;
    if (c !== COMMA) throw malformed(text, at, '"," or "}"');
    at = skipSpace(text, at + 1);
  }
}

/**
 * Walks the elements of the array that begins at `at`, as {@link walkObject} walks members.
 *
 * @returns the offset behind the array.
 * @throws ArkError ERR_RECORD when it is not a whole array.
 */
export function walkArray(text: string, at: number, visit: (start: number) => number): number {
  if (text.charCodeAt(at) !== OPEN_BRACKET) throw malformed(text, at, "an array");
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1;
  for (;;) {
    at = skipSpace(text, visit(at));
    const c = text.charCodeAt(at);
    if (c === CLOSE_BRACKET) return at + 1;
    if (c !== COMMA) throw malformed(text, at, '"," or "]"');
    at = skipSpace(text, at + 1);
  }
}

/**
 * Walks `text`, which must be one value and nothing else.
 *
 * @throws ArkError ERR_RECORD when something follows it.
 */
export function walkWhole(text: string, visit: (start: number) => number): void {
  const end = skipSpace(text, visit(skipSpace(text, 0)));
  if (end !== text.length) throw malformed(text, end, "the end");
}
