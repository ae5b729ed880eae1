/** Random histories of a few documents and two indexes agree with a naive model at every past moment. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  Cluster,
  DocRef,
  NATIVE,
  isDataError,
  objectOf,
  type Data,
  type IndexShape,
  type ObjectData,
  type Transaction,
} from "../../../src/emulator/data/data.ts";

const START = 1_767_225_600_000_000n;
const HOUR = 3_600_000_000n;

type Step =
  | { readonly kind: "create" | "replace" | "update"; readonly id: number; readonly data: Data[] }
  | { readonly kind: "delete"; readonly id: number }
  | {
      readonly kind: "insert";
      readonly id: number;
      readonly back: number;
      readonly data: Data[] | undefined;
    }
  | {
      readonly kind: "remove";
      readonly id: number;
      readonly back: number;
      readonly isDeletion: boolean;
    };

/** A version as the model keeps it: data, or undefined for a deletion. */
interface Known {
  readonly ts: bigint;
  readonly data: ObjectData | undefined;
}

const value = fc.constantFrom<Data>(null, 1n, "a");
const data = fc.array(value, { minLength: 2, maxLength: 2 });
const id = fc.integer({ min: 0, max: 2 });
const back = fc.integer({ min: 0, max: 12 });
/** Whether the transaction is kept; now and then one fails. */
const isKept = fc.integer({ min: 0, max: 4 }).map((n) => n > 0);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("create", "replace", "update"), id, data }),
  fc.record({ kind: fc.constant("delete"), id }),
  fc.record({ kind: fc.constant("insert"), id, back, data: fc.option(data, { nil: undefined }) }),
  fc.record({ kind: fc.constant("remove"), id, back, isDeletion: fc.boolean() }),
);

function object([x, y]: readonly Data[]): ObjectData {
  return objectOf([
    ["x", x],
    ["y", y],
  ]);
}

/** All that a naive history needs: versions by document, ascending. */
class Model {
  readonly #versions = new Map<number, Known[]>();

  at(document: number, ts: bigint): Known | undefined {
    const found = this.#versions.get(document)?.findLast((version) => version.ts <= ts);
    return found?.data === undefined ? undefined : found;
  }

  /** What a write in a transaction does: all that the transaction had written before is replaced. */
  write(document: number, version: Known): void {
    this.#versions.set(document, [
      ...this.#of(document).filter(({ ts }) => ts !== version.ts),
      version,
    ]);
  }

  /** What Insert does: only the version of that time and kind is replaced, and of two a deletion holds. */
  insert(document: number, version: Known): void {
    this.drop(document, version.ts, version.data === undefined);
    this.#versions.set(
      document,
      [...this.#of(document), version].toSorted(
        (a, b) =>
          Number(a.ts - b.ts) || Number(a.data === undefined) - Number(b.data === undefined),
      ),
    );
  }

  drop(document: number, ts: bigint, isDeletion: boolean): void {
    const kept = this.#of(document).filter(
      (version) => version.ts !== ts || (version.data === undefined) !== isDeletion,
    );
    this.#versions.set(document, kept);
  }

  copy(): Model {
    const copy = new Model();
    for (const [document, versions] of this.#versions) copy.#versions.set(document, versions);
    return copy;
  }

  get moments(): bigint[] {
    return [...this.#versions.values()].flat().map((version) => version.ts);
  }

  #of(document: number): Known[] {
    return this.#versions.get(document) ?? [];
  }
}

