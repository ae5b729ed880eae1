import { CLOCK } from "../../flow/flow.ts";
import type { Counters } from "../counters.ts";
import { aborted, failureOf } from "../failure.ts";
import type { Answer, FaunaRequest, Transport } from "../transport.ts";

export interface RetryOptions {
  /** How often a request is sent at most, the first time included. */
  readonly attempts: number;
  /** The first pause is a random time up to this, each later one up to twice as much. Milliseconds. */
  readonly baseMs: number;
  /** No pause is longer, whatever `Retry-After` asks for. Milliseconds. */
  readonly capMs: number;
  /** A number in [0, 1), as Math.random. */
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly counters?: Counters | undefined;
  /** Told of each repetition before its pause. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

export interface RetryEvent {
  readonly attempt: number;
  readonly pauseMs: number;
  /** The status, or the kind of failure. */
  readonly reason: string;
  readonly path: string;
}

const RETRY_DEFAULTS: RetryOptions = {
  attempts: 8,
  baseMs: 100,
  capMs: 20_000,
  random: Math.random,
  sleep: (ms, signal) => CLOCK.sleep(ms, signal),
};

/** The server refuses a query timeout above ten minutes. */
const LONGEST_TIMEOUT_MS = 600_000;

/**
 * What to do about an answer that is not the last word.
 *
 * `unapplied`: the server says that it has done nothing. `ambiguous`: it may have. `longer`: the next attempt is
 * given twice the time.
 */
type Verdict = { readonly again: "unapplied" | "ambiguous"; readonly longer: boolean } | undefined;

const STATUS: Readonly<Record<number, Exclude<Verdict, undefined>>> = {
  // Contention: the transaction was given up whole (live 36).
  409: { again: "unapplied", longer: false },
  429: { again: "unapplied", longer: false },
  // v10: the timeout was too short for the query; a write may still have been under way.
  440: { again: "ambiguous", longer: true },
  502: { again: "ambiguous", longer: false },
  // v4's timeout (live 35), and a server or balancer that is not ready.
  503: { again: "ambiguous", longer: true },
  504: { again: "ambiguous", longer: true },
};

/**
 * Repeats what is worth repeating, with exponential backoff and full jitter. A request that is not idempotent is
 * repeated only where the server cannot have acted on it. The last answer or failure is the caller's.
 */
export class RetryingTransport implements Transport {
  readonly #inner: Transport;
  readonly #options: RetryOptions;
  /** Whether anything has ever answered: a wrong address is told sooner than a server that is restarting. */
  #answered = false;

  constructor(inner: Transport, options: Partial<RetryOptions> = {}) {
    this.#inner = inner;
    this.#options = { ...RETRY_DEFAULTS, ...options };
  }

  async send(request: FaunaRequest): Promise<Answer> {
    let current = request;
    for (let attempt = 1; ; attempt++) {
      const outcome = await settle(this.#inner.send(current));
      const verdict = judge(outcome, current);
      this.#answered ||= outcome.answer !== undefined;
      const last = attempt >= this.#attempts(outcome);
      if (verdict === undefined || last || !mayRepeat(verdict, current)) return unwrap(outcome);
      const pauseMs = this.#pause(attempt, outcome);
      this.#options.counters?.repeated();
      this.#options.onRetry?.({ attempt, pauseMs, reason: reason(outcome), path: request.path });
      await this.#sleep(pauseMs, request.signal);
      if (verdict.longer) {
        current = { ...current, timeoutMs: Math.min(current.timeoutMs * 2, LONGEST_TIMEOUT_MS) };
      }
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #attempts({ error }: Outcome): number {
    const { attempts } = this.#options;
    const nobody = !this.#answered && failureOf(error)?.kind === "unreachable";
    return nobody ? Math.min(attempts, 2) : attempts;
  }

  #pause(attempt: number, outcome: Outcome): number {
    const { baseMs, capMs, random } = this.#options;
    const jittered = random() * Math.min(capMs, baseMs * 2 ** (attempt - 1));
    const asked = outcome.answer === undefined ? 0 : retryAfterMs(outcome.answer);
    return Math.min(capMs, Math.max(jittered, asked));
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#options.sleep(ms, signal);
    } catch (error) {
      if (signal?.aborted === true) throw aborted(signal);
      throw error;
    }
    if (signal?.aborted === true) throw aborted(signal);
  }
}

interface Outcome {
  readonly answer?: Answer;
  readonly error?: unknown;
}

async function settle(promise: Promise<Answer>): Promise<Outcome> {
  try {
    return { answer: await promise };
  } catch (error) {
    return { error };
  }
}

function unwrap({ answer, error }: Outcome): Answer {
  if (answer !== undefined) return answer;
  throw error;
}

function judge({ answer, error }: Outcome, request: FaunaRequest): Verdict {
  if (answer !== undefined) {
    // The schema's 409 is a stale version: the same request can only get the same answer.
    if (answer.status === 409 && request.path.startsWith("/schema/")) return undefined;
    if (request.onTimeout === "report" && isTimeout(answer)) return undefined;
    return STATUS[answer.status];
  }
  const failure = failureOf(error);
  if (failure === undefined || !failure.retry) return undefined;
  if (request.onTimeout === "report" && failure.kind === "deadline") return undefined;
  return {
    again: failure.ambiguous ? "ambiguous" : "unapplied",
    longer: failure.kind === "deadline",
  };
}

/** v10 has a status for it; v4 says it in the code of a 503 (live 35). */
function isTimeout(answer: Answer): boolean {
  const { status } = answer;
  // The text of an answer is made when it is looked at: only of one that has failed.
  return status === 440 || (status === 503 && /"code":"time[ _]out"/.test(answer.text));
}

function mayRepeat(verdict: Exclude<Verdict, undefined>, request: FaunaRequest): boolean {
  return verdict.again === "unapplied" || request.idempotent;
}

function reason({ answer, error }: Outcome): string {
  return answer === undefined ? (failureOf(error)?.kind ?? "error") : String(answer.status);
}

/** `Retry-After` in seconds or as a date; 0 when it is absent or makes no sense. */
function retryAfterMs({ headers }: Answer): number {
  const text = headers["retry-after"];
  if (text === undefined) return 0;
  const seconds = /^\d+(\.\d+)?$/.test(text.trim())
    ? Number(text) * 1000
    : Date.parse(text) - Date.now();
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
