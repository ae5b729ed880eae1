/** The two places that a diff compares, and the databases of both that belong together. */
import { openArchive, type Unlock } from "../archive/archive.ts";
import type { Connection } from "../fauna/fauna.ts";
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
}

/** @throws ArkError as `openArchive` does. */
export async function openPlace(
  what: Store | string | Connection,
  options: PlaceOptions,
): Promise<Place> {
  if (typeof what !== "string" && "v4" in what) return livePlace(what, options);
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

function livePlace(connection: Connection, options: PlaceOptions): Place {
  return {
    kind: "database",
    place: connection.place,
    paths: undefined,
    lacksPasswords: false,
    side: async (path) => {
      const database = await openBelow(connection, path, options);
      return database === undefined ? undefined : liveSide(database, options);
    },
  };
}

/** Every database that either place holds, beside the one of its path; one that is not there is empty. */
export async function* pairsOf(a: Place, b: Place): AsyncGenerator<Pair> {
  const paths = new Map([[keyOf([]), [] as readonly string[]]]);
  for (const path of [...(a.paths ?? []), ...(b.paths ?? [])]) paths.set(keyOf(path), path);
  for (const path of paths.values()) {
    const left = await a.side(path);
    const right = await b.side(path);
    const there = (left ?? right)!;
    const seen = (side: Side | undefined, mine: Place, other: Place) => {
      if (side === undefined) return nothing(there);
      return other.lacksPasswords && !mine.lacksPasswords ? withoutPasswords(side) : side;
    };
    yield { path, left: seen(left, a, b), right: seen(right, b, a) };
  }
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
