/**
 * The moment and the schema at that moment. The schema files have no time of their own: they are read
 * before and after the moment is picked, and count only if nothing changed in between (DESIGN §6).
 */
import { ArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  type Definition,
  isV4Disabled,
  type SchemaFile,
  schemaFiles,
  snapshotTime,
  stagedStatus,
  type StagedStatus,
} from "../fauna/fauna.ts";
import { parseJson, isJsonObject, JsonNumber, printString } from "../values/json.ts";
import { Time } from "../values/time.ts";
import { type InForce, inForce } from "./staged.ts";

export interface SchemaSnapshot {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  readonly files: readonly SchemaFile[];
  /** Files of a schema that is staged and not in force; none when nothing is staged. */
  readonly staged: readonly SchemaFile[];
  readonly stagedStatus: StagedStatus;
  readonly definitions: readonly Definition[];
  readonly collections: readonly CollectionAtSnapshot[];
}

export interface CollectionAtSnapshot {
  readonly name: string;
  /** Days that past versions are kept; null keeps them for ever. */
  readonly historyDays: number | null;
  readonly ttlDays: number | null;
  readonly definition: Definition;
}

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** How often a moment is looked for while somebody keeps changing the schema. */
const TRIES = 8;

/**
 * @param asOf the moment, when it is not to be picked anew.
 * @throws ArkError ERR_TRY_AGAIN when the schema never holds still, or has changed since `asOf`.
 */
export async function readSchema(
  connection: Connection,
  { signal, timeoutMs, asOf }: Options & { readonly asOf?: bigint | undefined },
): Promise<SchemaSnapshot> {
  for (let tries = 1; tries <= TRIES; tries++) {
    signal.throwIfAborted();
    const { version, files } = await schemaFiles(connection, { signal });
    if (asOf !== undefined && version > asOf) throw changedSince(connection, asOf);
    const { status } = await stagedStatus(connection, { signal });
    const staged =
      status === "none" ? [] : (await schemaFiles(connection, { signal, staged: true })).files;
    const at = asOf ?? (await snapshotTime(connection, { signal }));
    const shown = await allDefinitions(connection, { at, signal, timeoutMs });
    const { definitions, hidden } =
      status === "none" ? { definitions: shown, hidden: [] } : inForce(shown, files);
    const after = await schemaFiles(connection, { signal });
    if (after.version === version && version <= at) {
      await refuseHidden(connection, hidden, at, { signal, timeoutMs });
      const unseen = new Map(hidden.map((each) => [each.definition, each]));
      const collections = definitions
        .filter(({ kind }) => kind === "collections")
        .map((each) => {
          const found = unseen.get(each);
          return found === undefined ? settings(each) : { name: each.name, ...found };
        });
      return { at, files, staged, stagedStatus: status, definitions, collections };
    }
  }
  throw new ArkError("ERR_TRY_AGAIN", "The schema kept changing while it was read.", {
    place: connection.place,
    hint: "Try again when nobody is editing the schema.",
  });
}

/** Documents of a collection that the staged schema takes away must not be missed in silence. */
async function refuseHidden(
  connection: Connection,
  hidden: InForce["hidden"],
  at: bigint,
  options: Options,
): Promise<void> {
  if (hidden.length === 0) return;
  const names = hidden.map(({ definition }) => definition.name);
  const unreadable = [...(await notThereAt(connection, names, at, options))];
  if (unreadable.length === 0) return;
  throw new ArkError(
    "ERR_TRY_AGAIN",
    `The staged schema takes away or renames ${unreadable.join(", ")}, whose documents cannot be read while it is staged.`,
    {
      place: connection.place,
      hint: "Commit or abandon the staged schema, then export.",
      details: { collections: unreadable },
    },
  );
}

/** Schema files cannot be read at a past time. */
function changedSince({ place }: Connection, asOf: bigint): ArkError {
  return new ArkError(
    "ERR_TRY_AGAIN",
    `The schema was changed after ${Time.fromMicros(asOf).toString()}, and its files cannot be read as they were.`,
    { place, hint: "Begin again, at a new moment." },
  );
}

function settings(definition: Definition): CollectionAtSnapshot {
  const historyDays = days(definition, "history_days");
  return {
    name: definition.name,
    // Only a definition that keeps history for ever has no such member (facts §4).
    historyDays: historyDays !== null && historyDays > 36_500_000 ? null : historyDays,
    ttlDays: days(definition, "ttl_days"),
    definition,
  };
}

function days({ v4, v10 }: Definition, member: string): number | null {
  const json = parseJson(v4 ?? v10 ?? "{}");
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  const value = isJsonObject(inner) ? inner.get(member) : undefined;
  if (value instanceof JsonNumber) return Number(value.text);
  if (!isJsonObject(value)) return null;
  const tagged = value.get("@int") ?? value.get("@long");
  return typeof tagged === "string" ? Number(tagged) : null;
}

/**
 * Makes sure that what was read at `snapshot.at` was read in the shape it had then: reads go through a
 * collection's newest migrations (facts §6.7), and stop when it is gone. Of one that was deleted and made again
 * they see nothing (live 40), which is no error of theirs.
 *
 * @throws ArkError ERR_TRY_AGAIN naming the collections that were changed so.
 */
export async function checkSchemaHeld(
  connection: Connection,
  snapshot: SchemaSnapshot,
  names: ReadonlySet<string>,
  { signal, timeoutMs }: Options,
): Promise<void> {
  const at = await snapshotTime(connection, { signal });
  const now = await allDefinitions(connection, { at, signal, timeoutMs, kinds: ["collections"] });
  const shapes = new Map(now.map((definition) => [definition.name, shape(definition)]));
  const replaced = await notThereAt(connection, [...names], snapshot.at, { signal, timeoutMs });
  const changed = snapshot.collections
    .filter(({ name }) => names.has(name))
    .filter(({ name, definition }) => replaced.has(name) || shapes.get(name) !== shape(definition))
    .map(({ name }) => name);
  if (changed.length === 0) return;
  throw new ArkError(
    "ERR_TRY_AGAIN",
    `The schema of ${changed.join(", ")} was migrated, deleted or made anew while its documents were read.`,
    {
      place: connection.place,
      hint: "Begin again: documents cannot be read in the shape they had before a migration.",
      details: { collections: changed },
    },
  );
}

/** Those names that reads at `at` find no collection for, or only one that was made later. */
async function notThereAt(
  connection: Connection,
  names: readonly string[],
  at: bigint,
  { signal, timeoutMs }: Options,
): Promise<ReadonlySet<string>> {
  const each = names.map((name) => `{"exists":{"collection":${printString(name)}}}`);
  const query = `{"at":${at},"expr":[${each.join(",")}]}`;
  try {
    const { text } = await connection.v4(query, { idempotent: true, signal, timeoutMs });
    const answer = parseJson(text);
    const there = isJsonObject(answer) ? answer.get("resource") : undefined;
    return new Set(names.filter((_, index) => !Array.isArray(there) || there[index] !== true));
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    return new Set();
  }
}

/** What of a collection's definition decides in which shape its documents are read. */
function shape({ v10, v4 }: Definition): string {
  const json = parseJson(v10 ?? v4 ?? "{}");
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  return isJsonObject(inner) ? JSON.stringify(plain(inner.get("migrations") ?? null)) : "";
}

function plain(json: unknown): unknown {
  if (json instanceof Map) return [...json].map(([key, value]) => [key, plain(value)]);
  if (json instanceof JsonNumber) return json.text;
  return Array.isArray(json) ? json.map(plain) : json;
}
