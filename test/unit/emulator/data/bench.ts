/** A cluster with a clock that the test moves, and short ways to say things to it. */
import {
  Cluster,
  DocRef,
  NATIVE,
  objectOf,
  type Data,
  type IndexField,
  type IndexShape,
  type ObjectData,
  type Transaction,
} from "../../../../src/emulator/data/data.ts";

export const MINUTE = 60_000_000n;
export const DAY = 1440n * MINUTE;
/** When every test begins: 2026-01-01, in µs. */
export const START = 1_767_225_600_000_000n;

export class Bench {
  now = START;
  readonly cluster = new Cluster({ now: () => this.now });

  /** Moves the clock. */
  wait(micros: bigint): void {
    this.now += micros;
  }

  /** Runs `work` in a transaction of its own; returns what it returns. */
  run<T>(work: (transaction: Transaction) => T): T {
    return this.cluster.transact(this.cluster.root, work);
  }

  /** Makes a collection and returns its number. */
  collection(name: string, options: Record<string, Data> = { history_days: 0n }): number {
    return this.run((t) => {
      const ref = t.newRef(NATIVE.Collection);
      t.create(ref, fields({ name, ...options }));
      return Number(ref.id);
    });
  }

  /** Makes an index and returns its number. */
  index(shape: IndexShape): bigint {
    return this.run((t) => {
      const id = t.newIndexId();
      t.putIndex(id, shape);
      return id;
    });
  }

  /** Creates a document with these user fields and returns the time of it. */
  put(collection: number, id: bigint, data: Record<string, Data>): bigint {
    return this.run((t) => t.create(new DocRef(collection, id), document(data)).ts);
  }
}

/** Stored fields. */
export function fields(members: Record<string, Data>): ObjectData {
  return objectOf(Object.entries(members));
}

/** The fields of a user document. */
export function document(data: Record<string, Data>): ObjectData {
  return fields({ data: fields(data) });
}

/** A field of user data, as v4 has it. */
export function field(name: string, options: Partial<IndexField> = {}): IndexField {
  return { from: ["data", name], explode: true, ...options };
}

/** The ids of what a read gave, in its order. */
export function ids(found: Iterable<{ readonly ref: DocRef }>): number[] {
  return Array.from(found, ({ ref }) => Number(ref.id));
}
