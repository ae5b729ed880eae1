/** The database that is written to: what it holds before the import, and whether that is in the way. */
import { ArkError, isArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  type Definition,
  type DefinitionKind,
  faunaCode,
  ids,
  scoped,
  snapshotTime,
  stagedStatus,
} from "../fauna/fauna.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";
import { isPlaceholder } from "./deleted-refs.ts";
import { MARKER, type Marker, readMarker } from "./marker.ts";
import type { ImportSource } from "./source.ts";

const KINDS: readonly DefinitionKind[] = [
  "collections",
  "indexes",
  "functions",
  "roles",
  "access_providers",
];

export interface TargetState {
  /** Definitions the target has, without this import's own marker and placeholders. */
  readonly definitions: readonly Definition[];
  /** The import that began here and never finished. */
  readonly marker: Marker | undefined;
}

/** What the target holds now. @throws ArkError ERR_DATABASE where v4, which alone keeps `ts`, is switched off. */
export async function readTarget(target: Connection, signal: AbortSignal): Promise<TargetState> {
  // The first request in v4: a target that refuses it is told apart before anything else.
  const marker = await readMarker(target, signal);
  const at = await snapshotTime(target, { signal });
  const definitions = await allDefinitions(target, { at, signal, kinds: KINDS });
  return {
    marker,
    definitions: definitions.filter(
      (each) => !(each.kind === "functions" && each.name === MARKER) && !isPlaceholder(each),
    ),
  };
}

/**
 * Makes sure that the import may write here.
 *
 * @param goOn whether an unfinished import of the same source may be continued.
 * @throws ArkError ERR_TARGET_NOT_EMPTY naming what is in the way.
 */
