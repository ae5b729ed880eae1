/** What a transaction can read: documents and rows at any time in the window, and what happened to them. */
import { spend } from "../limits/budget.ts";
import type { CollectionStore, Versions } from "./collection-store.ts";
import type { Database } from "./database.ts";
import { entriesOf, type EntryParts } from "./entries.ts";
import { DataError } from "./errors.ts";
import { changesOf, documentEvents, historyOf, indexEvents } from "./events.ts";
import { type CollectionId, type IndexId, NATIVE } from "./ids.ts";
import { type IndexStore, isAliveAt } from "./index-store.ts";
import type { Ops } from "./ops.ts";
import { ReadWindow } from "./read-window.ts";
import type { DocumentRange, IndexRange, IndexRow, TimeRange } from "./shape.ts";
import { type Data, DocRef } from "./value.ts";
import type { Change, Found, HistoryEvent, SetEvent, Version } from "./version.ts";
import { isVisible, versionAt } from "./visibility.ts";

/** What finding a document costs, see {@link spend}. */
const SLOTS_PER_DOCUMENT = 16;

export class Reads {
  readonly database: Database;
  /** The time, in µs, that is read at where no other is named. */
  readonly now: bigint;
  readonly ops: Ops;
  readonly #window: ReadWindow;

  constructor(database: Database, now: bigint, ops: Ops) {
    this.database = database;
    this.now = now;
    this.ops = ops;
    this.#window = new ReadWindow(database, now);
  }

  /**
   * The document `ref` as of `at` (µs; times after the transaction mean now): undefined if it was
   * not there, was deleted, or has a ttl that has passed by now (live 3). Works for documents of
   * deleted collections too (live 33).
   *
   * @throws DataError stale_read.
   */
  get(ref: DocRef, at?: bigint): Version | undefined {
    const time = this.#window.collectionTime(ref.collection, at);
    const versions = this.database.store(ref.collection).versions(ref.id);
    const version = versions === undefined ? undefined : versionAt(versions, time);
    this.ops.read(version?.size ?? 0);
    return version !== undefined && isVisible(version, this.now) ? version : undefined;
  }

  /** The newest version of `ref` that is not a deletion, however long ago: what a deleted definition was. */
  lastState(ref: DocRef): Version | undefined {
    return this.database
      .store(ref.collection)
      .versions(ref.id)
      ?.findLast((version) => !version.isDeleted);
  }

  /**
   * Documents of `collection` in `range`, by numeric id, lazily.
   *
   * @throws DataError stale_read, before the first document.
   */
  documents(collection: CollectionId, range: DocumentRange = {}): Iterable<Found> {
    const time = this.#window.collectionTime(collection, range.at);
    // Ids below zero can be written, and are never listed (recording v4-values/document-ids).
    return this.#documents(collection, { ...range, from: atLeastZero(range.from) }, time);
  }

  /**
   * References of {@link documents} in order, so many at most.
   *
   * @throws DataError stale_read.
   */
  refs(collection: CollectionId, range: DocumentRange, most: number): DocRef[] {
    const time = this.#window.collectionTime(collection, range.at);
    const store = this.database.store(collection);
    const refs: DocRef[] = [];
    store.visit({ ...range, from: atLeastZero(range.from) }, (id, versions) => {
      spend(SLOTS_PER_DOCUMENT);
      if (this.#isListed(versionAt(versions, time), store)) refs.push(new DocRef(collection, id));
      return refs.length < most;
    });
    return refs;
  }

  *#documents(
    collection: CollectionId,
    range: DocumentRange,
    time: bigint,
  ): Generator<Found, void> {
    const store = this.database.store(collection);
    for (const [id, versions] of store.walk(range)) {
      spend(SLOTS_PER_DOCUMENT);
      const version = versionAt(versions, time);
      if (this.#isListed(version, store)) yield { ref: new DocRef(collection, id), version };
    }
  }

  #isListed(version: Version | undefined, { hasTtl }: CollectionStore): version is Version {
    if (version === undefined || version.isDeleted) return false;
    // Where no document ever had a ttl, none is looked for.
    return !hasTtl || isVisible(version, this.now);
  }

  /**
   * Rows of index `id` under `terms`, in `range`, lazily.
   *
   * @throws DataError stale_read, before the first row.
   */
  rows(id: IndexId, terms: readonly Data[], range: IndexRange = {}): Iterable<IndexRow> {
    const index = this.index(id);
    return this.#rows(index, terms, range, this.#window.indexTime(index, range.at));
  }

  *#rows(
    index: IndexStore,
    terms: readonly Data[],
    range: IndexRange,
    time: bigint,
  ): Generator<IndexRow, void> {
    for (const row of index.rows(terms, range)) {
      if (!isAliveAt(row.lifespan, time)) continue;
      if (this.#isExpired(row.ref, time)) continue;
      yield row;
    }
  }

  /** Where `version` of `ref` stands in index `id`: terms, then values, one for each of its rows. */
  entries(id: IndexId, ref: DocRef, version: Version): EntryParts[] {
    return entriesOf(this.index(id).shape, id, ref, version);
  }

  /** What happened to document `ref` inside the window, oldest first; the state at the window's start included. */
  history(ref: DocRef, range: TimeRange = {}): HistoryEvent[] {
    const versions = this.database.store(ref.collection).versions(ref.id) ?? [];
    return historyOf(versions, this.minimumTime(ref.collection), range);
  }

  /** Documents coming into and going out of `collection` inside the window, oldest first (v4 events of a set). */
  documentEvents(collection: CollectionId, range: TimeRange = {}): SetEvent[] {
    return documentEvents(
      this.database.store(collection),
      this.minimumTime(collection),
      this.now,
      range,
    );
  }

  /** Rows coming into and going out of index `id` under `terms` inside the window, oldest first. */
  indexEvents(id: IndexId, terms: readonly Data[], range: TimeRange = {}): SetEvent[] {
    const index = this.index(id);
    return indexEvents(index, terms, this.#window.indexMinimumTime(index), range);
  }

  /**
   * Changes of documents of `collection`, by transaction time, each document once a transaction:
   * what feeds tell. Writes under an older time than their transaction's are not among them.
   */
  changes(collection: CollectionId, range: TimeRange = {}): Iterable<Change> {
    return changesOf(
      this.database.store(collection),
      this.minimumTime(collection),
      this.now,
      range,
    );
  }

  /** The earliest time, in µs, at which `collection` can be read; a deleted one has no window. */
  minimumTime(collection: CollectionId): bigint {
    return this.#window.minimumTime(collection);
  }

  protected index(id: IndexId): IndexStore {
    const index = this.database.index(id);
    if (index === undefined)
      throw new DataError({ kind: "not_found", ref: new DocRef(NATIVE.Index, id) });
    return index;
  }

  #isExpired(ref: DocRef, time: bigint): boolean {
    const store: CollectionStore = this.database.store(ref.collection);
    if (!store.hasTtl) return false;
    const versions: Versions | undefined = store.versions(ref.id);
    const version = versions === undefined ? undefined : versionAt(versions, time);
    return version !== undefined && !isVisible(version, this.now);
  }
}

function atLeastZero(id: bigint | undefined): bigint {
  return id === undefined || id < 0n ? 0n : id;
}
