/** Numbers, strings and heredocs. */
import type { Literal } from "../ast.ts";
import type { Reader } from "./reader.ts";

const DIGITS: readonly (readonly [RegExp, number])[] = [
  [/[+-]?[ \t]*0[xX][0-9a-fA-F_]+/y, 16],
  [/[+-]?[ \t]*0[oO][0-7_]+/y, 8],
  [/[+-]?[ \t]*0[bB][01_]+/y, 2],
];
const NUMBER =
  /([+-]?)[ \t]*((?:0|[1-9][0-9_]*)(?:\.[0-9][0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?|[eE][+-]?[0-9][0-9_]*)?)/y;

/** A number, with its sign if one is written, or undefined if there is none here. */
export function readNumber(reader: Reader): Literal | undefined {
  for (const [pattern, radix] of DIGITS) {
    const text = reader.match(pattern);
    if (text !== undefined) return radixNumber(text, radix);
  }
  const text = reader
    .match(NUMBER)
    ?.replaceAll(/[_ \t+](?![0-9]*$)|[_ \t]|^\+/g, (found, at: number) =>
      found === "+" && at > 0 ? "+" : "",
    );
  if (text === undefined) return undefined;
  if (!/[.eE]/.test(text)) return BigInt(text);
  // As in Fauna the sign is applied to a decimal, which has no negative zero.
  const value = Number(text);
  return Object.is(value, -0) ? 0 : value;
}

function radixNumber(text: string, radix: number): bigint {
  const prefix = radix === 16 ? "0x" : radix === 8 ? "0o" : "0b";
  const digits = text.replaceAll(/[_ \t]/g, "").replace(/^[+-]?0[xXoObB]/, "");
  const value = BigInt(prefix + (digits === "" ? "0" : digits));
  return text.startsWith("-") ? -value : value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  "0": "\u0000",
  "'": "'",
  '"': '"',
  "`": "`",
  n: "\n",
  r: "\r",
  v: "\u000b",
  t: "\t",
  b: "\b",
  f: "\f",
  "#": "#",
};

/** Whether a character may stand in a string as it is; the others must be escaped. */
export function isDisplayed(char: string): boolean {
  const code = char.charCodeAt(0);
  return !(
    code <= 0x08 ||
    (code >= 0x0e && code <= 0x1f) ||
    code === 0x7f ||
    code >= 0xfff0 ||
    code === 0xfeff ||
    (code >= 0x2000 && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202f) ||
    (code >= 0x2060 && code <= 0x206f)
  );
}

/** Characters that mean nothing but themselves in any string: what {@link isDisplayed} but quotes, `\\` and `#`. */
const PLAIN =
  /[\t-\r !$-&([\]-~\u0080-\u1fff\u2010-\u2027\u2030-\u205f\u2070-\ufefe\uff00-\uffef)-Z]+/y;

/** Steps over a backslash and what it escapes. */
export function readEscape(reader: Reader): string {
  const start = reader.pos;
  reader.expect("\\");
  const char = reader.text[reader.pos] ?? "";
  const plain = Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined;
  if (plain !== undefined) {
    reader.pos++;
    return plain;
  }
  const hex =
    reader.match(/x[0-9a-fA-F]{2}/y)?.slice(1) ??
    reader.match(/u[0-9a-fA-F]{4}/y)?.slice(1) ??
    reader.match(/u\{[0-9a-fA-F]{1,6}\}/y)?.slice(2, -1) ??
    reader.expected("escape code");
  const code = Number.parseInt(hex, 16);
  const refuse = (annotation: string) =>
    reader.fail("Invalid escape", reader.span(start), { annotation });
  if (code > 0x10ffff) refuse("outside of valid unicode range");
  if (code >= 0xd800 && code <= 0xdfff) refuse("surrogates are disallowed");
  return String.fromCodePoint(code);
}

/** A string in single quotes, in which `#{` means nothing; undefined if there is none or it has no end. */
export function readSingleQuoted(reader: Reader): string | undefined {
  const start = reader.pos;
  if (!reader.eat("'")) return undefined;
  let text = "";
  while (!reader.ended && !reader.at("'")) {
    const plain = reader.match(PLAIN);
    if (plain !== undefined) {
      text += plain;
      continue;
    }
    const char = reader.text[reader.pos] ?? "";
    if (char === "\\") text += readEscape(reader);
    else if (!isDisplayed(char)) break;
    else {
      text += char;
      reader.pos++;
    }
  }
  if (reader.eat("'")) return text;
  reader.pos = start;
  return undefined;
}

/**
 * A string in double quotes as its parts; `readInner` reads the expression of a `#{…}`.
 * Undefined, with nothing read, if there is none or it has no end.
 */
export function readDoubleQuoted<T>(
  reader: Reader,
  readInner: () => T,
): (string | T)[] | undefined {
  const start = reader.pos;
  if (!reader.eat('"')) return undefined;
  const parts: (string | T)[] = [];
  let text = "";
  while (!reader.ended && !reader.at('"')) {
    const plain = reader.match(PLAIN);
    if (plain !== undefined) {
      text += plain;
      continue;
    }
    const char = reader.text[reader.pos] ?? "";
    if (reader.eat("#{")) {
      if (text !== "") parts.push(text);
      text = "";
      parts.push(readInner());
      reader.expect("}");
    } else if (char === "\\") text += readEscape(reader);
    else if (!isDisplayed(char)) break;
    else {
      text += char;
      reader.pos++;
    }
  }
  if (!reader.eat('"')) {
    reader.pos = start;
    return undefined;
  }
  if (text !== "") parts.push(text);
  return parts;
}

/**
 * A heredoc, `<<-END` as it stands or `<<+END` with `#{…}`; the common indentation of its lines is
 * taken away. Undefined if there is none here.
 */
export function readHeredoc<T>(reader: Reader, readInner: () => T): (string | T)[] | undefined {
  const interpolated = reader.at("<<+");
  if (!interpolated && !reader.at("<<-")) return undefined;
  reader.pos += 3;
  reader.blanks();
  const mark = (reader.word() ?? reader.expected("identifier")).text;
  reader.blanks();
  if (reader.match(/[\r\n](?:[ \t]*[\r\n])*/y) === undefined) reader.expected("line break");
  const lines: { parts: (string | T)[]; end: string }[] = [];
  const atEnd = () => reader.peek(new RegExp(`[ \\t]*${mark}(?![a-zA-Z0-9_'])`, "y")) !== undefined;
  while (!atEnd()) {
    if (reader.ended) reader.expected(mark);
    lines.push(heredocLine(reader, interpolated ? readInner : undefined));
  }
  reader.blanks();
  reader.expect(mark);
  return unindent(lines);
}

function heredocLine<T>(reader: Reader, readInner: (() => T) | undefined) {
  const parts: (string | T)[] = [];
  let text = "";
  while (!reader.ended && reader.peek(/[\r\n]/y) === undefined) {
    if (readInner !== undefined && reader.eat("#{")) {
      if (text !== "") parts.push(text);
      text = "";
      parts.push(readInner());
      reader.expect("}");
    } else {
      text += reader.text[reader.pos];
      reader.pos++;
    }
  }
  if (text !== "") parts.push(text);
  return { parts, end: reader.match(/[\r\n]+/y) ?? "" };
}

function unindent<T>(lines: readonly { parts: (string | T)[]; end: string }[]): (string | T)[] {
  const indents = lines.flatMap(({ parts }) => {
    const [first] = parts;
    if (first === undefined) return [];
    return [typeof first === "string" ? (/^[ \t]*/.exec(first)?.[0].length ?? 0) : 0];
  });
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  const result: (string | T)[] = [];
  for (const { parts, end } of lines) {
    for (const [index, part] of [...parts, end].entries()) {
      const text =
        index === 0 && typeof part === "string" && parts.length > 0 ? part.slice(indent) : part;
      const last = result.at(-1);
      if (typeof text === "string" && typeof last === "string")
        result[result.length - 1] = last + text;
      else if (text !== "") result.push(text);
    }
  }
  return result;
}
