/** Those who wait for one signal, behind the one listener that it has of us. */
class Waiting {
  readonly #signal: AbortSignal;
  readonly #calls = new Set<{ readonly call: () => void }>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  add(call: () => void): () => void {
    const added = { call };
    this.#calls.add(added);
    return () => {
      if (!this.#calls.delete(added) || this.#calls.size > 0) return;
      this.#signal.removeEventListener("abort", this.#onAbort);
      waiting.delete(this.#signal);
    };
  }

  readonly #onAbort = (): void => {
    waiting.delete(this.#signal);
    for (const { call } of this.#calls) call();
  };
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `call`, which must not throw, when the signal is aborted; never for one that is aborted already.
 *
 * However many wait for one signal, it has one listener: Node warns of more than ten, and a caller's own signal may stop
 * hundreds of requests.
 *
 * @returns what ends the waiting, to be called when there is nothing to be stopped any more; a second time it does nothing.
 */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (signal === undefined || signal.aborted) return () => {};
  let those = waiting.get(signal);
  if (those === undefined) waiting.set(signal, (those = new Waiting(signal)));
  return those.add(call);
}
