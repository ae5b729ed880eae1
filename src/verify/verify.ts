/**
 * Verify: proves an archive by itself, and, if asked, that a live database holds the same.
 *
 *     every file against the manifest, the manifest against its digest       (archive/check.ts)
 *     for each database of the archive, open the live one                    (tree.ts)
 *     pick a moment of the live database                                     (live-side.ts)
 *     definitions and schema files, one by one                               (definitions.ts)
 *     documents by fingerprints of id ranges, then one by one                (documents.ts)
 *     the past, where the archive tells it                                   (history.ts)
 *
 * Comparing is the same for any two sides (side.ts); `diff.ts` compares whatever it is given.
 */
import { type Archive, checkArchive, type PlacedProblem, type Unlock } from "../archive/archive.ts";
import { bytesToHold, type Connection, DEFINITION_KINDS, PageFlow } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import { openStore, type Store } from "../store/store.ts";
import { Time } from "../values/time.ts";
import { compareSchema, type DefinitionDifference } from "./definitions.ts";
import type { DocumentDifference } from "./difference.ts";
import { compareDocuments } from "./documents.ts";
import { compareHistories, type HistoryComparison } from "./history.ts";
import { Room } from "./in-step.ts";
import { openBelow, pairs } from "./tree.ts";

export type { DefinitionDifference } from "./definitions.ts";
export type { DocumentDifference } from "./difference.ts";
export type { HistoryComparison } from "./history.ts";
export {
  type ArchiveSummary,
  type CollectionSummary,
  showArchive,
  showCollection,
  showDocument,
} from "./show.ts";

