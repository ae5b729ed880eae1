/** Which fields two records of one document differ in. */
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
  printString,
} from "../values/json.ts";
import type { DocumentRecord } from "../values/record.ts";

export interface FieldChange {
  /** As in a record: `ts`, `data.lines[0].sku`, `data["odd key"]`, `extra.delegates`. */
  readonly path: string;
  /** `order`: the same members in another order, which Fauna keeps. */
  readonly how: "added" | "removed" | "changed" | "order";
}

/** Every field that differs, in the order of the records. Values that hold others are named by what differs in them. */
export function changedFields(
  left: DocumentRecord,
  right: DocumentRecord,
  { ignoreTs = false }: { readonly ignoreTs?: boolean } = {},
): FieldChange[] {
  const changes: FieldChange[] = [];
  if (!ignoreTs && left.ts !== right.ts) changes.push({ path: "ts", how: "changed" });
  if (left.ttl !== right.ttl) {
    const how = left.ttl === undefined ? "added" : right.ttl === undefined ? "removed" : "changed";
    changes.push({ path: "ttl", how });
  }
  for (const [path, one, other] of [
    ["data", left.dataText, right.dataText],
    ["extra", left.extraText, right.extraText],
  ] as const) {
    if (one === other) continue;
    const found = changes.length;
    compare(parseJson(one ?? "{}"), parseJson(other ?? "{}"), path, changes);
    // Texts that say the same in other words, such as a key that stands there twice.
    if (changes.length === found) changes.push({ path, how: "changed" });
  }
  return changes;
}

function compare(left: Json, right: Json, path: string, changes: FieldChange[]): void {
  const [one, other] = [membersOf(left), membersOf(right)];
  if (one !== undefined && other !== undefined) compareMembers(one, other, path, changes);
  else if (Array.isArray(left) && Array.isArray(right)) compareItems(left, right, path, changes);
  else if (printJson(left) !== printJson(right)) changes.push({ path, how: "changed" });
}

function compareMembers(
  left: JsonObject,
  right: JsonObject,
  path: string,
  changes: FieldChange[],
): void {
  for (const [name, value] of left) {
    const there = right.get(name);
    if (there === undefined) changes.push({ path: member(path, name), how: "removed" });
    else compare(value, there, member(path, name), changes);
  }
  for (const name of right.keys()) {
    if (!left.has(name)) changes.push({ path: member(path, name), how: "added" });
  }
  const shared = [...left.keys()].filter((name) => right.has(name));
  const order = [...right.keys()].filter((name) => left.has(name));
  if (shared.some((name, index) => name !== order[index])) changes.push({ path, how: "order" });
}

function compareItems(
  left: readonly Json[],
  right: readonly Json[],
  path: string,
  changes: FieldChange[],
): void {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const at = `${path}[${index}]`;
    if (index >= left.length) changes.push({ path: at, how: "added" });
    else if (index >= right.length) changes.push({ path: at, how: "removed" });
    else compare(left[index]!, right[index]!, at, changes);
  }
}

/** The members of an object; undefined for any other value, of which v4 writes some as `{"@tag":…}`. */
function membersOf(json: Json): JsonObject | undefined {
  if (!isJsonObject(json)) return undefined;
  const [first] = json;
  if (json.size !== 1 || !first![0].startsWith("@")) return json;
  return first![0] === "@obj" && isJsonObject(first![1]) ? first![1] : undefined;
}

const PLAIN = /^[A-Za-z_$][\w$]*$/;

function member(path: string, name: string): string {
  return PLAIN.test(name) ? `${path}.${name}` : `${path}[${printString(name)}]`;
}
