/**
 * Lossless JSON. `JSON.parse` rounds 9007199254740993, turns 1.0 into 1, moves integer-like keys to the
 * front and stumbles over `__proto__`; a backup must not.
 */
import { decodeString, malformed, MAX_DEPTH, skipNumber, skipSpace, skipString } from "./scan.ts";

/** A parsed JSON text: numbers keep their text, objects their order and every key. */
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

/** Members in the order they were written. Of duplicate keys the first wins, as on the server (live 17). */
export type JsonObject = Map<string, Json>;

/** A number, kept as the text it was written with. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * The value that `text` spells.
 *
 * @throws ArkError ERR_RECORD with the offset when `text` is not exactly one JSON value.
 */
export function parseJson(text: string): Json {
  const parser = new Parser(text);
  const json = parser.value(skipSpace(text, 0), 0);
  const end = skipSpace(text, parser.end);
  if (end !== text.length) throw malformed(text, end, "the end");
  return json;
}

class Parser {
  readonly text: string;
  /** The offset behind the value parsed last. */
  end = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(at: number, depth: number): Json {
    const { text } = this;
    const c = text.charCodeAt(at);
    if (c === 0x22) return this.#string(at);
    if (c === 0x7b || c === 0x5b) {
      if (depth >= MAX_DEPTH) throw malformed(text, at, `nesting below ${MAX_DEPTH} levels`);
      return c === 0x7b ? this.#object(at, depth) : this.#array(at, depth);
    }
    for (const [word, meaning] of WORDS) {
      if (text.startsWith(word, at)) {
        this.end = at + word.length;
        return meaning;
      }
    }
    if (c !== 0x2d && !(c >= 0x30 && c <= 0x39)) throw malformed(text, at, "a value");
    this.end = skipNumber(text, at);
    return new JsonNumber(text.slice(at, this.end));
  }

  #string(at: number): string {
    this.end = skipString(this.text, at);
    return decodeString(this.text, at, this.end);
  }

  #array(at: number, depth: number): Json[] {
    const items: Json[] = [];
    at = skipSpace(this.text, at + 1);
    if (this.text[at] === "]") return this.#done(items, at);
    for (;;) {
      items.push(this.value(at, depth + 1));
      at = skipSpace(this.text, this.end);
      if (this.text[at] === "]") return this.#done(items, at);
      if (this.text[at] !== ",") throw malformed(this.text, at, '"," or "]"');
      at = skipSpace(this.text, at + 1);
    }
  }

  #object(at: number, depth: number): JsonObject {
    const members: JsonObject = new Map();
    at = skipSpace(this.text, at + 1);
    if (this.text[at] === "}") return this.#done(members, at);
    for (;;) {
      const name = this.#string(at);
      at = skipSpace(this.text, this.end);
      if (this.text[at] !== ":") throw malformed(this.text, at, '":"');
      const value = this.value(skipSpace(this.text, at + 1), depth + 1);
      if (!members.has(name)) members.set(name, value);
      at = skipSpace(this.text, this.end);
      if (this.text[at] === "}") return this.#done(members, at);
      if (this.text[at] !== ",") throw malformed(this.text, at, '"," or "}"');
      at = skipSpace(this.text, at + 1);
    }
  }

  #done<T>(container: T, close: number): T {
    this.end = close + 1;
    return container;
  }
}

const WORDS: readonly (readonly [string, boolean | null])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/**
 * `json` as text: no white space, JSON's shortest escapes, non-ASCII as it is, lone surrogates as `\udXXX`,
 * numbers as they were written. `parseJson` gives the same value back.
 */
export function printJson(json: Json): string {
  if (json === null) return "null";
  if (typeof json === "string") return printString(json);
  if (typeof json === "boolean") return json ? "true" : "false";
  if (json instanceof JsonNumber) return json.text;
  if (Array.isArray(json)) return `[${json.map(printJson).join(",")}]`;
  const members: string[] = [];
  for (const [name, value] of json) members.push(`${printString(name)}:${printJson(value)}`);
  return `{${members.join(",")}}`;
}

/** `text` as a JSON string token with the shortest escapes. */
export function printString(text: string): string {
  return JSON.stringify(text);
}

/** Whether `json` is an object. */
export function isJsonObject(json: Json | undefined): json is JsonObject {
  return json instanceof Map;
}