export async function checkTarget(
  target: Connection,
  source: ImportSource,
  state: TargetState,
  { goOn, signal }: { readonly goOn: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { marker } = state;
  if (!source.hasSchema) refuseTtlDays(target, source, state);
  const { status } = await stagedStatus(target, { signal });
  if (status !== "none") {
    throw occupied(
      target,
      `A schema is staged in the target (${status}).`,
      "Commit or abandon it first.",
    );
  }
  if (marker !== undefined) {
    if (marker.source !== source.identity) {
      throw occupied(
        target,
        `An import of another archive, begun at ${marker.started}, never finished here.`,
        "Continue that one with its own archive, or use an empty database.",
      );
    }
    if (!goOn) {
      throw occupied(
        target,
        `An import of this archive, begun at ${marker.started}, never finished here.`,
        "Add --continue to finish it.",
      );
    }
    refuseForeign(target, source, state);
    return;
  }
  if (source.hasSchema) refuseAny(target, state, goOn);
  else await refuseOccupiedCollections(target, source, state, signal);
}

/** A source with a schema replaces the whole schema of its target: that has to be nothing. */
function refuseAny(target: Connection, { definitions }: TargetState, goOn: boolean): void {
  if (definitions.length === 0) return;
  const shown = definitions.slice(0, 5).map(({ kind, name }) => `${kind} ${name}`);
  const more = definitions.length > 5 ? ` and ${definitions.length - 5} more` : "";
  throw occupied(
    target,
    `The target is not empty: it holds ${shown.join(", ")}${more}.`,
    goOn
      ? "No import is unfinished here. If one has just ended, `fauna-ark verify ARCHIVE --against` tells whether all is there."
      : "Import into an empty database, which --database NAME --create makes, or say with --on-conflict what becomes of documents that are in both.",
  );
}

/** In an unfinished import nothing may have been added by others: the schema push would delete it. */
function refuseForeign(
  target: Connection,
  source: ImportSource,
  { definitions }: TargetState,
): void {
  if (!source.hasSchema || source.definitions.size === 0) return;
  const foreign = definitions.filter(
    ({ kind, name }) => !(source.definitions.get(kind) ?? []).some((each) => each.name === name),
  );
  if (foreign.length === 0) return;
  throw occupied(
    target,
    `Something was added here since the import began: ${foreign[0]!.kind} ${foreign[0]!.name}.`,
    "Remove it, or import into an empty database.",
  );
}

/** A collection's `ttl_days` gives every document that is written a ttl counted from now (facts §5.1). */
function refuseTtlDays(
  target: Connection,
  source: ImportSource,
  { definitions }: TargetState,
): void {
  const wanted = new Set(source.collections.map(({ name }) => name));
  const found = definitions.find(
    (each) => each.kind === "collections" && wanted.has(each.name) && hasTtlDays(each),
  );
  if (found === undefined) return;
  throw occupied(
    target,
    `The target's collection ${found.name} has ttl_days, which would let the imported documents expire.`,
    `Take it away for the import and set it again afterwards: Collection.byName(${printString(found.name)})!.update({ ttl_days: null })`,
  );
}

function hasTtlDays({ v4 }: Definition): boolean {
  const json = v4 === undefined ? undefined : parseJson(v4);
  const days = isJsonObject(json) ? json.get("ttl_days") : undefined;
  return days !== undefined && days !== null;
}

/** Documents alone may go into collections that are there, if those are free of documents and of their past. */
async function refuseOccupiedCollections(
  target: Connection,
  source: ImportSource,
  { definitions }: TargetState,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(source.collections.map(({ name }) => name));
  const there = definitions.filter(({ kind, name }) => kind === "collections" && wanted.has(name));
  const at = await snapshotTime(target, { signal });
  for (const { name } of there) {
    const page = await ids(target, { collection: name, at, pageSize: 1, signal }).next();
    if (page.done !== true) {
      throw occupied(
        target,
        `The target's collection ${name} holds documents.`,
        "Import into an empty database.",
      );
    }
    if (await hasPast(target, name, signal)) {
      throw occupied(
        target,
        `Documents of the target's collection ${name} were deleted not long ago.`,
        "Such a deletion is newer than what would be written and would hide it (Fauna keeps the newest version): delete and create the collection again, or use an empty database.",
      );
    }
  }
}

/** Whether the collection remembers any document: a tombstone hides what is inserted below it (live 40). */
async function hasPast(target: Connection, name: string, signal: AbortSignal): Promise<boolean> {
  const query = `{"is_empty":{"paginate":{"documents":{"collection":${printString(name)}}},"events":true,"size":1}}`;
  const { text } = await target.v4(query, { idempotent: true, signal });
  return !text.includes("true");
}

function occupied(target: Connection, message: string, hint: string): ArkError {
  return new ArkError("ERR_TARGET_NOT_EMPTY", message, { place: target.place, hint });
}

/**
 * Makes a child database and gives a connection to it. One of that name that is there already is used, and judged
 * like any other target.
 */
export async function createDatabase(
  connection: Connection,
  name: string,
  {
    typechecked,
    signal,
  }: { readonly typechecked?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Connection> {
  const check = typechecked === undefined ? "" : `, typechecked: ${typechecked}`;
  try {
    await connection.v10(
      `if (Database.byName(name) == null) { Database.create({ name: name${check} }) }\n0`,
      {
        arguments: { name: printString(name) },
        idempotent: true,
        signal,
      },
    );
  } catch (error) {
    if (faunaCode(error) !== "constraint_failure") throw error;
    await createByV4(connection, name, typechecked, signal);
  }
  return scoped(connection, name, "admin", { signal });
}

/** v4 takes names that v10 does not, such as `my-shop` (facts §6.6). */
async function createByV4(
  connection: Connection,
  name: string,
  typechecked: boolean | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const check = typechecked === undefined ? "" : `,"typechecked":${typechecked}`;
  const ref = `{"database":${printString(name)}}`;
  const create = `{"do":[{"create_database":{"quote":{"name":${printString(name)}${check}}}},null]}`;
  try {
    await connection.v4(`{"if":{"exists":${ref}},"then":null,"else":${create}}`, {
      idempotent: true,
      signal,
    });
  } catch (error) {
    if (!isArkError(error, "ERR_DATABASE", "ERR_SCHEMA")) throw error;
    throw new ArkError("ERR_USAGE", `${name} cannot be the name of a database.`, {
      place: connection.place,
      cause: error,
      hint: "Use letters, digits, _ and -.",
    });
  }
}
