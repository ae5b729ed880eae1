/** What the schema asks of FQL: the values of expressions inside definitions. */
import { type JsonObject, parseJson } from "../../values/json.ts";
import { Auth, type AuthSource } from "../auth/auth.ts";
import type { Database } from "../data/database.ts";
import { Transaction } from "../data/transaction.ts";
import type { Data, DocRef } from "../data/value.ts";
import type { Version } from "../data/version.ts";
import type { Language } from "../schema/language.ts";
import { toTerm } from "./documents/convert.ts";
import { QueryFailure } from "./failure.ts";
import { compileLambda } from "./interpreter/compile.ts";
import { Context } from "./interpreter/context.ts";
import { apply, evaluate } from "./interpreter/evaluate.ts";
import { parseExpression } from "./parser/parser.ts";
import { Query } from "./query.ts";
import { renderSimple } from "./render/json.ts";
import { materialise } from "./render/materialise.ts";
import { type Value, Doc, Lambda, Null } from "./values.ts";

/** Expressions inside definitions run with all rights; what they may do is limited by effect. */
const NO_ROLES: AuthSource = { role: () => undefined, ownerOf: () => undefined, test: () => false };
const everything = (): Auth => Auth.builtin("admin", { kind: "root" }, NO_ROLES);

const contextOf = (transaction: Transaction): Context =>
  Context.top(Query.within(transaction), everything());

const lambdas = new Map<string, Lambda>();
const MAX_LAMBDAS = 10_000;

/** Bodies are compiled once for their text: index entries are computed for every version. */
function lambdaOf(name: string, body: string): Lambda {
  const key = `${name}\n${body}`;
  const known = lambdas.get(key);
  if (known !== undefined) return known;
  if (lambdas.size >= MAX_LAMBDAS) lambdas.clear();
  const lambda = compileLambda({ name, text: body });
  lambdas.set(key, lambda);
  return lambda;
}

function evaluateSource(transaction: Transaction, source: string, name = "*default*"): Data {
  const context = contextOf(transaction).limited({ most: "observation", reason: "default values" });
  const value = evaluate(context, parseExpression({ name, text: source }), undefined);
  const data = toTerm(context, value);
  if (data !== undefined) return data;
  throw context.failure("invalid_type", "The value of a default cannot be persisted.");
}

function check(
  transaction: Transaction,
  ref: DocRef,
  version: Version,
  { name, body }: { name: string; body: string },
): true | string {
  const context = contextOf(transaction).limited({ most: "read", reason: "check constraints" });
  const doc = new Doc(ref.collection, ref.id, { version });
  const result = apply(context, lambdaOf(`*check_constraint:${name}*`, body), [doc]);
  if (result === true) return true;
  if (result === false || result instanceof Null)
    return `Document failed check constraint \`${name}\``;
  return `Error evaluating check constraint \`${name}\`: function returned a non-boolean value`;
}

function computed(
  database: Database,
  ref: DocRef,
  version: Version,
  { name, body }: { name: string; body: string },
): Data | undefined {
  const transaction = new Transaction(database, version.ts);
  const context = contextOf(transaction)
    .limited({ most: "pure", reason: "computed fields" })
    .withoutComputation();
  try {
    const doc = new Doc(ref.collection, ref.id, { version });
    const value: Value = apply(context, lambdaOf(`*computed_field:${name}*`, body), [doc]);
    return value instanceof Null ? undefined : toTerm(context, value);
  } catch (error) {
    if (error instanceof QueryFailure) return undefined;
    throw error;
  } finally {
    transaction.rollback();
  }
}

function render(transaction: Transaction, ref: DocRef): JsonObject {
  const context = contextOf(transaction);
  const text = renderSimple(materialise(context, new Doc(ref.collection, ref.id)), transaction.now);
  const json = parseJson(text);
  return json instanceof Map ? json : new Map();
}

/** The language that definitions are written in, for `installLanguage`. */
export const v10Language: Language = { evaluate: evaluateSource, check, computed, render };
