/** Where an expression is being evaluated: who asks, at which time, below which calls. */
import type { Auth } from "../../auth/auth.ts";
import { QueryFailure, type FailureOptions } from "../failure.ts";
import type { Query } from "../query.ts";
import { NO_SPAN, type Span } from "../source.ts";
import type { Func, Value } from "../values.ts";

/** Calls nested deeper end with `stack_overflow` (facts §8). */
export const MAX_STACK_FRAMES = 2048;

export interface Frame {
  readonly span: Span;
  readonly caller: Frame | undefined;
}

/** What an expression may do, from nothing to everything. */
export type Effect = "pure" | "observation" | "read" | "write";

const EFFECTS: readonly Effect[] = ["pure", "observation", "read", "write"];
const EFFECT_NAMES = {
  pure: "nothing",
  observation: "an observation",
  read: "a read",
  write: "a write",
};

export interface EffectLimit {
  readonly most: Effect;
  /** What is limited, in the plural: "default values". */
  readonly reason: string;
}

interface ContextParts {
  readonly query: Query;
  readonly auth: Auth;
  readonly frame: Frame | undefined;
  readonly depth: number;
  /** Set by `at()`, µs. */
  readonly userTime: bigint | undefined;
  /** Set by the cursor of a page, µs. */
  readonly systemTime: bigint | undefined;
  readonly limit: EffectLimit;
  /** Whether computed fields and `ts` may be read: not while index entries are computed. */
  readonly computes: boolean;
}

export class Context {
  readonly #parts: ContextParts;
  readonly query: Query;
  readonly auth: Auth;
  readonly frame: Frame | undefined;
  readonly depth: number;
  readonly userTime: bigint | undefined;
  readonly systemTime: bigint | undefined;
  readonly limit: EffectLimit;
  readonly computes: boolean;

  private constructor(parts: ContextParts) {
    this.#parts = parts;
    this.query = parts.query;
    this.auth = parts.auth;
    this.frame = parts.frame;
    this.depth = parts.depth;
    this.userTime = parts.userTime;
    this.systemTime = parts.systemTime;
    this.limit = parts.limit;
    this.computes = parts.computes;
  }

  /** The context of a query's outermost expression. */
  static top(query: Query, auth: Auth): Context {
    const limit: EffectLimit = { most: "write", reason: "" };
    const none = { frame: undefined, userTime: undefined, systemTime: undefined };
    return new Context({ query, auth, depth: 0, limit, computes: true, ...none });
  }

  #with(changes: Partial<ContextParts>): Context {
    return new Context({ ...this.#parts, ...changes });
  }

  /** Calls a function here, see `apply` of the interpreter. */
  apply(fn: Func, args: readonly Value[]): Value {
    return this.query.apply(this, fn, args);
  }

  /** The place of the innermost call. */
  get span(): Span {
    return this.frame?.span ?? NO_SPAN;
  }

  /** The places of all calls, innermost first. */
  get trace(): readonly Span[] {
    const spans: Span[] = [];
    for (
      let { frame } = this as { frame: Frame | undefined };
      frame !== undefined;
      frame = frame.caller
    ) {
      spans.push(frame.span);
    }
    return spans;
  }

  /** The time that reads see, µs; undefined for now. */
  get readTime(): bigint | undefined {
    return this.userTime ?? this.systemTime;
  }

  /** Inside the call at `span`. */
  at(span: Span): Context {
    return this.#with({ frame: { span, caller: this.frame }, depth: this.depth + 1 });
  }

  /** Below `frames`, which were recorded when a lazy set was made. */
  below(frames: readonly Span[]): Context {
    return frames.reduceRight<Context>((context, span) => context.at(span), this);
  }

  withoutTrace(): Context {
    return this.#with({ frame: undefined, depth: 0 });
  }

  withUserTime(time: bigint | undefined): Context {
    const userTime = time === this.query.now ? undefined : time;
    return userTime === this.userTime ? this : this.#with({ userTime });
  }

  withSystemTime(time: bigint | undefined): Context {
    const systemTime = time === this.query.now ? undefined : time;
    return systemTime === this.systemTime ? this : this.#with({ systemTime });
  }

  withAuth(auth: Auth): Context {
    return this.#with({ auth });
  }

  /** With at most the effects of `limit`. */
  limited(limit: EffectLimit): Context {
    const tighter = EFFECTS.indexOf(limit.most) < EFFECTS.indexOf(this.limit.most);
    return tighter ? this.#with({ limit }) : this;
  }

  withoutComputation(): Context {
    return this.#with({ computes: false });
  }

  /** @throws QueryFailure `invalid_effect` if `effect` is more than is allowed here. */
  need(effect: Effect, action: string): void {
    if (EFFECTS.indexOf(effect) <= EFFECTS.indexOf(this.limit.most)) return;
    throw this.failure(
      "invalid_effect",
      `${action} performs ${EFFECT_NAMES[effect]}, which is not allowed in ${this.limit.reason}.`,
    );
  }

  /** A failure here; at `span`, if one is given, below the calls that lead here. */
  failure(
    code: string,
    message: string,
    options: FailureOptions & { span?: Span } = {},
  ): QueryFailure {
    const { span, ...rest } = options;
    const trace = span === undefined ? this.trace : [span, ...this.trace];
    return new QueryFailure(code, message, { trace, ...rest });
  }
}
