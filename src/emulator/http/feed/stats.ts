/** What reading an event, or a page of them, has cost. */

/** The `stats` of an event as JSON text; `startedAt` is on the clock of `performance.now()`. */
export function eventStats(
  ops: { readonly readOps: number; readonly bytesRead: number },
  startedAt: number,
): string {
  return JSON.stringify({
    read_ops: ops.readOps,
    storage_bytes_read: ops.bytesRead,
    compute_ops: 1,
    processing_time_ms: Math.round(performance.now() - startedAt),
    rate_limits_hit: [],
  });
}
