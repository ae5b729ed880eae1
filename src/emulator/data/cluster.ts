/** The whole: a tree of databases and the clock that orders their transactions. */
import { withoutDeadline } from "../limits/budget.ts";
import { TransactionClock, systemClock, type Clock } from "./clock.ts";
import { Database } from "./database.ts";
import { Snowflake } from "./snowflake.ts";
import { Transaction } from "./transaction.ts";

export interface ClusterOptions {
  /** Time in µs; the machine's by default. */
  readonly now?: Clock | undefined;
}

/** One in-memory Fauna. */
export class Cluster {
  readonly root: Database;
  readonly clock: TransactionClock;
  readonly snowflake = new Snowflake();
  #globalIds = 0n;

  constructor({ now = systemClock }: ClusterOptions = {}) {
    this.clock = new TransactionClock(now);
    this.root = new Database(this, undefined, 0n, this.newGlobalId(), this.clock.next());
  }

  /** Begins a transaction in `database`. It must end, by commit or rollback, before another one begins. */
  begin(database: Database = this.root): Transaction {
    const transaction = new Transaction(database, this.clock.next());
    withoutDeadline(() =>
      database.sweeper.sweep(database, transaction.now, (collection) =>
        transaction.minimumTime(collection),
      ),
    );
    return transaction;
  }

  /**
   * Runs `work` in a transaction of its own: committed when `work` returns, rolled back when it throws.
   */
  transact<T>(database: Database, work: (transaction: Transaction) => T): T {
    const transaction = this.begin(database);
    try {
      const result = work(transaction);
      transaction.commit();
      return result;
    } catch (error) {
      transaction.rollback();
      throw error;
    }
  }

  /** The database at `path` below `from`, names from the top down; undefined if there is none. */
  find(path: readonly string[], from: Database = this.root): Database | undefined {
    let here: Database | undefined = from;
    for (const name of path) here = here?.childNamed(name);
    return here;
  }

  /** Every database, parents before children. */
  *databases(from: Database = this.root): Generator<Database, void> {
    yield from;
    for (const child of from.children) yield* this.databases(child);
  }

  /** The database with this global id. */
  findGlobal(globalId: string): Database | undefined {
    for (const database of this.databases()) if (database.globalId === globalId) return database;
    return undefined;
  }

  /** A global id that no database has had. */
  newGlobalId(): string {
    this.#globalIds += 1n;
    const id = (this.#globalIds * 2_654_435_761n + 0x5eed_fa_0a_aan) % 36n ** 11n;
    return `y${id.toString(36).padStart(11, "0")}y`;
  }
}
