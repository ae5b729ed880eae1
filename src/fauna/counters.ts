import type { Answer } from "./transport.ts";

export interface CounterValues {
  /** Requests sent, repetitions included. */
  readonly requests: number;
  /** Of these, how many repeated an earlier one. */
  readonly retries: number;
  /** Answers that said 429. */
  readonly throttled: number;
  /** Answers that said 409. */
  readonly contended: number;
  /** Body bytes received and sent. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Fauna's units, as the server counts them (a read op is 4 KiB, a write op 1 KiB). */
  readonly readOps: number;
  readonly writeOps: number;
  readonly computeOps: number;
}

/** What a connection, and all that were scoped from it, has cost so far. */
export class Counters {
  #values = {
    requests: 0,
    retries: 0,
    throttled: 0,
    contended: 0,
    bytesIn: 0,
    bytesOut: 0,
    readOps: 0,
    writeOps: 0,
    computeOps: 0,
  };

  /** A copy of the figures as they stand. */
  get values(): CounterValues {
    return { ...this.#values };
  }

  sent(bytes: number): void {
    this.#values.requests++;
    this.#values.bytesOut += bytes;
  }

  repeated(): void {
    this.#values.retries++;
  }

  /** Counts an answer; v4 reports its ops in headers. */
  answered(answer: Answer): void {
    this.#values.bytesIn += answer.bytes;
    if (answer.status === 429) this.#values.throttled++;
    if (answer.status === 409) this.#values.contended++;
    this.ops(
      Number(answer.headers["x-byte-read-ops"] ?? 0),
      Number(answer.headers["x-byte-write-ops"] ?? 0),
      Number(answer.headers["x-compute-ops"] ?? 0),
    );
  }

  /** Adds ops; v10 reports them in the `stats` of its body. */
  ops(read: number, write: number, compute: number): void {
    this.#values.readOps += Number.isFinite(read) ? read : 0;
    this.#values.writeOps += Number.isFinite(write) ? write : 0;
    this.#values.computeOps += Number.isFinite(compute) ? compute : 0;
  }
}
