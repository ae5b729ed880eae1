/** Transaction times: microseconds since 1970, each later than the one before. */

/** A source of time in µs. */
export type Clock = () => bigint;

/** The machine's clock; below its milliseconds, what a finer one says. */
export const systemClock: Clock = () =>
  BigInt(Date.now()) * 1000n + BigInt(Math.floor((performance.now() % 1) * 1000));

/** Hands out transaction times. */
export class TransactionClock {
  readonly #clock: Clock;
  #last = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A time later than every earlier one, and the clock's time where that allows. */
  next(): bigint {
    const now = this.#clock();
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }

  /** The time last handed out. */
  get last(): bigint {
    return this.#last;
  }

  /** Makes every later time greater than `ts` (X-Last-Seen-Txn). */
  advance(ts: bigint): void {
    if (ts > this.#last) this.#last = ts;
  }
}
