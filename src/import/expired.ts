import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";

/** Whether a document's ttl has passed at a time in microseconds: Fauna would not show it. */
export function hasExpired({ ttl }: DocumentRecord, now: bigint): boolean {
  return ttl !== undefined && Time.parse(ttl).toMicros() <= now;
}
