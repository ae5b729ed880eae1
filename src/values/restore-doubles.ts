/**
 * NaN and the infinities, put back where v4 printed strings. A document in which v4 shows such a string
 * ({@link holdsNumberLikeString}) is read again through v10, which tells a double from a string.
 */
import { ArkError } from "../errors/errors.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, printJson } from "./json.ts";
import { pointerTo } from "./loss.ts";

const NUMBER_LIKE: ReadonlySet<Json> = new Set<Json>(["NaN", "Infinity", "-Infinity"]);

/**
 * A record's `dataText`, as cut from v4, with `{"@double":…}` for every such string that is a double in `tagged`:
 * the same version's `doc.data` through v10, which has all that is stored and no computed fields (live 7).
 *
 * @param place which document it is, for the error.
 * @throws ArkError ERR_PROTOCOL with the place when `tagged` does not tell which one such a string is.
 */
export function restoreDoubles(dataText: string, tagged: Json, place = ""): string {
  return printJson(restore(parseJson(dataText), tagged, place));
}

function restore(v4: Json, v10: Json | undefined, pointer: string): Json {
  if (NUMBER_LIKE.has(v4)) return restoreOne(v4, v10, pointer);
  if (Array.isArray(v4)) {
    const items = Array.isArray(v10) ? v10 : [];
    return v4.map((item, i) => restore(item, items[i], pointerTo(pointer, i)));
  }
  if (!isJsonObject(v4)) return v4;
  const escaped = bodyOf(v4, "@obj");
  if (isJsonObject(escaped)) return new Map([["@obj", restoreMembers(escaped, v10, pointer)]]);
  const [key] = v4.keys();
  // Under any other tag there is no double: v10 shows refs, sets and lambdas in ways of its own.
  return key?.startsWith("@") === true ? v4 : restoreMembers(v4, v10, pointer);
}

function restoreMembers(v4: JsonObject, v10: Json | undefined, pointer: string): JsonObject {
  const shown = bodyOf(v10, "@object") ?? v10;
  const restored: JsonObject = new Map();
  for (const [key, value] of v4) {
    const counterpart = isJsonObject(shown) ? shown.get(key) : undefined;
    restored.set(key, restore(value, counterpart, pointerTo(pointer, key)));
  }
  return restored;
}

function restoreOne(v4: Json, v10: Json | undefined, pointer: string): Json {
  if (v10 === v4) return v4;
  if (bodyOf(v10, "@double") === v4) return new Map([["@double", v4]]);
  throw new ArkError("ERR_PROTOCOL", "v10 does not show a value that v4 shows in the document.", {
    place: pointer,
  });
}

function bodyOf(json: Json | undefined, tag: string): Json | undefined {
  return isJsonObject(json) && json.size === 1 ? json.get(tag) : undefined;
}
