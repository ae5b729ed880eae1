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
  /** Documents read and written, as far as those who read and write have told. */
  readonly documents: number;
}

/** What something cost in the units that rates are given in. */
export interface Spent {
  readonly documents: number;
  /** Sent and received. */
  readonly bytes: number;
  /** Read, write and compute ops together. */
  readonly ops: number;
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
    documents: 0,
  };
  readonly #listeners: ((spent: Spent) => void)[] = [];

  /** A copy of the figures as they stand. */
  get values(): CounterValues {
    return { ...this.#values };
  }

  /** Has `listener` called, at once, with all that is spent from now on. */
  onSpent(listener: (spent: Spent) => void): void {
    this.#listeners.push(listener);
  }

  sent(bytes: number): void {
    this.#values.requests++;
    this.#values.bytesOut += bytes;
    this.#spent({ documents: 0, bytes, ops: 0 });
  }

  repeated(): void {
    this.#values.retries++;
  }

  /** Counts an answer; v4 reports its ops in headers. */
  answered(answer: Answer): void {
    this.#values.bytesIn += answer.bytes;
    this.#spent({ documents: 0, bytes: answer.bytes, ops: 0 });
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
    const counted = [read, write, compute].map((ops) => (Number.isFinite(ops) ? ops : 0));
    const [readOps = 0, writeOps = 0, computeOps = 0] = counted;
    this.#values.readOps += readOps;
    this.#values.writeOps += writeOps;
    this.#values.computeOps += computeOps;
    this.#spent({ documents: 0, bytes: 0, ops: readOps + writeOps + computeOps });
  }

  /** Adds documents that were read or written. */
  moved(documents: number): void {
    this.#values.documents += documents;
    this.#spent({ documents, bytes: 0, ops: 0 });
  }

  #spent(spent: Spent): void {
    for (const listener of this.#listeners) listener(spent);
  }
}
