import type { Clock } from "../../src/flow/flow.ts";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until everybody who could act sleeps; then it jumps to the first who wakes. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper: Sleeper = { until: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Lets time pass until `work` is done. @throws Error when it waits for something else than time. */
  async drive<T>(work: Promise<T>): Promise<T> {
    const state = { done: false };
    const ended = (): void => {
      state.done = true;
    };
    work.then(ended, ended);
    for (;;) {
      // All that follows from the last waking without time passing.
      for (let turn = 0; turn < 3 && !state.done; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      if (state.done) return work;
      const next = [...this.#sleepers].toSorted((a, b) => a.until - b.until)[0];
      if (next === undefined) throw new Error("waits for what time does not bring");
      this.#sleepers.delete(next);
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
  }
}
