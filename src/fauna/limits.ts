/** What a connection may use of its server: limits that people set, laid over a transport. */
import { ArkError } from "../errors/errors.ts";
import type { Counters } from "./counters.ts";
import type { Answer, FaunaRequest, Transport } from "./transport.ts";
import { type Budget, BudgetedTransport } from "./with/budget.ts";
import { PacedTransport, type Rates } from "./with/pace.ts";
import { ThrottledTransport, type ThrottleOptions } from "./with/throttle.ts";

export interface LimitOptions {
  /** Requests under way at once, at most; the throttle finds out by itself how many are good. 64 by default. */
  readonly maxRequests?: number | undefined;
  /** Documents, bytes or ops a second, on average. Without one only the server limits. */
  readonly maxRate?: Rates | undefined;
  /** Ops in all: the request that would go beyond it is not sent, and fails with ERR_BUDGET. */
  readonly budget?: Budget | undefined;
}

/**
 * The transport within its limits and behind the throttle. Repetitions go through them, too.
 * @throws ArkError ERR_USAGE for limits that nothing could be done within.
 */
export function limited(
  wire: Transport,
  counters: Counters,
  limits: LimitOptions = {},
  throttle: Partial<ThrottleOptions> = {},
): Transport {
  const { maxRequests, maxRate = {}, budget = {} } = limits;
  if (maxRequests !== undefined) whole("maxRequests", maxRequests);
  for (const [unit, rate] of Object.entries(maxRate)) positive(`maxRate.${unit}`, rate);
  for (const [unit, ops] of Object.entries(budget)) positive(`budget.${unit}`, ops);
  const max = Math.min(maxRequests ?? 64, throttle.max ?? Infinity);
  const min = Math.min(max, throttle.min ?? 1);
  const throttled = new ThrottledTransport(wire, { ...throttle, min, max });
  const paced = isSet(maxRate) ? new PacedTransport(throttled, maxRate, counters) : throttled;
  return isSet(budget) ? new BudgetedTransport(paced, budget, counters) : paced;
}

/** Counts what goes through a transport that does not count by itself. */
export class CountedTransport implements Transport {
  readonly #inner: Transport;
  readonly #counters: Counters;

  constructor(inner: Transport, counters: Counters) {
    this.#inner = inner;
    this.#counters = counters;
  }

  async send(request: FaunaRequest): Promise<Answer> {
    this.#counters.sent(request.body === undefined ? 0 : Buffer.byteLength(request.body));
    const answer = await this.#inner.send(request);
    this.#counters.answered(answer);
    return answer;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function isSet(limits: Readonly<Record<string, number | undefined>> | Rates | Budget): boolean {
  return Object.values(limits).some((value) => value !== undefined);
}

function positive(name: string, value: number | undefined): void {
  if (value === undefined || (value > 0 && value < Infinity)) return;
  throw new ArkError("ERR_USAGE", `${name} has to be a number above 0.`, { place: name });
}

function whole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ArkError("ERR_USAGE", `${name} has to be a whole number from 1.`, { place: name });
}
