/**
 * Export: a database, read at one moment, becomes an archive.
 *
 *     see that no other run is writing to the same place            (archive/lock.ts)
 *     pick the moment T and read the schema at T        (schema.ts; of a tree of databases, tree.ts; of the past, past.ts)
 *     where asked for, raise history_days until the last document is read          (extend-history.ts)
 *     begin the archive                                 (refuses a place that is not empty; or goes on with it: resume.ts)
 *     for each database                                 (database.ts)
 *     write schema files and definitions, and secrets where asked for              (secrets.ts)
 *     list refs, cut collections into id ranges, read and write them at T      (documents.ts)
 *     the past up to T, where asked for                                            (history.ts)
 *     check that T can still be read and that no collection was migrated or deleted meanwhile
 *     write the manifest: only now it is an archive
 *
 * Whatever fails before the last line leaves files without a manifest, which nothing takes for an archive, and a journal,
 * which another run can go on from.
 */
import { ArchiveLock, type Manifest, type Fidelity, fidelityOf } from "../archive/archive.ts";
import { type CaughtUp, exportCatchingUp } from "./catch-up.ts";
import { checkHeld, type ExportedDatabase, exportOne } from "./database.ts";
import { HistoryExtension } from "./extend-history.ts";
import { requireHistory } from "./history.ts";
import { type ExportOptions, type ResolvedExport, resolveExport } from "./options.ts";
import { refuseUnreadable } from "./past-window.ts";
import { begin, findEarlier, type Resumed } from "./resume.ts";
import type { CollectionAtSnapshot } from "./schema.ts";
import { type DatabaseAtSnapshot, readTree } from "./tree.ts";

export type { CaughtUp } from "./catch-up.ts";
export type { CatchUpOptions } from "./catch-up-options.ts";
export {
  type RestoredCollection,
  type RestoredHistory,
  restoredText,
  restoreHistory,
  type RestoreHistoryOptions,
} from "./extend-history.ts";
export type { ExportOptions } from "./options.ts";
export { canResume, type Resumed } from "./resume.ts";

/** What an export did. Its form is the `--json` contract: members may be added, none change their meaning. */
export interface ExportReport {
  /** Where the archive is. */
  readonly archive: string;
  readonly snapshot: { readonly ts: string; readonly time: string };
  readonly documents: number;
  readonly definitions: number;
  readonly plainBytes: number;
  readonly storedBytes: number;
  readonly segments: number;
  readonly collections: readonly {
    /** The database's path below the exported one, `parent/child`; "" for itself. */
    readonly database: string;
    readonly name: string;
    readonly documents: number;
    /** Listed, but their ttl had passed when they were read. */
    readonly expired: number;
    /** Of its past, where that was asked for: since when it is there, and how many versions and deletions. */
    readonly history: { readonly from: string; readonly versions: number } | null;
  }[];
  /** Versions that are no more, and deletions; null without `history`. */
  readonly history: Manifest["totals"]["history"] | null;
  /** Null, or with `resume` what an earlier run had done already. */
  readonly resumed: Resumed | null;
  /** Null, or what it took to catch up with what was written meanwhile. */
  readonly caughtUp: CaughtUp | null;
  /** Paths of the child databases that were exported. */
  readonly databases: readonly string[];
  /** What could not be exported exactly, counted. */
  readonly notes: Manifest["fidelity"]["notes"];
  /** How exact it is: the notes in categories, with those that nothing falls into. */
  readonly fidelity: Fidelity;
  readonly seconds: number;
  readonly requests: number;
}

/**
 * Exports a database at one snapshot time.
 *
 * Promises: every record is what the database holds at that time; when that cannot be had, the export fails and
 * leaves no manifest. Memory does not grow with the database. With `resume` it goes on with what an interrupted export has
 * left in the same place, at the same moment; the archive is the one that the undisturbed export would have made.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY; ERR_BUSY when another run is writing there; ERR_USAGE when a glob names no collection, or with `resume` anything is not as it was when the export began; ERR_SNAPSHOT_EXPIRED when history ran out; ERR_TRY_AGAIN when the schema
 * was changed in a way that touches documents; what connection and store throw; the signal's reason.
 */
export async function exportDatabase(options: ExportOptions): Promise<ExportReport> {
  const resolved = resolveExport(options);
  const lock = new ArchiveLock(resolved.store, resolved);
  try {
    await lock.takeWhereBegun();
    const extension = new HistoryExtension(resolved, lock);
    await extension.healEarlier();
    try {
      return await exportOnce(resolved, extension, lock);
    } finally {
      await extension.putBack();
    }
  } finally {
    await lock.release();
  }
}

