/**
 * The newest transaction that a connection has seen, in microseconds. Sent along with each request, it makes
 * every node of a cluster answer with at least that state, whichever protocol was used before.
 */
export class LastTransaction {
  #micros = 0n;

  saw(micros: bigint): void {
    if (micros > this.#micros) this.#micros = micros;
  }

  get v4Header(): Record<string, string> {
    return this.#micros === 0n ? {} : { "x-last-seen-txn": String(this.#micros) };
  }

  get v10Header(): Record<string, string> {
    return this.#micros === 0n ? {} : { "x-last-txn-ts": String(this.#micros) };
  }
}
