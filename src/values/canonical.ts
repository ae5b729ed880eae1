/**
 * Canonical text: the one spelling of a JSON text that digests are taken of. No white space between tokens, JSON's
 * shortest escapes (`JSON.stringify`'s), number text, key order and duplicates as they stand.
 *
 * The server prints nearly everything so already; only what deviates is rewritten.
 */
import { decodeString, skipString, skipValue, walkWhole } from "./scan.ts";
import { printString } from "./json.ts";

/**
 * The canonical spelling of `text`; `text` itself when it is canonical.
 *
 * @throws ArkError ERR_RECORD when it is not one JSON value.
 */
export function canonicalText(text: string): string {
  walkWhole(text, (start) => skipValue(text, start));
  return canonicalSpan(text, 0, text.length);
}

/** The canonical spelling of what stands at `start..end`, which the caller knows to be one JSON value. */
export function canonicalSpan(text: string, start: number, end: number): string {
  return isCanonical(text, start, end) ? text.slice(start, end) : rewrite(text, start, end);
}

function isCanonical(text: string, at: number, end: number): boolean {
  while (at < end) {
    const c = text.charCodeAt(at);
    if (c <= 0x20) return false;
    if (c !== 0x22) {
      at += 1;
      continue;
    }
    const start = at;
    let plain = true;
    for (at += 1; ; at += 1) {
      const inner = text.charCodeAt(at);
      if (inner === 0x22) break;
      if (inner === 0x5c) {
        at += 1;
        const escaped = text.charCodeAt(at);
        // "u" may be the shortest escape or not, "/" never is; the others always are.
        if (escaped === 0x75 || escaped === 0x2f) plain = false;
      } else if (inner >= 0xd800 && inner <= 0xdfff) plain = false;
    }
    at += 1;
    if (!plain && respell(text, start, at) !== text.slice(start, at)) return false;
  }
  return true;
}

function respell(text: string, start: number, end: number): string {
  return printString(decodeString(text, start, end));
}

function rewrite(text: string, at: number, end: number): string {
  let out = "";
  while (at < end) {
    const c = text.charCodeAt(at);
    if (c <= 0x20) {
      at += 1;
      continue;
    }
    const start = at;
    if (c === 0x22) {
      at = skipString(text, at);
      out += respell(text, start, at);
    } else {
      do at += 1;
      while (at < end && text.charCodeAt(at) > 0x20 && text.charCodeAt(at) !== 0x22);
      out += text.slice(start, at);
    }
  }
  return out;
}
