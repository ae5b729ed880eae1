/** The database that is written to: what it holds before the import, and whether that is in the way. */
import { ArkError, isArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  type Definition,
  type DefinitionKind,
  faunaCode,
  identity,
  ids,
  scoped,
  snapshotTime,
  stagedStatus,
} from "../fauna/fauna.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";
import { askedOtherwise } from "./asked.ts";
import { isPlaceholder } from "./deleted-refs.ts";
import { FORMAT, MARKER, type Marker, readMarker } from "./marker.ts";
import type { ImportSource } from "./source.ts";

/** Kinds of definitions that make up a schema. */
export const SCHEMA_KINDS: readonly DefinitionKind[] = [
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
  const definitions = await allDefinitions(target, { at, signal, kinds: SCHEMA_KINDS });
  return {
    marker,
    definitions: definitions.filter(
      (each) => !(each.kind === "functions" && each.name === MARKER) && !isPlaceholder(each),
    ),
  };
}

export interface TargetChecks {
  /** Whether an unfinished import of the same source may be continued. */
  readonly goOn: boolean;
  /** What is asked for, as `printAsked` has it. */
  readonly asked: string;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that the import may write here.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY naming what is in the way.
 */
export async function checkTarget(
  target: Connection,
  source: ImportSource,
  state: TargetState,
  { goOn, asked, signal }: TargetChecks,
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
        `An import of another archive, or with other schema files, begun at ${marker.started}, never finished here.`,
        "Continue that one with its own archive and schema files, or use an empty database.",
      );
    }
    if (!goOn) {
      throw occupied(
        target,
        `An import of this archive, begun at ${marker.started}, never finished here.`,
        "Add --continue to finish it.",
      );
    }
    refuseChanged(target, marker, asked);
    refuseForeign(target, source, state);
    return;
  }
  if (source.hasSchema) refuseAny(target, state, goOn);
  else await refuseOccupiedCollections(target, source, state, signal);
}

/** An import goes on as it began, or not at all. */
function refuseChanged(
  target: Connection,
  { format, asked: before, started }: Marker,
  asked: string,
) {
  if (format !== FORMAT) {
    throw occupied(
      target,
      `The import that never finished here, begun at ${started}, was begun by another version of fauna-ark, which imports in another way (${format === "" ? 1 : format}, this one: ${FORMAT}).`,
      "Finish it with that version, or use an empty database.",
    );
  }
  const change = askedOtherwise(before, asked);
  if (change === undefined) return;
  throw occupied(
    target,
    `The import that never finished here, begun at ${started}, was begun ${change}.`,
    "Continue it with the options it was begun with, or use an empty database.",
  );
}

/**
 * The mark of an import is of the database that it was set in: another one that has it is a copy of that one.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY naming both databases.
 */
export async function refuseMoved(
  target: Connection,
  { database, started }: Marker,
  signal: AbortSignal,
): Promise<void> {
  const { globalId } = await identity(target, { signal });
  if (database === "" || database === globalId) return;
  throw occupied(
    target,
    `The import that never finished here, begun at ${started}, was begun in another database (${database}, this one: ${globalId}).`,
    "Continue it in its own database, or use an empty one.",
  );
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
