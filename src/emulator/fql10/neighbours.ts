/** What v10 asks of the rest of the emulator. */
import type { Auth } from "../auth/auth.ts";
import type { Transaction } from "../data/transaction.ts";
import type { Data, StoredLambda } from "../data/value.ts";

/** A call from v10 into v4. */
export interface V4Call {
  readonly transaction: Transaction;
  readonly auth: Auth;
  readonly name: string;
  readonly body: StoredLambda;
  readonly args: readonly Data[];
  /** The time in µs that reads are pinned to. */
  readonly at: bigint | undefined;
}

/** What a v4 function gave, or why it failed. */
export type V4Result =
  | { readonly kind: "value"; readonly value: Data }
  | { readonly kind: "error"; readonly messages: readonly string[] };

export interface Neighbours {
  /** Calls a function whose body is a v4 lambda. */
  callV4(call: V4Call): V4Result;
}

/** Neighbours of a language that stands alone. */
export const NO_NEIGHBOURS: Neighbours = {
  callV4: () => ({ kind: "error", messages: ["FQL v4 functions are not available."] }),
};
