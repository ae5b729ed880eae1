/** Faults that a test asks for: what a busy or failing cluster would do to a request. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Dialect, refusal, type Refusal } from "./errors.ts";
import type { Answer, Incoming } from "./exchange.ts";

/** What a fault is decided by. The secret is not part of it. */
export interface FaultRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text; empty for one that is refused as too large. */
  readonly body: string;
  /** 1 for the first request that the emulator gets, and so on. */
  readonly number: number;
}

/**
 * What happens to a request. Delay comes first; then it is answered with `status` (in the words that
 * Fauna has for it) without being looked at, or cut off: `before` it is evaluated, or `after`, when its
 * effects stand and nobody is told. Without status and cut it is only late.
 */
export interface Fault {
  readonly delayMs?: number;
  readonly status?: 401 | 409 | 429 | 440 | 500 | 502 | 503 | 504;
  readonly cut?: "before" | "after";
}

/** Decides about each request; undefined lets it through. Called once a request, in order of arrival. */
export type Faults = (request: FaultRequest) => Fault | undefined | Promise<Fault | undefined>;

/** What is left to do about a request after its fault. */
export type Effect =
  | { readonly kind: "go on" }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "cut"; readonly when: "before" | "after" };

const KINDS: Readonly<Record<NonNullable<Fault["status"]>, readonly [Refusal, string]>> = {
  401: ["unauthorized", "Access token required"],
  409: ["contended", "Transaction was aborted due to detection of concurrent modification."],
  429: ["too_many", "Rate limit exceeded"],
  440: [
    "aggressive_timeout",
    "Client set aggressive deadline: query needs 1000, timed out within 100",
  ],
  500: ["internal", "Please create a ticket at https://support.fauna.com"],
  502: ["internal", "Bad gateway"],
  503: ["timeout", "Read timed out"],
  504: ["timeout", "Gateway timeout"],
};

/** Applies the fault that `faults` chooses, waiting out its delay. */
export async function applyFault(
  faults: Faults,
  request: Incoming,
  number: number,
  dialect: Dialect,
): Promise<Effect> {
  const { authorization: _secret, ...headers } = request.headers;
  const fault = await faults({
    method: request.method,
    path: request.path,
    headers,
    body: request.body === "too large" ? "" : request.body.toString("utf8"),
    number,
  });
  if (fault === undefined) return { kind: "go on" };
  if (fault.delayMs !== undefined) await sleep(fault.delayMs, undefined, { ref: false });
  if (fault.cut !== undefined) return { kind: "cut", when: fault.cut };
  if (fault.status === undefined) return { kind: "go on" };
  const [kind, message] = KINDS[fault.status];
  return {
    kind: "answer",
    answer: { ...refusal(dialect, kind, message), status: fault.status },
  };
}
