/** `history_days` of collections: raised, and put back to what they were, by the protocol that made each. */
import type { RaisedCollection } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { type Connection, faunaCode, stagedStatus } from "../fauna/fauna.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** What became of one collection: `other` when somebody else has set it since, `gone` when it is no more. */
export type Change = "set" | "there" | "other" | "gone";

/**
 * Sets `history_days` if they are what they are thought to be; in one transaction, and repeatable.
 */
export async function changeHistoryDays(
  connection: Connection,
  {
    name,
    madeBy,
    from,
    to,
  }: Pick<RaisedCollection, "name" | "madeBy"> & {
    readonly from: number;
    readonly to: number;
  },
  options: Options,
): Promise<Change> {
  const call = { idempotent: true, ...options };
  const text =
    madeBy === "v4"
      ? (await connection.v4(v4Change(name, from, to), call)).text
      : (
          await connection.v10(V10_CHANGE, {
            ...call,
            typecheck: false,
            arguments: { name: printString(name), from: integer(from), to: integer(to) },
          })
        ).dataText;
  const json = parseJson(text);
  const change = isJsonObject(json) ? json.get("resource") : json;
  if (change === "set" || change === "there" || change === "other" || change === "gone") {
    return change;
  }
  throw new ArkError("ERR_PROTOCOL", "The answer is not what was asked for.", {
    place: connection.place,
  });
}

const V10_CHANGE = `let collection = Collection.byName(name)
if (collection == null) { "gone" }
else if (collection!.history_days == to) { "there" }
else if (collection!.history_days != from) { "other" }
else {
  collection!.update({ history_days: to })
  "set"
}`;

function integer(days: number): string {
  return `{"@int":"${days}"}`;
}

function v4Change(name: string, from: number, to: number): string {
  const ref = `{"collection":${printString(name)}}`;
  const days = `{"select":"history_days","from":{"get":${ref}},"default":-1}`;
  const update = `{"do":[{"update":${ref},"params":{"object":{"history_days":${to}}}},"set"]}`;
  const other = `{"if":{"equals":[${days},${from}]},"then":${update},"else":"other"}`;
  const there = `{"if":{"equals":[${days},${to}]},"then":"there","else":${other}}`;
  return `{"if":{"exists":${ref}},"then":${there},"else":"gone"}`;
}

/**
 * Makes sure that what is raised can be put back: raises and lowers one collection in a transaction that is then
 * aborted. A protected database lets `history_days` be raised, but never lowered (recording `v10-schema/protected`).
 *
 * @throws ArkError ERR_USAGE when the database is protected or has a schema staged; nothing is changed.
 */
export async function requireChangeable(
  connection: Connection,
  { name, was, raised }: Pick<RaisedCollection, "name" | "was" | "raised">,
  options: Options,
): Promise<void> {
  const { status } = await stagedStatus(connection, { signal: options.signal });
  if (status !== "none") throw staged(connection);
  try {
    await connection.v10(PROBE, {
      ...options,
      idempotent: true,
      typecheck: false,
      arguments: { name: printString(name), was: integer(was), raised: integer(raised) },
    });
  } catch (error) {
    if (faunaCode(error) === "abort") return;
    if (isProtection(error)) throw protectedDatabase(connection, error);
    throw error;
  }
  throw new ArkError("ERR_PROTOCOL", "A transaction that aborts itself was answered.", {
    place: connection.place,
  });
}

const PROBE = `Collection.byName(name)!.update({ history_days: raised })
Collection.byName(name)!.update({ history_days: was })
abort("probe")`;

function isProtection(error: unknown): boolean {
  return (
    error instanceof ArkError && JSON.stringify(error.details ?? {}).includes("protected mode")
  );
}

const OTHERWISE =
  "export without --extend-history, which has 15 minutes and what history_days there are; use --catch-up, which needs no longer window";

function protectedDatabase({ place }: Connection, cause: unknown): ArkError {
  return new ArkError(
    "ERR_USAGE",
    "The database is protected: its history_days could be raised, but never be put back.",
    {
      place,
      cause,
      hint: `Nothing was changed. Other ways: ${OTHERWISE}; or have its protection switched off meanwhile, from its parent.`,
    },
  );
}

function staged({ place }: Connection): ArkError {
  return new ArkError(
    "ERR_USAGE",
    "A schema is staged: what is changed meanwhile would be changed in the staged one, and not in the one in force.",
    {
      place,
      hint: `Nothing was changed. Commit or abandon the staged schema first. Other ways: ${OTHERWISE}.`,
    },
  );
}
