/** One index: rows in order, each with the times at which it came and went. */
import { spend } from "../limits/budget.ts";
import { entriesOf, isSource, type EntryParts } from "./entries.ts";
import type { CollectionId, IndexId } from "./ids.ts";
import type { Journal } from "./journal.ts";
import { compareData, compareTerms } from "./order.ts";
import { orderedMap, walkMap, type OrderedMap } from "./ordered-map.ts";
import type { IndexField, IndexKey, IndexRange, IndexRow, IndexShape } from "./shape.ts";
import { ROW_OVERHEAD, sizeOf } from "./size.ts";
import { DocRef, sameRef, type Data } from "./value.ts";
import type { Version } from "./version.ts";

/** What handling a row costs, see {@link spend}. */
const SLOTS_PER_ROW = 16;

/** The key of a row: terms and values, then the document. */
class RowKey {
  readonly parts: EntryParts;
  readonly collection: CollectionId;
  readonly id: bigint;

  constructor(parts: EntryParts, collection: CollectionId, id: bigint) {
    this.parts = parts;
    this.collection = collection;
    this.id = id;
  }
}

/** A place between rows: just before (−1) or just after (1) all rows that begin with `parts`. */
class Edge extends RowKey {
  readonly side: -1 | 1;
  readonly hasRef: boolean;

  constructor(parts: EntryParts, ref: DocRef | undefined, side: -1 | 1) {
    super(parts, ref?.collection ?? 0, ref?.id ?? 0n);
    this.side = side;
    this.hasRef = ref !== undefined;
  }
}

/** Times at which a row came, went, came …, ascending: an odd number means it is there. */
type Lifespan = readonly bigint[];

/** A row as it is walked over. */
export interface StoredRow extends IndexRow {
  readonly parts: EntryParts;
  readonly lifespan: readonly bigint[];
}

export class IndexStore {
  readonly id: IndexId;
  readonly shape: IndexShape;
  readonly #rows: OrderedMap<RowKey, Lifespan>;
  readonly #compare: (a: RowKey, b: RowKey) => number;

  constructor(id: IndexId, shape: IndexShape) {
    this.id = id;
    this.shape = shape;
    const parts = [...shape.terms.map(() => compareTerms), ...shape.values.map(comparatorOf)];
    this.#compare = (a, b) => compareKeys(a, b, parts);
    this.#rows = orderedMap(this.#compare);
  }

  /** Whether documents of `collection` are in this index. */
  covers(collection: CollectionId): boolean {
    return isSource(this.shape, collection);
  }

  /** How many rows are kept, those that are gone but in the window included. */
  get size(): number {
    return this.#rows.size;
  }

  /**
   * Follows a document from versions `before` to `after` (both ascending).
   *
   * @returns the bytes of the rows written.
   */
  follow(
    journal: Journal,
    ref: DocRef,
    before: readonly Version[],
    after: readonly Version[],
  ): number {
    const last = after.at(-1);
    const isAppended =
      last !== undefined &&
      after.length === before.length + 1 &&
      before.every((version, i) => version === after[i]);
    return isAppended
      ? this.#append(journal, ref, before.at(-1), last)
      : this.#rebuild(journal, ref, before, after);
  }