export interface VerifyOptions {
  readonly archive: Store | string;
  /** What opens an encrypted archive. Without it only sizes and checksums are compared. */
  readonly unlock?: Unlock | undefined;
  /** The database to compare with, opened with an admin secret. */
  readonly against?: Connection | undefined;
  /** Id ranges compared at once. */
  readonly window?: number | undefined;
  /** Documents asked for in one request, at most. */
  readonly pageSize?: number | undefined;
  /** Bytes of memory that the process may take; 256 MiB by default. Pages are as large as that allows. */
  readonly maxMemory?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What a verification found. Its form is the `--json` contract. */
export interface VerifyReport {
  readonly archive: string;
  /** Whether the archive is whole and, where a database was given, holds the same. */
  readonly equal: boolean;
  /** False when it is encrypted and no key was given: its files are as they were written, but nobody looked into them. */
  readonly opened: boolean;
  /** What is wrong with the archive itself; with any, nothing was compared. */
  readonly problems: readonly PlacedProblem[];
  /** Odd and harmless, such as files that do not belong. */
  readonly notes: readonly { readonly message: string; readonly file: string }[];
  readonly documents: number;
  /** Past versions and deletions that the archive tells. */
  readonly versions: number;
  readonly files: number;
  readonly against: AgainstReport | undefined;
}

export interface AgainstReport {
  readonly endpoint: string;
  readonly database: string;
  /** The moment of the database that was compared. */
  readonly snapshot: { readonly ts: string; readonly time: string };
  readonly equal: boolean;
  readonly collections: readonly CollectionComparison[];
  /** The past of collections, of which the archive tells any. */
  readonly histories: readonly (HistoryComparison & {
    /** The path of its database below the topmost one; "" for that. */
    readonly database: string;
  })[];
  readonly definitions: readonly (DefinitionDifference & {
    /** The path of its database below the topmost one; "" for that. */
    readonly database: string;
  })[];
}

export interface CollectionComparison {
  /** The path of its database below the topmost one; "" for that. */
  readonly database: string;
  readonly name: string;
  readonly archived: number;
  /** Documents that the database has. */
  readonly live: number;
  /** Whether nothing differs but what Fauna makes impossible to keep. */
  readonly equal: boolean;
  readonly counts: Readonly<Record<DocumentDifference, number>>;
  /** Some of the ids concerned, the lowest ones, ascending, at most 100 of a kind. */
  readonly ids: Readonly<Record<DocumentDifference, readonly string[]>>;
}

/**
 * Proves an archive, offline or against a database.
 *
 * Finds all there is to find rather than the first; what is wrong is in the report and not an error.
 *
 * @throws ArkError ERR_ARCHIVE_INCOMPLETE and ERR_ARCHIVE_VERSION when there is nothing that could be verified;
 * ERR_ARCHIVE_LOCKED when the key is wrong, or there is none and one is needed;
 * what store and connection throw; the signal's reason.
 */
export async function verifyArchive(options: VerifyOptions): Promise<VerifyReport> {
  const store = typeof options.archive === "string" ? openStore(options.archive) : options.archive;
  const signal = options.signal ?? new AbortController().signal;
  const onProgress = options.onProgress ?? (() => {});
  const check = await checkArchive(store, {
    unlock: options.unlock,
    // Definitions are not in the manifest: without a key there is nothing to compare them with.
    mustOpen: options.against !== undefined,
    signal,
    onProgress: ({ bytes, bytesTotal }) =>
      onProgress({ phase: "check", done: bytes, total: bytesTotal, unit: "bytes" }),
  });
  const { archive, opened, problems, notes, documents, versions, files } = check;
  const whole = problems.length === 0;
  const against =
    whole && archive !== undefined && options.against !== undefined
      ? await compareWith(archive, options.against, { ...options, signal, onProgress })
      : undefined;
  const equal = whole && against?.equal !== false;
  const counts = { documents, versions, files };
  return { archive: store.place, equal, opened, problems, notes, ...counts, against };
}

async function compareWith(
  archive: Archive,
  connection: Connection,
  options: VerifyOptions & { readonly signal: AbortSignal; readonly onProgress: OnProgress },
): Promise<AgainstReport> {
  const { window = 4, pageSize = 4_000, onProgress, signal } = options;
  const collections: CollectionComparison[] = [];
  const histories: AgainstReport["histories"][number][] = [];
  const definitions: AgainstReport["definitions"][number][] = [];
  let at = 0n;
  const bytes = bytesToHold(options.maxMemory);
  const flow = new PageFlow({ pageSize, bytes, underWay: { max: 2 * window, found: false } });
  const room = new Room({ maxMemory: options.maxMemory, besidePages: true, window, pageSize });
  const live = { signal, flow, rangeDocuments: 50_000 };
  // Of an archive that holds no child databases, what it says of them is for information.
  const isTree = archive.manifest.databases.length > 1;
  for await (const { path, left, right } of pairs(archive, connection, live)) {
    const database = path.join("/");
    if (path.length === 0) ({ at } = right);
    const kinds = isTree ? DEFINITION_KINDS : undefined;
    const { differences } = compareSchema(left, right, kinds);
    for (const each of differences) {
      // Others may live beside the ones that were restored.
      if (each.kind !== "databases" || each.how !== "extra")
        definitions.push({ database, ...each });
    }
    // What an archive does not hold was not asked for, or is named among the definitions.
    const found = await compareDocuments(left, right, [...left.collections], {
      ignoreTs: false,
      window,
      room,
      signal,
      onProgress: below(database, onProgress),
    });
    for (const { name, left: archived, right: there, equal, counts, ids } of found)
      collections.push({ database, name, archived, live: there, equal, counts, ids });
    if (archive.manifest.features.includes("history")) {
      const past = {
        path,
        collections: right.collections,
        hasSecrets: archive.database(path).schema.some(({ kind }) => kind === "credentials"),
        flow,
        signal,
        onProgress: below(database, onProgress),
      };
      const there = await openBelow(connection, path, live);
      for await (const each of compareHistories(archive, there, past))
        histories.push({ database, ...each });
    }
  }
  return {
    endpoint: connection.endpoint,
    database: connection.path,
    snapshot: { ts: String(at), time: Time.fromMicros(at).toString() },
    equal: definitions.length === 0 && [...collections, ...histories].every(({ equal }) => equal),
    collections,
    histories,
    definitions,
  };
}

/** Progress in a child database says which. */
function below(database: string, onProgress: OnProgress): OnProgress {
  if (database === "") return onProgress;
  return (progress) => onProgress({ ...progress, item: `${database}: ${progress.item ?? ""}` });
}
