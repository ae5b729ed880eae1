/** Walks over FSL text: white space, comments, words, names, strings. Knows no grammar. */
import type { Name } from "./ast.ts";
import { isKeyword } from "./names.ts";
import { FslSyntaxError } from "./problem.ts";
import type { Span } from "./span.ts";

const WORD = /[a-zA-Z_][a-zA-Z0-9_']*/y;
/**
 * v4 takes the word characters of every script (v4-schema/collection-errors: `ü`), the server's FSL only
 * Latin ones, so that it could not read back what it prints. Here it can.
 */
const LEGACY_NAME = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc};@+$\-.!~%]+/uy;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  "0": "\0",
  "'": "'",
  '"': '"',
  "`": "`",
  n: "\n",
  r: "\r",
  v: "\v",
  t: "\t",
  b: "\b",
  f: "\f",
  "#": "#",
};

/** Deeper nesting than this is not FSL: no reader of it, here or later, may run out of stack. */
const MAX_NESTING = 500;

export class Cursor {
  readonly text: string;
  at: number;
  #nesting = 0;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  get next(): string {
    return this.text[this.at] ?? "";
  }

  startsWith(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  /** The error to throw where the text is not FSL. */
  failure(message: string, span: Span = { start: this.at, end: this.at + 1 }): FslSyntaxError {
    return new FslSyntaxError({ message, span });
  }

  /** Goes one level down. @throws FslSyntaxError where that is too deep */
  deeper(): void {
    this.#nesting++;
    if (this.#nesting > MAX_NESTING) throw this.failure("Nested too deeply");
  }

  /** Comes back up from a level. */
  shallower(): void {
    this.#nesting--;
  }

  /** Takes `token` and what follows of white space and newlines if `andLines`; false if it is not there. */
  take(token: string, andLines = true): boolean {
    if (!this.startsWith(token)) return false;
    this.at += token.length;
    if (andLines) this.lines();
    return true;
  }

  expect(token: string, andLines = true): void {
    if (!this.take(token, andLines)) throw this.failure(`Expected \`${token}\``);
  }

  /** Skips spaces, tabs and block comments on this line. */
  blanks(): void {
    while (!this.done) {
      if (this.next === " " || this.next === "\t") this.at++;
      else if (!this.blockComment()) return;
    }
  }

  /** Skips all white space and comments. */
  lines(): void {
    while (!this.done) {
      if (" \t\r\n".includes(this.next)) this.at++;
      else if (!this.lineComment() && !this.blockComment()) return;
    }
  }

  /** Skips what may stand between members or items: white space, comments, semicolons. */
  separators(): void {
    while (!this.done) {
      if (" \t\r\n;".includes(this.next)) this.at++;
      else if (!this.lineComment() && !this.blockComment()) return;
    }
  }

  /** Skips a `//` comment, its newline included. */
  lineComment(): boolean {
    if (!this.startsWith("//")) return false;
    const newline = this.text.indexOf("\n", this.at);
    this.at = newline < 0 ? this.text.length : newline + 1;
    return true;
  }

  /** Skips a block comment; they nest. */
  blockComment(): boolean {
    if (!this.startsWith("/*")) return false;
    const start = this.at;
    let depth = 0;
    while (!this.done) {
      if (this.startsWith("/*")) {
        depth++;
        this.at += 2;
      } else if (this.startsWith("*/")) {
        depth--;
        this.at += 2;
        if (depth === 0) return true;
      } else this.at++;
    }
    throw this.failure("Unclosed comment", { start, end: start + 2 });
  }

  /** The word here without taking it, or "". */
  peekWord(): string {
    WORD.lastIndex = this.at;
    return WORD.exec(this.text)?.[0] ?? "";
  }

  /** Takes a word that is not a keyword of FQL; undefined if there is none. */
  word(): Name | undefined {
    const text = this.peekWord();
    if (text === "" || isKeyword(text)) return undefined;
    const start = this.at;
    this.at += text.length;
    return { text, span: { start, end: this.at } };
  }

  /** Takes an identifier or a quoted v4 name; undefined if there is neither. */
  name(): Name | undefined {
    const quote = this.next;
    if (quote !== '"' && quote !== "'") return this.word();
    const start = this.at;
    LEGACY_NAME.lastIndex = start + 1;
    const text = LEGACY_NAME.exec(this.text)?.[0];
    if (text === undefined || this.text[start + 1 + text.length] !== quote) return undefined;
    this.at = start + text.length + 2;
    return { text, span: { start, end: this.at } };
  }

  /** Takes a string literal without interpolation and gives its value; undefined if there is none. */
  string(): { readonly value: string; readonly span: Span } | undefined {
    const quote = this.next;
    if (quote !== '"' && quote !== "'") return undefined;
    const start = this.at++;
    let value = "";
    while (this.next !== quote) {
      if (this.done || this.next === "\n") throw this.failure(`Expected \`${quote}\``);
      if (quote === '"' && this.startsWith("#{")) {
        throw this.failure("Cannot interpolate values in a string literal", {
          start: this.at,
          end: this.at + 2,
        });
      }
      value += this.next === "\\" ? this.escape() : this.text[this.at++];
    }
    this.at++;
    return { value, span: { start, end: this.at } };
  }

  private escape(): string {
    const rest = this.text.slice(this.at, this.at + 12);
    const coded = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})/.exec(rest);
    if (coded !== null) {
      const point = Number.parseInt(coded[1] ?? coded[2] ?? coded[3] ?? "", 16);
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        throw this.failure("Invalid escape code");
      this.at += coded[0].length;
      return String.fromCodePoint(point);
    }
    const simple = SIMPLE_ESCAPES[rest[1] ?? ""];
    if (simple === undefined)
      throw this.failure("Expected escape code", { start: this.at + 1, end: this.at + 2 });
    this.at += 2;
    return simple;
  }
}
