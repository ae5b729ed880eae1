/** v10 as its neighbours see it: functions called from v4, and predicates of roles. */
import type { Auth } from "../auth/auth.ts";
import type { Subject, Action } from "../auth/auth.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, DocRef } from "../data/value.ts";
import { Version } from "../data/version.ts";
import { fromData, toTerm } from "./documents/convert.ts";
import { finishDefinitions } from "./documents/definitions.ts";
import { QueryFailure } from "./failure.ts";
import { compileLambda } from "./interpreter/compile.ts";
import { Context } from "./interpreter/context.ts";
import { apply } from "./interpreter/evaluate.ts";
import { typeName } from "./modules/type-name.ts";
import type { Neighbours } from "./neighbours.ts";
import { Query } from "./query.ts";
import { Doc, isObject, Null, type Value } from "./values.ts";

/** Where a call from v4 stands. */
export interface CallSite {
  readonly transaction: Transaction;
  readonly auth: Auth;
  /** The time that reads are pinned to, µs. */
  readonly at: bigint | undefined;
  readonly neighbours?: Neighbours | undefined;
}

/** What a function gave: a value, one that cannot be stored, or an error in its words. */
export type CallResult =
  | { readonly kind: "value"; readonly value: Data }
  | { readonly kind: "foreign"; readonly type: string }
  | { readonly kind: "error"; readonly message: string };

/** Calls the function `name` whose body is `source`, with the rights of `site`. */
export function callV10(
  site: CallSite,
  name: string,
  source: string,
  args: readonly Data[],
): CallResult {
  const query = Query.within(site.transaction, site.neighbours);
  const context = Context.top(query, site.auth).withUserTime(site.at);
  try {
    const lambda = compileLambda({ name: `*udf:${name}*`, text: source });
    const value = apply(
      context,
      lambda,
      args.map((arg) => fromData(arg)),
    );
    const data = toTerm(context, value);
    finishDefinitions(query);
    return data === undefined
      ? { kind: "foreign", type: typeName(value) }
      : { kind: "value", value: data };
  } catch (error) {
    if (error instanceof QueryFailure) return { kind: "error", message: error.summary };
    throw error;
  }
}

/**
 * Whether a predicate of a role, written in v10, says true of what is to be done. Errors say no.
 * `auth` has the rights that predicates run with.
 */
export function testV10(
  transaction: Transaction,
  predicate: string,
  action: Action | "membership",
  subject: Subject,
  auth: Auth,
): boolean {
  const context = Context.top(Query.within(transaction), auth).limited({
    most: "read",
    reason: "role predicates",
  });
  try {
    const lambda = compileLambda({ name: "*predicate*", text: predicate });
    const all = argumentsOf(action, subject);
    const args = lambda.rest === undefined ? all.slice(0, lambda.params.length) : all;
    return apply(context, lambda, args) === true;
  } catch (error) {
    if (error instanceof QueryFailure) return false;
    throw error;
  }
}

/** What the predicates of each action are called with. */
function argumentsOf(
  action: Action | "membership",
  { ref, before, after, args, ts, versionAction }: Subject,
): Value[] {
  const doc = ref === undefined ? undefined : new Doc(ref.collection, ref.id);
  const state = (fields: Subject["after"]): Value => stateOf(ref, fields);
  switch (action) {
    case "create":
    case "create_with_id":
      return [state(after), ...(doc === undefined ? [] : [doc])];
    case "write":
      return [state(before), state(after), doc ?? Null.literal()];
    case "history_write":
      return [
        doc ?? Null.literal(),
        fromData(ts ?? null),
        versionAction ?? Null.literal(),
        state(after),
      ];
    case "call":
      return (
        Array.isArray(args) ? (args as readonly Data[]) : args === undefined ? [] : [args]
      ).map((arg) => fromData(arg));
    default:
      return [doc ?? Null.literal()];
  }
}

/** A document as it is or will be, for predicates to look at. */
function stateOf(ref: DocRef | undefined, fields: Subject["after"]): Value {
  if (fields === undefined) return Null.literal();
  if (ref !== undefined)
    return new Doc(ref.collection, ref.id, { version: new Version(0n, "update", fields) });
  const value = fromData(fields);
  return isObject(value) ? value : Null.literal();
}
