/** What an expression is evaluated in: the query it belongs to, and the variables in sight. */
import type { Auth } from "../auth/auth.ts";
import type { ApiVersion } from "./version.ts";
import type { Literal } from "./value.ts";
import type { Session } from "./session.ts";

/** Variables, innermost first. */
export interface Bindings {
  readonly name: string;
  readonly value: Literal;
  readonly outer: Bindings | undefined;
}

/** What an expression may do, and in what sort of request it may not do more. */
export interface EffectLimit {
  readonly effect: Effect;
  readonly reason: string;
}

/** What a function does, each including the ones before it. */
export const PURE = 0;
export const READ = 1;
export const WRITE = 2;
export type Effect = typeof PURE | typeof READ | typeof WRITE;

export const UNLIMITED: EffectLimit = { effect: WRITE, reason: "" };

/** Lambda applications below one another before the query is given up (live 35). */
export const MAX_DEPTH = 200;

export class Frame {
  readonly session: Session;
  readonly auth: Auth;
  readonly version: ApiVersion;
  readonly limit: EffectLimit;
  /** The time in µs that an At has set, if it is not the query's own. */
  readonly at: bigint | undefined;
  readonly bindings: Bindings | undefined;
  readonly depth: number;

  constructor(
    session: Session,
    auth: Auth,
    version: ApiVersion,
    limit: EffectLimit = UNLIMITED,
    at?: bigint,
    bindings?: Bindings,
    depth = 0,
  ) {
    this.session = session;
    this.auth = auth;
    this.version = version;
    this.limit = limit;
    this.at = at;
    this.bindings = bindings;
    this.depth = depth;
  }

  /** One variable more. */
  bind(name: string, value: Literal): Frame {
    return this.within({ name, value, outer: this.bindings }, this.depth);
  }

  /** Other variables, and as deep in lambdas as given. */
  within(bindings: Bindings | undefined, depth: number): Frame {
    const { session, auth, version, limit, at } = this;
    return new Frame(session, auth, version, limit, at, bindings, depth);
  }

  /** Reading at `at` µs; the query's own time again if that is what it is. */
  atTime(at: bigint | undefined): Frame {
    const time = at === this.session.now ? undefined : at;
    if (time === this.at) return this;
    const { session, auth, version, limit, bindings, depth } = this;
    return new Frame(session, auth, version, limit, time, bindings, depth);
  }

  /** With the rights of another caller. */
  as(auth: Auth): Frame {
    const { session, version, limit, at, bindings, depth } = this;
    return new Frame(session, auth, version, limit, at, bindings, depth);
  }

  /** The value of a variable; the parser has made sure that it is there. */
  lookup(name: string): Literal {
    for (let here = this.bindings; here !== undefined; here = here.outer) {
      if (here.name === name) return here.value;
    }
    throw new Error(`Variable '${name}' is not bound.`);
  }
}
