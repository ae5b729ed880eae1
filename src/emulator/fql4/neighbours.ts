/** What v4 asks of the other language. */
import type { Auth } from "../auth/auth.ts";
import type { Data } from "../data/value.ts";
import type { Transaction } from "../data/transaction.ts";

/** Where a call from v4 into v10 stands. */
export interface CallSite {
  readonly transaction: Transaction;
  readonly auth: Auth;
  /** The time in µs that an At has set around the call. */
  readonly at: bigint | undefined;
  /** Calls that are open around this one. */
  readonly depth: number;
}

/** What a v10 function gave: a value, one that v4 has no form for, or an error or abort in its words. */
export type V10Result =
  | { readonly kind: "value"; readonly value: Data }
  | { readonly kind: "foreign"; readonly type: string }
  | { readonly kind: "error"; readonly message: string };

export interface Neighbours {
  /** Calls a function whose body is v10 source. */
  callV10(site: CallSite, name: string, source: string, args: readonly Data[]): V10Result;
}

/** Neighbours of a database without v10 functions. */
export const NO_NEIGHBOURS: Neighbours = {
  callV10: () => ({ kind: "error", message: "FQL v10 functions are not available." }),
};
