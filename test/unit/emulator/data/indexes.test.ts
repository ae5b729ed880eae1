import { describe, expect, it } from "vitest";
import {
  DocRef,
  NATIVE,
  isDataError,
  type Data,
  type DataProblem,
  type IndexRange,
} from "../../../../src/emulator/data/data.ts";
import { Bench, DAY, MINUTE, document, fields, field } from "./bench.ts";

function rowsOf(
  bench: Bench,
  index: bigint,
  terms: Data[] = [],
  range: IndexRange = {},
): [number, ...Data[]][] {
  return bench.run((t) =>
    Array.from(t.rows(index, terms, range), ({ ref, values }) => [Number(ref.id), ...values]),
  );
}

function refusalOf(work: () => unknown): DataProblem | undefined {
  try {
    work();
  } catch (error) {
    if (isDataError(error, "not_unique")) return error.problem;
    throw error;
  }
  return undefined;
}

/** A collection of priced things in two categories. */
function shop(bench: Bench): number {
  const c = bench.collection("c");
  bench.put(c, 1n, { cat: "a", price: 3n });
  bench.put(c, 2n, { cat: "a", price: 5n });
  bench.put(c, 3n, { cat: "b", price: 1n });
  bench.put(c, 4n, { price: 9n });
  bench.put(c, 5n, { cat: "a" });
  return c;
}

