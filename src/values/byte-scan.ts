/**
 * The scanner of the fast path: over the bytes of UTF-8 text, building nothing, raising nothing.
 *
 * It follows only what is strict JSON *and* in canonical spelling (see `canonical.ts`), which is nearly all that a
 * server prints. Whatever else there is, malformed, spaced, escaped in a longer way than needed, nested very deeply,
 * gets {@link UNSURE}: `scan.ts` has to look at it as text, finds what it means or says what is wrong with it.
 *
 * That the bytes are UTF-8 at all is for the caller to know.
 */

/** The answer that is no offset: look at the text instead. */
export const UNSURE = -1;

/** Nesting that is followed; real documents stay far below, and the text's scanner goes much deeper. */
const DEPTH = 250;

/** What ends the plain part of a string: its quote, a backslash, a control character. */
const PLAIN = new Uint8Array(256);
PLAIN.fill(1, 0x20);
PLAIN[0x22] = 0;
PLAIN[0x5c] = 0;

/** The escapes that are the shortest: behind a backslash only these are canonical without a closer look. */
const ESCAPE = new Uint8Array(256);
for (const letter of '"\\bfnrt') ESCAPE[letter.charCodeAt(0)] = 1;

/** The containers that are open, one scan at a time: `]` and `}` as they will have to close. */
const open = new Uint8Array(DEPTH);

/** The offset behind the string whose opening quote stands at `at`, or {@link UNSURE}. */
export function skipStringBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x22) return UNSURE;
  for (;;) {
    do at++;
    while (PLAIN[bytes[at]!] === 1);
    const c = bytes[at];
    if (c === 0x22) return at + 1;
    if (c !== 0x5c || ESCAPE[bytes[++at]!] !== 1) return UNSURE;
  }
}

/** The offset behind the number that begins at `at`, or {@link UNSURE}. */
export function skipNumberBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x2d) at++;
  if (bytes[at] === 0x30) at++;
  else if ((at = skipDigitBytes(bytes, at)) < 0) return UNSURE;
  if (bytes[at] === 0x2e && (at = skipDigitBytes(bytes, at + 1)) < 0) return UNSURE;
  const e = bytes[at];
  if (e !== 0x65 && e !== 0x45) return at;
  const sign = bytes[at + 1];
  return skipDigitBytes(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
}

function skipDigitBytes(bytes: Uint8Array, at: number): number {
  const start = at;
  for (let c = bytes[at]!; c >= 0x30 && c <= 0x39; c = bytes[at]!) at++;
  return at === start ? UNSURE : at;
}

function skipScalarBytes(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x22:
      return skipStringBytes(bytes, at);
    case 0x74: // true
      return bytes[at + 1] === 0x72 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x65
        ? at + 4
        : UNSURE;
    case 0x6e: // null
      return isNullAt(bytes, at) ? at + 4 : UNSURE;
    case 0x66: // false
      return bytes[at + 1] === 0x61 &&
        bytes[at + 2] === 0x6c &&
        bytes[at + 3] === 0x73 &&
        bytes[at + 4] === 0x65
        ? at + 5
        : UNSURE;
    default:
      return skipNumberBytes(bytes, at);
  }
}

/** Whether the word `null` stands at `at`. */
export function isNullAt(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x6e && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c
  );
}

/**
 * The offset behind the value that begins at `at`, or {@link UNSURE} when it is not certainly one whole JSON value in
 * canonical spelling.
 */
export function skipValueBytes(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (;;) {
    // A value begins at `at`.
    const c = bytes[at];
    if (c === 0x7b || c === 0x5b) {
      at++;
      if (bytes[at] === c + 2) at++;
      else {
        if (depth === DEPTH) return UNSURE;
        open[depth++] = c + 2;
        if (c === 0x7b && (at = skipNameBytes(bytes, at)) < 0) return UNSURE;
        continue;
      }
    } else if ((at = c === 0x22 ? skipStringBytes(bytes, at) : skipScalarBytes(bytes, at)) < 0) {
      return UNSURE;
    }
    // A value ended at `at`: close what it completes, or go on to the next one.
    for (;;) {
      if (depth === 0) return at;
      const next = bytes[at++];
      const close = open[depth - 1];
      if (next === close) {
        depth--;
        continue;
      }
      if (next !== 0x2c) return UNSURE;
      if (close === 0x7d && (at = skipNameBytes(bytes, at)) < 0) return UNSURE;
      break;
    }
  }
}

/** The offset of the value of the member whose name begins at `at`, or {@link UNSURE}. */
export function skipNameBytes(bytes: Uint8Array, at: number): number {
  const end = skipStringBytes(bytes, at);
  return end >= 0 && bytes[end] === 0x3a ? end + 1 : UNSURE;
}

/** Whether `expected` stands in `bytes` at `at`. */
export function standsAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}
