/** Which version of a document a read sees. */
import type { Database } from "./database.ts";
import type { DocRef } from "./value.ts";
import type { Version } from "./version.ts";

/** The version that holds at `at`; undefined if the document did not exist yet. */
export function versionAt(versions: readonly Version[], at: bigint): Version | undefined {
  for (let i = versions.length - 1; i >= 0; i--) {
    const version = versions[i] as Version;
    if (version.ts <= at) return version;
  }
  return undefined;
}

/** Whether a version shows a document at all: it is no deletion, and no ttl of it has passed by `now` (live 3). */
export function isVisible(version: Version, now: bigint): boolean {
  if (version.isDeleted) return false;
  const { ttl } = version;
  return ttl === undefined || ttl > now;
}

/** The newest version of `ref`, if it shows a document now. */
export function currentVersion(database: Database, ref: DocRef, now: bigint): Version | undefined {
  const version = database.store(ref.collection).versions(ref.id)?.at(-1);
  return version !== undefined && isVisible(version, now) ? version : undefined;
}