describe("an index", () => {
  it("gives the rows under its terms, ordered by values and then by reference", () => {
    const bench = new Bench();
    const sources = new Set([shop(bench)]);
    const byCat = bench.index({ sources, terms: [field("cat")], values: [] });
    const byPrice = bench.index({
      sources,
      terms: [],
      values: [field("price")],
      omitNullValues: false,
    });
    expect(rowsOf(bench, byCat, ["a"])).toEqual([[1], [2], [5]]);
    expect(rowsOf(bench, byCat, [null])).toEqual([]);
    expect(rowsOf(bench, byPrice)).toEqual([
      [3, 1n],
      [1, 3n],
      [2, 5n],
      [4, 9n],
      [5, null],
    ]);
  });

  it("puts descending values last to first, nulls foremost", () => {
    const bench = new Bench();
    const sources = new Set([shop(bench)]);
    const index = bench.index({
      sources,
      terms: [],
      values: [field("price", { reverse: true }), { from: ["ref"] }],
    });
    expect(rowsOf(bench, index).map(([id]) => id)).toEqual([5, 4, 2, 1, 3]);
    const from = { values: [4n] };
    expect(rowsOf(bench, index, [], { from }).map(([id]) => id)).toEqual([1, 3]);
  });

  it("begins and ends anywhere, at keys that no row has, in both directions", () => {
    const bench = new Bench();
    const sources = new Set([shop(bench)]);
    const index = bench.index({ sources, terms: [], values: [field("price")] });
    const seen = (range: IndexRange): number[] => rowsOf(bench, index, [], range).map(([id]) => id);
    expect(seen({ from: { values: [2n] } })).toEqual([1, 2, 4]);
    expect(seen({ from: { values: [3n] }, to: { values: [5n] } })).toEqual([1, 2]);
    expect(
      seen({ from: { values: [3n], exclusive: true }, to: { values: [9n], exclusive: true } }),
    ).toEqual([2]);
    expect(seen({ from: { values: [3n] }, to: { values: [5n] }, reverse: true })).toEqual([2, 1]);
    const ref = new DocRef([...sources][0] as number, 1n);
    expect(seen({ from: { values: [3n], ref } })).toEqual([1, 2, 4]);
    expect(seen({ from: { values: [3n], ref, exclusive: true } })).toEqual([2, 4]);
  });

  it("has one row for each element of an array, each once, and none for objects", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({ sources: new Set([c]), terms: [field("tags")], values: [] });
    bench.put(c, 1n, { tags: ["x", "y", "x"] });
    bench.put(c, 2n, { tags: ["y"] });
    bench.put(c, 3n, { tags: fields({ a: 1n }) });
    expect(rowsOf(bench, index, ["y"])).toEqual([[1], [2]]);
    expect(rowsOf(bench, index, ["x"])).toEqual([[1]]);
    bench.run((t) => t.update(new DocRef(c, 1n), document({ tags: ["z"] })));
    expect(rowsOf(bench, index, ["x"])).toEqual([]);
    expect(rowsOf(bench, index, ["z"])).toEqual([[1]]);
  });

  it("takes computed values, folded text, and the document's own reference and time", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const computed = bench.index({
      sources: new Set([c]),
      terms: [{ from: new Map([[c, (_ref, version) => BigInt(version.size)]]) }],
      values: [{ from: ["ts"] }, { from: ["ref"] }],
    });
    const folded = bench.index({
      sources: new Set([c]),
      terms: [field("tag", { casefold: true })],
      values: [],
    });
    const ts = bench.put(c, 1n, { tag: "ÜBER" });
    const size = bench.run((t) => t.get(new DocRef(c, 1n)))?.size ?? 0;
    expect(rowsOf(bench, computed, [BigInt(size)])).toEqual([[1, ts, new DocRef(c, 1n)]]);
    expect(rowsOf(bench, folded, ["über"])).toEqual([[1]]);
    expect(rowsOf(bench, folded, ["ÜBER"])).toEqual([]);
  });

  it("may have several sources, or all that users make, new ones included", () => {
    const bench = new Bench();
    const a = bench.collection("a");
    const b = bench.collection("b");
    const both = bench.index({ sources: new Set([a, b]), terms: [field("x")], values: [] });
    const all = bench.index({ sources: "all", terms: [field("x")], values: [] });
    const c = bench.collection("late");
    for (const collection of [a, b, c]) bench.put(collection, 1n, { x: 1n });
    expect(rowsOf(bench, both, [1n]).length).toBe(2);
    expect(rowsOf(bench, all, [1n]).length).toBe(3);
    bench.run((t) => t.create(t.newRef(NATIVE.Key), document({ x: 1n })));
    expect(rowsOf(bench, all, [1n]).length).toBe(3);
  });

  it("tells 1 from 1.0 as a term, not as a value", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const sources = new Set([c]);
    const term = bench.index({ sources, terms: [field("x")], values: [] });
    const value = bench.index({ sources, terms: [], values: [field("x")] });
    bench.put(c, 1n, { x: 1 });
    bench.put(c, 2n, { x: 1n });
    expect(rowsOf(bench, term, [1n])).toEqual([[2]]);
    expect(rowsOf(bench, term, [1])).toEqual([[1]]);
    expect(rowsOf(bench, value, [], { from: { values: [1n] } })).toEqual([
      [1, 1],
      [2, 1n],
    ]);
  });

  it("goes into the elements of arrays on its way, and into references", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const sources = new Set([c]);
    const inside = bench.index({
      sources,
      terms: [{ from: ["data", "items", "name"], explode: true }],
      values: [],
    });
    const byTarget = bench.index({
      sources,
      terms: [{ from: ["data", "to", "id"], explode: true }],
      values: [],
    });
    bench.put(c, 1n, {
      items: [fields({ name: "x" }), fields({ name: ["y", ["z"]] }), 5n],
      to: new DocRef(c, 7n),
    });
    for (const name of ["x", "y", "z"]) expect(rowsOf(bench, inside, [name])).toEqual([[1]]);
    expect(rowsOf(bench, byTarget, ["7"])).toEqual([[1]]);
  });

  it("takes arrays and objects whole where it does not open them", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({
      sources: new Set([c]),
      terms: [{ from: ["data", "x"] }],
      values: [],
    });
    bench.put(c, 1n, { x: ["a", "b"] });
    bench.put(c, 2n, { x: fields({ b: 1n, a: 2n }) });
    expect(rowsOf(bench, index, [["a", "b"]])).toEqual([[1]]);
    expect(rowsOf(bench, index, ["a"])).toEqual([]);
    expect(rowsOf(bench, index, [fields({ a: 2n, b: 1n })])).toEqual([[2]]);
  });

  it("refuses a document whose arrays would make more rows than a transaction may write", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.index({ sources: new Set([c]), terms: [field("x"), field("y")], values: [] });
    const many = Array.from({ length: 5000 }, (_, i) => BigInt(i));
    expect(() => bench.put(c, 1n, { x: many, y: many })).toThrow("exceed the limit");
    bench.put(c, 1n, { x: many, y: 1n });
  });

  it("takes entries of any size (v4-write/index-entry-limits)", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({ sources: new Set([c]), terms: [field("x")], values: [] });
    const large = "x".repeat(70_000);
    bench.put(c, 1n, { x: large });
    expect(rowsOf(bench, index, [large])).toEqual([[1]]);
  });
});

