/** Child databases of a target: made, and given what their parent says of them. */
import type { DefinitionLine } from "../archive/archive.ts";
import { type Connection, definitions, scoped, snapshotTime } from "../fauna/fauna.ts";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
  printString,
} from "../values/json.ts";
import { taggedToV4 } from "../values/tagged-to-v4.ts";

/** What is the new database's own. `protected` would refuse the import itself, and comes last. */
const OWN = new Set(["ref", "ts", "coll", "global_id", "account", "protected"]);

/**
 * Makes the database, or gives one that is there (and was found to be no one else's) the properties of the source's.
 *
 * @param definition undefined gives Fauna's defaults.
 */
export async function makeChild(
  parent: Connection,
  name: string,
  definition: DefinitionLine | undefined,
  signal: AbortSignal,
): Promise<void> {
  const said = membersOf(definition);
  const params = new Map<string, Json>([
    ["name", name],
    ...[...said].filter(([member]) => !OWN.has(member)),
  ]);
  const again = new Map(params);
  again.delete("name");
  // An earlier attempt may have come as far as protecting it.
  if (said.get("protected") === true) again.set("protected", false);
  const ref = refOf(name);
  const update = `{"do":[{"update":${ref},"params":{"quote":${printJson(again)}}},null]}`;
  const query = `{"if":{"exists":${ref}},"then":${again.size === 0 ? "null" : update},"else":{"do":[{"create_database":{"quote":${printJson(params)}}},null]}}`;
  await parent.v4(query, { idempotent: true, signal });
}

/** Whether the database refuses destructive changes of its schema. */
export function isProtected(definition: DefinitionLine | undefined): boolean {
  return membersOf(definition).get("protected") === true;
}

export async function protectChild(
  parent: Connection,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const update = `{"update":${refOf(name)},"params":{"object":{"protected":true}}}`;
  await parent.v4(`{"do":[${update},null]}`, { idempotent: true, signal });
}

/** The child of this name; undefined when there is none. */
export async function findChild(
  parent: Connection,
  name: string,
  signal: AbortSignal,
): Promise<Connection | undefined> {
  const at = await snapshotTime(parent, { signal });
  const there = await definitions(parent, "databases", { at, signal });
  if (!there.some((each) => each.name === name)) return undefined;
  return scoped(parent, name, "admin", { signal });
}

function refOf(name: string): string {
  return `{"database":${printString(name)}}`;
}

function membersOf(definition: DefinitionLine | undefined): JsonObject {
  const { v4, v10 } = definition ?? {};
  if (v4 !== undefined) return asObject(parseJson(v4));
  const json = v10 === undefined ? undefined : parseJson(v10);
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  return asObject(inner === undefined ? undefined : taggedToV4(inner));
}

function asObject(json: Json | undefined): JsonObject {
  return isJsonObject(json) ? json : new Map();
}
