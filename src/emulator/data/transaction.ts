/**
 * A transaction: reads at any time in the window, writes that take effect at once for itself and
 * are kept or taken back as a whole. Transactions run one after the other (the process has one
 * thread and a query never waits), so each sees everything committed before it and nothing else.
 */
import { spend } from "../limits/budget.ts";
import type { CollectionStore, Versions } from "./collection-store.ts";
import type { Database } from "./database.ts";
import { Definitions } from "./definitions.ts";
import { DataError } from "./errors.ts";
import { entriesOf, type EntryParts } from "./entries.ts";
import { documentEvents, historyOf, indexEvents, changesOf } from "./events.ts";
import {
  LAST_USER_COLLECTION,
  MAX_DOCUMENT_ID,
  NATIVE,
  isNamedKind,
  type CollectionId,
  type IndexId,
} from "./ids.ts";
import { IndexStore, isAliveAt } from "./index-store.ts";
import { Journal } from "./journal.ts";
import { Ops } from "./ops.ts";
import type { DocumentRange, IndexRange, IndexRow, IndexShape, TimeRange } from "./shape.ts";
import { MAX_TRANSACTION_BYTES } from "./size.ts";
import { ReadWindow } from "./read-window.ts";
import { DocRef, mergeObjects, type Data, type ObjectData } from "./value.ts";
import type { Action, Change, Found, HistoryEvent, SetEvent, Version } from "./version.ts";
import { currentVersion, isVisible, versionAt } from "./visibility.ts";
import { Writer, type WriteOptions } from "./writer.ts";

export type { WriteOptions } from "./writer.ts";

export class Transaction {
  readonly database: Database;
  /** The time, in µs, that this transaction reads at and that its writes get. */
  readonly now: bigint;
  readonly ops: Ops;
  /** Definitions by name. */
  readonly definitions: Definitions;
  readonly #journal: Journal;
  readonly #window: ReadWindow;
  readonly #writer: Writer;
  #isOpen = true;

  /** Use {@link Cluster.begin}; with `outer` this is a view of the same transaction on another database. */
  constructor(database: Database, now: bigint, outer?: { journal: Journal; ops: Ops }) {
    this.database = database;
    this.now = now;
    this.ops = outer?.ops ?? new Ops();
    this.#journal = outer?.journal ?? new Journal();
    this.definitions = new Definitions(this);
    this.#window = new ReadWindow(database, now);
    this.#writer = new Writer(this, this.#journal);
  }

