import { onAbort } from "./on-abort.ts";

/** Time as stages see it, so that a test can let it pass as it likes. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Resolves after so many milliseconds, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The process's own clock. */
export const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const timer = setTimeout(() => {
        end();
        resolve();
      }, ms);
      const end = onAbort(signal, () => {
        clearTimeout(timer);
        reject(signal!.reason as Error);
      });
    }),
};
