/** The collections of an export that catches up, each in its database, from when it began to the archive's moment. */
import { isArkError } from "../errors/errors.ts";
import type { CatchingUp } from "./catch-up-collection.ts";
import { answersV4 } from "./reading.ts";
import { type CollectionAtSnapshot, checkSchemaHeld } from "./schema.ts";
import type { DatabaseAtSnapshot } from "./tree.ts";

/** Collections that are wanted of each database. */
export type Chosen = ReadonlyMap<DatabaseAtSnapshot, readonly CollectionAtSnapshot[]>;

/** A collection, and where it is. */
export interface Place {
  readonly database: DatabaseAtSnapshot;
  readonly collection: CollectionAtSnapshot;
  readonly reading: CatchingUp;
}

/** What is archived of one database. */
export interface Part {
  readonly database: DatabaseAtSnapshot;
  readonly chosen: readonly CollectionAtSnapshot[];
  readonly places: readonly Place[];
}

interface Options {
  /** Begins with a collection of which nothing was read before. */
  readonly begin: (database: DatabaseAtSnapshot, collection: CollectionAtSnapshot) => CatchingUp;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/**
 * What is archived of each database, with what was read of it where that is still good for something.
 *
 * @param read places as they were when reading began.
 */
export async function partsOf(
  read: readonly Place[],
  databases: readonly DatabaseAtSnapshot[],
  chosen: Chosen,
  options: Options,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const database of databases) {
    const before = read.filter((place) => isSame(place.database, database));
    const wanted = chosen.get(database) ?? [];
    const names = new Set(wanted.map(({ name }) => name));
    await dropChanged(
      before.filter(({ collection }) => names.has(collection.name)),
      options,
    );
    const places = wanted.map((collection): Place => {
      const found = before.find((place) => place.collection.name === collection.name);
      return {
        database,
        collection,
        reading: found?.reading ?? options.begin(database, collection),
      };
    });
    parts.push({ database, chosen: wanted, places });
  }
  return parts;
}

/** What was read before a migration, or of a collection that was made anew, is not what the archive is to hold. */
async function dropChanged(
  places: readonly Place[],
  { signal, timeoutMs }: Pick<Options, "signal" | "timeoutMs">,
): Promise<void> {
  const [first] = places;
  if (first === undefined) return;
  const names = new Set(places.map(({ collection }) => collection.name));
  const { connection, schema } = first.database;
  try {
    await checkSchemaHeld(connection, schema, names, { signal, timeoutMs });
  } catch (error) {
    const changed = isArkError(error, "ERR_TRY_AGAIN") ? error.details?.["collections"] : undefined;
    if (!Array.isArray(changed)) throw error;
    for (const { collection, reading } of places)
      if (changed.includes(collection.name)) await reading.drop();
  }
}

/** Where the listings of collections have ended. v10 alone would list all of it again to begin behind an id. */
export function listedUpToIn({ database: { schema }, places }: Part): ReadonlyMap<string, string> {
  const hasV4 = answersV4(schema);
  const ends = places.map(({ reading }) => [reading.name, reading.listedUpTo] as const);
  return new Map(ends.filter(([, end]) => end === "0" || hasV4));
}

function isSame(before: DatabaseAtSnapshot, now: DatabaseAtSnapshot): boolean {
  return before.globalId === now.globalId && before.path.join("/") === now.path.join("/");
}

/** Progress in a child database says which. */
export function itemIn(path: readonly string[], name: string): string {
  return path.length === 0 ? name : `${path.join("/")}: ${name}`;
}