  /** The same transaction, seen from another database of the tree. */
  in(database: Database): Transaction {
    if (database === this.database) return this;
    return new Transaction(database, this.now, { journal: this.#journal, ops: this.ops });
  }

  // Reading ------------------------------------------------------------------------------------

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
    const index = this.#index(id);
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
    return entriesOf(this.#index(id).shape, id, ref, version);
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
    const index = this.#index(id);
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

  // Writing ------------------------------------------------------------------------------------

  /**
   * A new id: 18 digits that only grow for documents and secrets, the next number for definitions.
   *
   * @throws DataError ids_exhausted.
   */
  newId(collection: CollectionId): bigint {
    if (!isNamedKind(collection)) return this.database.cluster.snowflake.next(this.now);
    const number = this.database.nextNumber(collection);
    if (collection === NATIVE.Collection && number > LAST_USER_COLLECTION) {
      throw new DataError({ kind: "ids_exhausted", definition: collection });
    }
    return number;
  }

  /** A reference to a new document of `collection`. */
  newRef(collection: CollectionId): DocRef {
    return new DocRef(collection, this.newId(collection));
  }

  /**
   * Writes a document that is not there.
   *
   * @throws DataError already_exists, invalid_id, no_collection, name_taken, not_unique,
   * version_too_large; then nothing has changed.
   */
  create(ref: DocRef, fields: ObjectData, options: WriteOptions = {}): Version {
    if (ref.id < (options.negativeId === true ? MIN_ID : 0n) || ref.id > MAX_DOCUMENT_ID)
      throw new DataError({ kind: "invalid_id", id: ref.id });
    if (this.#current(ref) !== undefined) throw new DataError({ kind: "already_exists", ref });
    return this.#writer.write(ref, fields, options);
  }

  /** Writes all fields of a document that is there. @throws DataError not_found and as {@link create}. */
  replace(ref: DocRef, fields: ObjectData, options: WriteOptions = {}): Version {
    this.#existing(ref);
    return this.#writer.write(ref, fields, options);
  }

  /** Merges `patch` (whose nulls remove) into a document that is there. @throws DataError not_found and as {@link create}. */
  update(ref: DocRef, patch: ObjectData, options: WriteOptions = {}): Version {
    const { fields } = this.#existing(ref);
    return this.#writer.write(ref, mergeObjects(fields, patch), options);
  }

  /**
   * Deletes a document. A definition's name is free at once; a collection's documents stay
   * readable by number and its indexes are dropped by whoever made them; a database goes with
   * all that is below it.
   *
   * @returns the state that was deleted.
   * @throws DataError not_found.
   */
  delete(ref: DocRef): Version {
    const before = this.#existing(ref);
    this.#writer.delete(ref);
    return before;
  }

  /**
   * Moves the child database whose document is `ref` below `target`, with all that is in it.
   *
   * @returns the reference of its document there.
   * @throws DataError not_found, name_taken; then nothing has changed.
   */
  moveDatabase(ref: DocRef, target: Database): DocRef {
    const { fields } = this.#existing(ref);
    const child = this.database.child(ref.id);
    if (child === undefined) throw new DataError({ kind: "not_found", ref });
    const there = this.in(target);
    return this.attempt(() => {
      this.#writer.delete(ref);
      const moved = there.newRef(NATIVE.Database);
      child.moveTo(this.#journal, target, moved.id);
      there.create(moved, fields);
      return moved;
    });
  }

  /**
   * v4 `Insert`: a version at any time up to now, without uniqueness (live 18). The version of
   * that time and kind is replaced; one that has newer ones above it below the window vanishes.
   *
   * @returns the version as stored.
   * @throws DataError invalid_write_time, invalid_id, no_collection, version_too_large.
   */
  insertVersion(
    ref: DocRef,
    ts: bigint,
    action: Action,
    fields: ObjectData,
    options: WriteOptions = {},
  ): Version {
    if (ref.id < (options.negativeId === true ? MIN_ID : 0n) || ref.id > MAX_DOCUMENT_ID)
      throw new DataError({ kind: "invalid_id", id: ref.id });
    this.#checkWriteTime(ts);
    return this.#writer.insert(ref, ts, action, fields, options);
  }

  /**
   * v4 `Remove`: takes away the version at `ts` if it is of that kind (`create` and `update` are
   * one); quietly nothing if there is none.
   *
   * @throws DataError invalid_write_time, no_collection.
   */
  removeVersion(ref: DocRef, ts: bigint, action: Action): void {
    this.#writer.remove(ref, ts, action);
  }

  /**
   * Rewrites the fields of every version of `collection`'s documents, keeping ids and times: how
   * a migration of the schema reaches documents that are there. `undefined` keeps a version as it is.
   */
  rewrite(
    collection: CollectionId,
    transform: (ref: DocRef, fields: ObjectData) => ObjectData | undefined,
  ): void {
    this.#writer.rewrite(collection, transform);
  }

  /** A number for an index that has no document. */
  newIndexId(): IndexId {
    return this.newId(NATIVE.Index);
  }

  /** Adds index `id`, or gives it another shape, and fills it from the documents that are there, their history included. */
  putIndex(id: IndexId, shape: IndexShape): void {
    this.#writer.putIndex(id, shape);
  }

  /** Drops index `id`, if it is there. */
  dropIndex(id: IndexId): void {
    if (this.database.index(id) !== undefined) this.database.setIndex(this.#journal, id, undefined);
  }

  /** The shape of index `id`; undefined if there is none. */
  indexShape(id: IndexId): IndexShape | undefined {
    return this.database.index(id)?.shape;
  }

  /** Whether a document other than `ref` stands where `version` would in index `id`. */
  conflict(id: IndexId, ref: DocRef, version: Version): DocRef | undefined {
    return this.#index(id).conflict(ref, version, (other) => this.#current(other) !== undefined);
  }

  /** Keeps `value` for an upper layer, see {@link Database.attachments}; undefined drops it. */
  attach(key: symbol, value: unknown): void {
    this.database.setAttachment(this.#journal, key, value);
  }

  /** Says that the schema changed now; writes of definitions say so themselves. */
  touchSchema(): void {
    const { database } = this;
    const known = database.schemaVersion;
    if (known === this.now) return;
    database.schemaVersion = this.now;
    this.#journal.record(() => {
      database.schemaVersion = known;
    });
  }

  // Ending -------------------------------------------------------------------------------------

  /** Whether anything was changed. */
  get hasWritten(): boolean {
    return !this.#journal.isEmpty;
  }

  /** Runs `work` after the transaction was kept. */
  afterCommit(work: () => void): void {
    this.#journal.afterCommit(work);
  }

  /** Runs `work` if it throws nothing; otherwise takes back what it had written, and throws on. */
  attempt<T>(work: () => T): T {
    const mark = this.#journal.mark;
    try {
      return work();
    } catch (error) {
      this.#journal.undoTo(mark);
      throw error;
    }
  }

  /**
   * Keeps everything.
   *
   * @throws DataError transaction_too_large; then everything was taken back.
   */
  commit(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.checkSize();
    } catch (error) {
      this.#journal.rollback();
      throw error;
    }
    this.#journal.commit();
  }

  /** @throws DataError transaction_too_large, if what was written so far is more than `times` the limit. */
  checkSize(times = 1): void {
    const size = this.ops.transactionBytes;
    if (size <= MAX_TRANSACTION_BYTES * times) return;
    throw new DataError({ kind: "transaction_too_large", size, limit: MAX_TRANSACTION_BYTES });
  }

  /** Takes everything back; does nothing after {@link commit}. */
  rollback(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#journal.rollback();
  }

  // --------------------------------------------------------------------------------------------

  #current(ref: DocRef): Version | undefined {
    return currentVersion(this.database, ref, this.now);
  }

  #existing(ref: DocRef): Version {
    const version = this.#current(ref);
    if (version === undefined) throw new DataError({ kind: "not_found", ref });
    return version;
  }

  #index(id: IndexId): IndexStore {
    const index = this.database.index(id);
    if (index === undefined)
      throw new DataError({ kind: "not_found", ref: new DocRef(NATIVE.Index, id) });
    return index;
  }

  #checkWriteTime(ts: bigint): void {
    if (ts > this.now)
      throw new DataError({ kind: "invalid_write_time", requested: ts, maximum: this.now });
  }

  #isExpired(ref: DocRef, time: bigint): boolean {
    const store: CollectionStore = this.database.store(ref.collection);
    if (!store.hasTtl) return false;
    const versions: Versions | undefined = store.versions(ref.id);
    const version = versions === undefined ? undefined : versionAt(versions, time);
    return version !== undefined && !isVisible(version, this.now);
  }
}

/** What finding a document costs, see {@link spend}. */
const SLOTS_PER_DOCUMENT = 16;
const MIN_ID = -(2n ** 63n);

function atLeastZero(id: bigint | undefined): bigint {
  return id === undefined || id < 0n ? 0n : id;
}
