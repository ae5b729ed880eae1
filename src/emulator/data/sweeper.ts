/** Forgets, bit by bit and between transactions, what no read can see any more (facts §4). */
import type { CollectionStore, Versions } from "./collection-store.ts";
import type { Database } from "./database.ts";
import type { CollectionId } from "./ids.ts";
import { Journal } from "./journal.ts";
import { orderedMap, type OrderedMap } from "./ordered-map.ts";
import { DocRef } from "./value.ts";
import type { Version } from "./version.ts";
import { countExpired } from "./window.ts";

/** Time between two sweeps, in µs, and documents looked at in one, at most. */
const PAUSE = 100_000n;
const STEPS = 4096;

/** That document `id` has something to forget once its collection's window begins after `ts`. */
interface Note {
  readonly ts: bigint;
  readonly id: bigint;
}

export class Sweeper {
  readonly #notes = new Map<CollectionStore, OrderedMap<Note, true>>();
  #sweptAt = 0n;

  /** Notes when `versions` of document `id` will have something to forget, if ever. */
  note(store: CollectionStore, id: bigint, versions: Versions): void {
    const notes = this.#of(store);
    const last = versions.at(-1);
    if (last === undefined) return;
    const { ttl } = last;
    if (ttl !== undefined) notes.set({ ts: ttl, id }, true);
    if (versions.length > 1 || last.isDeleted) notes.set({ ts: last.ts, id }, true);
  }

  /** Forgets a little. Only between transactions: nothing of it can be taken back. */
  sweep(database: Database, now: bigint, minimumTime: (collection: CollectionId) => bigint): void {
    if (now < this.#sweptAt + PAUSE) return;
    this.#sweptAt = now;
    let steps = STEPS;
    for (const [store, notes] of this.#notes) {
      const minimum = minimumTime(store.id);
      for (; steps > 0; steps--) {
        const first = notes.minKey();
        if (first === undefined || first.ts > minimum) break;
        notes.delete(first);
        forget(database, store, first.id, minimum);
      }
      store.trimLog(minimum);
    }
  }

  #of(store: CollectionStore): OrderedMap<Note, true> {
    let notes = this.#notes.get(store);
    if (notes === undefined) this.#notes.set(store, (notes = orderedMap(compareNotes)));
    return notes;
  }
}

function forget(database: Database, store: CollectionStore, id: bigint, minimum: bigint): void {
  const versions = store.versions(id);
  if (versions === undefined) return;
  const kept = hasLapsed(versions, minimum) ? [] : versions.slice(countExpired(versions, minimum));
  if (kept.length === versions.length) return;
  const journal = new Journal();
  store.set(journal, id, kept);
  const ref = new DocRef(store.id, id);
  for (const index of database.indexesOf(store.id)) index.follow(journal, ref, versions, kept);
}

/** Whether all that is left of a document is a state whose ttl passed before the window. */
function hasLapsed(versions: Versions, minimum: bigint): boolean {
  const last = versions.at(-1) as Version;
  return last.ts <= minimum && last.ttl !== undefined && last.ttl <= minimum;
}

function compareNotes(a: Note, b: Note): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
