/**
 * A transaction: reads at any time in the window, writes that take effect at once for itself and
 * are kept or taken back as a whole. Transactions run one after the other (the process has one
 * thread and a query never waits), so each sees everything committed before it and nothing else.
 */
import type { Database } from "./database.ts";
import { Definitions } from "./definitions.ts";
import { DataError } from "./errors.ts";
import {
  LAST_USER_COLLECTION,
  MAX_DOCUMENT_ID,
  NATIVE,
  isNamedKind,
  type CollectionId,
  type IndexId,
} from "./ids.ts";
import { Journal } from "./journal.ts";
import { Ops } from "./ops.ts";
import { Reads } from "./reads.ts";
import type { IndexShape } from "./shape.ts";
import { MAX_TRANSACTION_BYTES } from "./size.ts";
import { DocRef, mergeObjects, type ObjectData } from "./value.ts";
import type { Action, Version } from "./version.ts";
import { currentVersion } from "./visibility.ts";
import { Writer, type WriteOptions } from "./writer.ts";

export type { WriteOptions } from "./writer.ts";

/** It reads at the time `now`, which its writes get. */
export class Transaction extends Reads {
  /** Definitions by name. */
  readonly definitions: Definitions;
  readonly #journal: Journal;
  readonly #writer: Writer;
  #isOpen = true;

  /** Use {@link Cluster.begin}; with `outer` this is a view of the same transaction on another database. */
  constructor(database: Database, now: bigint, outer?: { journal: Journal; ops: Ops }) {
    super(database, now, outer?.ops ?? new Ops());
    this.#journal = outer?.journal ?? new Journal();
    this.definitions = new Definitions(this);
    this.#writer = new Writer(this, this.#journal);
  }

  /** The same transaction, seen from another database of the tree. */
  in(database: Database): Transaction {
    if (database === this.database) return this;
    return new Transaction(database, this.now, { journal: this.#journal, ops: this.ops });
  }

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
    return this.index(id).conflict(ref, version, (other) => this.#current(other) !== undefined);
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

  #current(ref: DocRef): Version | undefined {
    return currentVersion(this.database, ref, this.now);
  }

  #existing(ref: DocRef): Version {
    const version = this.#current(ref);
    if (version === undefined) throw new DataError({ kind: "not_found", ref });
    return version;
  }

  #checkWriteTime(ts: bigint): void {
    if (ts > this.now)
      throw new DataError({ kind: "invalid_write_time", requested: ts, maximum: this.now });
  }
}

const MIN_ID = -(2n ** 63n);
