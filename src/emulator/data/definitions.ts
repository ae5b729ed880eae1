/** Definitions by name: databases, collections, indexes, functions, roles, access providers. */
import { NATIVE, nativeName, type NamedKind } from "./ids.ts";
import type { Transaction } from "./transaction.ts";
import type { DocRef } from "./value.ts";
import type { Found } from "./version.ts";

export class Definitions {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /**
   * The definition that is called (or has the alias) `name` now, as it was at `at`; undefined if
   * there is none, or was none then. Names are always today's (facts §4).
   */
  find(kind: NamedKind, name: string, at?: bigint): Found | undefined {
    return this.#found(this.#transaction.database.names.find(kind, name), at);
  }

  /** The collection or function that is called (or has the alias) `name`. */
  findModule(name: string, at?: bigint): Found | undefined {
    return this.#found(this.#transaction.database.names.findModule(name), at);
  }

  /** Definitions of one kind, oldest first. */
  all(kind: NamedKind, at?: bigint): Iterable<Found> {
    return this.#transaction.documents(kind, { at });
  }

  /** The name of a definition, or the last one it had before it was deleted; native collections have theirs. */
  nameOf(ref: DocRef): string | undefined {
    if (ref.collection === NATIVE.Collection && ref.id < 1024n) return nativeName(Number(ref.id));
    const name = this.#transaction.lastState(ref)?.fields.get("name");
    return typeof name === "string" ? name : undefined;
  }

  /** Whether the definition was there before this transaction began. */
  isCommitted(ref: DocRef): boolean {
    return this.#transaction.get(ref, this.#transaction.now - 1n) !== undefined;
  }

  #found(ref: DocRef | undefined, at: bigint | undefined): Found | undefined {
    if (ref === undefined) return undefined;
    const version = this.#transaction.get(ref, at);
    return version === undefined ? undefined : { ref, version };
  }
}
