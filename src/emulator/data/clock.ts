/** Transaction times: microseconds since 1970, each later than the one before. */

/** A source of time in µs. */
export type Clock = () => bigint;

/** How far the two clocks of the machine may be apart, in ms, before the steady one is set right. */
const MAX_DRIFT = 5;

let offset = Date.now() - performance.now();

/** The machine's clock, as fine as a steady one and as right as the one that people set. */
export const systemClock: Clock = () => {
  const wall = Date.now();
  if (Math.abs(performance.now() + offset - wall) > MAX_DRIFT) offset = wall - performance.now();
  return BigInt(Math.floor((performance.now() + offset) * 1000));
};

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
