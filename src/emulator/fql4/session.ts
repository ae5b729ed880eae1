/** One query: the transaction it runs in, what it may still cost, and what it has looked up. */
import type { Auth } from "../auth/auth.ts";
import type { Database } from "../data/database.ts";
import type { StoredLambda } from "../data/value.ts";
import type { Transaction } from "../data/transaction.ts";
import type { LambdaExpression } from "./expression.ts";
import { RequestFailure } from "./failure.ts";
import type { Grammar } from "./grammar.ts";
import { type Neighbours, NO_NEIGHBOURS } from "./neighbours.ts";

import { type UnresolvedRef, type AnyRef } from "./value.ts";

/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 1024;

export interface SessionOptions {
  readonly grammar: Grammar;
  readonly neighbours?: Neighbours | undefined;
  /** When to give up, as a time of `performance.now()`. */
  readonly deadline?: number | undefined;
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
  /** Functions called. */
  steps = 0;
  /** A time of `performance.now()`. */
  readonly deadline: number;
  readonly #views = new Map<Database, Transaction>();

  /** `deadline` is a time of `performance.now()`. */
  constructor(
    transaction: Transaction,
    auth: Auth,
    { grammar, neighbours = NO_NEIGHBOURS, deadline = Infinity }: SessionOptions,
  ) {
    this.transaction = transaction;
    this.auth = auth;
    this.grammar = grammar;
    this.now = transaction.now;
    this.neighbours = neighbours;
    this.deadline = deadline;
  }

  get database(): Database {
    return this.transaction.database;
  }

  /**
   * Counts a call.
   *
   * @throws RequestFailure when the query has run too long (live 35).
   */
  step(): void {
    this.steps += 1;
    if (this.steps % STEPS_PER_LOOK === 0 && performance.now() > this.deadline) {
      throw new RequestFailure(
        503,
        "time out",
        "Read timed out (The query took longer than its timeout.)",
      );
    }
  }

  /** The transaction as seen from `database`. */
  in(database: Database): Transaction {
    if (database === this.database) return this.transaction;
    let view = this.#views.get(database);
    if (!view) this.#views.set(database, (view = this.transaction.in(database)));
    return view;
  }
}
