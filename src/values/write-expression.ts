/**
 * A record's data as an FQL v4 expression that writes it. `{"quote":…}` takes the read form back as it was read (live
 * 10), so nearly always that is the text itself; only NaN and the infinities, for which v4 has no literal, are
 * computed (`to_double`, live 16 and 39), and what lies around them is built up.
 */
import { holdsDoubleTag } from "./detect.ts";
import { isJsonObject, type Json, parseJson, printJson, printString } from "./json.ts";

const TO_DOUBLE: ReadonlyMap<Json, string> = new Map<Json, string>([
  ["NaN", "NaN"],
  ["Infinity", "∞"],
  ["-Infinity", "-∞"],
]);

/** The expression whose value is what `dataText` (a record's data, canonical) stands for. */
export function printWriteExpression(dataText: string): string {
  if (!holdsDoubleTag(dataText)) return `{"quote":${dataText}}`;
  const json = parseJson(dataText);
  return computed(json) ?? `{"quote":${dataText}}`;
}

/** The expression for `json` if something in it must be computed. */
function computed(json: Json): string | undefined {
  if (Array.isArray(json)) {
    const parts = json.map(computed);
    if (parts.every((part) => part === undefined)) return undefined;
    return `[${json.map((item, i) => parts[i] ?? quoted(item)).join(",")}]`;
  }
  if (!isJsonObject(json)) return undefined;
  const [first] = json;
  if (first === undefined || !first[0].startsWith("@")) return computedObject(json, plainObject);
  const [tag, body] = first;
  if (tag === "@double") return `{"to_double":${printString(TO_DOUBLE.get(body) ?? "")}}`;
  // In {"object":…} keys named like tags are taken for tags (live 12); to_object takes any key.
  return tag === "@obj" && isJsonObject(body) ? computedObject(body, pairs) : undefined;
}

type Members = readonly (readonly [key: string, expression: string])[];

function computedObject(
  object: ReadonlyMap<string, Json>,
  print: (members: Members) => string,
): string | undefined {
  const parts = [...object].map(([key, value]) => [key, computed(value), value] as const);
  if (parts.every(([, part]) => part === undefined)) return undefined;
  return print(parts.map(([key, part, value]) => [key, part ?? quoted(value)]));
}

function plainObject(members: Members): string {
  return `{"object":{${members.map(([key, expression]) => `${printString(key)}:${expression}`).join(",")}}}`;
}

function pairs(members: Members): string {
  return `{"to_object":[${members.map(([key, expression]) => `[${printString(key)},${expression}]`).join(",")}]}`;
}

function quoted(json: Json): string {
  const text = printJson(json);
  return Array.isArray(json) || isJsonObject(json) ? `{"quote":${text}}` : text;
}