async function exportOnce(
  resolved: ResolvedExport,
  extension: HistoryExtension,
  lock: ArchiveLock,
): Promise<ExportReport> {
  const { source, store, signal } = resolved;
  const started = performance.now();
  const requestsBefore = source.counters.requests;

  const earlier = await findEarlier(resolved, lock);
  if (earlier?.isComplete === true) {
    const resumed = { started: earlier.started, documents: 0, segments: 0, damaged: [] };
    const none = { archive: store.place, seconds: 0, requests: 0, caughtUp: null };
    const manifest = await earlier.complete();
    return report(manifest, expiredIn(manifest), { ...none, resumed });
  }
  const asOf = earlier?.at ?? resolved.at;
  const isPast = resolved.at !== undefined;
  const read = await readTree(source, { ...resolved, asOf, isPast });
  if (isPast) await refuseUnreadable(withChosen(read, choose(resolved, read)), resolved);
  const databases = await extension.begin(read, choose(resolved, read), asOf);
  const [top] = databases;
  const chosen = choose(resolved, databases);
  if (resolved.history) {
    for (const database of databases)
      await requireHistory(database.connection, chosen.get(database)!, resolved);
  }
  const { archive, resumed } = await begin(resolved, earlier, top, lock);
  const exported: ExportedDatabase[] = [];
  let caughtUp: CaughtUp | null = null;
  const { catchUp } = resolved;
  if (catchUp === undefined) {
    for (const database of databases)
      exported.push(await exportOne(archive, database, chosen.get(database)!, resolved));
    for (const database of databases) await checkHeld(database, chosen.get(database)!, resolved);
  } else {
    const anew = (all: readonly DatabaseAtSnapshot[]) => choose(resolved, all);
    const done = await exportCatchingUp(archive, databases, { ...resolved, catchUp }, anew);
    exported.push(...done.exported);
    ({ caughtUp } = done);
  }
  await extension.putBack();
  signal.throwIfAborted();
  // Somebody may have removed the lock, and another run have begun here.
  await lock.requireNoOther();
  const manifest = await archive.finish({
    counters: { ...source.counters },
    ...(caughtUp === null ? {} : { caughtUp: { ...caughtUp } }),
  });
  extension.complain();

  return report(manifest, exported, {
    resumed,
    caughtUp,
    archive: store.place,
    seconds: (performance.now() - started) / 1000,
    requests: source.counters.requests - requestsBefore,
  });
}

function withChosen(
  databases: readonly DatabaseAtSnapshot[],
  chosen: ReadonlyMap<DatabaseAtSnapshot, readonly CollectionAtSnapshot[]>,
) {
  return databases.map((database) => ({ database, chosen: chosen.get(database)! }));
}

/** Globs of collections have to name one in any of the databases. */
function choose(
  { choice, source }: ResolvedExport,
  databases: readonly DatabaseAtSnapshot[],
): ReadonlyMap<DatabaseAtSnapshot, readonly CollectionAtSnapshot[]> {
  const all = databases.flatMap((database) =>
    database.schema.collections.map((collection) => ({
      name: collection.name,
      collection,
      database,
    })),
  );
  const chosen = choice.choose(all, source.place);
  return new Map(
    databases.map((database) => [
      database,
      chosen.filter((each) => each.database === database).map(({ collection }) => collection),
    ]),
  );
}

/** What the notes of a finished archive say of documents that had expired. */
function expiredIn({ databases, fidelity }: Manifest): ExportedDatabase[] {
  const notes = fidelity.notes.filter(({ code }) => code === "expired");
  return databases.map(({ path }) => {
    const here = notes.filter(({ database }) => JSON.stringify(database) === JSON.stringify(path));
    return { path, expired: new Map(here.map((note) => [note.collection ?? "", note.count])) };
  });
}

const SECRETS: ReadonlySet<string> = new Set(["credentials", "keys", "tokens"]);

function report(
  manifest: Manifest,
  exported: readonly ExportedDatabase[],
  run: Pick<ExportReport, "archive" | "resumed" | "caughtUp" | "seconds" | "requests">,
): ExportReport {
  const { documents, definitions, plainBytes, storedBytes, segments, history } = manifest.totals;
  const schema = manifest.databases.flatMap((database) => database.schema);
  const secrets = schema
    .filter(({ kind }) => SECRETS.has(kind))
    .reduce((sum, entry) => sum + entry.definitions, 0);
  const own = definitions - secrets;
  const expired = new Map(exported.map((each) => [JSON.stringify(each.path), each.expired]));
  return {
    archive: run.archive,
    snapshot: manifest.snapshot,
    documents,
    definitions,
    plainBytes,
    storedBytes,
    segments,
    collections: manifest.databases.flatMap(({ path, collections }) =>
      collections.map(({ name, documents: count, history: past }) => ({
        database: path.join("/"),
        name,
        documents: count,
        expired: expired.get(JSON.stringify(path))?.get(name) ?? 0,
        history: past === undefined ? null : { from: past.from, versions: past.versions },
      })),
    ),
    history: history ?? null,
    resumed: run.resumed,
    caughtUp: run.caughtUp,
    databases: manifest.databases.map(({ path }) => path.join("/")).filter((path) => path !== ""),
    notes: manifest.fidelity.notes,
    fidelity: fidelityOf(
      {
        documents,
        definitions: own,
        secrets,
        ...(history === undefined ? {} : { versions: history.versions }),
      },
      manifest.fidelity.notes,
    ),
    seconds: run.seconds,
    requests: run.requests,
  };
}
