/** What the routes share: the databases, the root secret, and how a request becomes a transaction. */
import type { Auth } from "../auth/auth.ts";
import { authorize, enter, type Entry } from "../auth/authenticate.ts";
import type { PredicateTester } from "../auth/roles.ts";
import { secretOfHeader } from "../auth/scope.ts";
import type { Cluster } from "../data/cluster.ts";
import type { Transaction } from "../data/transaction.ts";
import type { Exports } from "../export/export.ts";
import { withDeadline } from "../limits/budget.ts";
import type { Incoming } from "./exchange.ts";
import { DEFAULT_TIMEOUT_MS } from "./params.ts";

/** A last-seen time later than this after the node's own is not waited for. */
const MAX_AHEAD_US = 10_000_000n;

export interface NodeOptions {
  readonly cluster: Cluster;
  readonly secret: string;
  readonly clock: () => bigint;
  readonly testPredicate: PredicateTester;
  readonly log: ((line: string) => void) | undefined;
  /** Exports to the node's disk; undefined if no folder is given for them. */
  readonly exports?: Exports | undefined;
}

/** A request's transaction and the rights it has there. */
export interface Session {
  readonly transaction: Transaction;
  readonly auth: Auth;
}

export class Node {
  readonly cluster: Cluster;
  readonly #options: NodeOptions;
  #streams = 0;
  #waiting: (() => void)[] = [];

  constructor(options: NodeOptions) {
    this.cluster = options.cluster;
    this.#options = options;
  }

  get exports(): Exports | undefined {
    return this.#options.exports;
  }

  /** The node's time in µs, for answers that have no transaction. */
  get now(): bigint {
    return this.#options.clock();
  }

  /** Says something about an unexpected failure. */
  log(error: unknown): void {
    this.#options.log?.(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** Where the request's secret leads; undefined if it is missing or not valid. */
  enter(request: Incoming): Entry | undefined {
    const secret = secretOfHeader(request.headers["authorization"]);
    return secret === undefined
      ? undefined
      : enter(this.cluster, this.#options.secret, secret, this.now);
  }

  /**
   * Runs `work` in a transaction, which is kept if `keep` says so of its result and taken back if not
   * or if it throws. Undefined if the secret is not valid. The transaction is later than `lastSeen`, and
   * what it evaluates has to be over by `deadline`, a time of `performance.now()`.
   */
  run<T>(
    request: Incoming,
    lastSeen: bigint | undefined,
    work: (session: Session) => T,
    keep: (result: T) => boolean,
    deadline = request.startedAt + DEFAULT_TIMEOUT_MS,
  ): T | undefined {
    return withDeadline(deadline, () => this.#run(request, lastSeen, work, keep));
  }

  #run<T>(
    request: Incoming,
    lastSeen: bigint | undefined,
    work: (session: Session) => T,
    keep: (result: T) => boolean,
  ): T | undefined {
    const entry = this.enter(request);
    if (entry === undefined) return undefined;
    if (lastSeen !== undefined && lastSeen <= this.now + MAX_AHEAD_US) {
      this.cluster.clock.advance(lastSeen);
    }
    const transaction = this.cluster.begin(entry.database);
    try {
      const auth = authorize(entry, transaction, this.#options.testPredicate);
      if (auth === undefined) return undefined;
      const result = work({ transaction, auth });
      if (keep(result)) this.#commit(transaction);
      return result;
    } finally {
      transaction.rollback();
    }
  }

  /** Resolves after the next transaction that changed something. */
  nextCommit(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** A number for a new stream. */
  nextStreamId(): number {
    this.#streams += 1;
    return this.#streams;
  }

  #commit(transaction: Transaction): void {
    const { hasWritten } = transaction;
    transaction.commit();
    if (!hasWritten) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
