import { CLOCK, type Clock, TokenBucket } from "../../flow/flow.ts";
import type { Counters, Spent } from "../counters.ts";
import { type Answer, bodyBytes, type FaunaRequest, type Transport } from "../transport.ts";

/** Most of each a second, on average; what is not named is not limited. */
export type Rates = { readonly [unit in keyof Spent]?: number | undefined };

const UNITS: readonly (keyof Spent)[] = ["documents", "bytes", "ops"];

/** How much of the new there is in an average of what requests of a kind have cost. */
const LEARNING = 0.3;

/**
 * Keeps rates, of documents, of bytes sent and received, of ops (read, write and compute together).
 *
 * A request waits until about what it will cost is there; what it did cost is settled when the counters say so. So a
 * rate holds on average over some seconds, while one request may well cost more than a second's worth.
 */
export class PacedTransport implements Transport {
  readonly #inner: Transport;
  readonly #buckets: readonly (readonly [keyof Spent, TokenBucket])[];
  /** What a request of a kind has cost lately. */
  readonly #usual = new Map<string, Pick<Spent, "bytes" | "ops">>();

  constructor(inner: Transport, rates: Rates, counters: Counters, clock: Clock = CLOCK) {
    this.#inner = inner;
    this.#buckets = UNITS.flatMap((unit) => {
      const perSecond = rates[unit];
      return perSecond === undefined ? [] : [[unit, new TokenBucket({ perSecond, clock })]];
    });
    counters.onSpent((spent) => {
      for (const [unit, bucket] of this.#buckets) bucket.spend(spent[unit]);
    });
  }

  async send(request: FaunaRequest): Promise<Answer> {
    const kind = request.kind ?? request.path;
    const usual = this.#usual.get(kind) ?? { bytes: 0, ops: 0 };
    const expected: Spent = {
      documents: request.documents ?? 0,
      bytes: bodyBytes(request) + usual.bytes,
      ops: usual.ops,
    };
    const taken: (readonly [keyof Spent, TokenBucket])[] = [];
    try {
      for (const entry of this.#buckets) {
        await entry[1].take(expected[entry[0]], request.signal);
        taken.push(entry);
      }
      const answer = await this.#inner.send(request);
      const ops = opsOf(answer);
      this.#usual.set(kind, {
        bytes: usual.bytes + LEARNING * (answer.bytes - usual.bytes),
        ops: usual.ops + LEARNING * (ops.read + ops.write + ops.compute - usual.ops),
      });
      return answer;
    } finally {
      for (const [unit, bucket] of taken) bucket.spend(-expected[unit]);
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

export interface Ops {
  readonly read: number;
  readonly write: number;
  readonly compute: number;
}

/** The ops of an answer: v4 says them in headers, v10 near the end of the body. */
export function opsOf(answer: Answer): Ops {
  const { headers } = answer;
  const stats = headers["x-byte-read-ops"] === undefined ? answer.text.slice(-1_000) : "";
  const ops = (header: string, member: string): number => {
    const written = headers[header] ?? new RegExp(`"${member}":(\\d+)`).exec(stats)?.[1];
    const count = Number(written ?? 0);
    return Number.isFinite(count) ? count : 0;
  };
  return {
    read: ops("x-byte-read-ops", "read_ops"),
    write: ops("x-byte-write-ops", "write_ops"),
    compute: ops("x-compute-ops", "compute_ops"),
  };
}
