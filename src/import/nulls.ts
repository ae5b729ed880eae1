import { ArkError } from "../errors/errors.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../values/json.ts";
import { holdsNullInArray } from "../values/detect.ts";
import { taggedObject, TAGGED_CANNOT_HOLD, v4ToTagged } from "../values/v4-to-tagged.ts";

/**
 * The tagged patch that puts back the arrays with nulls in a document from which v4 has stripped the nulls: just
 * those arrays, each at its place, since an update merges objects and replaces arrays. What stands beside them,
 * lambdas too, stays as v4 wrote it (live 41).
 *
 * @param dataText a record's data that holds a null inside an array.
 * @throws ArkError ERR_RECORD when such an array itself holds what v10 cannot write.
 */
export function nullsPatch(dataText: string): string {
  return printJson(patchOf(parseJson(dataText)) ?? new Map());
}

function patchOf(json: Json): Json | undefined {
  if (Array.isArray(json)) return holdsNullInArray(printJson(json)) ? tagged(json) : undefined;
  if (!isJsonObject(json)) return undefined;
  const [first] = json;
  const escaped =
    first !== undefined && json.size === 1 && first[0] === "@obj" ? first[1] : undefined;
  if (escaped === undefined && first?.[0].startsWith("@") === true) return undefined;
  const members: [string, Json][] = [];
  for (const [key, value] of isJsonObject(escaped) ? escaped : json) {
    const patch = patchOf(value);
    if (patch !== undefined) members.push([key, patch]);
  }
  return members.length === 0 ? undefined : taggedObject(members);
}

function tagged(json: Json): Json {
  return v4ToTagged(json, ({ kind, pointer }) => {
    throw new ArkError(
      "ERR_RECORD",
      `An array holds both a null, which only v10 can write, and what only v4 can: ${TAGGED_CANNOT_HOLD[kind]}`,
      { place: pointer },
    );
  });
}
