/** From JSON text to literals: whole numbers become longs, other numbers doubles. */
import { isDoubleText } from "../../../values/double.ts";
import { type Json, JsonNumber, parseJson } from "../../../values/json.ts";
import { isArkError } from "../../../errors/errors.ts";
import { fail, invalidExpression } from "../failure.ts";
import { ROOT } from "../position.ts";
import type { Literal } from "../value.ts";

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;
/** Whole numbers of fewer characters than this fit a long. */
const SURE_DIGITS = 18;
/** Levels of JSON that the server reads. */
const MAX_LEVELS = 1000;

/** The body of a request as a literal, not looked into for forms and tags yet. */
export function parseBody(text: string): Literal {
  if (text.trim() === "") fail(invalidExpression("No query provided.", ROOT));
  let json: Json;
  try {
    json = parseJson(text);
  } catch (error) {
    if (isArkError(error, "ERR_RECORD")) notJson();
    throw error;
  }
  return decode(json);
}

/** `json` with its numbers and strings decoded, in place: who gives it away must not use it again. */
export function decode(json: Json, level = 0): Literal {
  if (typeof json === "string") return wellFormed(json);
  if (json instanceof JsonNumber) return decodeNumber(json.text);
  if (typeof json !== "object" || json === null) return json;
  if (level >= MAX_LEVELS) {
    fail(invalidExpression("Request body JSON exceeds nesting limit.", ROOT));
  }
  if (Array.isArray(json)) {
    const items = json as Literal[];
    for (let i = 0; i < json.length; i++) items[i] = decode(json[i]!, level + 1);
    return items;
  }
  const members = json as Map<string, Json | Literal>;
  for (const [name, value] of json) {
    const decoded = decode(value, level + 1);
    if (decoded !== value) members.set(name, decoded);
  }
  return isWellFormed(json) ? members : renamed(members);
}

function decodeNumber(text: string): Literal {
  if (isDoubleText(text)) return Number(text);
  if (text.length < SURE_DIGITS) return BigInt(text);
  const long = BigInt(text);
  if (long < MIN_LONG || long > MAX_LONG) notJson();
  return long;
}

function notJson(): never {
  fail(invalidExpression("Request body is not valid JSON.", ROOT));
}

/** Half a surrogate pair cannot be stored: the server puts a question mark in its place (live 17). */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed().replaceAll("\uFFFD", "?");
}

function isWellFormed(members: ReadonlyMap<string, unknown>): boolean {
  for (const name of members.keys()) if (!name.isWellFormed()) return false;
  return true;
}

function renamed(members: ReadonlyMap<string, unknown>): Literal {
  return new Map([...members].map(([name, value]) => [wellFormed(name), value as Literal]));
}
