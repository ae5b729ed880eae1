/** One query: the transaction it runs in, what it may still cost, and what it has looked up. */
import type { Auth } from "../auth/auth.ts";
import type { Database } from "../data/database.ts";
import { Budget, Exhausted, MAX_ARRAY } from "../limits/budget.ts";
import type { StoredLambda } from "../data/value.ts";
import type { Transaction } from "../data/transaction.ts";
import type { LambdaExpression } from "./expression.ts";
import type { Grammar } from "./grammar.ts";
import { type Neighbours, NO_NEIGHBOURS } from "./neighbours.ts";

import { type AnyRef, isArray, isObject, type Literal, type UnresolvedRef } from "./value.ts";

/** Strings may not grow beyond this many UTF-16 units. */
const MAX_STRING = 16 * 1024 * 1024;

export interface SessionOptions {
  readonly grammar: Grammar;
  readonly neighbours?: Neighbours | undefined;
}

export class Session {
  readonly transaction: Transaction;
  /** The rights the query came with. */
  readonly auth: Auth;
  /** The query's own time in µs: what it reads at and what it writes gets. */
  readonly now: bigint;
  readonly grammar: Grammar;
  readonly neighbours: Neighbours;
  /** Stored lambdas that were parsed in this query. */
  readonly lambdas = new Map<StoredLambda, LambdaExpression>();
  /** Definitions that were looked up by name: a query sees none that it makes itself. */
  readonly names = new Map<string, AnyRef | UnresolvedRef>();
  /** How many references were looked up while parsing. */
  resolvedRefs = 0;
  readonly #budget = new Budget();
  readonly #views = new Map<Database, Transaction>();

  constructor(
    transaction: Transaction,
    auth: Auth,
    { grammar, neighbours = NO_NEIGHBOURS }: SessionOptions,
  ) {
    this.transaction = transaction;
    this.auth = auth;
    this.grammar = grammar;
    this.now = transaction.now;
    this.neighbours = neighbours;
  }

  get database(): Database {
    return this.transaction.database;
  }

  /**
   * Counts a call.
   *
   * @throws Exhausted when the query has run too long (live 35).
   */
  step(): void {
    this.#budget.step();
  }

  /** Functions called so far. */
  get steps(): number {
    return this.#budget.steps;
  }

  /** Counts the making of a value. @throws Exhausted when it is too large, or time or memory are used up. */
  make(value: Literal): void {
    if (isArray(value)) {
      if (value.length > MAX_ARRAY) throw new Exhausted("memory");
      this.#budget.make(value.length);
    } else if (typeof value === "string") {
      if (value.length > MAX_STRING) throw new Exhausted("memory");
      this.#budget.make(value.length >> 3);
    }
  }

  /** Counts the reading of an argument, however small what becomes of it. @throws Exhausted when time is used up. */
  take(value: Literal): void {
    if (typeof value === "string") this.#budget.make(value.length >> 3);
    else if (isArray(value)) this.#budget.make(value.length);
    else if (isObject(value)) this.#budget.make(value.size);
  }

  /** Counts text that becomes part of the answer. @throws Exhausted when time or memory are used up. */
  show(units: number): void {
    this.#budget.show(units);
  }

  /** Runs `match`, which uses `pattern` on a text of `length`. @throws Exhausted if it takes too long. */
  matching<T>(pattern: RegExp, length: number, match: () => T): T {
    return this.#budget.matching(pattern, length, match);
  }

  /** The transaction as seen from `database`. */
  in(database: Database): Transaction {
    if (database === this.database) return this.transaction;
    let view = this.#views.get(database);
    if (!view) this.#views.set(database, (view = this.transaction.in(database)));
    return view;
  }
}
