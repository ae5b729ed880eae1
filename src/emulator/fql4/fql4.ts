/**
 * FQL v4: a query is one JSON expression; it is parsed into a tree, evaluated in a transaction, and its
 * value shown in the words of the API version that the request asks for.
 *
 * - `parse/` turns JSON into expressions: special forms in the parser, functions from the table in `forms/`.
 * - `expression.ts`, `form.ts` and `lambda.ts` evaluate; `value.ts` says what values there are.
 * - `sets/` and `pages.ts` are what is gone through, `read.ts` and `write/` what is read and written.
 * - `render/` writes answers, `failure.ts` names everything that can go wrong.
 */
import type { Auth } from "../auth/auth.ts";
import type { Transaction } from "../data/transaction.ts";
import { exhaustedBy } from "../limits/budget.ts";
import { RequestFailure, statusOf, V4Error, V4Failure } from "./failure.ts";
import { type EffectLimit, Frame, READ, UNLIMITED } from "./frame.ts";
import type { Neighbours } from "./neighbours.ts";
import { parseBody } from "./parse/decode.ts";
import { GRAMMAR } from "./parse/grammar.ts";
import { parseQuery } from "./parse/parser.ts";
import { inWindow } from "./read.ts";
import { Renderer } from "./render/render.ts";
import { Session } from "./session.ts";
import { DocumentValue, type Literal } from "./value.ts";
import type { ApiVersion } from "./version.ts";

export { type Neighbours, NO_NEIGHBOURS } from "./neighbours.ts";
export { callV4Function, testV4Predicate } from "./entry.ts";

/** What a query runs in. The transaction stays open: whoever began it keeps it or takes it back. */
export interface V4Context {
  readonly transaction: Transaction;
  readonly auth: Auth;
  readonly neighbours?: Neighbours;
}

export interface V4Options {
  readonly version: ApiVersion;
  /** Refuses to write, as queries sent with GET are. */
  readonly readOnly?: boolean | undefined;
}

/** The answer: statuses below 400 stand for a query that succeeded and whose writes are to be kept. */
export interface V4Outcome {
  readonly status: number;
  /** `{"resource": …}` or `{"errors": […]}`. */
  readonly body: string;
  readonly computeOps: number;
}

/** Evaluates the query in `text`, in what time `withDeadline` has set. */
export function evaluateV4(context: V4Context, text: string, options: V4Options): V4Outcome {
  const { transaction, auth, neighbours } = context;
  const session = new Session(transaction, auth, { grammar: GRAMMAR, neighbours });
  const limit: EffectLimit =
    options.readOnly === true ? { effect: READ, reason: "get requests" } : UNLIMITED;
  const outcome = (status: number, body: string): V4Outcome => ({
    status,
    body,
    computeOps: Math.max(1, Math.ceil(session.steps / 50)),
  });
  try {
    const expression = parseQuery(session, parseBody(text), options.version);
    // v10 functions and predicates of roles may look before the window, too.
    return inWindow(() => {
      const value = expression.evaluate(new Frame(session, auth, options.version, limit));
      const shown = new Renderer(session, options.version).text(value);
      return outcome(isNew(value) ? 201 : 200, `{"resource":${shown === "" ? "null" : shown}}`);
    });
  } catch (error) {
    if (error instanceof V4Failure)
      return outcome(statusOf(error.errors), showErrors(error.errors));
    if (error instanceof RequestFailure) {
      const { code, message: description } = error;
      return outcome(error.status, JSON.stringify({ errors: [{ code, description }] }));
    }
    const exhausted = exhaustedBy(error);
    if (exhausted) {
      const { what, message: description } = exhausted;
      const [status, code] = EXHAUSTED[what];
      return outcome(status, JSON.stringify({ errors: [{ code, description }] }));
    }
    throw error;
  }
}

/** Whoever asks for less of what is too large may be given it. */
const EXHAUSTED = {
  time: [503, "time out"],
  memory: [400, "value too large"],
  depth: [400, "bad request"],
} as const;

function isNew(value: Literal): boolean {
  return value instanceof DocumentValue && value.isNew;
}

function showErrors(errors: readonly V4Error[]): string {
  return JSON.stringify({ errors: errors.map(showError) });
}

function showError(error: V4Error): object {
  const { position, code, description, cause, failures } = error;
  return {
    position: position.toPath(),
    code,
    description,
    ...(failures.length > 0 && { failures }),
    ...(cause.length > 0 && { cause: cause.map(showError) }),
  };
}
