/** Begins an archive, or goes on with one that an earlier run has left unfinished. */
import {
  type ArchiveLock,
  type ArchiveWriter,
  createArchive,
  findUnfinished,
  type UnfinishedArchive,
  unfinishedOptions,
} from "../archive/archive.ts";
import { openStore, type Store } from "../store/store.ts";
import type { ResolvedExport } from "./options.ts";
import type { DatabaseAtSnapshot } from "./tree.ts";

/** What an earlier run had done already. Part of the `--json` contract. */
export interface Resumed {
  /** When the export began, ISO 8601. */
  readonly started: string;
  readonly documents: number;
  readonly segments: number;
  /** Files of it that were not what the journal says, and were written again. */
  readonly damaged: readonly string[];
}

/**
 * The run to go on with; undefined when that is not asked for, or nothing was begun.
 *
 * @throws ArkError as `findUnfinished` does; ERR_BUSY when another run has the lock.
 */
export async function findEarlier(
  options: ResolvedExport,
  lock: ArchiveLock,
): Promise<UnfinishedArchive | undefined> {
  if (!options.resume) return undefined;
  const { source, ...archive } = archiveOptions(options);
  const find = () => findUnfinished(options.store, { ...archive, source });
  const found = await find();
  if (found === undefined || lock.isHeld) return found;
  // It was begun since the lock was looked at, and may go on until the lock is taken.
  await lock.take();
  return await find();
}

/** Begins the archive of the topmost database at its moment, or goes on with `earlier`. */
export async function begin(
  options: ResolvedExport,
  earlier: UnfinishedArchive | undefined,
  { globalId, schema }: DatabaseAtSnapshot,
  lock: ArchiveLock,
): Promise<{ readonly archive: ArchiveWriter; readonly resumed: Resumed | null }> {
  if (earlier !== undefined) {
    const { archive, ...done } = await earlier.resume(globalId, options);
    return { archive, resumed: { started: earlier.started, ...done } };
  }
  const { source, ...archive } = archiveOptions(options);
  const create = { ...archive, source: { ...source, globalId }, snapshotTs: schema.at, lock };
  return { archive: await createArchive(options.store, create), resumed: null };
}

/** What reads at no one moment, or at one that is gone when it stops. */
const NEVER_RESUMED = ["catch-up", "extend-history"];

/** Whether an export into this place was interrupted and `--resume` could go on with it. */
export async function canResume(target: Store | string): Promise<boolean> {
  const store = typeof target === "string" ? openStore(target) : target;
  const options = await unfinishedOptions(store);
  return options !== undefined && NEVER_RESUMED.every((name) => options[name] === undefined);
}

function archiveOptions(options: ResolvedExport) {
  const { source, tool, compression, encryption, segmentBytes, now, asked } = options;
  return {
    tool,
    source: { endpoint: source.endpoint, database: source.path === "" ? null : source.path },
    compression,
    encryption,
    options: asked,
    segmentBytes,
    now,
  };
}
