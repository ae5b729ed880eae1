/** A database and those below it, all of them at one moment. */
import { ArkError, isArkError } from "../errors/errors.ts";
import {
  allDefinitions,
  type Connection,
  type Definition,
  identity,
  scoped,
  snapshotTime,
} from "../fauna/fauna.ts";
import { isJsonObject, parseJson } from "../values/json.ts";
import { Time } from "../values/time.ts";
import { refuseFuture } from "./moment.ts";
import { type Moment, readSchema, type SchemaSnapshot } from "./schema.ts";

export interface DatabaseAtSnapshot {
  /** Names from the exported database down; none for itself. */
  readonly path: readonly string[];
  readonly connection: Connection;
  /** Tells it from another that is made later under its name. */
  readonly globalId: string;
  readonly schema: SchemaSnapshot;
  /** Databases right below it that were deleted since a past moment, with all that they held. */
  readonly gone?: readonly string[] | undefined;
}

interface Options extends Moment {
  readonly recursive: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** How often a moment is looked for at which no schema of the tree changes any more. */
const TRIES = 5;

/**
 * The database, then, if asked, those below it, each after its parent.
 *
 * @throws ArkError ERR_TRY_AGAIN when schemas keep changing, or databases keep coming and going; ERR_USAGE when a past
 * moment is still to come, or the database held nothing then.
 */
export async function readTree(
  source: Connection,
  options: Options,
): Promise<readonly [DatabaseAtSnapshot, ...DatabaseAtSnapshot[]]> {
  const { signal, timeoutMs, asOf, isPast } = options;
  if (asOf !== undefined && isPast === true) {
    refuseFuture(asOf, await snapshotTime(source, { signal }), source.place);
  }
  for (let tries = 1; ; tries++) {
    const { globalId } = await identity(source, { signal });
    const schema = await readSchema(source, { signal, timeoutMs, asOf, isPast });
    const top: DatabaseAtSnapshot = { path: [], connection: source, globalId, schema };
    if (schema.past?.rebuilt === true && schema.definitions.length === 0) throw nothingYet(top);
    if (!options.recursive) return [top];
    try {
      const { gone, below } = await readBelow(top, options);
      return [{ ...top, gone }, ...below];
    } catch (error) {
      // What changed after the moment was picked is still there at a later one.
      if (!isArkError(error, "ERR_TRY_AGAIN") || tries === TRIES || asOf !== undefined) throw error;
    }
  }
}

async function readBelow(
  parent: DatabaseAtSnapshot,
  options: Options,
): Promise<{ readonly gone: string[]; readonly below: DatabaseAtSnapshot[] }> {
  const { signal, timeoutMs, isPast } = options;
  const below: DatabaseAtSnapshot[] = [];
  const gone: string[] = [];
  const definitions = parent.schema.definitions.filter(({ kind }) => kind === "databases");
  const namesNow =
    isPast === true && definitions.length > 0
      ? await databasesNow(parent.connection, { signal, timeoutMs })
      : undefined;
  for (const definition of definitions) {
    const path = [...parent.path, definition.name];
    const globalId = globalIdIn(definition);
    const nameNow = namesNow === undefined ? definition.name : namesNow.get(globalId);
    if (nameNow === undefined) {
      gone.push(definition.name);
      continue;
    }
    const connection = await open(parent, nameNow, signal);
    await checkSameDatabase({ path, connection, globalId }, signal);
    const at = { asOf: parent.schema.at, isPast };
    const schema = await readSchema(connection, { signal, timeoutMs, ...at });
    const child: DatabaseAtSnapshot = { path, connection, globalId, schema };
    const children = await readBelow(child, options);
    below.push({ ...child, gone: children.gone }, ...children.below);
  }
  return { gone, below };
}

/** What the databases right below are called, by their global ids. */
async function databasesNow(
  connection: Connection,
  options: Pick<Options, "signal" | "timeoutMs">,
): Promise<ReadonlyMap<string, string>> {
  const at = await snapshotTime(connection, { signal: options.signal });
  const all = await allDefinitions(connection, { at, ...options, kinds: ["databases"] });
  return new Map(all.map((definition) => [globalIdIn(definition), definition.name]));
}

function nothingYet({ connection, schema }: DatabaseAtSnapshot): ArkError {
  return new ArkError(
    "ERR_USAGE",
    `The database held nothing at ${Time.fromMicros(schema.at).toString()}: whatever it holds was made later.`,
    { place: connection.place, hint: "Choose a later time." },
  );
}

async function open(
  { connection, path }: DatabaseAtSnapshot,
  name: string,
  signal: AbortSignal,
): Promise<Connection> {
  try {
    return await scoped(connection, name, "admin", { signal });
  } catch (error) {
    throw isArkError(error, "ERR_UNAUTHORIZED") ? deleted([...path, name], error) : error;
  }
}

/**
 * Makes sure that the connection still opens the database that was there at the snapshot time, and not one that was
 * made later under its name.
 *
 * @throws ArkError ERR_TRY_AGAIN when it does not.
 */
export async function checkSameDatabase(
  { path, connection, globalId }: Omit<DatabaseAtSnapshot, "schema">,
  signal: AbortSignal,
): Promise<void> {
  if (path.length === 0) return;
  let found: string;
  try {
    found = (await identity(connection, { signal })).globalId;
  } catch (error) {
    throw explainDeleted(error, path);
  }
  if (found !== globalId) throw deleted(path);
}

/** The error of a child database that is not there any more; any other error as it is. */
export function explainDeleted(error: unknown, path: readonly string[]): unknown {
  if (path.length === 0 || !isArkError(error, "ERR_UNAUTHORIZED")) return error;
  return deleted(path, error);
}

function deleted(path: readonly string[], cause?: unknown): ArkError {
  return new ArkError(
    "ERR_TRY_AGAIN",
    `The database ${path.join("/")} was deleted, or deleted and made anew, while it was read.`,
    { place: path.join("/"), cause, hint: "Begin again." },
  );
}

function globalIdIn({ v4, v10 }: Definition): string {
  const json = parseJson(v4 ?? v10 ?? "null");
  const document = isJsonObject(json) ? (json.get("@doc") ?? json) : undefined;
  const id = isJsonObject(document) ? document.get("global_id") : undefined;
  return typeof id === "string" ? id : "";
}
