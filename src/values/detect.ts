/** Cheap questions to a record's text, asked of every document: each is a search first and a scan only on a hit. */
import { skipSpace, skipValue, walkArray, walkObject } from "./scan.ts";

const NUMBER_LIKE = ['"NaN"', '"Infinity"', '"-Infinity"'];

/**
 * Whether `text` (canonical, or as the server prints it) holds a *value* that is the string NaN, Infinity or
 * -Infinity. v4 prints the doubles of that name the same way (live 11), so such documents must be looked at again
 * through v10.
 */
export function holdsNumberLikeString(text: string): boolean {
  return NUMBER_LIKE.some((token) => {
    for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) {
      // Behind a backslash the quote is not the beginning of a string but a quote in one.
      const inString = text.charCodeAt(at - 1) === 0x5c;
      if (!inString && text.charCodeAt(skipSpace(text, at + token.length)) !== 0x3a) return true;
    }
    return false;
  });
}

/** Whether a record's text holds one of our `{"@double":…}`: then `{"quote":…}` alone cannot write it. */
export function holdsDoubleTag(dataText: string): boolean {
  return dataText.includes('{"@double":"');
}

/**
 * Whether a record's data (the text of one v4 value) holds a `null` inside an array, which every v4 write strips
 * (live 11). The `null`s of a stored lambda or set expression are code, not data, and do not count.
 */
export function holdsNullInArray(dataText: string): boolean {
  if (!dataText.includes("null")) return false;
  let found = false;
  const visitArray = (start: number): number =>
    walkArray(dataText, start, (at) => {
      found ||= dataText.startsWith("null", at);
      return visit(at, false);
    });
  const visit = (start: number, escaped: boolean): number => {
    const c = dataText.charCodeAt(start);
    if (c === 0x5b) return visitArray(start);
    if (c !== 0x7b || found) return skipValue(dataText, start);
    return walkObject(dataText, start, (name, at) => {
      if (!escaped && (name === "@query" || name === "@set")) return skipValue(dataText, at);
      return visit(at, !escaped && name === "@obj");
    });
  };
  visit(skipSpace(dataText, 0), false);
  return found;
}
