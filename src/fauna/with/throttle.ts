import pLimit, { type LimitFunction } from "p-limit";
import { failureOf } from "../failure.ts";
import type { Answer, FaunaRequest, Transport } from "../transport.ts";

export interface ThrottleOptions {
  /** How many requests are under way at first, at least and at most. */
  readonly start: number;
  readonly min: number;
  readonly max: number;
}

const THROTTLE_DEFAULTS: ThrottleOptions = { start: 8, min: 1, max: 64 };

/** Of this share of a request's own timeout, an answer counts as a sign of overload although it is a good one. */
const SLOW_SHARE = 0.5;

/**
 * One window for all requests of a process: it grows by one for each windowful of good answers and is halved by a
 * sign of overload (429, 409, 503 and its like, an answer that nearly came too late). Requests that were under way
 * when it was halved do not halve it again: they report the same overload.
 */
export class ThrottledTransport implements Transport {
  readonly #inner: Transport;
  readonly #options: ThrottleOptions;
  readonly #limit: LimitFunction;
  #window: number;
  #halvedAt = -Infinity;

  constructor(inner: Transport, options: Partial<ThrottleOptions> = {}) {
    this.#inner = inner;
    this.#options = { ...THROTTLE_DEFAULTS, ...options };
    const { start, min, max } = this.#options;
    this.#window = Math.min(max, Math.max(min, start));
    this.#limit = pLimit(Math.floor(this.#window));
  }

  /** How many requests may be under way now. */
  get window(): number {
    return Math.floor(this.#window);
  }

  send(request: FaunaRequest): Promise<Answer> {
    return this.#limit(() => this.#observed(request));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #observed(request: FaunaRequest): Promise<Answer> {
    const startedAt = performance.now();
    // Growth means something only if the window was what held requests back.
    const full = this.#limit.activeCount >= this.window;
    try {
      const answer = await this.#inner.send(request);
      const slow = performance.now() - startedAt > request.timeoutMs * SLOW_SHARE;
      if (slow || isOverload(answer.status, request.path)) this.#shrink(startedAt);
      else if (full && answer.status < 400) this.#grow();
      return answer;
    } catch (error) {
      const kind = failureOf(error)?.kind;
      if (kind === "deadline" || kind === "refused") this.#shrink(startedAt);
      throw error;
    }
  }

  #grow(): void {
    this.#set(this.#window + 1 / this.#window);
  }

  #shrink(startedAt: number): void {
    if (startedAt < this.#halvedAt) return;
    this.#halvedAt = performance.now();
    this.#set(this.#window / 2);
  }

  #set(window: number): void {
    const { min, max } = this.#options;
    this.#window = Math.min(max, Math.max(min, window));
    if (this.#limit.concurrency !== this.window) this.#limit.concurrency = this.window;
  }
}

function isOverload(status: number, path: string): boolean {
  if (status === 409) return !path.startsWith("/schema/");
  return status === 429 || status === 440 || status === 503 || status === 504;
}
