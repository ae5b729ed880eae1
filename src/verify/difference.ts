import { holdsNullInArray } from "../values/detect.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";

/**
 * How a document of the left side fares on the right: it is another, is `missing`, or is there only (`extra`).
 * Two are Fauna's nature: its ttl passed (`expired`), or it is the same under a new ts (`newTs`) because only v10
 * writes nulls inside arrays (live 11, DESIGN §6).
 */
export type DocumentDifference = "different" | "missing" | "extra" | "expired" | "newTs";

export function differenceOf(
  left: DocumentRecord | undefined,
  right: DocumentRecord | undefined,
  { ignoreTs }: { readonly ignoreTs: boolean },
): Exclude<DocumentDifference, "expired"> | undefined {
  if (left === undefined) return "extra";
  if (right === undefined) return "missing";
  const sameContent =
    left.dataText === right.dataText &&
    left.extraText === right.extraText &&
    left.ttl === right.ttl;
  if (!sameContent) return "different";
  if (ignoreTs || left.ts === right.ts) return undefined;
  return holdsNullInArray(left.dataText ?? "{}") ? "newTs" : "different";
}

/** @param now in microseconds. */
export function hasExpired(ttl: string, now: bigint): boolean {
  return Time.parse(ttl).toMicros() <= now;
}
