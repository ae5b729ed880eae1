import { CLOCK, type Clock } from "./clock.ts";
import { onAbort } from "./on-abort.ts";

export interface TokenBucketOptions {
  /** How many tokens flow in. */
  readonly perSecond: number;
  /** How many it holds: what may be taken at once after a rest. One second's worth by default. */
  readonly burst?: number | undefined;
  readonly clock?: Clock | undefined;
}

interface Waiting {
  readonly amount: number;
  readonly grant: () => void;
}

/** Timers of Node that are longer fire at once. Milliseconds. */
const SLEEP_MAX = 2 ** 31 - 1;

/**
 * A rate that holds on average: tokens flow in steadily, and whoever takes them waits until they are there.
 *
 * First come, first served. One who takes more than it holds waits until it is full, and leaves it in debt; those
 * behind wait until the debt is paid. What something really cost is settled afterwards by {@link spend}.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #queue: Waiting[] = [];
  #level: number;
  #at: number;
  /** Ends the sleep of whoever serves the queue; undefined while nobody does. */
  #wake: AbortController | undefined;

  /** @throws RangeError when the rate, or what it holds, is not above 0. */
  constructor({ perSecond, burst = perSecond, clock = CLOCK }: TokenBucketOptions) {
    if (!(perSecond > 0 && perSecond < Infinity && burst > 0))
      throw new RangeError(`a rate of ${perSecond} a second is none`);
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#clock = clock;
    this.#level = burst;
    this.#at = clock.now();
  }

  /** Takes tokens in its turn. @throws the signal's reason; nothing is taken then. */
  async take(amount: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#queue.length === 0 && this.#msUntil(amount) <= 0) {
      this.#level -= amount;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const end = onAbort(signal, () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        this.#wake?.abort();
        reject(signal!.reason as Error);
      });
      const grant = (): void => {
        end();
        resolve();
      };
      const waiting: Waiting = { amount, grant };
      this.#queue.push(waiting);
      if (this.#wake === undefined) void this.#serve();
    });
  }

  /** Takes tokens at once, into debt if need be, or, below 0, gives some back. */
  spend(amount: number): void {
    this.#refill();
    this.#level = Math.min(this.#burst, this.#level - amount);
    // What is given back may be enough for the next one.
    if (amount < 0) this.#wake?.abort();
  }

  /** Serves those who wait, one after the other, until nobody does. */
  async #serve(): Promise<void> {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const ms = this.#msUntil(first.amount);
      this.#wake = new AbortController();
      if (ms <= 0) {
        this.#queue.shift();
        this.#level -= first.amount;
        first.grant();
      } else await this.#clock.sleep(Math.min(ms, SLEEP_MAX), this.#wake.signal).catch(() => {});
    }
    this.#wake = undefined;
  }

  /** How long until so many may be taken; at most a full bucket is waited for. */
  #msUntil(amount: number): number {
    this.#refill();
    return Math.ceil((Math.min(amount, this.#burst) - this.#level) / this.#perMs);
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#level = Math.min(this.#burst, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
