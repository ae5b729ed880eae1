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
import { FORMAT, FORMATS, type Mark, MARKER, type Marker, OWNER, readMark } from "./marker.ts";
import { type Ownership, refuseHeld } from "./ownership.ts";
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
  /** All of its mark, with the run that has it. */
  readonly mark: Mark;
  /** Whether there are placeholders of an import whose mark somebody removed. */
  readonly hasPlaceholders: boolean;
}

/** What the target holds now. @throws ArkError ERR_DATABASE where v4, which alone keeps `ts`, is switched off. */
export async function readTarget(target: Connection, signal: AbortSignal): Promise<TargetState> {
  // The first request in v4: a target that refuses it is told apart before anything else.
  const mark = await readMark(target, signal);
  const at = await snapshotTime(target, { signal });
  const definitions = await allDefinitions(target, { at, signal, kinds: SCHEMA_KINDS });
  return {
    marker: mark.marker,
    mark,
    hasPlaceholders: definitions.some(isPlaceholder),
    definitions: definitions.filter(
      (each) => !(each.kind === "functions" && OURS.has(each.name)) && !isPlaceholder(each),
    ),
  };
}

const OURS: ReadonlySet<string> = new Set([MARKER, OWNER]);

/**
 * A v4 expression: whether a target that was found fit to import into is as it was, as far as an import would make it
 * another. What an import finds there when it begins is looked at once more in the transaction that marks it.
 */
export function untouchedSince(source: ImportSource, state?: TargetState): string {
  if (state?.hasPlaceholders === true) return "true";
  if (source.hasSchema) return `{"and":[${SCHEMA_KINDS.map(isEmptySet).join(",")}]}`;
  if (source.collections.length === 0) return "true";
  const names = source.collections.map(({ name }) => printString(name)).join(",");
  const collection = '{"collection":{"var":"name"}}';
  const isEmpty = `{"is_empty":{"paginate":{"documents":${collection}},"size":1}}`;
  const each = `{"if":{"exists":${collection}},"then":${isEmpty},"else":true}`;
  return `{"all":{"map":{"lambda":"name","expr":${each}},"collection":[${names}]}}`;
}

function isEmptySet(kind: string): string {
  return `{"is_empty":{"paginate":{"${kind}":null},"size":1}}`;
}

export interface TargetChecks {
  /** Whether an unfinished import of the same source may be continued. */
  readonly goOn: boolean;
  /** What is asked for, as `printAsked` has it. */
  readonly asked: string;
  /** The run that asks, when it has taken the mark. */
  readonly owner?: Ownership | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that the import may write here.
 *
 * @throws ArkError ERR_BUSY naming another run that imports here; ERR_TARGET_NOT_EMPTY naming what is in the way.
 */
export async function checkTarget(
  target: Connection,
  source: ImportSource,
  state: TargetState,
  { goOn, asked, owner, signal }: TargetChecks,
): Promise<void> {
  const { marker, mark } = state;
  // Of a database below a marked one the mark above says who has it.
  const isBelow = marker !== undefined && mark.marker === undefined;
  if (!isBelow) await refuseHeld(target, mark, owner?.token);
  if (marker === undefined && mark.isOwned) throw partOfAnother(target);
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
    refuseOther(target, source, marker, { goOn, asked });
    refuseForeign(target, source, state);
    return;
  }
  if (source.hasSchema) refuseAny(target, state, goOn);
  else await refuseOccupiedCollections(target, source, state, signal);
}

/**
 * Makes sure that a mark is of the same import.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY saying what is another.
 */
export function refuseOther(
  target: Connection,
  source: ImportSource,
  marker: Marker,
  { goOn, asked }: Pick<TargetChecks, "goOn" | "asked">,
): void {
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
}

function partOfAnother(target: Connection): ArkError {
  return occupied(
    target,
    `An import into a database above this one never finished (the function ${OWNER} is there).`,
    "Finish that one, or use another database. Where there is no such import any more, delete that function.",
  );
}

/** An import goes on as it began, or not at all. */
function refuseChanged(
  target: Connection,
  { format, asked: before, started }: Marker,
  asked: string,
) {
  if (!FORMATS.has(format)) {
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