describe("an index at a past time", () => {
  it("has the rows it had then, also when it was made later", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const sources = new Set([c]);
    const early = bench.index({ sources, terms: [field("x")], values: [] });
    const first = bench.put(c, 1n, { x: "a" });
    bench.wait(MINUTE);
    bench.run((t) => t.update(new DocRef(c, 1n), document({ x: "b" })));
    const late = bench.index({ sources, terms: [field("x")], values: [] });
    for (const index of [early, late]) {
      expect(rowsOf(bench, index, ["a"], { at: first })).toEqual([[1]]);
      expect(rowsOf(bench, index, ["a"])).toEqual([]);
      expect(rowsOf(bench, index, ["b"])).toEqual([[1]]);
      expect(rowsOf(bench, index, ["b"], { at: first })).toEqual([]);
    }
    bench.wait(DAY);
    let stale = false;
    try {
      rowsOf(bench, early, ["a"], { at: first });
    } catch (error) {
      stale = isDataError(error, "stale_read");
    }
    expect(stale).toBe(true);
  });

  it("tells which rows came and went", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({ sources: new Set([c]), terms: [field("t")], values: [field("v")] });
    bench.put(c, 1n, { t: "x", v: 1n });
    bench.run((t) => t.update(new DocRef(c, 1n), document({ v: 2n })));
    bench.put(c, 2n, { t: "x", v: 9n });
    bench.run((t) => t.delete(new DocRef(c, 1n)));
    const events = bench.run((t) => t.indexEvents(index, ["x"]));
    expect(events.map(({ action, ref, values }) => [action, Number(ref.id), ...values])).toEqual([
      ["add", 1, 1n],
      ["remove", 1, 1n],
      ["add", 1, 2n],
      ["add", 2, 9n],
      ["remove", 1, 2n],
    ]);
  });

  it("keeps no rows of what has left the window", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({ sources: new Set([c]), terms: [field("x")], values: [] });
    bench.put(c, 1n, { x: 0n });
    for (let x = 1n; x <= 50n; x++) {
      bench.wait(DAY);
      bench.run((t) => t.update(new DocRef(c, 1n), document({ x })));
    }
    expect(bench.cluster.root.index(index)?.size).toBeLessThan(5);
    expect(rowsOf(bench, index, [50n])).toEqual([[1]]);
  });
});

describe("a unique index", () => {
  it("refuses a second document with the same terms and values, not the same document again", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({
      sources: new Set([c]),
      terms: [field("email")],
      values: [],
      unique: true,
    });
    bench.put(c, 1n, { email: "x" });
    const refusal = {
      kind: "not_unique",
      index,
      ref: new DocRef(c, 2n),
      existing: new DocRef(c, 1n),
      others: [],
    };
    expect(refusalOf(() => bench.put(c, 2n, { email: "x" }))).toEqual(refusal);
    bench.put(c, 2n, {});
    bench.put(c, 3n, {});
    expect(
      refusalOf(() => bench.run((t) => t.update(new DocRef(c, 2n), document({ email: "x" })))),
    ).toEqual(refusal);
    bench.run((t) => t.update(new DocRef(c, 1n), document({ other: true })));
    bench.run((t) => t.delete(new DocRef(c, 1n)));
    bench.put(c, 4n, { email: "x" });
  });

  it("does not look at what Insert writes", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({
      sources: new Set([c]),
      terms: [field("email")],
      values: [],
      unique: true,
    });
    bench.put(c, 1n, { email: "x" });
    bench.run((t) =>
      t.insertVersion(new DocRef(c, 2n), t.now - DAY, "create", document({ email: "x" })),
    );
    expect(rowsOf(bench, index, ["x"])).toEqual([[1], [2]]);
  });
});
