import { onAbort } from "./on-abort.ts";

/** Credits that somebody holds; they go back to the pool by {@link Lease.release}. */
export interface Lease extends Disposable {
  readonly bytes: number;
  /** Gives back what turned out not to be needed. More than was acquired cannot be had. */
  shrink(bytes: number): void;
  /** Gives back all of it; a second time does nothing. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly grant: (lease: Lease) => void;
}

/**
 * A limit on bytes held by all stages of a pipeline together. Whoever is about to hold some acquires credits first,
 * and releases them when the bytes have gone on.
 *
 * First come, first served: nobody starves, and one who asks for much is not overtaken by many who ask for little.
 * One who asks for more than there is in all gets all, alone. At no time are more held than the limit.
 *
 * Whoever holds credits must not wait for more without letting go, or two such wait for one another.
 */
export class Credits {
  /** Bytes in all. */
  readonly limit: number;
  readonly #queue: Waiting[] = [];
  #held = 0;
  #peak = 0;

  /** @throws RangeError when the limit is not above 0. */
  constructor(limit: number) {
    if (!(limit > 0)) throw new RangeError(`a limit of ${limit} bytes lets nothing through`);
    this.limit = Math.ceil(limit);
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** The most that was ever held at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Waits for its turn, and until so many are there. @throws the signal's reason; nothing is held then. */
  async acquire(bytes: number, signal?: AbortSignal): Promise<Lease> {
    signal?.throwIfAborted();
    const wanted = Math.min(Math.max(0, Math.ceil(bytes)), this.limit);
    if (this.#queue.length === 0 && this.#held + wanted <= this.limit) return this.#lend(wanted);
    return new Promise<Lease>((resolve, reject) => {
      const end = onAbort(signal, () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal!.reason as Error);
        this.#serve();
      });
      const grant = (lease: Lease): void => {
        end();
        resolve(lease);
      };
      const waiting: Waiting = { bytes: wanted, grant };
      this.#queue.push(waiting);
    });
  }

  #serve(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (this.#held + first.bytes > this.limit) return;
      this.#queue.shift();
      first.grant(this.#lend(first.bytes));
    }
  }

  #lend(bytes: number): Lease {
    this.#held += bytes;
    this.#peak = Math.max(this.#peak, this.#held);
    let left = bytes;
    const shrink = (to: number): void => {
      const back = left - Math.max(0, Math.ceil(to));
      if (back <= 0) return;
      left -= back;
      this.#held -= back;
      this.#serve();
    };
    const release = (): void => shrink(0);
    return {
      get bytes() {
        return left;
      },
      shrink,
      release,
      [Symbol.dispose]: release,
    };
  }
}
