/**
 * Documents as v10 shows them, and as Fauna's own export writes them line by line:
 * `{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"…"},"ttl"?:{"@time":"…"},…fields,"data"?:{…}}`, inside `{"@object":…}` when
 * a field's name begins with `@` (live 13). Fields with names that v10 reserves are nested under `data`.
 */
import { ArkError } from "../errors/errors.ts";
import type { CutDocument } from "./document.ts";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
  printString,
} from "./json.ts";
import { type OnLoss, pointerTo, refuseLoss } from "./loss.ts";
import { makeRecord } from "./record.ts";
import { TAGGED_HAS_LOST, taggedToV4, v4Object } from "./tagged-to-v4.ts";
import { Time } from "./time.ts";
import { TAGGED_CANNOT_HOLD, taggedObject, v4ToTagged } from "./v4-to-tagged.ts";

/** The names of fields that v10 nests under `data` (facts: fauna-server 3.2). */
export const RESERVED_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "coll",
  "ts",
  "ttl",
  "data",
  "delete",
  "update",
  "replace",
  "updateData",
  "replaceData",
  "exists",
]);

/** What a tagged document line cannot hold, besides {@link TAGGED_CANNOT_HOLD}. */
export const TAGGED_LINE_CANNOT_HOLD = {
  ...TAGGED_CANNOT_HOLD,
  "reserved-field-order":
    "The place of fields with reserved names among the others: v10 shows them last, under data.",
  extra: "Members of a document beside its data, such as v4's permissions.",
  action: "Deletions and other lines of history.",
} as const;

/** What the server's tagged document lines have lost already. */
export const TAGGED_LINE_HAS_LOST = {
  ...TAGGED_HAS_LOST,
  "reserved-field-order": TAGGED_LINE_CANNOT_HOLD["reserved-field-order"],
} as const;

/** The names in {@link TAGGED_LINE_HAS_LOST}. */
export type TaggedLineLost = keyof typeof TAGGED_LINE_HAS_LOST;

/** The names in {@link TAGGED_LINE_CANNOT_HOLD}. */
export type TaggedLineLoss = keyof typeof TAGGED_LINE_CANNOT_HOLD;

/**
 * The tagged line of a document.
 *
 * @param onLoss is told what the line cannot hold; by default it is refused with ArkError ERR_RECORD.
 * @returns undefined for a record that is no document and was let pass: a deletion has no line.
 */
export function printTaggedDocument(
  { collection, record }: CutDocument,
  onLoss: OnLoss<TaggedLineLoss> = refuseLoss(TAGGED_LINE_CANNOT_HOLD),
): string | undefined {
  if (record.action !== undefined) onLoss({ kind: "action", pointer: "" });
  if (record.extraText !== undefined) onLoss({ kind: "extra", pointer: "" });
  if (record.dataText === undefined) return undefined;
  const members: [string, Json][] = [
    ["id", record.id],
    ["coll", new Map([["@mod", collection]])],
    ["ts", timeTag(Time.fromMicros(record.ts).toString())],
  ];
  if (record.ttl !== undefined) members.push(["ttl", timeTag(record.ttl)]);
  const nested: [string, Json][] = [];
  let misplaced = false;
  for (const [key, value] of plainMembers(parseJson(record.dataText))) {
    const reserved = RESERVED_FIELDS.has(key);
    misplaced ||= !reserved && nested.length > 0;
    (reserved ? nested : members).push([key, v4ToTagged(value, onLoss, pointerTo("", key))]);
  }
  if (misplaced) onLoss({ kind: "reserved-field-order", pointer: "/data" });
  if (nested.length > 0) members.push(["data", new Map(nested)]);
  return printJson(taggedObject(members));
}

function timeTag(iso: string): JsonObject {
  return new Map([["@time", iso]]);
}

function plainMembers(data: Json): JsonObject {
  if (!isJsonObject(data))
    throw new ArkError("ERR_RECORD", "The data of a document is not an object.");
  const escaped = data.get("@obj");
  return data.size === 1 && isJsonObject(escaped) ? escaped : data;
}

