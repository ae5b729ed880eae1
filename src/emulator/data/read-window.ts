/** Which past times a transaction may read at, for collections and for indexes (live 4). */
import type { Database } from "./database.ts";
import { DataError } from "./errors.ts";
import { FIRST_USER_COLLECTION, isUserCollection, type CollectionId } from "./ids.ts";
import type { IndexStore } from "./index-store.ts";
import { minimumTime, nativeMinimumTime } from "./window.ts";

export class ReadWindow {
  readonly #database: Database;
  readonly #now: bigint;

  constructor(database: Database, now: bigint) {
    this.#database = database;
    this.#now = now;
  }

  /** The earliest time, in µs, at which `collection` can be read; a deleted one has no window. */
  minimumTime(collection: CollectionId): bigint {
    const store = isUserCollection(collection) ? this.#database.store(collection) : undefined;
    if (store === undefined || store.isDeleted) return nativeMinimumTime(collection, this.#now);
    return minimumTime(store.definition, store.floor, this.#now);
  }

  /** The earliest time at which `index` can be read: the latest of its sources' times. */
  indexMinimumTime(index: IndexStore): bigint {
    const { sources } = index.shape;
    const collections = sources === "all" ? this.#database.userCollections : sources;
    let latest = nativeMinimumTime(FIRST_USER_COLLECTION, this.#now);
    for (const collection of collections) {
      const minimum = this.minimumTime(collection);
      if (minimum > latest) latest = minimum;
    }
    return latest;
  }

  /** `at`, or now where that is later or missing. @throws DataError stale_read. */
  collectionTime(collection: CollectionId, at: bigint | undefined): bigint {
    if (at === undefined || at >= this.#now) return this.#now;
    return checked(at, this.minimumTime(collection));
  }

  /** As {@link collectionTime}, for an index. */
  indexTime(index: IndexStore, at: bigint | undefined): bigint {
    if (at === undefined || at >= this.#now) return this.#now;
    return checked(at, this.indexMinimumTime(index));
  }
}

function checked(at: bigint, minimum: bigint): bigint {
  if (at < minimum) throw new DataError({ kind: "stale_read", requested: at, minimum });
  return at;
}
