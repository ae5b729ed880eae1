/** The history window: how long the database can still be read at the snapshot time. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { printString } from "../values/json.ts";
import type { CollectionAtSnapshot } from "./schema.ts";

/** What has become of the documents when an export stops. */
export interface HowFar {
  readonly documents: number;
  readonly total: number;
  readonly collectionsDone: number;
  readonly collections: number;
  readonly seconds: number;
}

/**
 * The error of an export whose snapshot time left the window, with how far it came and the exact
 * command that makes the window long enough; any other error as it is.
 */
export function explainExpired(
  error: unknown,
  collections: readonly CollectionAtSnapshot[],
  far: HowFar,
  endpoint: string,
): unknown {
  if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED")) return error;
  const share = far.total === 0 ? 0 : far.documents / far.total;
  const days = daysNeeded(share === 0 ? 86_400 : (far.seconds / share) * 2);
  const short = collections.filter(({ historyDays }) => historyDays !== null && historyDays < days);
  const command = raiseHistoryCommand(short.length > 0 ? short : collections, days, endpoint);
  const percent = Math.floor(share * 100);
  return new ArkError(
    "ERR_SNAPSHOT_EXPIRED",
    `The database can no longer be read at the snapshot time: ${far.documents} of ${far.total} documents (${percent} %) ` +
      `and ${far.collectionsDone} of ${far.collections} collections were done after ${Math.round(far.seconds)} s.`,
    {
      cause: error,
      place: error.place,
      hint: `Keep history for longer, then export again: ${command}`,
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
  const names = collections.map(({ name }) => printString(name)).join(", ");
  const query = `[${names}].forEach(name => Collection.byName(name)!.update({ history_days: ${days} }))`;
  return `fauna query --url ${endpoint} '${query.replaceAll("'", String.raw`'\''`)}'`;
}
