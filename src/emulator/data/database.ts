/** One database: its collections, indexes and names, and the databases below it. */
import { CollectionStore } from "./collection-store.ts";
import type { Cluster } from "./cluster.ts";
import {
  NATIVE,
  FIRST_INDEX,
  FIRST_USER_COLLECTION,
  type CollectionId,
  type IndexId,
} from "./ids.ts";
import type { IndexStore } from "./index-store.ts";
import type { Journal } from "./journal.ts";
import { Names } from "./names.ts";
import { Sweeper } from "./sweeper.ts";
import { EMPTY_OBJECT, type ObjectData } from "./value.ts";

export class Database {
  readonly cluster: Cluster;
  /** Unique in the cluster, 13 letters and digits, never chosen by anyone. */
  readonly globalId: string;
  readonly names = new Names();
  readonly sweeper = new Sweeper();
  /** Time in µs of the last change of the schema. */
  schemaVersion: bigint;
  /**
   * Things that upper layers keep for a database (staged schema, compiled functions, FSL files …),
   * one for each key; written through {@link Transaction.attach}, so that a rollback takes them back.
   */
  readonly attachments: ReadonlyMap<symbol, unknown> = new Map<symbol, unknown>();
  readonly #collections = new Map<CollectionId, CollectionStore>();
  readonly #indexes = new Map<IndexId, IndexStore>();
  readonly #children = new Map<bigint, Database>();
  #parent: Database | undefined;
  #id: bigint;
  readonly #counters = new Map<CollectionId, bigint>([
    [NATIVE.Collection, BigInt(FIRST_USER_COLLECTION)],
    [NATIVE.Index, FIRST_INDEX],
  ]);

  constructor(
    cluster: Cluster,
    parent: Database | undefined,
    id: bigint,
    globalId: string,
    now: bigint,
  ) {
    this.cluster = cluster;
    this.#parent = parent;
    this.#id = id;
    this.globalId = globalId;
    this.schemaVersion = now;
  }

  /** Undefined for the root. */
  get parent(): Database | undefined {
    return this.#parent;
  }

  /** The id of its `Database` document in the parent; 0 for the root. */
  get id(): bigint {
    return this.#id;
  }

  /** Its fields as its parent has them now: `name`, `priority`, `typechecked`, `protected`, `data`; empty for the root. */
  get fields(): ObjectData {
    const version = this.parent?.store(NATIVE.Database).versions(this.id)?.at(-1);
    return version?.fields ?? EMPTY_OBJECT;
  }

  /** Its name; empty for the root. */
  get name(): string {
    const name = this.fields.get("name");
    return typeof name === "string" ? name : "";
  }

  /** Names from the root down to here, the root's left out. */
  get path(): readonly string[] {
    return this.parent === undefined ? [] : [...this.parent.path, this.name];
  }

  /** The child whose `Database` document has this id. */
  child(id: bigint): Database | undefined {
    return this.#children.get(id);
  }

  /** The child of this name. */
  childNamed(name: string): Database | undefined {
    const ref = this.names.find(NATIVE.Database, name);
    return ref === undefined ? undefined : this.#children.get(ref.id);
  }

  /** The children, oldest first. */
  get children(): Iterable<Database> {
    return this.#children.values();
  }

  /** The documents of a collection; an empty store if there never was one of this number. */
  store(id: CollectionId): CollectionStore {
    let store = this.#collections.get(id);
    if (store === undefined) this.#collections.set(id, (store = new CollectionStore(id)));
    return store;
  }

  /** The index of this number. */
  index(id: IndexId): IndexStore | undefined {
    return this.#indexes.get(id);
  }

  /** The indexes that documents of `collection` are in. */
  *indexesOf(collection: CollectionId): Generator<IndexStore, void> {
    for (const index of this.#indexes.values()) if (index.covers(collection)) yield index;
  }

  /** Numbers of the user collections that have, or had, documents. */
  get userCollections(): CollectionId[] {
    return [...this.#collections.keys()]
      .filter((id) => id >= FIRST_USER_COLLECTION)
      .toSorted((a, b) => a - b);
  }

  /** The next number in the sequence of definitions of `kind`; numbers are never given twice, not even after a rollback. */
  nextNumber(kind: CollectionId): bigint {
    const number = this.#counters.get(kind) ?? 1n;
    this.#counters.set(kind, number + 1n);
    return number;
  }

  /** Sets (or with undefined drops) an attachment. */
  setAttachment(journal: Journal, key: symbol, value: unknown): void {
    setIn(journal, this.attachments as Map<symbol, unknown>, key, value);
  }

  /** Adds (or with undefined drops) an index. */
  setIndex(journal: Journal, id: IndexId, index: IndexStore | undefined): void {
    setIn(journal, this.#indexes, id, index);
  }

  /** Puts it, with all that is in it, below another parent, where its document has this id. */
  moveTo(journal: Journal, parent: Database, id: bigint): void {
    const known = { parent: this.#parent, id: this.#id };
    this.#parent = parent;
    this.#id = id;
    journal.record(() => {
      this.#parent = known.parent;
      this.#id = known.id;
    });
    parent.setChild(journal, id, this);
  }

  /** Adds (or with undefined drops) a child. */
  setChild(journal: Journal, id: bigint, child: Database | undefined): void {
    setIn(journal, this.#children, id, child);
  }
}

function setIn<K, V>(journal: Journal, map: Map<K, V>, key: K, value: V | undefined): void {
  const known = map.get(key);
  if (value === undefined) map.delete(key);
  else map.set(key, value);
  journal.record(() => {
    if (known === undefined) map.delete(key);
    else map.set(key, known);
  });
}