  /** A document other than `ref` that has one of the rows of `version` now and is `there`. */
  conflict(ref: DocRef, version: Version, there: (ref: DocRef) => boolean): DocRef | undefined {
    for (const { parts } of this.#keysOf(ref, version)) {
      for (const row of this.#between(
        new Edge(parts, undefined, -1),
        new Edge(parts, undefined, 1),
        false,
      )) {
        if (isAlive(row.lifespan) && !sameRef(row.ref, ref) && there(row.ref)) return row.ref;
      }
    }
    return undefined;
  }

  /** Rows under `terms` in `range`, whenever they were there. */
  rows(terms: readonly Data[], range: Omit<IndexRange, "at">): Generator<StoredRow, void> {
    const lower = boundary(terms, range.from, -1);
    const upper = boundary(terms, range.to, 1);
    return this.#between(lower, upper, range.reverse === true);
  }

  *#between(lower: Edge, upper: Edge, reverse: boolean): Generator<StoredRow, void> {
    const compare = this.#compare;
    const termCount = this.shape.terms.length;
    const within = reverse
      ? (key: RowKey) => compare(key, lower) > 0
      : (key: RowKey) => compare(key, upper) < 0;
    for (const [key, lifespan] of walkMap(this.#rows, {
      start: reverse ? upper : lower,
      reverse,
      within,
      compare,
    })) {
      spend(SLOTS_PER_ROW);
      const ref = new DocRef(key.collection, key.id);
      yield { ref, values: key.parts.slice(termCount), parts: key.parts, lifespan };
    }
  }

  #append(journal: Journal, ref: DocRef, before: Version | undefined, after: Version): number {
    const old = before === undefined ? [] : this.#keysOf(ref, before);
    const fresh = this.#keysOf(ref, after);
    const compare = this.#compare;
    let bytes = 0;
    let i = 0;
    let j = 0;
    while (i < old.length || j < fresh.length) {
      const gone = old[i];
      const come = fresh[j];
      const order = gone === undefined ? 1 : come === undefined ? -1 : compare(gone, come);
      if (order <= 0) i++;
      if (order >= 0) j++;
      if (order === 0) continue;
      const key = (order < 0 ? gone : come) as RowKey;
      this.#set(journal, key, toggled(this.#rows.get(key) ?? [], after.ts));
      bytes += keySize(key);
    }
    return bytes;
  }

  #rebuild(
    journal: Journal,
    ref: DocRef,
    before: readonly Version[],
    after: readonly Version[],
  ): number {
    const old = this.#lifespans(ref, before);
    const fresh = this.#lifespans(ref, after);
    let bytes = 0;
    for (const key of old.keys()) if (!fresh.has(key)) this.#set(journal, key, []);
    for (const [key, lifespan] of fresh.entries()) {
      const known = this.#rows.get(key);
      if (
        known !== undefined &&
        known.length === lifespan.length &&
        known.every((ts, i) => ts === lifespan[i])
      )
        continue;
      this.#set(journal, key, lifespan);
      bytes += keySize(key);
    }
    return bytes;
  }

  #lifespans(ref: DocRef, versions: readonly Version[]): OrderedMap<RowKey, Lifespan> {
    const result = orderedMap<RowKey, Lifespan>(this.#compare);
    let alive: RowKey[] = [];
    for (const version of versions) {
      const keys = this.#keysOf(ref, version);
      for (const key of alive) {
        if (!keys.some((other) => this.#compare(key, other) === 0)) {
          result.set(key, toggled(result.get(key) ?? [], version.ts));
        }
      }
      for (const key of keys) {
        const lifespan = result.get(key) ?? [];
        if (!isAlive(lifespan)) result.set(key, toggled(lifespan, version.ts));
      }
      alive = keys;
    }
    return result;
  }

  /** The keys of a version, ascending, each once. */
  #keysOf(ref: DocRef, version: Version): RowKey[] {
    const entries = entriesOf(this.shape, this.id, ref, version);
    spend(entries.length * SLOTS_PER_ROW);
    if (entries.length <= 1)
      return entries.map((parts) => new RowKey(parts, ref.collection, ref.id));
    const compare = this.#compare;
    const keys = entries
      .map((parts) => new RowKey(parts, ref.collection, ref.id))
      .toSorted(compare);
    return keys.filter((key, i) => i === 0 || compare(keys[i - 1] as RowKey, key) !== 0);
  }

  #set(journal: Journal, key: RowKey, lifespan: Lifespan): void {
    const rows = this.#rows;
    const known = rows.get(key);
    if (lifespan.length > 0) rows.set(key, lifespan);
    else rows.delete(key);
    journal.record(() => {
      if (known === undefined) rows.delete(key);
      else rows.set(key, known);
    });
  }
}

/** Whether a row is there at the end of its lifespan. */
export function isAlive(lifespan: readonly bigint[]): boolean {
  return lifespan.length % 2 === 1;
}

/** Whether a row was there at `at`. */
export function isAliveAt(lifespan: readonly bigint[], at: bigint): boolean {
  let count = 0;
  while (count < lifespan.length && (lifespan[count] as bigint) <= at) count++;
  return count % 2 === 1;
}

function toggled(lifespan: Lifespan, ts: bigint): Lifespan {
  return [...lifespan, ts];
}

function boundary(terms: readonly Data[], key: IndexKey | undefined, side: -1 | 1): Edge {
  if (key === undefined) return new Edge(terms, undefined, side);
  const facing = key.exclusive === true ? (side === -1 ? 1 : -1) : side;
  return new Edge([...terms, ...key.values], key.ref, facing);
}

type Comparator = (a: Data, b: Data) => number;

function comparatorOf(value: IndexField): Comparator {
  return value.reverse === true ? (a, b) => compareData(b, a) : compareData;
}

function compareKeys(a: RowKey, b: RowKey, comparators: readonly Comparator[]): number {
  const length = Math.min(a.parts.length, b.parts.length);
  for (let i = 0; i < length; i++) {
    const order = (comparators[i] as Comparator)(a.parts[i] as Data, b.parts[i] as Data);
    if (order !== 0) return order;
  }
  if (a instanceof Edge) return compareEdge(a, b);
  if (b instanceof Edge) return -compareEdge(b, a);
  return compareDocuments(a, b);
}

function compareEdge(edge: Edge, key: RowKey): number {
  if (!edge.hasRef) return edge.side;
  return compareDocuments(edge, key) || edge.side;
}

function compareDocuments(a: RowKey, b: RowKey): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return a.collection - b.collection;
}

function keySize(key: RowKey): number {
  let size = ROW_OVERHEAD;
  for (const part of key.parts) size += sizeOf(part);
  return size;
}
