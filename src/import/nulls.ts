import { ArkError } from "../errors/errors.ts";
import { holdsNullInArray } from "../values/detect.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../values/json.ts";
import { TAGGED_CANNOT_HOLD, v4ToTagged } from "../values/v4-to-tagged.ts";
import { tagOf } from "../values/v4.ts";

/**
 * How the arrays with nulls get back into a document from which v4's Insert has stripped the nulls.
 *
 * v10 keeps nulls in the arrays of a document that it creates or replaces, and strips them from those of an update
 * (live 42). So the whole of what is stored is replaced by itself with those arrays put in; that keeps everything
 * but lambdas, which v10 does not take, not even as it read them, and the ttl.
 */
export interface NullsPatch {
  /** JSON text of `{path, value}` in a list: where a value lies, and the value in v10's tagged form. */
  readonly patches: string;
  /** v4's form of the data as an object of just what holds lambdas, which v4 has to put back; undefined without any. */
  readonly lambdas: string | undefined;
}

interface Place {
  readonly path: readonly string[];
  readonly value: Json;
}

/** What stands where a lambda does, until v4 puts it back there: an update keeps a member's place. */
const PLACEHOLDER: Json = "";

/**
 * @param dataText a record's data that holds a null inside an array.
 * @throws ArkError ERR_RECORD when such an array itself holds what v10 cannot write.
 */
export function nullsPatch(dataText: string): NullsPatch {
  const data = parseJson(dataText);
  const places: Place[] = [];
  const lambdas = lambdasIn(data, [], places);
  const patches = places.map(
    ({ path, value }) =>
      new Map<string, Json>([
        ["path", [...path]],
        ["value", value],
      ]),
  );
  return {
    patches: printJson(patches),
    lambdas: lambdas === undefined ? undefined : printJson(lambdas),
  };
}

/** Collects what v10 has to put where; returns what of this v4 has to put back. */
function lambdasIn(json: Json, path: readonly string[], places: Place[]): Json | undefined {
  if (Array.isArray(json)) {
    if (holdsNullInArray(printJson(json))) places.push({ path, value: tagged(json) });
    else if (holdsLambda(json)) return replaced(json, path, places);
    return undefined;
  }
  if (isLambda(json)) return replaced(json, path, places);
  const members: [string, Json][] = [];
  for (const [key, value] of membersOf(json)) {
    const rest = lambdasIn(value, [...path, key], places);
    if (rest !== undefined) members.push([key, rest]);
  }
  if (members.length === 0) return undefined;
  const object = new Map(members);
  return members.some(([key]) => key.startsWith("@")) ? new Map([["@obj", object]]) : object;
}

function replaced(json: Json, path: readonly string[], places: Place[]): Json {
  places.push({ path, value: PLACEHOLDER });
  return json;
}

function isLambda(json: Json): boolean {
  return isJsonObject(json) && tagOf(json)?.[0] === "@query";
}

function holdsLambda(json: Json): boolean {
  if (isLambda(json)) return true;
  if (Array.isArray(json)) return json.some(holdsLambda);
  return [...membersOf(json)].some(([, value]) => holdsLambda(value));
}

/** The members of what is an object in a document, and not a value with a tag. */
function membersOf(json: Json): Iterable<[string, Json]> {
  if (!isJsonObject(json)) return [];
  const tag = tagOf(json);
  if (tag === undefined) return json;
  const [name, body] = tag;
  return name === "@obj" && isJsonObject(body) ? body : [];
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
