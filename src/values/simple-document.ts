/**
 * Documents in v10's simple format, which is for reading by eye: types are gone, so nothing here is lossless and
 * nothing is written in it. What a line may have lost is named and counted value by value.
 */
import { ArkError } from "../errors/errors.ts";
import { parseDay } from "./date.ts";
import type { CutDocument } from "./document.ts";
import { isDoubleText } from "./double.ts";
import {
  isJsonObject,
  type Json,
  JsonNumber,
  type JsonObject,
  parseJson,
  printJson,
  printString,
} from "./json.ts";
import { parseLong } from "./long.ts";
import { type OnLoss, pointerTo } from "./loss.ts";
import { makeRecord } from "./record.ts";
import { v4Object } from "./tagged-to-v4.ts";
import { RESERVED_FIELDS } from "./tagged-document.ts";
import { Time } from "./time.ts";

/** What a simple line may have lost: each is a guess from what a value looks like, and the value stays as it is. */
export const SIMPLE_HAS_LOST = {
  "maybe-time": "A text that looks like a time and may have been one.",
  "maybe-date": "A text that looks like a date and may have been one.",
  "maybe-bytes":
    "A text that looks like base64 (padded, or 24 characters and more) and may have been bytes.",
  "maybe-uuid": "A text that looks like a UUID and may have been one.",
  "maybe-double": "A text NaN, Infinity or -Infinity that may have been the double of that name.",
  "maybe-ref": "An object of coll and id or name that may have been a ref.",
  "maybe-lambda": "A text that is what v10 shows for a stored lambda or a ref to an index.",
  "reserved-field-order": "The place of fields with reserved names among the others.",
} as const;

/** The names in {@link SIMPLE_HAS_LOST}. */
export type SimpleLost = keyof typeof SIMPLE_HAS_LOST;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})+$|^(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=)$/;
const TIME = /^[+-]?\d{4,}-\d\d-\d\dT\d\d:\d\d/;
const OPAQUE = /^\[(?:function <lambda>|legacy index .+)\]$/s;

/**
 * The document of a simple line, every value taken at its face: a time is a string, a ref an object.
 *
 * @param onLost is told of every value that may have been another.
 * @throws ArkError ERR_RECORD when it is not a whole document in the simple format.
 */
export function parseSimpleDocument(line: string, onLost: OnLoss<SimpleLost>): CutDocument {
  return readSimpleDocument(parseJson(line), onLost);
}

/** As {@link parseSimpleDocument}, of JSON that was parsed already. */
export function readSimpleDocument(document: Json, onLost: OnLoss<SimpleLost>): CutDocument {
  if (!isJsonObject(document))
    throw new ArkError("ERR_RECORD", "Not a document in the simple format.");
  const fields: [string, Json][] = [];
  for (const [key, value] of document) {
    if (RESERVED_FIELDS.has(key) || value === null) continue;
    fields.push([key, toV4(value, onLost, pointerTo("", key))]);
  }
  const nested = document.get("data");
  if (isJsonObject(nested)) {
    for (const [key, value] of nested)
      fields.push([key, toV4(value, onLost, pointerTo("/data", key))]);
    if (nested.size > 0 && fields.length > 1)
      onLost({ kind: "reserved-field-order", pointer: "/data" });
  }
  const ttl = document.get("ttl");
  const ts = Time.parse(stringOf(document, "ts")).toMicros();
  const record = makeRecord(stringOf(document, "id"), String(ts), {
    dataText: printJson(v4Object(fields)),
    ttl: typeof ttl === "string" ? Time.parse(ttl).toString() : undefined,
  });
  return { collection: stringOf(document, "coll"), record };
}

function stringOf(document: JsonObject, member: string): string {
  const value = document.get(member);
  if (typeof value === "string") return value;
  throw new ArkError(
    "ERR_RECORD",
    `A document in the simple format has a text as ${printString(member)}.`,
  );
}

function toV4(json: Json, onLost: OnLoss<SimpleLost>, pointer: string): Json {
  if (typeof json === "string") {
    const kind = suspicion(json);
    if (kind !== undefined) onLost({ kind, pointer });
    return json;
  }
  if (json instanceof JsonNumber) {
    if (!isDoubleText(json.text)) parseLong(json.text);
    return json;
  }
  if (Array.isArray(json)) return json.map((item, i) => toV4(item, onLost, pointerTo(pointer, i)));
  if (!isJsonObject(json)) return json;
  if (looksLikeRef(json)) onLost({ kind: "maybe-ref", pointer });
  const members: [string, Json][] = [];
  for (const [key, value] of json)
    if (value !== null) members.push([key, toV4(value, onLost, pointerTo(pointer, key))]);
  return v4Object(members);
}

function suspicion(text: string): SimpleLost | undefined {
  if (TIME.test(text)) return "maybe-time";
  if (parseDay(text) !== undefined) return "maybe-date";
  if (UUID.test(text)) return "maybe-uuid";
  if (text === "NaN" || text === "Infinity" || text === "-Infinity") return "maybe-double";
  if (OPAQUE.test(text)) return "maybe-lambda";
  return (text.endsWith("=") || text.length >= 24) && BASE64.test(text) ? "maybe-bytes" : undefined;
}

function looksLikeRef(json: JsonObject): boolean {
  const id = json.get("id") ?? json.get("name");
  return json.size === 2 && typeof id === "string" && typeof json.get("coll") === "string";
}
