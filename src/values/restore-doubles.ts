/**
 * NaN and the infinities, put back where v4 printed strings. A document in which v4 shows such a string
 * ({@link holdsNumberLikeString}) is read again through v10, which tells a double from a string.
 */
import { ArkError } from "../errors/errors.ts";
import type { CutDocument } from "./document.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, printJson } from "./json.ts";
import { RESERVED_FIELDS, readTaggedDocument } from "./tagged-document.ts";

const NUMBER_LIKE: ReadonlySet<Json> = new Set<Json>(["NaN", "Infinity", "-Infinity"]);

/**
 * `document`, as cut from v4, with `{"@double":…}` for every such string that is a double in `tagged`, the same
 * version of the same document in v10's tagged form.
 *
 * @throws ArkError ERR_PROTOCOL when `tagged` is another document or version, or does not show such a place.
 */
export function restoreDoubles(document: CutDocument, tagged: Json): CutDocument {
  const { collection, record } = document;
  const shown = readTaggedDocument(tagged).record;
  if (shown.id !== record.id || shown.ts !== record.ts)
    throw differs(document, "it is another version");
  if (record.dataText === undefined) return document;
  const fields = tagBody(tagBody(tagged, "@doc"), "@object");
  const data = parseJson(record.dataText);
  const restore = (v4: Json, v10: Json | undefined): Json => {
    if (NUMBER_LIKE.has(v4)) {
      if (v10 === v4) return v4;
      if (tagBody(v10, "@double") === v4) return new Map([["@double", v4]]);
      throw differs(document, "a value that v4 shows is not there");
    }
    if (Array.isArray(v4))
      return v4.map((item, i) => restore(item, Array.isArray(v10) ? v10[i] : undefined));
    if (!isJsonObject(v4)) return v4;
    const body = v4.get("@obj");
    if (v4.size === 1 && isJsonObject(body))
      return new Map([["@obj", members(body, tagBody(v10, "@object"))]]);
    const [key] = v4.keys();
    return key?.startsWith("@") === true ? v4 : members(v4, v10);
  };
  const members = (v4: JsonObject, v10: Json | undefined): JsonObject => {
    const restored: JsonObject = new Map();
    for (const [key, value] of v4)
      restored.set(key, restore(value, isJsonObject(v10) ? v10.get(key) : undefined));
    return restored;
  };
  return { collection, record: { ...record, dataText: printJson(restore(data, unnest(fields))) } };
}

/** A document's fields as one object, those that v10 nests under `data` included. */
function unnest(fields: Json | undefined): JsonObject {
  const all: JsonObject = new Map();
  if (!isJsonObject(fields)) return all;
  for (const [key, value] of fields) if (!RESERVED_FIELDS.has(key)) all.set(key, value);
  const nested = fields.get("data");
  if (isJsonObject(nested)) for (const [key, value] of nested) all.set(key, value);
  // The restored object may be `@obj` in v4; give it the tag that v10 would show.
  return [...all.keys()].some((key) => key.startsWith("@")) ? new Map([["@object", all]]) : all;
}

/** The body of `json` where it is the tag `tag`, or `json` itself. */
function tagBody(json: Json | undefined, tag: string): Json | undefined {
  const body = isJsonObject(json) && json.size === 1 ? json.get(tag) : undefined;
  return body ?? json;
}

function differs({ collection, record }: CutDocument, why: string): ArkError {
  return new ArkError("ERR_PROTOCOL", `v10 does not show the document that v4 does: ${why}.`, {
    place: `${collection} ${record.id}`,
  });
}
