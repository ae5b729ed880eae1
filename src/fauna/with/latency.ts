/** So long a minimum is remembered, twice at most: what a server could do a minute ago, it may not be able to any more. Milliseconds. */
const EPOCH_MS = 30_000;

/** An answer that comes within this time is never slow, whatever its like took. Milliseconds. */
const NEVER_SLOW_MS = 20;

/**
 * How much longer requests take than the fastest of their like have lately. Alike are those of one kind whose answers
 * are about equally large, so that large pages are not taken for slow ones.
 */
export class Latency {
  #fastest = new Map<string, number>();
  #before = new Map<string, number>();
  #epochEnds = -Infinity;

  /**
   * Learns from an answer.
   *
   * @param bytes of request and answer.
   * @param now milliseconds of a clock that never goes back.
   * @returns its time over that of the fastest like it, 1 or more; undefined for the first of its like.
   */
  ratio(kind: string, bytes: number, ms: number, now: number): number | undefined {
    if (now >= this.#epochEnds) {
      this.#before = now - this.#epochEnds > EPOCH_MS ? new Map() : this.#fastest;
      this.#fastest = new Map();
      this.#epochEnds = now + EPOCH_MS;
    }
    const like = `${kind} ${Math.round(2 * Math.log2(bytes + 1))}`;
    const known = Math.min(this.#fastest.get(like) ?? Infinity, this.#before.get(like) ?? Infinity);
    const time = Math.max(ms, NEVER_SLOW_MS);
    this.#fastest.set(like, Math.min(this.#fastest.get(like) ?? Infinity, time));
    return known === Infinity ? undefined : Math.max(1, time / known);
  }
}
