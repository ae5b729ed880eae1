/** A database and those below it, all of them at one moment. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { type Connection, type Definition, identity, scoped } from "../fauna/fauna.ts";
import { isJsonObject, parseJson } from "../values/json.ts";
import { readSchema, type SchemaSnapshot } from "./schema.ts";

export interface DatabaseAtSnapshot {
  /** Names from the exported database down; none for itself. */
  readonly path: readonly string[];
  readonly connection: Connection;
  /** Tells it from another that is made later under its name. */
  readonly globalId: string;
  readonly schema: SchemaSnapshot;
}

interface Options {
  readonly recursive: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  /** The moment, when it is not to be picked anew. */
  readonly asOf?: bigint | undefined;
}

/** How often a moment is looked for at which no schema of the tree changes any more. */
const TRIES = 5;

/**
 * The database, then, if asked, those below it, each after its parent.
 *
 * @throws ArkError ERR_TRY_AGAIN when schemas keep changing, or databases keep coming and going.
 */
export async function readTree(
  source: Connection,
  options: Options,
): Promise<readonly [DatabaseAtSnapshot, ...DatabaseAtSnapshot[]]> {
  const { signal, timeoutMs, asOf } = options;
  for (let tries = 1; ; tries++) {
    const { globalId } = await identity(source, { signal });
    const schema = await readSchema(source, { signal, timeoutMs, asOf });
    const top = { path: [], connection: source, globalId, schema };
    if (!options.recursive) return [top];
    try {
      return [top, ...(await readBelow(top, options))];
    } catch (error) {
      // What changed after the moment was picked is still there at a later one.
      if (!isArkError(error, "ERR_TRY_AGAIN") || tries === TRIES || asOf !== undefined) throw error;
    }
  }
}

async function readBelow(
  parent: DatabaseAtSnapshot,
  options: Options,
): Promise<DatabaseAtSnapshot[]> {
  const { signal, timeoutMs } = options;
  const found: DatabaseAtSnapshot[] = [];
  for (const definition of parent.schema.definitions) {
    if (definition.kind !== "databases") continue;
    const path = [...parent.path, definition.name];
    const globalId = globalIdIn(definition);
    const connection = await open(parent, definition.name, signal);
    await checkSameDatabase({ path, connection, globalId }, signal);
    const schema = await readSchema(connection, { signal, timeoutMs, asOf: parent.schema.at });
    const child = { path, connection, globalId, schema };
    found.push(child, ...(await readBelow(child, options)));
  }
  return found;
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
