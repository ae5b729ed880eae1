/** From the record's form to v10's tagged one: texts of numbers and times are carried over, never computed anew. */
import { ArkError } from "../errors/errors.ts";
import { isDoubleText } from "./double.ts";
import { isJsonObject, type Json, JsonNumber, type JsonObject, printString } from "./json.ts";
import { fitsInt, parseLong } from "./long.ts";
import { type OnLoss, pointerTo, refuseLoss } from "./loss.ts";
import { nativeOfV4 } from "./natives.ts";
import { SHOWN } from "./tagged-to-v4.ts";
import { parseRef, parseV4, tagOf } from "./v4.ts";
import type { Ref } from "./value.ts";

/** What v10's tagged form cannot hold. What is put in its place is what the server shows there. */
export const TAGGED_CANNOT_HOLD = {
  lambda: "A stored v4 lambda: v10 shows the text [function <lambda>].",
  "index-ref": "A ref to a v4 index: v10 shows the text [legacy index NAME].",
  "native-collection-ref":
    "A ref to a native collection as such, Keys() or Roles(): v10 shows a new collection.",
  "foreign-ref": "A ref into another database: v10 shows it as one of this database.",
  set: "A set reference: v10 shows it as an object.",
} as const;

/** The names in {@link TAGGED_CANNOT_HOLD}. */
export type TaggedLoss = keyof typeof TAGGED_CANNOT_HOLD;

/**
 * The tagged JSON of a v4 value, as the server shows it inside a document.
 *
 * @param onLoss is told what the form cannot hold; by default it is refused with ArkError ERR_RECORD.
 * @throws ArkError ERR_RECORD for what is not v4's form.
 */
export function v4ToTagged(
  json: Json,
  onLoss: OnLoss<TaggedLoss> = refuseLoss(TAGGED_CANNOT_HOLD),
  pointer = "",
): Json {
  if (json === null || typeof json === "boolean" || typeof json === "string") return json;
  if (json instanceof JsonNumber) return numberToTagged(json.text);
  if (Array.isArray(json))
    return json.map((item, i) => v4ToTagged(item, onLoss, pointerTo(pointer, i)));
  const tagged = tagOf(json);
  return tagged === undefined
    ? membersToTagged(json, onLoss, pointer)
    : tagToTagged(...tagged, onLoss, pointer);
}

function numberToTagged(text: string): Json {
  if (isDoubleText(text)) return new Map([["@double", text]]);
  const n = parseLong(text);
  return new Map([[fitsInt(n) ? "@int" : "@long", String(n)]]);
}

function membersToTagged(json: JsonObject, onLoss: OnLoss<TaggedLoss>, pointer: string): Json {
  const members: [string, Json][] = [];
  for (const [key, value] of json)
    members.push([key, v4ToTagged(value, onLoss, pointerTo(pointer, key))]);
  return taggedObject(members);
}

/** A tagged object of these members, with `@object` around it where a key begins with `@`. */
export function taggedObject(members: readonly (readonly [string, Json])[]): JsonObject {
  const object: JsonObject = new Map(members);
  return members.some(([key]) => key.startsWith("@")) ? new Map([["@object", object]]) : object;
}

function tagToTagged(tag: string, body: Json, onLoss: OnLoss<TaggedLoss>, pointer: string): Json {
  switch (tag) {
    case "@obj":
      if (isJsonObject(body)) return membersToTagged(body, onLoss, pointer);
      throw new ArkError("ERR_RECORD", "The body of @obj is not an object.", { place: pointer });
    case "@ref":
      return refToTagged(parseRef(body), onLoss, pointer);
    case "@query":
      onLoss({ kind: "lambda", pointer });
      return SHOWN.lambda;
    case "@set":
      onLoss({ kind: "set", pointer });
      return new Map([
        ["@object", new Map([["@set", v4ToTagged(body, onLoss, pointerTo(pointer, "@set"))]])],
      ]);
    default:
      // A scalar: the same text under the same tag, save for one name. Parsing it checks tag and body.
      parseV4(new Map([[tag, body]]));
      return new Map([[tag === "@ts" ? "@time" : tag, body]]);
  }
}

function refToTagged(ref: Ref, onLoss: OnLoss<TaggedLoss>, pointer: string): Json {
  if (isForeign(ref)) onLoss({ kind: "foreign-ref", pointer });
  const { id, collection } = ref;
  if (collection === undefined) {
    onLoss({ kind: "native-collection-ref", pointer });
    return taggedRef("name", SHOWN.nativeCollection, "Collection");
  }
  if (collection.collection !== undefined) return taggedRef("id", id, collection.id);
  const native = nativeOfV4(collection.id);
  if (native !== undefined) return taggedRef(native.named ? "name" : "id", id, native.v10);
  if (collection.id !== "indexes") {
    throw new ArkError("ERR_RECORD", `Not a native collection: ${printString(collection.id)}.`, {
      place: pointer,
    });
  }
  onLoss({ kind: "index-ref", pointer });
  return SHOWN.index(id);
}

function isForeign(ref: Ref): boolean {
  return ref.database !== undefined || (ref.collection !== undefined && isForeign(ref.collection));
}

function taggedRef(key: "id" | "name", id: string, module: string): Json {
  const coll: JsonObject = new Map([["@mod", module]]);
  const body: JsonObject = new Map<string, Json>([[key, id]]);
  return new Map([["@ref", body.set("coll", coll)]]);
}
