import pLimit, { type LimitFunction } from "p-limit";
import { CLOCK, type Clock } from "../../flow/flow.ts";
import { failureOf } from "../failure.ts";
import { type Answer, bodyBytes, type FaunaRequest, type Transport } from "../transport.ts";
import { Latency } from "./latency.ts";

export interface ThrottleOptions {
  /** How many requests are under way at first, at least and at most. */
  readonly start: number;
  readonly min: number;
  readonly max: number;
  readonly clock: Pick<Clock, "now">;
  /** Told when the window becomes smaller, and why. */
  readonly onShrink?: ((event: ShrinkEvent) => void) | undefined;
}

export interface ShrinkEvent {
  /** How many requests may be under way from now on. */
  readonly window: number;
  /** `overload`: the server said so, or an answer nearly came too late. `latency`: all answers take longer and longer. */
  readonly reason: "overload" | "latency";
}

const THROTTLE_DEFAULTS: ThrottleOptions = { start: 8, min: 1, max: 64, clock: CLOCK };

/** Of this share of a request's own timeout, an answer counts as a sign of overload although it is a good one. */
const SLOW_SHARE = 0.5;

/** Twice the time of the fastest like it is what a short queue costs; above that the queue only grows. */
const TOLERATED = 2;

/** Answers that are looked at together, at least: one slow answer says nothing. */
const ROUND_MIN = 8;

/**
 * One window for all requests of a connection: it grows by one for each windowful of good answers and is halved by a
 * sign of overload (429, 409, 503 and its like, an answer that nearly came too late). Requests that were under way
 * when it was halved do not halve it again: they report the same overload.
 *
 * When the answers of a windowful take longer than twice the fastest of their like (the median of them: kind and size
 * are taken into account), the window shrinks in proportion, but for the square root of it that may queue; while they
 * do, it does not grow.
 */
export class ThrottledTransport implements Transport {
  readonly #inner: Transport;
  readonly #options: ThrottleOptions;
  readonly #limit: LimitFunction;
  readonly #latency = new Latency();
  #window: number;
  #shrunkAt = -Infinity;
  #ratios: number[] = [];
  #slow = false;

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
    const startedAt = this.#now;
    // Growth means something only if the window was what held requests back.
    const full = this.#limit.activeCount >= this.window;
    try {
      const answer = await this.#inner.send(request);
      const slow = this.#now - startedAt > request.timeoutMs * SLOW_SHARE;
      if (slow || isOverload(answer.status, request.path)) {
        this.#shrink(startedAt, this.#window / 2, "overload");
      } else if (answer.status < 400) {
        this.#heed(request, answer, startedAt);
        if (full && !this.#slow) this.#set(this.#window + 1 / this.#window);
      }
      return answer;
    } catch (error) {
      const kind = failureOf(error)?.kind;
      if (kind === "deadline" || kind === "refused") {
        this.#shrink(startedAt, this.#window / 2, "overload");
      }
      throw error;
    }
  }

  /** Takes in how long a good answer took. */
  #heed(request: FaunaRequest, answer: Answer, startedAt: number): void {
    if (request.kind === undefined) return;
    const now = this.#now;
    const bytes = bodyBytes(request) + answer.bytes;
    const ratio = this.#latency.ratio(request.kind, bytes, now - startedAt, now);
    // What was sent before the window shrank tells of the time before.
    if (ratio === undefined || startedAt < this.#shrunkAt) return;
    this.#ratios.push(ratio);
    if (this.#ratios.length < Math.max(ROUND_MIN, this.window)) return;
    const median = this.#ratios.toSorted((a, b) => a - b)[this.#ratios.length >> 1]!;
    this.#ratios = [];
    this.#slow = median > TOLERATED;
    if (!this.#slow) return;
    const share = Math.max(0.5, TOLERATED / median);
    const window = this.#window * share + Math.sqrt(this.#window);
    if (window < this.#window) this.#shrink(startedAt, window, "latency");
  }

  get #now(): number {
    return this.#options.clock.now();
  }

  #shrink(startedAt: number, window: number, reason: ShrinkEvent["reason"]): void {
    if (startedAt < this.#shrunkAt) return;
    this.#shrunkAt = this.#now;
    this.#ratios = [];
    const before = this.window;
    this.#set(window);
    if (this.window < before) this.#options.onShrink?.({ window: this.window, reason });
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
