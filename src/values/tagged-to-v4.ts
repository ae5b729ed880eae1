/** From v10's tagged form to the record's: texts of numbers and bytes are carried over, never computed anew. */
import { ArkError } from "../errors/errors.ts";
import { parseBase64, printBase64 } from "./bytes.ts";
import { LocalDate } from "./date.ts";
import { parseDouble, printDouble } from "./double.ts";
import { isJsonObject, type Json, JsonNumber, type JsonObject, printString } from "./json.ts";
import { parseLong } from "./long.ts";
import { type OnLoss, pointerTo } from "./loss.ts";
import { nativeOfV10 } from "./natives.ts";
import { Time } from "./time.ts";
import { Uuid } from "./uuid.ts";

/** What tagged text has lost before anyone could read it; v4 still has it. */
export const TAGGED_HAS_LOST = {
  "deleted-collection": "The name of a deleted collection: v10 shows Deleted.",
  "native-collection-ref":
    "A ref to a native collection as such, Keys() or Roles(): v10 shows a new collection.",
  "maybe-lambda": "A text that is what v10 shows for a stored lambda; it may be one.",
  "maybe-index-ref": "A text that is what v10 shows for a ref to a v4 index; it may be one.",
} as const;

/** The names in {@link TAGGED_HAS_LOST}. */
export type TaggedLost = keyof typeof TAGGED_HAS_LOST;

/** What v10 shows in place of what it cannot name (live 15, 33; interplay/odd-values-v4-to-v10). */
export const SHOWN = {
  deletedCollection: "Deleted",
  nativeCollection: "[new collection]",
  lambda: "[function <lambda>]",
  index: (name: string): string => `[legacy index ${name}]`,
} as const;

const INDEX_TEXT = /^\[legacy index .+\]$/s;
const JAVA_DOUBLE = /^-?\d+\.\d+(?:E-?\d+)?$/;

/**
 * The v4 JSON of a tagged value. A `@doc` inside is the ref that is stored; `exists` and `cause` of refs are remarks
 * of the server and no part of the value.
 *
 * @param onLost is told of what the text has lost already. By default that is let pass: nothing can be done about it
 *   here.
 * @throws ArkError ERR_RECORD for untagged numbers, unknown tags and wrong bodies.
 */
export function taggedToV4(json: Json, onLost: OnLoss<TaggedLost> = () => {}, pointer = ""): Json {
  if (json === null || typeof json === "boolean") return json;
  if (typeof json === "string") {
    if (json === SHOWN.lambda) onLost({ kind: "maybe-lambda", pointer });
    else if (INDEX_TEXT.test(json)) onLost({ kind: "maybe-index-ref", pointer });
    return json;
  }
  if (json instanceof JsonNumber) {
    throw new ArkError("ERR_RECORD", "A number without a tag.", {
      place: placeOf(pointer),
      hint: "The text may be in the simple format, or come from a driver that drops tags.",
    });
  }
  if (Array.isArray(json))
    return json.map((item, i) => taggedToV4(item, onLost, pointerTo(pointer, i)));
  const [first] = json;
  if (json.size === 1 && first?.[0].startsWith("@") === true)
    return tagToV4(first[0], first[1], onLost, pointer);
  for (const key of json.keys()) {
    if (key.startsWith("@"))
      throw wrong(`A tag among other members: ${printString(key.slice(0, 60))}.`, pointer);
  }
  return membersToV4(json, onLost, pointer);
}

/** An object that is no tag, with `@obj` around it where a key begins with `@`. */
function membersToV4(json: JsonObject, onLost: OnLoss<TaggedLost>, pointer: string): Json {
  const members: [string, Json][] = [];
  for (const [key, value] of json)
    members.push([key, taggedToV4(value, onLost, pointerTo(pointer, key))]);
  return v4Object(members);
}

/** A v4 object of these members, with `@obj` around it where a key begins with `@`. */
export function v4Object(members: readonly (readonly [string, Json])[]): JsonObject {
  const object: JsonObject = new Map(members);
  return members.some(([key]) => key.startsWith("@")) ? new Map([["@obj", object]]) : object;
}

function tagToV4(tag: string, body: Json, onLost: OnLoss<TaggedLost>, pointer: string): Json {
  if (tag === "@object" || tag === "@doc" || tag === "@ref") {
    if (!isJsonObject(body)) throw wrong(`The body of ${tag} is not an object.`, pointer);
    return tag === "@object" ? membersToV4(body, onLost, pointer) : refToV4(body, onLost, pointer);
  }
  if (typeof body !== "string")
    throw wrong(`The body of ${tag.slice(0, 60)} is not a string.`, pointer);
  try {
    return scalarToV4(tag, body);
  } catch (error) {
    if (!(error instanceof ArkError)) throw error;
    throw new ArkError(error.code, error.message, { place: placeOf(pointer), cause: error });
  }
}

function scalarToV4(tag: string, body: string): Json {
  switch (tag) {
    case "@int":
    case "@long":
      return new JsonNumber(String(parseLong(body)));
    case "@double":
      return doubleToV4(body);
    case "@time":
      return new Map([["@ts", Time.parse(body).toString()]]);
    case "@date":
      return new Map([["@date", LocalDate.parse(body).toString()]]);
    case "@bytes":
      return new Map([["@bytes", printBase64(parseBase64(body))]]);
    case "@uuid":
      return new Map([["@uuid", Uuid.parse(body).text]]);
    case "@mod": {
      const native = nativeOfV10(body);
      return native === undefined ? refV4(body, refV4("collections")) : refV4(native.v4);
    }
    default:
      throw new ArkError(
        "ERR_RECORD",
        `Not a value that a document holds: ${printString(tag.slice(0, 60))}.`,
      );
  }
}

/** The server's own text where it is one, so that not a digit is computed anew. */
function doubleToV4(text: string): Json {
  if (JAVA_DOUBLE.test(text)) return new JsonNumber(text);
  const n = parseDouble(text);
  return Number.isFinite(n) ? new JsonNumber(printDouble(n)) : new Map([["@double", text]]);
}

function refToV4(body: JsonObject, onLost: OnLoss<TaggedLost>, pointer: string): Json {
  const inner = body.get("@object");
  const ref = body.size === 1 && isJsonObject(inner) ? inner : body;
  const coll = ref.get("coll");
  const module = isJsonObject(coll) ? coll.get("@mod") : undefined;
  const id = ref.get("id") ?? ref.get("name");
  if (typeof module !== "string" || typeof id !== "string")
    throw wrong("A ref without collection or id.", pointer);
  const native = nativeOfV10(module);
  if (native === undefined) {
    if (module === SHOWN.deletedCollection) onLost({ kind: "deleted-collection", pointer });
    return refV4(id, refV4(module, refV4("collections")));
  }
  if (id === SHOWN.nativeCollection) onLost({ kind: "native-collection-ref", pointer });
  return refV4(id, refV4(native.v4));
}

/** The v4 JSON of a ref. */
function refV4(id: string, collection?: Json): JsonObject {
  const body: JsonObject = new Map([["id", id]]);
  if (collection !== undefined) body.set("collection", collection);
  return new Map([["@ref", body]]);
}

function placeOf(pointer: string): string {
  return pointer === "" ? "/" : pointer;
}

function wrong(message: string, pointer: string): ArkError {
  return new ArkError("ERR_RECORD", message, { place: placeOf(pointer) });
}
