/** Whether a past moment can be read at all, found out before anything is written. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { type Connection, ids, secretDocuments } from "../fauna/fauna.ts";
import { printString } from "../values/json.ts";
import { Time } from "../values/time.ts";
import type { CollectionAtSnapshot } from "./collections.ts";
import { refuseMigrated } from "./past.ts";
import type { DatabaseAtSnapshot } from "./tree.ts";

interface Options {
  /** Whether secrets are wanted, of which the past is kept for a quarter of an hour only (facts §4). */
  readonly secrets: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

interface Unreadable {
  readonly what: string;
  readonly exclude: string | undefined;
  /** The earliest time at which it can be read, as the database says it. */
  readonly oldest: string;
}

/**
 * Reads once at the moment in every collection that is wanted.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED naming all whose history does not reach back so far, with the earliest time of
 * each, or those that were migrated since.
 */
export async function refuseUnreadable(
  databases: readonly {
    readonly database: DatabaseAtSnapshot;
    readonly chosen: readonly CollectionAtSnapshot[];
  }[],
  options: Options,
): Promise<void> {
  const unreadable: Unreadable[] = [];
  for (const { database, chosen } of databases) {
    const { connection, path, schema } = database;
    const { at } = schema;
    for (const { name, nameNow = name } of chosen) {
      const oldest = await oldestOf(() => readOne(connection, nameNow, at, options));
      const what = [...path, name].join("/");
      if (oldest !== undefined) unreadable.push({ what, exclude: name, oldest });
    }
    if (options.secrets) {
      const oldest = await oldestOf(() => readSecret(connection, at, options));
      const what = [...path, "secrets"].join("/");
      if (oldest !== undefined) unreadable.push({ what, exclude: undefined, oldest });
    }
  }
  if (unreadable.length > 0) throw expired(databases[0]!.database, unreadable);
  for (const { database, chosen } of databases) {
    const { connection, schema } = database;
    if (schema.past === undefined) continue;
    await refuseMigrated(connection, { at: schema.at, chosen }, options);
  }
}

function expired({ connection, schema }: DatabaseAtSnapshot, all: readonly Unreadable[]): ArkError {
  const each = all.map(({ what, oldest }) => `${what} (not before ${oldest})`);
  const latest = all.map(({ oldest }) => oldest).toSorted()[all.length - 1]!;
  const excludes = all.flatMap(({ exclude }) =>
    exclude === undefined ? [] : [`--exclude ${printString(exclude)}`],
  );
  const others = [
    ...(excludes.length > 0 ? [`leave them out: ${[...new Set(excludes)].join(" ")}`] : []),
    ...(excludes.length < all.length ? ["leave out --secrets"] : []),
  ];
  return new ArkError(
    "ERR_SNAPSHOT_EXPIRED",
    `History does not reach back to ${Time.fromMicros(schema.at).toString()}: ${each.join(", ")}.`,
    {
      place: connection.place,
      hint: `Choose a time after ${latest}, or ${others.join(", or ")}. What is gone stays gone; history_days keeps more from now on only.`,
      details: {
        requested: Time.fromMicros(schema.at).toString(),
        unreadable: all.map(({ what, oldest }) => ({ what, oldest })),
      },
    },
  );
}

/** The earliest readable time when `read` fails for being before it. */
async function oldestOf(read: () => Promise<void>): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED")) throw error;
    const oldest = error.details?.["oldest"];
    return typeof oldest === "string" ? oldest : "a time that the database does not say";
  }
}

async function readOne(
  source: Connection,
  collection: string,
  at: bigint,
  { signal, timeoutMs }: Options,
): Promise<void> {
  const pages = ids(source, { collection, at, pageSize: 1, signal, timeoutMs });
  await pages.next();
  await pages.return(undefined);
}

async function readSecret(
  source: Connection,
  at: bigint,
  { signal, timeoutMs }: Options,
): Promise<void> {
  const keys = secretDocuments(source, "keys", { at, signal, timeoutMs });
  await keys.next();
  await keys.return(undefined);
}
