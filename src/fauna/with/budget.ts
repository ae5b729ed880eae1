import { ArkError } from "../../errors/errors.ts";
import { onAbort } from "../../flow/flow.ts";
import type { Counters, CounterValues } from "../counters.ts";
import { aborted } from "../failure.ts";
import type { Answer, FaunaRequest, Transport } from "../transport.ts";
import { opsOf } from "./pace.ts";

/** How many ops may be used in all, in Fauna's units; what is not named is not limited. */
export interface Budget {
  readonly readOps?: number | undefined;
  readonly writeOps?: number | undefined;
}

type Unit = keyof Budget;

const UNITS = { readOps: "read", writeOps: "write" } as const satisfies Record<Unit, string>;

/** The most that a request of a kind has cost is forgotten slowly. */
const FORGETTING = 0.98;

type Costs = Readonly<Record<Unit, number>>;

const NOTHING: Costs = { readOps: 0, writeOps: 0 };

/**
 * Sends nothing that would cost more than is left of a budget.
 *
 * A request is taken to cost about the most that its kind has cost lately, and so much is held back for those under
 * way. The first of a kind is sent alone, as nothing is known of it. So no more is used than the budget, but for what
 * the first of a kind costs, or one that costs more than all before. What was sent is never cut off: its answer counts.
 */
export class BudgetedTransport implements Transport {
  readonly #inner: Transport;
  readonly #budget: Budget;
  readonly #counters: Counters;
  readonly #costs = new Map<string, Costs>();
  /** How many of each kind are under way. */
  readonly #underWay = new Map<string, number>();
  /** Kinds of which the first is under way. */
  readonly #unknown = new Set<string>();
  #waiting: (() => void)[] = [];

  constructor(inner: Transport, budget: Budget, counters: Counters) {
    this.#inner = inner;
    this.#budget = budget;
    this.#counters = counters;
  }

  /** @throws ArkError ERR_BUDGET when what is left would not do; what the transport throws. */
  async send(request: FaunaRequest): Promise<Answer> {
    const kind = request.kind ?? request.path;
    while (!this.#mayGo(kind)) await this.#change(request.signal);
    const cost = this.#costs.get(kind);
    if (cost === undefined) this.#unknown.add(kind);
    this.#add(kind, 1);
    try {
      const answer = await this.#inner.send(request);
      this.#learn(kind, answer);
      return answer;
    } finally {
      this.#add(kind, -1);
      if (cost === undefined) this.#unknown.delete(kind);
      // Whoever gets the answer counts what v10 says of it, which has to be seen by those who wait.
      setImmediate(() => this.#changed());
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Whether a request may go now; otherwise it has to wait for others. @throws ArkError ERR_BUDGET when that would not help. */
  #mayGo(kind: string): boolean {
    const cost = this.#costs.get(kind) ?? NOTHING;
    const used = this.#counters.values;
    const held = this.#held;
    for (const unit of ["readOps", "writeOps"] as const) {
      const budget = this.#budget[unit];
      if (budget === undefined) continue;
      if (used[unit] >= budget || used[unit] + cost[unit] > budget) {
        throw usedUp(unit, budget, used, cost[unit]);
      }
      if (held !== undefined && used[unit] + held[unit] + cost[unit] > budget) return false;
    }
    return !this.#unknown.has(kind);
  }

  /** What those under way may cost; undefined when there are none. */
  get #held(): Costs | undefined {
    let held: Costs | undefined;
    for (const [kind, count] of this.#underWay) {
      const { readOps, writeOps } = this.#costs.get(kind) ?? NOTHING;
      const { readOps: read, writeOps: write } = held ?? NOTHING;
      if (count > 0) held = { readOps: read + count * readOps, writeOps: write + count * writeOps };
    }
    return held;
  }

  #add(kind: string, requests: number): void {
    this.#underWay.set(kind, (this.#underWay.get(kind) ?? 0) + requests);
  }

  #learn(kind: string, answer: Answer): void {
    const ops = opsOf(answer);
    const before = this.#costs.get(kind) ?? NOTHING;
    this.#costs.set(kind, {
      readOps: Math.max(ops.read, before.readOps * FORGETTING),
      writeOps: Math.max(ops.write, before.writeOps * FORGETTING),
    });
  }

  /** Resolves when a request has ended. */
  async #change(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted(signal));
      const end = onAbort(signal, () => reject(aborted(signal!)));
      this.#waiting.push(() => {
        end();
        resolve();
      });
    });
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function usedUp(unit: Unit, budget: number, used: CounterValues, next: number): ArkError {
  const word = UNITS[unit];
  const rest =
    used[unit] >= budget ? "" : `, and the next request would take about ${written(next)}`;
  return new ArkError(
    "ERR_BUDGET",
    `The budget of ${written(budget)} ${word} ops is used up: ${written(used[unit])} are used${rest}.`,
    {
      place: `--budget-${word}-ops`,
      hint: "Go on where it stopped with a new budget: export with --resume, import and copy with --continue.",
      details: { budget, used: { readOps: used.readOps, writeOps: used.writeOps } },
    },
  );
}

function written(ops: number): string {
  return Math.ceil(ops).toLocaleString("en-US");
}
