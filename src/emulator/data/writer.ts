/** Writes of a transaction: versions, and all that follows from them: indexes, names, windows, child databases. */
import type { CollectionStore, Versions } from "./collection-store.ts";
import { Database } from "./database.ts";
import { DataError } from "./errors.ts";
import { NATIVE, isNamedKind, isUserCollection, type CollectionId, type IndexId } from "./ids.ts";
import { IndexStore } from "./index-store.ts";
import type { Journal } from "./journal.ts";
import type { IndexShape } from "./shape.ts";
import { MAX_VERSION_BYTES } from "./size.ts";
import type { Transaction } from "./transaction.ts";
import { DocRef, type ObjectData } from "./value.ts";
import { Time } from "../../values/time.ts";
import { Version, type Action } from "./version.ts";
import { currentVersion } from "./visibility.ts";
import { countExpired, floorAfterChange, floorAtBirth } from "./window.ts";

const MICROS_PER_DAY = 86_400_000_000n;

/** A transaction this many times too large is refused at once, not only when it ends. */
const HOPELESS = 4;

export interface WriteOptions {
  /** Whether a document without ttl gets its collection's `ttl_days` from now on. Default true. */
  readonly defaultTtl?: boolean | undefined;
  /** Whether unique indexes and constraints refuse. Default true. */
  readonly unique?: boolean | undefined;
  /** Whether the id may be below zero, as v4 has it. Default false. */
  readonly negativeId?: boolean | undefined;
}

export class Writer {
  readonly #transaction: Transaction;
  readonly #journal: Journal;

  constructor(transaction: Transaction, journal: Journal) {
    this.#transaction = transaction;
    this.#journal = journal;
  }