function apply(
  t: Transaction,
  collection: number,
  model: Model,
  { kind, id: document, ...rest }: Step,
): void {
  const ref = new DocRef(collection, BigInt(document));
  const now = model.at(document, t.now)?.data;
  const inThePast = "back" in rest ? t.now - BigInt(rest.back) * HOUR : t.now;
  if (kind === "create" || kind === "replace" || kind === "update") {
    const fields = object((rest as { data: Data[] }).data);
    const isRefused = (kind === "create") === (now !== undefined);
    const write = () => t[kind](ref, objectOf([["data", fields]]));
    if (isRefused) {
      expect(write).toThrow(kind === "create" ? "exists already" : "is not there");
      return;
    }
    write();
    model.write(document, {
      ts: t.now,
      data: kind === "update" ? new Map([...(now ?? []), ...fields]) : fields,
    });
  } else if (kind === "delete") {
    if (now === undefined) {
      expect(() => t.delete(ref)).toThrow("is not there");
      return;
    }
    t.delete(ref);
    model.write(document, { ts: t.now, data: undefined });
  } else if (kind === "insert") {
    const given = (rest as { data: Data[] | undefined }).data;
    const fields = given === undefined ? undefined : object(given);
    t.insertVersion(
      ref,
      inThePast,
      fields === undefined ? "delete" : "create",
      objectOf([["data", fields]]),
    );
    model.insert(document, { ts: inThePast, data: fields });
  } else {
    const { isDeletion } = rest as { isDeletion: boolean };
    t.removeVersion(ref, inThePast, isDeletion ? "delete" : "update");
    model.drop(document, inThePast, isDeletion);
  }
}

test("the store agrees with a naive model of versions at every moment, in documents and in indexes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 3 }), isKept), {
        minLength: 8,
        maxLength: 40,
      }),
      (steps) => {
        let clock = START;
        const cluster = new Cluster({ now: () => clock });
        const run = <T>(work: (t: Transaction) => T): T => cluster.transact(cluster.root, work);
        const collection = run((t) => {
          const ref = t.newRef(NATIVE.Collection);
          t.create(
            ref,
            objectOf([
              ["name", "c"],
              ["history_days", 36_500n],
            ]),
          );
          return Number(ref.id);
        });
        const shape: IndexShape = {
          sources: new Set([collection]),
          terms: [{ from: ["data", "x"] }],
          values: [{ from: ["data", "y"], reverse: true }],
          omitNullValues: false,
        };
        const early = run((t) => putIndex(t, shape));
        const model = new Model();
        for (const [taken, isTaken] of steps) {
          clock += HOUR;
          const work = (t: Transaction, told: Model) =>
            taken.forEach((each) => apply(t, collection, told, each));
          if (isTaken) run((t) => work(t, model));
          else expect(() => run((t) => (work(t, model.copy()), fail()))).toThrow("rolled back");
        }
        const late = run((t) => putIndex(t, shape));
        run((t) => {
          for (const ts of new Set([
            ...model.moments,
            ...model.moments.map((moment) => moment - 1n),
            t.now,
          ])) {
            compare(t, collection, model, ts, [early, late]);
          }
        });
      },
    ),
    { numRuns: 300 },
  );
});

function putIndex(t: Transaction, shape: IndexShape): bigint {
  const index = t.newIndexId();
  t.putIndex(index, shape);
  return index;
}

function fail(): never {
  throw new Error("rolled back");
}

function compare(
  t: Transaction,
  collection: number,
  model: Model,
  at: bigint,
  indexes: readonly bigint[],
): void {
  const expected = [0, 1, 2].flatMap((document) => {
    const known = model.at(document, at);
    return known === undefined ? [] : [{ document, ...known }];
  });
  const found = Array.from(t.documents(collection, { at }), ({ ref, version }) => ({
    document: Number(ref.id),
    ts: version.ts,
    data: version.fields.get("data"),
  }));
  expect(found).toEqual(expected);
  for (const index of indexes) {
    for (const term of [1n, "a"]) {
      const rows = Array.from(t.rows(index, [term], { at }), ({ ref }) => Number(ref.id));
      const matching = expected.filter(({ data: known }) => known?.get("x") === term);
      expect(rows.toSorted((a, b) => a - b)).toEqual(matching.map(({ document }) => document));
    }
  }
}

test("a history outside the window is as if it had never been", () => {
  const cluster = new Cluster({ now: () => START });
  const refused = (): boolean => {
    try {
      cluster.transact(cluster.root, (t) => t.get(new DocRef(NATIVE.Key, 1n), t.now - HOUR));
      return false;
    } catch (error) {
      return isDataError(error, "stale_read");
    }
  };
  expect(refused()).toBe(true);
});
