/** How far back a collection can be read, and which versions that leaves (facts §4, live 4, 19, 20). */
import { NATIVE, type CollectionId } from "./ids.ts";
import type { ObjectData } from "./value.ts";
import type { Version } from "./version.ts";

const MICROS_PER_DAY = 86_400_000_000n;
/** Every window is a quarter of an hour longer than its collection says. */
export const WINDOW_SLACK = 15n * 60n * 1_000_000n;
/** No window reaches further back than 1970. */
const EPOCH = 0n;

/** The days of history that a collection's definition keeps; undefined for ever. */
export function historyDays(definition: ObjectData): bigint | undefined {
  const days = definition.get("history_days");
  return typeof days === "bigint" ? days : undefined;
}

/** The floor of a collection born at `now`: nothing before it can be read, however long its history. */
export function floorAtBirth(definition: ObjectData, now: bigint): bigint {
  const days = historyDays(definition);
  return days === undefined ? now : now - days * MICROS_PER_DAY;
}

/**
 * The floor after a collection's definition changed at `now`: what had fallen out of the old
 * window stays out, and no limit at all cuts the past to the time of the change (live 20).
 */
export function floorAfterChange(
  floor: bigint,
  before: ObjectData,
  after: ObjectData,
  now: bigint,
): bigint {
  if (historyDays(after) === undefined) return now;
  const days = historyDays(before);
  if (days === undefined) return floor;
  const start = now - days * MICROS_PER_DAY;
  return start > floor ? start : floor;
}

/** The earliest time, in µs, at which a user collection can be read. */
export function minimumTime(definition: ObjectData, floor: bigint, now: bigint): bigint {
  const days = historyDays(definition);
  const start = days === undefined ? floor : now - days * MICROS_PER_DAY;
  return notBeforeEpoch((start > floor ? start : floor) - WINDOW_SLACK);
}

/** The earliest readable time of a native collection: schema for ever, secrets for the slack alone. */
export function nativeMinimumTime(collection: CollectionId, now: bigint): bigint {
  const isSecret =
    collection === NATIVE.Key || collection === NATIVE.Token || collection === NATIVE.Credential;
  return isSecret ? notBeforeEpoch(now - WINDOW_SLACK) : EPOCH;
}

function notBeforeEpoch(ts: bigint): bigint {
  return ts > EPOCH ? ts : EPOCH;
}

/** How many of `versions` (ascending) have fallen out of a window that begins at `minimum`. */
export function countExpired(versions: readonly Version[], minimum: bigint): number {
  let newest = -1;
  while (newest + 1 < versions.length && (versions[newest + 1] as Version).ts <= minimum) newest++;
  if (newest < 0) return 0;
  return (versions[newest] as Version).isDeleted ? newest + 1 : newest;
}
