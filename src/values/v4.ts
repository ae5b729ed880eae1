/**
 * FQL v4's wire form, as the server prints and reads it, plus the one tag of our record:
 * `{"@double":"NaN"|"Infinity"|"-Infinity"}`. Ask with `X-FaunaDB-API-Version: 4`, or lambdas come without their version.
 */
import { ArkError } from "../errors/errors.ts";
import { parseBase64, printBase64 } from "./bytes.ts";
import { LocalDate } from "./date.ts";
import { isDoubleText, parseDouble, printDouble } from "./double.ts";
import {
  isJsonObject,
  type Json,
  JsonNumber,
  type JsonObject,
  printJson,
  printString,
} from "./json.ts";
import { parseLong } from "./long.ts";
import { Time } from "./time.ts";
import { Uuid } from "./uuid.ts";
import { Lambda, type ObjectValue, Ref, SetRef, type Value } from "./value.ts";

/**
 * What the record's form (v4 and `@double`) cannot hold: nothing that a database can. v4 itself reads NaN and the
 * infinities as strings and strips nulls from arrays when it writes; that is for those who talk to it.
 */
export const V4_RECORD_CANNOT_HOLD = {} as const;

/** What v4's own wire form cannot hold without help. */
export const V4_WIRE_CANNOT_HOLD = {
  "number-like-string": "v4 prints NaN, Infinity and -Infinity as strings of that name.",
  "null-in-array": "v4 strips nulls from arrays in whatever it writes.",
} as const;

/**
 * The value that v4 JSON stands for.
 *
 * @throws ArkError ERR_RECORD for an unknown tag, a tag with a wrong body, or an integer beyond 64 bits.
 */
export function parseV4(json: Json): Value {
  if (json === null || typeof json === "boolean" || typeof json === "string") return json;
  if (json instanceof JsonNumber)
    return isDoubleText(json.text) ? parseDouble(json.text) : parseLong(json.text);
  if (Array.isArray(json)) return json.map(parseV4);
  const tagged = tagOf(json);
  return tagged === undefined ? parseMembers(json) : parseTag(...tagged);
}

/**
 * The tag and body of an object that is a tag. Objects in v4 answers have keys that begin with `@` only inside
 * `@obj`, so anything else that looks like one is refused.
 */
export function tagOf(json: JsonObject): [tag: string, body: Json] | undefined {
  for (const [key, body] of json) {
    if (!key.startsWith("@")) continue;
    if (json.size === 1) return [key, body];
    throw new ArkError(
      "ERR_RECORD",
      `A tag among other members: ${printString(key.slice(0, 60))}.`,
    );
  }
  return undefined;
}

function parseMembers(json: JsonObject): ObjectValue {
  const object: ObjectValue = new Map();
  for (const [key, value] of json) object.set(key, parseV4(value));
  return object;
}

function parseTag(tag: string, body: Json): Value {
  switch (tag) {
    case "@ref":
      return parseRef(body);
    case "@ts":
      return Time.parse(textOf(tag, body));
    case "@date":
      return LocalDate.parse(textOf(tag, body));
    case "@bytes":
      return parseBase64(textOf(tag, body));
    case "@uuid":
      return Uuid.parse(textOf(tag, body));
    case "@double":
      return parseDoubleTag(body);
    case "@set":
      return new SetRef(body);
    case "@query":
      return new Lambda(body);
    case "@obj":
      if (isJsonObject(body)) return parseMembers(body);
      throw new ArkError("ERR_RECORD", "The body of @obj is not an object.");
    default:
      throw new ArkError("ERR_RECORD", `Not a tag of v4: ${printString(tag.slice(0, 60))}.`);
  }
}

/** The text that is a tag's body. @throws ArkError ERR_RECORD when it is none. */
function textOf(tag: string, body: Json): string {
  if (typeof body === "string") return body;
  throw new ArkError("ERR_RECORD", `The body of ${tag} is not a string.`);
}

function parseDoubleTag(body: Json): number {
  const n = parseDouble(textOf("@double", body));
  if (Number.isFinite(n))
    throw new ArkError("ERR_RECORD", "Only NaN and the infinities are written as @double.");
  return n;
}

/**
 * The ref that the body of an `@ref` stands for. Names of older API versions (`class`, `classes`) are read too.
 *
 * @throws ArkError ERR_RECORD when it is none.
 */
export function parseRef(body: Json): Ref {
  if (!isJsonObject(body)) throw new ArkError("ERR_RECORD", "The body of @ref is not an object.");
  const id = body.get("id");
  if (typeof id !== "string") throw new ArkError("ERR_RECORD", "An @ref without an id.");
  const collection = innerRef(body.get("collection") ?? body.get("class"));
  const database = innerRef(body.get("database"));
  return new Ref(
    id === "classes" && collection === undefined ? "collections" : id,
    collection,
    database,
  );
}

function innerRef(json: Json | undefined): Ref | undefined {
  if (json === undefined) return undefined;
  const body = isJsonObject(json) ? json.get("@ref") : undefined;
  if (body === undefined) throw new ArkError("ERR_RECORD", "An @ref inside an @ref is not one.");
  return parseRef(body);
}

/** `value` as v4 JSON text, as the server prints it (`NaN` and the infinities as our `@double`). */
export function printV4(value: Value): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return printString(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    return Number.isFinite(value) ? printDouble(value) : `{"@double":"${printDouble(value)}"}`;
  }
  if (Array.isArray(value)) return `[${value.map(printV4).join(",")}]`;
  if (value instanceof Map) return printObject(value);
  if (value instanceof Ref) return printRef(value);
  if (value instanceof Time) return `{"@ts":"${value.toString()}"}`;
  if (value instanceof LocalDate) return `{"@date":"${value.toString()}"}`;
  if (value instanceof Uint8Array) return `{"@bytes":"${printBase64(value)}"}`;
  if (value instanceof Uuid) return `{"@uuid":"${value.text}"}`;
  return value instanceof SetRef
    ? `{"@set":${printJson(value.expr)}}`
    : `{"@query":${printJson(value.expr)}}`;
}

function printObject(object: ObjectValue): string {
  const members: string[] = [];
  let escape = false;
  for (const [key, value] of object) {
    escape ||= key.startsWith("@");
    members.push(`${printString(key)}:${printV4(value)}`);
  }
  const text = `{${members.join(",")}}`;
  return escape ? `{"@obj":${text}}` : text;
}

function printRef(ref: Ref): string {
  let body = `"id":${printString(ref.id)}`;
  if (ref.collection !== undefined) body += `,"collection":${printRef(ref.collection)}`;
  if (ref.database !== undefined) body += `,"database":${printRef(ref.database)}`;
  return `{"@ref":{${body}}}`;
}
