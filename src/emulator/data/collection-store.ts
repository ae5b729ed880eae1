/** The documents of one collection, with their versions. */
import type { CollectionId } from "./ids.ts";
import type { Journal } from "./journal.ts";
import { orderedMap, walkMap, type OrderedMap } from "./ordered-map.ts";
import type { DocumentRange } from "./shape.ts";
import { EMPTY_OBJECT, type ObjectData } from "./value.ts";
import type { Version } from "./version.ts";

/** A document's versions, ascending by ts; never empty, never changed in place. */
export type Versions = readonly Version[];

/** That something was written: kept until it has fallen out of the window. */
interface Entry {
  readonly ts: bigint;
  readonly id: bigint;
  /** Written under a time other than its transaction's, so that no feed tells of it (facts §4). */
  readonly isHistorical: boolean;
}

/** Ends a walk over the map. */
const STOP = { break: 0 };

export class CollectionStore {
  readonly id: CollectionId;
  /** The collection's definition as it is now, or was last; empty for native collections. */
  definition: ObjectData = EMPTY_OBJECT;
  /** Whether there ever was a definition. */
  isDefined = false;
  /** Whether the definition was deleted: documents can be read, not written (live 33). */
  isDeleted = false;
  /** Nothing before this time, in µs, can be read. */
  floor = 0n;
  /** Whether any document ever had a ttl. */
  hasTtl = false;
  readonly #documents: OrderedMap<bigint, Versions> = orderedMap(compareIds);
  #log: Entry[] = [];
  #isLogSorted = true;

  constructor(id: CollectionId) {
    this.id = id;
  }

  /** How many documents have versions, deleted ones included. */
  get size(): number {
    return this.#documents.size;
  }

  /** The versions of document `id`; undefined if it never was. */
  versions(id: bigint): Versions | undefined {
    return this.#documents.get(id);
  }

  /** Replaces the versions of document `id`; none means that it never was. */
  set(journal: Journal, id: bigint, versions: Versions): void {
    const documents = this.#documents;
    const known = documents.get(id);
    if (versions.length > 0) documents.set(id, versions);
    else documents.delete(id);
    journal.record(() => {
      if (known === undefined) documents.delete(id);
      else documents.set(id, known);
    });
  }

  /** Documents by ascending (or descending) id, both ends of the range included. */
  walk({ from, to, reverse = false }: DocumentRange): Generator<readonly [bigint, Versions], void> {
    const within = reverse
      ? (id: bigint) => from === undefined || id >= from
      : (id: bigint) => to === undefined || id <= to;
    return walkMap(this.#documents, {
      start: reverse ? to : from,
      reverse,
      within,
      compare: compareIds,
    });
  }

  /** As {@link walk}, all at once, until `visit` says that it has enough. It may not change the documents. */
  visit(range: DocumentRange, visit: (id: bigint, versions: Versions) => boolean): void {
    if (range.reverse === true) {
      for (const [id, versions] of this.walk(range)) if (!visit(id, versions)) return;
      return;
    }
    const documents = this.#documents;
    const { from = documents.minKey(), to = documents.maxKey() } = range;
    if (from === undefined || to === undefined) return;
    documents.forRange(from, to, true, (id, versions) => (visit(id, versions) ? undefined : STOP));
  }

  /** Remembers that document `id` got a version at `ts`. */
  log(journal: Journal, ts: bigint, id: bigint, isHistorical: boolean): void {
    journal.afterCommit(() => {
      const last = this.#log.at(-1);
      if (last !== undefined && compareEntries(last, { ts, id }) > 0) this.#isLogSorted = false;
      this.#log.push({ ts, id, isHistorical });
    });
  }

  /** What was written from `from` to `to` (µs, inclusive), by time and id, each once. */
  *entries(from: bigint, to: bigint): Generator<Entry, void> {
    this.#sortLog();
    const log = this.#log;
    let previous: Entry | undefined;
    for (let i = firstAtOrAfter(log, from); i < log.length; i++) {
      const entry = log[i] as Entry;
      if (entry.ts > to) return;
      if (previous !== undefined && previous.ts === entry.ts && previous.id === entry.id) continue;
      previous = entry;
      yield entry;
    }
  }

  /** Forgets what was written before `minimum`, once that is half of all. */
  trimLog(minimum: bigint): void {
    const middle = this.#log[this.#log.length >>> 1];
    if (middle === undefined || middle.ts >= minimum) return;
    this.#sortLog();
    this.#log = this.#log.slice(firstAtOrAfter(this.#log, minimum));
  }

  #sortLog(): void {
    if (!this.#isLogSorted) this.#log = this.#log.toSorted(compareEntries);
    this.#isLogSorted = true;
  }
}

function firstAtOrAfter(log: readonly Entry[], ts: bigint): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log[middle] as Entry).ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compareIds(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareEntries(a: { ts: bigint; id: bigint }, b: { ts: bigint; id: bigint }): number {
  return compareIds(a.ts, b.ts) || compareIds(a.id, b.id);
}
