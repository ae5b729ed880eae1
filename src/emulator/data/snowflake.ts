/** Generated ids as Fauna's: milliseconds since May 2012, a counter of 10 bits, a worker of 10 bits. */
const EPOCH_MILLIS = 1_336_258_850_000n;
const COUNTER_BITS = 10n;
const WORKER_BITS = 10n;
const WORKER = 0n;

/** Makes ids of 18 digits that only ever grow. */
export class Snowflake {
  #tick = 0n;

  /** A new id for a document made at `now` (µs). */
  next(now: bigint): bigint {
    const tick = (now / 1000n - EPOCH_MILLIS) << COUNTER_BITS;
    this.#tick = tick > this.#tick ? tick : this.#tick + 1n;
    return (this.#tick << WORKER_BITS) | WORKER;
  }
}
