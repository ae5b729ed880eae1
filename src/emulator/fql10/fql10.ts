/**
 * FQL v10: evaluates the bodies of `POST /query/1` in a transaction.
 *
 * `parser/` makes trees of source, `interpreter/` evaluates them, `modules/` holds what values and
 * modules can do, `sets/` the lazy sets and their cursors, `documents/` reading and writing, `render/`
 * the three formats of answers. {@link v10Language} is what the schema needs of all this.
 */
import { Time } from "../../values/time.ts";
import type { Auth } from "../auth/auth.ts";
import { DataError } from "../data/errors.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Exhausted, exhaustedBy } from "../limits/budget.ts";
import { ConstraintError, InvalidSchemaError } from "../schema/failure.ts";
import { placeholderName } from "./ast.ts";
import { fromSimple, fromTagged, InvalidValue } from "./arguments.ts";
import { QueryFailure, RequestFailure } from "./failure.ts";
import { Context } from "./interpreter/context.ts";
import { evaluate } from "./interpreter/evaluate.ts";
import type { Neighbours } from "./neighbours.ts";
import { finishDefinitions } from "./documents/definitions.ts";
import { parseQuery } from "./parser/parser.ts";
import { Query } from "./query.ts";
import { renderFailure, renderRefusal, renderSuccess } from "./render/answer.ts";
import { materialise } from "./render/materialise.ts";
import { parseRequest } from "./request.ts";
import { querySource } from "./source.ts";
import type { Scope } from "./values.ts";

export { v10Language } from "./language.ts";
export type { Neighbours, V4Call, V4Result } from "./neighbours.ts";

export type Format = "simple" | "tagged" | "decorated";

/** Where and for whom a query runs. */
export interface V10Context {
  readonly transaction: Transaction;
  readonly auth: Auth;
  readonly neighbours?: Neighbours | undefined;
}

export interface V10Request {
  /** The body as sent. */
  readonly text: string;
  readonly format: Format;
  readonly queryTags?: string | undefined;
}

export interface V10Outcome {
  /** 200; 400 for what the query did; 440 and 503 for a query that took too long. */
  readonly status: number;
  /** The answer's JSON text. */
  readonly body: string;
  readonly computeOps: number;
}

/**
 * Evaluates a query, in what time `withDeadline` has set. Never throws for what a request can do wrong; an outcome whose status is not 200
 * wants the transaction rolled back.
 */
export function evaluateV10(context: V10Context, request: V10Request): V10Outcome {
  const { transaction, neighbours } = context;
  const started = performance.now();
  const query = new Query(transaction, neighbours);
  const computeOps = () => Math.max(1, Math.ceil(query.steps / STEPS_PER_OP));
  const facts = {
    query,
    started,
    queryTags: request.queryTags,
    format: request.format,
  };
  try {
    const top = Context.top(query, context.auth);
    const shown = run(top, request);
    return {
      status: 200,
      body: renderSuccess(facts, shown, computeOps()),
      computeOps: computeOps(),
    };
  } catch (error) {
    const failure = failureOf(error, transaction, started);
    const answer = (status: number, body: string) => ({ status, body, computeOps: computeOps() });
    if (failure instanceof RequestFailure) return answer(failure.status, renderRefusal(failure));
    const { abort } = failure.options;
    if (abort === undefined)
      return answer(400, renderFailure(facts, failure, undefined, computeOps()));
    try {
      const shown = materialise(Context.top(query, context.auth), abort.value);
      return answer(400, renderFailure(facts, failure, shown, computeOps()));
    } catch (inner) {
      // What a query aborts with is read after it, which can fail like any reading.
      const other = failureOf(inner, transaction, started);
      return other instanceof RequestFailure
        ? answer(other.status, renderRefusal(other))
        : answer(400, renderFailure(facts, other, undefined, computeOps()));
    }
  }
}

/** How many function calls make one compute op. */
const STEPS_PER_OP = 50;

function run(top: Context, request: V10Request) {
  const { query } = top;
  const { text, fragments, args } = parseRequest(request.text);
  let scope: Scope | undefined;
  for (const [name, json] of args) {
    try {
      const value = request.format === "simple" ? fromSimple(json) : fromTagged(query, json);
      scope = { name, value, outer: scope };
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      throw new RequestFailure(
        400,
        "invalid_request",
        `Invalid argument '${name}': ${error.message}`,
      );
    }
  }
  const source = querySource(text);
  const tree = parseQuery(source, { template: true });
  for (const [index, { json, offset }] of fragments.entries()) {
    try {
      scope = { name: placeholderName(index), value: fromTagged(query, json), outer: scope };
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      throw QueryFailure.check([
        { message: error.message, span: { source, start: offset, end: offset + 7 } },
      ]);
    }
  }
  const value = evaluate(top, tree, scope);
  finishDefinitions(query);
  return materialise(top, value);
}

function failureOf(error: unknown, transaction: Transaction, started: number) {
  const exhausted = exhaustedBy(error);
  return exhausted ? refusalOf(exhausted, transaction, started) : asFailure(error);
}

/** No query is expected to be over sooner than this, ms. */
const AGGRESSIVE_MS = 1000;

/**
 * A query that had less time than it was to be expected to need gets 440, any other 503: so Fauna tells timeouts
 * that were set too low from its own troubles (facts §1.3). Expected are twice a millisecond for each read, and a
 * hundred for a commit.
 */
function refusalOf({ what, message }: Exhausted, transaction: Transaction, started: number) {
  if (what === "depth") return new QueryFailure("stack_overflow", STACK);
  if (what === "memory")
    return new RequestFailure(400, "value_too_large", `Value too large: ${MEMORY}`);
  const elapsed = Math.round(performance.now() - started);
  const { readOps, writeOps } = transaction.ops;
  const expected = Math.max(AGGRESSIVE_MS, 2 * (readOps + (writeOps > 0 ? 101 : 0)));
  if (elapsed >= expected) return new RequestFailure(503, "time_out", message);
  const hasty = `Client set aggressive deadline: query needs ${expected}, timed out within ${elapsed}`;
  return new RequestFailure(440, "time_out", hasty);
}

const MEMORY = "the query needs too much memory.";
const STACK = "number of stack frames exceeded limit of 2048";

/** What an error means to the one who asked. Anything unforeseen is thrown on. */
function asFailure(error: unknown): QueryFailure | RequestFailure {
  if (error instanceof QueryFailure || error instanceof RequestFailure) return error;
  if (error instanceof ConstraintError) {
    return new QueryFailure("constraint_failure", error.message, {
      constraintFailures: error.violations,
    });
  }
  if (error instanceof InvalidSchemaError) return new QueryFailure("invalid_schema", error.message);
  if (error instanceof DataError) return fromDataError(error);
  throw error;
}

const refuse = (text: string) => new RequestFailure(400, "invalid_request", text);

function fromDataError({ problem, message }: DataError): RequestFailure {
  switch (problem.kind) {
    case "stale_read": {
      const [requested, minimum] = [problem.requested, problem.minimum].map((time) =>
        Time.fromMicros(time).toString(),
      );
      return refuse(
        `Requested timestamp ${requested} less than minimum allowed timestamp ${minimum}.`,
      );
    }
    case "version_too_large":
      return refuse(`Version bytes (${problem.size}) exceeds threshold (${problem.limit})`);
    default:
      return refuse(message);
  }
}
