/** The databases of an archive, each beside the live one of its name. */
import type { Archive } from "../archive/archive.ts";
import { isArkError } from "../errors/errors.ts";
import { type Connection, scoped } from "../fauna/fauna.ts";
import { withoutCredentials } from "../values/credentials-member.ts";
import { archiveSide } from "./archive-side.ts";
import { liveSide, type LiveSideOptions } from "./live-side.ts";
import type { Side } from "./side.ts";

export interface Pair {
  /** Names from the archive's topmost database down. */
  readonly path: readonly string[];
  readonly left: Side;
  readonly right: Side;
}

/** Every database of the archive; one that the live database does not have is empty. */
export async function* pairs(
  archive: Archive,
  connection: Connection,
  options: LiveSideOptions,
): AsyncGenerator<Pair> {
  const missing = new Set<string>();
  for (const { path, schema } of archive.manifest.databases) {
    const key = JSON.stringify(path);
    const left = await archiveSide(archive, path);
    const live = missing.has(JSON.stringify(path.slice(0, -1)))
      ? undefined
      : await openBelow(connection, path, options);
    if (live === undefined) missing.add(key);
    const right = live === undefined ? nothing(left) : await liveSide(live, options);
    const hasSecrets = schema.some(({ kind }) => kind === "credentials");
    yield { path, left, right: hasSecrets ? right : withoutPasswords(right) };
  }
}

/** The database at the path; undefined when there is none. */
export async function openBelow(
  connection: Connection,
  path: readonly string[],
  { signal }: LiveSideOptions,
): Promise<Connection | undefined> {
  if (path.length === 0) return connection;
  try {
    return await scoped(connection, path.join("/"), "admin", { signal });
  } catch (error) {
    if (isArkError(error, "ERR_UNAUTHORIZED")) return undefined;
    throw error;
  }
}

/** An archive that was not asked for secrets holds no passwords of documents either. */
export function withoutPasswords(side: Side): Side {
  return {
    ...side,
    // Sums that count the passwords are not those of what is left.
    known: () => undefined,
    async *records(collection, range, signal, flow) {
      for await (const records of side.records(collection, range, signal, flow))
        yield records.map(withoutCredentials);
    },
  };
}

/** A database that is not there. */
export function nothing({ at, place }: Pick<Side, "at" | "place">): Side {
  return {
    kind: "database",
    place,
    at,
    collections: new Set(),
    isPartial: false,
    hasSchema: true,
    definitions: [],
    files: new Map(),
    documents: () => 0,
    cuts: () => Promise.resolve([]),
    isCleanCut: () => true,
    known: () => undefined,
    async *records() {},
    hidesUntil: () => Promise.resolve(at),
  };
}
