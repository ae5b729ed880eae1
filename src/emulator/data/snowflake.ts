/** Generated ids: milliseconds since the start of 2013 over 20 bits of worker and counter, as Fauna's. */
const EPOCH_MILLIS = 1_356_998_400_000n;
const COUNTER_BITS = 20n;
const COUNTERS = 1n << COUNTER_BITS;

/** Makes ids of 18 digits that only ever grow. */
export class Snowflake {
  #last = 0n;

  /** A new id for a document made at `now` (µs). */
  next(now: bigint): bigint {
    const base = (now / 1000n - EPOCH_MILLIS) * COUNTERS;
    const id = base > this.#last ? base + 512n : this.#last + 1n;
    this.#last = id;
    return id;
  }
}