  get #database(): Database {
    return this.#transaction.database;
  }

  /** The time that the transaction reads at is, by ever so little, earlier than the one it commits at (recording v4-write/ttl-days). */
  get #snapshot(): bigint {
    return this.#transaction.now - 1n;
  }

  /** A new newest version of `ref`, at the transaction's time. */
  write(ref: DocRef, fields: ObjectData, options: WriteOptions): Version {
    const { now } = this.#transaction;
    const store = this.#writable(ref.collection);
    const known = store.versions(ref.id) ?? [];
    const older = versionsBefore(known, now);
    const wasThere = older.at(-1)?.isDeleted === false;
    const all = this.#completed(store, ref, fields, options);
    const version = new Version(now, wasThere ? "update" : "create", all);
    this.#checkSize(ref, version);
    if (options.unique !== false) this.#checkUnique(ref, version);
    return this.#transaction.attempt(() => {
      this.#define(ref, version);
      this.#store(store, ref, known, [...this.#trimmed(ref.collection, older), version], now);
      return version;
    });
  }

  /** The end of a document that is there, at the transaction's time. */
  delete(ref: DocRef): void {
    const { now } = this.#transaction;
    const store = this.#database.store(ref.collection);
    const known = store.versions(ref.id) ?? [];
    const next = [
      ...this.#trimmed(ref.collection, versionsBefore(known, now)),
      Version.deleted(now),
    ];
    this.#transaction.attempt(() => {
      this.#undefine(ref);
      this.#store(store, ref, known, next, now);
    });
  }

  /** A version at `ts`, in its place among the others. */
  insert(
    ref: DocRef,
    ts: bigint,
    action: Action,
    fields: ObjectData,
    options: WriteOptions,
  ): Version {
    const store = this.#writable(ref.collection);
    const known = store.versions(ref.id) ?? [];
    const isDeletion = action === "delete";
    const version = isDeletion
      ? Version.deleted(ts)
      : new Version(ts, "create", this.#completed(store, ref, fields, options));
    this.#checkSize(ref, version);
    const others = known.filter((other) => other.ts !== ts || other.isDeleted !== isDeletion);
    const next = [...others, version].toSorted(compareVersions);
    this.#transaction.attempt(() => {
      this.#store(store, ref, known, next.slice(this.#expired(ref.collection, next)), ts);
    });
    return version;
  }

  /** Takes away the version at `ts`, if it is (or is not) a deletion as `action` says. */
  remove(ref: DocRef, ts: bigint, action: Action): void {
    const store = this.#writable(ref.collection);
    const known = store.versions(ref.id) ?? [];
    const kept = known.slice(this.#expired(ref.collection, known));
    const next = kept.filter(
      (version) => version.ts !== ts || version.isDeleted !== (action === "delete"),
    );
    if (next.length === kept.length) return;
    this.#transaction.attempt(() => this.#store(store, ref, known, next, ts));
  }

  /** New fields for the versions of a collection. */
  rewrite(
    collection: CollectionId,
    transform: (ref: DocRef, fields: ObjectData) => ObjectData | undefined,
  ): void {
    const store = this.#database.store(collection);
    for (const [id, known] of store.walk({})) {
      const ref = new DocRef(collection, id);
      const next = known.map((version) => {
        const fields = version.isDeleted ? undefined : transform(ref, version.fields);
        return fields === undefined ? version : new Version(version.ts, version.action, fields);
      });
      if (next.every((version, i) => version === known[i])) continue;
      store.set(this.#journal, id, next);
      this.#follow(ref, known, next);
    }
  }

  /** A new index, filled. */
  putIndex(id: IndexId, shape: IndexShape): void {
    const index = new IndexStore(id, shape);
    const collections = shape.sources === "all" ? this.#database.userCollections : shape.sources;
    this.#transaction.attempt(() => {
      this.#database.setIndex(this.#journal, id, index);
      for (const collection of collections) {
        for (const [documentId, versions] of this.#database.store(collection).walk({})) {
          index.follow(this.#journal, new DocRef(collection, documentId), [], versions);
        }
      }
    });
  }

  #store(store: CollectionStore, ref: DocRef, known: Versions, next: Versions, ts: bigint): void {
    store.set(this.#journal, ref.id, next);
    const bytes = this.#follow(ref, known, next);
    const version = next.findLast((candidate) => candidate.ts === ts);
    this.#transaction.ops.write((version?.size ?? 0) + bytes);
    this.#transaction.checkSize(HOPELESS);
    const { sweeper } = this.#database;
    this.#journal.afterCommit(() => sweeper.note(store, ref.id, next));
    const isHistorical = ts !== this.#transaction.now;
    const isTold = !isHistorical || ts >= this.#transaction.minimumTime(store.id);
    if (isTold && isUserCollection(store.id)) store.log(this.#journal, ts, ref.id, isHistorical);
  }

  #follow(ref: DocRef, known: Versions, next: Versions): number {
    let bytes = 0;
    for (const index of this.#database.indexesOf(ref.collection)) {
      bytes += index.follow(this.#journal, ref, known, next);
    }
    return bytes;
  }

  /** `versions` without what has left the window, once that is half of them. */
  #trimmed(collection: CollectionId, versions: Versions): Versions {
    if (versions.length < 2) return versions;
    const expired = this.#expired(collection, versions);
    return expired * 2 >= versions.length ? versions.slice(expired) : versions;
  }

  #expired(collection: CollectionId, versions: Versions): number {
    return countExpired(versions, this.#transaction.minimumTime(collection));
  }

  #writable(collection: CollectionId): CollectionStore {
    const store = this.#database.store(collection);
    const isMissing = isUserCollection(collection) && (store.isDeleted || !store.isDefined);
    if (isMissing) throw new DataError({ kind: "no_collection", collection });
    return store;
  }

  /** Fields with what the store itself adds: a ttl by the collection's rule, a database's global id. */
  #completed(
    store: CollectionStore,
    ref: DocRef,
    fields: ObjectData,
    options: WriteOptions,
  ): ObjectData {
    if (isUserCollection(ref.collection)) {
      const days = store.definition.get("ttl_days");
      const isDue = options.defaultTtl !== false && typeof days === "bigint" && !fields.has("ttl");
      const all = isDue
        ? new Map([...fields, ["ttl", Time.fromMicros(this.#snapshot + days * MICROS_PER_DAY)]])
        : fields;
      if (all.has("ttl")) store.hasTtl = true;
      return all;
    }
    if (ref.collection !== NATIVE.Database) return fields;
    const globalId = this.#database.child(ref.id)?.globalId ?? this.#database.cluster.newGlobalId();
    return new Map([...fields, ["global_id", globalId]]);
  }

  #checkSize(ref: DocRef, version: Version): void {
    if (version.size <= MAX_VERSION_BYTES) return;
    throw new DataError({
      kind: "version_too_large",
      ref,
      size: version.size,
      limit: MAX_VERSION_BYTES,
    });
  }

  #checkUnique(ref: DocRef, version: Version): void {
    const isThere = (other: DocRef) =>
      currentVersion(this.#database, other, this.#transaction.now) !== undefined;
    const conflicts = Array.from(this.#database.indexesOf(ref.collection)).flatMap((index) => {
      const existing = index.shape.unique ? index.conflict(ref, version, isThere) : undefined;
      return existing === undefined ? [] : [{ index: index.id, existing }];
    });
    const [first, ...rest] = conflicts;
    if (first === undefined) return;
    const others = rest.map(({ index }) => index);
    throw new DataError({ kind: "not_unique", ...first, ref, others });
  }

  /** What a definition brings with it. */
  #define(ref: DocRef, version: Version): void {
    const { collection } = ref;
    if (!isNamedKind(collection)) return;
    const before = currentVersion(this.#database, ref, this.#transaction.now);
    this.#database.names.change(this.#journal, collection, ref, before?.fields, version.fields);
    if (collection === NATIVE.Database) {
      if (this.#database.child(ref.id) === undefined) this.#addChild(ref, version);
      return;
    }
    this.#transaction.touchSchema();
    if (collection === NATIVE.Collection) this.#setWindow(ref, before, version);
  }

  #undefine(ref: DocRef): void {
    const { collection } = ref;
    if (!isNamedKind(collection)) return;
    const before = currentVersion(this.#database, ref, this.#transaction.now);
    this.#database.names.change(this.#journal, collection, ref, before?.fields, undefined);
    if (collection === NATIVE.Database) {
      this.#database.setChild(this.#journal, ref.id, undefined);
      return;
    }
    this.#transaction.touchSchema();
    if (collection !== NATIVE.Collection) return;
    const store = this.#database.store(Number(ref.id));
    store.isDeleted = true;
    this.#journal.record(() => {
      store.isDeleted = false;
    });
  }

  #addChild(ref: DocRef, version: Version): void {
    const { cluster } = this.#database;
    const given = version.fields.get("global_id");
    const globalId = typeof given === "string" ? given : cluster.newGlobalId();
    const child = new Database(cluster, this.#database, ref.id, globalId, this.#transaction.now);
    this.#database.setChild(this.#journal, ref.id, child);
  }

  #setWindow(ref: DocRef, before: Version | undefined, after: Version): void {
    const store = this.#database.store(Number(ref.id));
    const { definition, floor, isDeleted, isDefined } = store;
    const { now } = this.#transaction;
    store.floor =
      before === undefined
        ? floorAtBirth(after.fields, now)
        : floorAfterChange(floor, before.fields, after.fields, now);
    store.definition = after.fields;
    store.isDeleted = false;
    store.isDefined = true;
    this.#journal.record(() => Object.assign(store, { definition, floor, isDeleted, isDefined }));
  }
}

/** The versions that begin before `ts`. */
function versionsBefore(versions: Versions, ts: bigint): Versions {
  let end = versions.length;
  while (end > 0 && (versions[end - 1] as Version).ts >= ts) end--;
  return end === versions.length ? versions : versions.slice(0, end);
}

/** By time; of one time the deletion last, for it holds. */
function compareVersions(a: Version, b: Version): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return Number(a.isDeleted) - Number(b.isDeleted);
}
