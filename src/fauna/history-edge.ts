import { ArkError, isArkError } from "../errors/errors.ts";
import { Time } from "../values/time.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { PageFlow } from "./page-flow.ts";
import { at, collectionRef } from "./query.ts";
import { isV4Disabled } from "./refusal.ts";

export interface HistoryOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  readonly collection: string;
  /** The time, in microseconds, after which nothing is looked at. */
  readonly at: bigint;
  /** What it has in common with other streams of pages: bytes held, above all. */
  readonly flow?: PageFlow | undefined;
}

/**
 * Since when a collection's history is whole, in microseconds: the earliest time that it can be read at. Zero, which
 * is 1970, where it has no limit.
 *
 * @throws ArkError ERR_USAGE when FQL v4, without which nobody tells, is switched off.
 */
export async function historyEdge(
  connection: Connection,
  { collection, signal, timeoutMs }: Omit<HistoryOptions, "at">,
): Promise<bigint> {
  const ref = `{"ref":${collectionRef(collection)},"id":"0"}`;
  try {
    await connection.v4(at(0n, `{"exists":${ref}}`), { idempotent: true, signal, timeoutMs });
    return 0n;
  } catch (error) {
    if (isV4Disabled(error)) {
      throw new ArkError("ERR_USAGE", "Only FQL v4 tells a history, and it is switched off.", {
        place: connection.place,
        hint: "Leave history out.",
        cause: error,
      });
    }
    const oldest = isArkError(error, "ERR_SNAPSHOT_EXPIRED")
      ? error.details?.["oldest"]
      : undefined;
    if (typeof oldest !== "string") throw error;
    // A time between two microseconds is too early at the first of them.
    return Time.parse(oldest).toMicros() + 1n;
  }
}
