/** The history window: how long the database can still be read at the snapshot time. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { checkListingEnd, type Connection, ids } from "../fauna/fauna.ts";
import { printString } from "../values/json.ts";
import type { CollectionReading } from "./reading.ts";
import type { CollectionAtSnapshot } from "./schema.ts";

const AGAIN = "export again";

/** What has become of the documents when an export or a copy stops. */
export interface HowFar {
  readonly documents: number;
  /** Those that were listed. */
  readonly total: number;
  /** There may be more than were listed. */
  readonly totalGrows?: boolean | undefined;
  readonly collectionsDone: number;
  readonly collections: number;
  readonly seconds: number;
}

/** @param started when the reading began, by `performance.now()`. */
export function howFar(readings: readonly CollectionReading[], started: number): HowFar {
  return {
    documents: readings.reduce((sum, { account }) => sum + account.read, 0),
    total: readings.reduce((sum, { account }) => sum + account.listed, 0),
    ...(readings.every(({ isListed }) => isListed) ? {} : { totalGrows: true }),
    collectionsDone: readings.filter(({ isDone }) => isDone).length,
    collections: readings.length,
    seconds: (performance.now() - started) / 1000,
  };
}

export interface StillReadable {
  readonly source: Connection;
  readonly at: bigint;
  readonly collections: readonly Pick<CollectionAtSnapshot, "name" | "nameNow">[];
  /**
   * The first id behind all that was listed, of collections in which nothing has been read from there on, by what they
   * are called now: "0" where nothing was listed.
   */
  readonly listedUpTo: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/**
 * Reads once more at the snapshot time in each collection: the last page proves nothing about a window that closed
 * after it. It is a page of documents where a listing has ended, which must not have ended too early: nothing else
 * would ever miss what it lacks.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when it has closed; ERR_MISMATCH when there is a document behind the listing.
 */
export async function checkStillReadable(options: StillReadable): Promise<void> {
  const { source, at, collections, listedUpTo, signal, timeoutMs } = options;
  for (const { name, nameNow: collection = name } of collections) {
    const end = listedUpTo.get(collection);
    const request = { collection, at, signal, timeoutMs };
    if (end === undefined) {
      const pages = ids(source, { ...request, pageSize: 1 });
      await pages.next();
      await pages.return(undefined);
      continue;
    }
    await checkListingEnd(source, { ...request, name, end });
  }
}

/**
 * The error of a run whose snapshot time left the window, with how far it came and the exact
 * command that makes the window long enough; any other error as it is.
 *
 * @param again what to do once the window is longer.
 */
export function explainExpired(
  error: unknown,
  collections: readonly CollectionAtSnapshot[],
  far: HowFar,
  endpoint: string,
  again = AGAIN,
): unknown {
  if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED")) return error;
  const share = far.total === 0 ? 0 : far.documents / far.total;
  const days = daysNeeded(share === 0 ? 86_400 : (far.seconds / share) * 2);
  const short = collections.filter(({ historyDays }) => historyDays !== null && historyDays < days);
  const command = raiseHistoryCommand(short.length > 0 ? short : collections, days, endpoint);
  const percent = Math.floor(share * 100);
  return new ArkError(
    "ERR_SNAPSHOT_EXPIRED",
    `The database can no longer be read at the snapshot time: ${far.documents} of ${far.total} ${far.totalGrows === true ? "or more " : ""}documents (${percent} %) ` +
      `and ${far.collectionsDone} of ${far.collections} collections were done after ${Math.round(far.seconds)} s.`,
    {
      cause: error,
      place: error.place,
      hint: `${again === AGAIN ? "Export with --catch-up or --extend-history, or keep" : "Keep"} history for longer, then ${again}: ${command}`,
      details: { ...error.details, ...far, historyDays: days, command },
    },
  );
}

function daysNeeded(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 86_400));
}

/** A command for the `fauna` shell; the secret is taken from FAUNA_SECRET, never from the argument list. */
function raiseHistoryCommand(
  collections: readonly CollectionAtSnapshot[],
  days: number,
  endpoint: string,
): string {
  const names = collections.map(({ name, nameNow = name }) => printString(nameNow)).join(", ");
  const query = `[${names}].forEach(name => Collection.byName(name)!.update({ history_days: ${days} }))`;
  return `fauna query --url ${endpoint} '${query.replaceAll("'", String.raw`'\''`)}'`;
}
