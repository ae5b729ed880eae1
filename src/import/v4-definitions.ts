/**
 * Definitions that only v4 can make, from the text that v4 printed of them: collections where there are no schema
 * files, functions, indexes, roles, access providers.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DefinitionKind, DefinitionLine } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import type { Connection } from "../fauna/fauna.ts";
import {
  isJsonObject,
  type Json,
  JsonNumber,
  type JsonObject,
  parseJson,
  printJson,
  printString,
} from "../values/json.ts";

const FORMS = {
  collections: { ref: "collection", create: "create_collection" },
  functions: { ref: "function", create: "create_function" },
  indexes: { ref: "index", create: "create_index" },
  roles: { ref: "role", create: "create_role" },
  access_providers: { ref: "access_provider", create: "create_access_provider" },
} as const satisfies Partial<Record<DefinitionKind, { ref: string; create: string }>>;

export type V4Kind = keyof typeof FORMS;

/** The days of a century, further back than 1970. */
const CENTURY = 36_500;

/** Members that the server makes itself and does not take. */
const OWN: Readonly<Record<V4Kind, readonly string[]>> = {
  // What v10 adds to a collection comes with the schema files.
  collections: [
    "ref",
    "ts",
    "alias",
    "computed_fields",
    "constraints",
    "document_ttls",
    "fields",
    "indexes",
    "migrations",
    "wildcard",
  ],
  functions: ["ref", "ts"],
  indexes: ["ref", "ts", "active"],
  roles: ["ref", "ts"],
  access_providers: ["ref", "ts", "audience"],
};

/**
 * Creates a definition unless one of its name is there, which a repetition would find.
 *
 * @param leaveOut members to be set later: a function's role may not exist before the function does (facts §6.4).
 * @param room whether a collection is made with room for all of the past (live 19), whatever its definition says.
 */
export async function createV4Definition(
  target: Connection,
  kind: V4Kind,
  definition: DefinitionLine,
  {
    leaveOut = [],
    room = false,
    signal,
  }: {
    readonly leaveOut?: readonly string[];
    readonly room?: boolean;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const ref = refOf(kind, definition.name);
  const skip = new Set([...OWN[kind], ...leaveOut]);
  const params = new Map([...members(definition)].filter(([name]) => !skip.has(name)));
  if (room) params.set("history_days", new JsonNumber(String(CENTURY)));
  const create = `{"${FORMS[kind].create}":{"quote":${printJson(params)}}}`;
  const query = `{"if":{"exists":${ref}},"then":null,"else":{"do":[${create},null]}}`;
  await target.v4(query, { idempotent: true, signal });
}

/** Sets members of a definition that is there to what the archive says; does nothing if it says nothing of them. */
export async function updateV4Definition(
  target: Connection,
  kind: V4Kind,
  definition: DefinitionLine,
  { only, signal }: { readonly only: readonly string[]; readonly signal: AbortSignal },
): Promise<boolean> {
  const params: JsonObject = new Map(
    [...members(definition)].filter(([name]) => only.includes(name)),
  );
  if (params.size === 0) return false;
  const update = `{"update":${refOf(kind, definition.name)},"params":{"quote":${printJson(params)}}}`;
  await target.v4(`{"do":[${update},null]}`, { idempotent: true, signal });
  return true;
}

/** Whether v4's text of the definition has a member. */
export function hasMember(definition: DefinitionLine, name: string): boolean {
  return members(definition).has(name);
}

const BUILD_POLL_MS = 500;
const BUILD_MAX_MS = 10 * 60_000;

/** Waits until an index can be read: those over several sources are always built in the background (live 31). */
export async function waitForIndex(
  target: Connection,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const query = `{"select":"active","from":{"get":${refOf("indexes", name)}}}`;
  for (let waited = 0; ; waited += BUILD_POLL_MS) {
    const { text } = await target.v4(query, { idempotent: true, signal });
    if (text.includes("true")) return;
    if (waited >= BUILD_MAX_MS) {
      throw new ArkError("ERR_TRY_AGAIN", `The index ${name} is still being built.`, {
        place: target.place,
        hint: "Wait, then import again with --continue.",
      });
    }
    await sleep(BUILD_POLL_MS, undefined, { signal });
  }
}

function refOf(kind: V4Kind, name: string): string {
  return `{"${FORMS[kind].ref}":${printString(name)}}`;
}

function members({ name, v4 }: DefinitionLine): ReadonlyMap<string, Json> {
  const json = v4 === undefined ? undefined : parseJson(v4);
  if (isJsonObject(json)) return json;
  throw new ArkError(
    "ERR_RECORD",
    `The archive has no v4 form of ${name}, which only v4 can make.`,
    {
      hint: "Export again with an admin secret of a database where v4 is switched on.",
    },
  );
}
