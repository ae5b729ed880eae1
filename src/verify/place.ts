/** The two places that a diff compares, and the databases of both that belong together. */
import { openArchive, type Unlock } from "../archive/archive.ts";
import { type Connection, definitions, snapshotTime } from "../fauna/fauna.ts";
import { openStore, type Store } from "../store/store.ts";
import { archiveSide } from "./archive-side.ts";
import { liveSide, type LiveSideOptions } from "./live-side.ts";
import type { Side } from "./side.ts";
import { nothing, openBelow, type Pair, withoutPasswords } from "./tree.ts";

export interface Place {
  readonly kind: Side["kind"];
  readonly place: string;
  /** The databases below that it holds, parents first; undefined where any may be asked for that is there. */
  readonly paths: readonly (readonly string[])[] | undefined;
  /** Whether documents are without the passwords that old ones may have. */
  readonly lacksPasswords: boolean;
  /** The database at a path; undefined when there is none. */
  side(path: readonly string[]): Promise<Side | undefined>;
}

export interface PlaceOptions extends LiveSideOptions {
  readonly unlock: Unlock | undefined;
  /** Whether the databases below a live one are looked for; those of an archive are known. */
  readonly recursive: boolean;
}

/** Whether it is a database, and no archive. */
export function isDatabase(what: Store | string | Connection): what is Connection {
  return typeof what !== "string" && "v4" in what;
}

/** @throws ArkError as `openArchive` does. */
export async function openPlace(
  what: Store | string | Connection,
  options: PlaceOptions,
): Promise<Place> {
  if (isDatabase(what)) return livePlace(what, options);
  const store = typeof what === "string" ? openStore(what) : what;
  const archive = await openArchive(store, options.unlock);
  const { databases } = archive.manifest;
  const paths = databases.map(({ path }) => path);
  return {
    kind: "archive",
    place: store.place,
    // What an archive of one database says of those below is for information.
    paths: paths.length > 1 ? paths : undefined,
    lacksPasswords: !databases.some(({ schema }) =>
      schema.some(({ kind }) => kind === "credentials"),
    ),
    side: async (path) =>
      paths.some((each) => keyOf(each) === keyOf(path)) ? archiveSide(archive, path) : undefined,
  };
}

/** All of its databases are looked at as they were at one moment. */
async function livePlace(connection: Connection, options: PlaceOptions): Promise<Place> {
  const at = await snapshotTime(connection, { signal: options.signal });
  const own = { ...options, at };
  return {
    kind: "database",
    place: connection.place,
    paths: options.recursive ? await pathsBelow(connection, [], own) : undefined,
    lacksPasswords: false,
    side: async (path) => {
      const database = await openBelow(connection, path, own);
      return database === undefined ? undefined : liveSide(database, own);
    },
  };
}

/** The paths of a database and of those below it, each after its parent's. */
async function pathsBelow(
  connection: Connection,
  path: readonly string[],
  options: LiveSideOptions & { readonly at: bigint },
): Promise<(readonly string[])[]> {
  const database = await openBelow(connection, path, options);
  if (database === undefined) return [];
  const { at, signal } = options;
  const paths = [path];
  for (const { name } of await definitions(database, "databases", { at, signal }))
    paths.push(...(await pathsBelow(connection, [...path, name], options)));
  return paths;
}

export interface PlacedPair extends Pair {
  /** The side that has the database, where the other has none. */
  readonly only: "left" | "right" | undefined;
}

/** Every database that either place holds, beside the one of its path; one that is not there is empty. */
export async function* pairsOf(a: Place, b: Place): AsyncGenerator<PlacedPair> {
  const paths = new Map([[keyOf([]), [] as readonly string[]]]);
  // What an archive does not hold because it was not asked to, is no difference.
  const isSilent = [a, b].some(({ kind, paths: held }) => kind === "archive" && held === undefined);
  if (!isSilent)
    for (const path of [...(a.paths ?? []), ...(b.paths ?? [])]) paths.set(keyOf(path), path);
  for (const path of paths.values()) {
    const left = await a.side(path);
    const right = await b.side(path);
    const there = (left ?? right)!;
    const seen = (side: Side | undefined, mine: Place, other: Place) => {
      if (side === undefined) return nothing(there);
      return other.lacksPasswords && !mine.lacksPasswords ? withoutPasswords(side) : side;
    };
    const only = left === undefined ? "right" : right === undefined ? "left" : undefined;
    yield { path, left: seen(left, a, b), right: seen(right, b, a), only };
  }
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
