/** Strings and names as FQL source. */

const ESCAPED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\u0000": "\\0",
  "'": "\\'",
  '"': '\\"',
  "`": "\\`",
  "\n": "\\n",
  "\r": "\\r",
  "\u000b": "\\v",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
  "#": "\\#",
};

/** A string in double quotes, with what has an escape escaped. */
export const quote = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these have escapes
  `"${text.replaceAll(/[\\\u0000'"`\n\r\u000b\t\b\f#]/g, (char) => ESCAPED[char] ?? char)}"`;

/** Whether a key needs no quotes. */
export const isPlainName = (text: string): boolean => /^\p{L}[\p{L}\p{Nd}_]*$/u.test(text);
