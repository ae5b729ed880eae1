/** Ways into v4 from elsewhere: predicates of roles, and functions that v10 calls. */
import type { Action, Auth, Subject } from "../auth/auth.ts";
import type { Data, ObjectData, StoredLambda } from "../data/value.ts";
import type { Transaction } from "../data/transaction.ts";
import { RequestFailure, V4Failure } from "./failure.ts";
import { Frame, READ, UNLIMITED } from "./frame.ts";
import { applyLambda, expressionOf } from "./lambda.ts";
import { type CallSite, type Neighbours, NO_NEIGHBOURS, type V10Result } from "./neighbours.ts";
import { GRAMMAR } from "./parse/grammar.ts";
import { ROOT } from "./position.ts";
import { Session } from "./session.ts";
import type { Literal } from "./value.ts";
import { toData } from "./write/store.ts";

/**
 * Whether a v4 predicate is true of `subject`. Which arguments it gets depends on the action: reading and
 * deleting give the reference, writing the old and new document (and the reference to who takes three),
 * creating the new document, calls their arguments, index reads their terms.
 */
export function testV4Predicate(
  transaction: Transaction,
  predicate: StoredLambda,
  action: Action | "membership",
  subject: Subject,
  auth: Auth,
  neighbours: Neighbours = NO_NEIGHBOURS,
): boolean {
  const session = new Session(transaction, auth, { grammar: GRAMMAR, neighbours });
  const { version, pattern } = expressionOf(predicate, session);
  const args = argumentsOf(action, subject, typeof pattern === "string" ? 1 : pattern.length);
  const limit = { effect: READ, reason: "predicates" } as const;
  const frame = new Frame(session, auth, version, limit, subject.at);
  try {
    return applyLambda(frame, predicate, args, ROOT) === true;
  } catch (error) {
    if (error instanceof V4Failure || error instanceof RequestFailure) return false;
    throw error;
  }
}

function argumentsOf(action: Action | "membership", subject: Subject, arity: number): Literal {
  const { ref = null, before, after, terms, args, ts, versionAction } = subject;
  switch (action) {
    case "create":
      return document(after);
    case "create_with_id":
      return arity === 1 ? document(after) : [document(after), ref];
    case "write":
      return [document(before), document(after), ...(arity === 3 ? [ref] : [])];
    case "history_write":
      return [ref, ts ?? null, versionAction ?? null, document(after)];
    case "call":
      return args === undefined ? [] : args;
    case "unrestricted_read":
      return terms ?? null;
    default:
      return terms ?? ref;
  }
}

function document(fields: ObjectData | undefined): Literal {
  return fields ?? new Map<string, Data>();
}

/** What a function with a v4 body gives for the arguments of a v10 call. */
export function callV4Function(
  site: CallSite,
  body: StoredLambda,
  args: readonly Data[],
  neighbours: Neighbours = NO_NEIGHBOURS,
): V10Result {
  const { transaction, auth, at, depth } = site;
  const session = new Session(transaction, auth, { grammar: GRAMMAR, neighbours });
  const { version, pattern } = expressionOf(body, session);
  const frame = new Frame(session, auth, version, UNLIMITED, at, undefined, depth);
  const argument: Literal = typeof pattern === "string" && args.length === 1 ? args[0]! : args;
  try {
    const value = applyLambda(frame, body, argument, ROOT);
    return { kind: "value", value: toData(session, value) };
  } catch (error) {
    if (error instanceof V4Failure || error instanceof RequestFailure) {
      return { kind: "error", message: error.message };
    }
    throw error;
  }
}