/**
 * The document of a tagged line, or of a `@doc` in an answer.
 *
 * @param onLost is told of what the text has lost already; by default that is let pass.
 * @throws ArkError ERR_RECORD when it is not a whole tagged document.
 */
export function parseTaggedDocument(line: string, onLost?: OnLoss<TaggedLineLost>): CutDocument {
  return readTaggedDocument(parseJson(line), onLost);
}

/** As {@link parseTaggedDocument}, of JSON that was parsed already. */
export function readTaggedDocument(
  json: Json,
  onLost: OnLoss<TaggedLineLost> = () => {},
): CutDocument {
  const document = unwrap(unwrap(json, "@doc"), "@object");
  if (!isJsonObject(document)) throw new ArkError("ERR_RECORD", "Not a tagged document.");
  const fields: [string, Json][] = [];
  for (const [key, value] of document) {
    if (!RESERVED_FIELDS.has(key))
      fields.push([key, taggedToV4(value, onLost, pointerTo("", key))]);
  }
  const nested = document.get("data");
  if (nested !== undefined && nested !== null) {
    const inner = [...nestedFields(nested, onLost)];
    // One reserved field and nothing else can only stand in one order.
    if (inner.length > 0 && fields.length + inner.length > 1)
      onLost({ kind: "reserved-field-order", pointer: "/data" });
    fields.push(...inner);
  }
  const id = document.get("id");
  const ttl = document.get("ttl");
  const dataText = printJson(withoutNullMembers(v4Object(fields)));
  const record = makeRecord(
    typeof id === "string" ? id : undefined,
    String(microsOf(document.get("ts"))),
    {
      dataText,
      ttl: ttl === undefined || ttl === null ? undefined : timeOf("ttl", ttl).toString(),
    },
  );
  return { collection: moduleOf(document.get("coll")), record };
}

/**
 * Without members that are null: the server stores none, in either protocol, so foreign lines that carry some would
 * not compare equal to what an import makes of them. Nulls in arrays stay.
 */
function withoutNullMembers(json: Json): Json {
  if (Array.isArray(json)) return json.map(withoutNullMembers);
  if (!isJsonObject(json)) return json;
  const kept: JsonObject = new Map();
  for (const [key, value] of json) if (value !== null) kept.set(key, withoutNullMembers(value));
  return kept;
}

function* nestedFields(nested: Json, onLost: OnLoss<TaggedLineLost>): Generator<[string, Json]> {
  const body = unwrap(nested, "@object");
  if (!isJsonObject(body))
    throw new ArkError("ERR_RECORD", 'The "data" of a tagged document is not an object.');
  for (const [key, value] of body) {
    if (!RESERVED_FIELDS.has(key)) {
      throw new ArkError(
        "ERR_RECORD",
        `Only reserved names stand under "data", not ${printString(key.slice(0, 60))}.`,
      );
    }
    yield [key, taggedToV4(value, onLost, pointerTo("/data", key))];
  }
}

function unwrap(json: Json, tag: string): Json {
  const body = isJsonObject(json) && json.size === 1 ? json.get(tag) : undefined;
  return body ?? json;
}

function moduleOf(coll: Json | undefined): string {
  const name = isJsonObject(coll) ? coll.get("@mod") : undefined;
  if (typeof name !== "string")
    throw new ArkError("ERR_RECORD", 'A tagged document without its "coll".');
  return name;
}

function timeOf(member: string, json: Json | undefined): Time {
  const text = isJsonObject(json) ? json.get("@time") : undefined;
  if (typeof text !== "string")
    throw new ArkError("ERR_RECORD", `A tagged document without a time as "${member}".`);
  return Time.parse(text);
}

function microsOf(ts: Json | undefined): bigint {
  const time = timeOf("ts", ts);
  const micros = time.toMicros();
  if (micros * 1000n === time.epochNanos) return micros;
  throw new ArkError("ERR_RECORD", 'The "ts" of a document is finer than a microsecond.');
}
