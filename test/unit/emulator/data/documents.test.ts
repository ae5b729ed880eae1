import { describe, expect, it } from "vitest";
import {
  DataError,
  DocRef,
  MAX_DOCUMENT_ID,
  isDataError,
  objectOf,
  type Data,
  type DataProblem,
  type ObjectData,
} from "../../../../src/emulator/data/data.ts";
import { Time } from "../../../../src/values/time.ts";
import { Bench, DAY, MINUTE, document, fields, ids } from "./bench.ts";

function problemOf(work: () => unknown): DataProblem | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof DataError) return error.problem;
    throw error;
  }
  return undefined;
}

describe("writing documents", () => {
  it("reads back what it wrote, in the stored order of members", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.put(c, 1n, { b: 1n, a: [null, 1.5], __proto__x: "y" });
    const version = bench.run((t) => t.get(new DocRef(c, 1n)));
    expect(version?.fields).toEqual(document({ b: 1n, a: [null, 1.5], __proto__x: "y" }));
    expect(Object.keys(Object.fromEntries(version?.fields.get("data") as ObjectData))).toEqual([
      "b",
      "a",
      "__proto__x",
    ]);
  });

  it("merges an update member by member, and null removes", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.put(c, 1n, { keep: 1n, change: 1n, gone: 1n, deep: fields({ x: 1n, y: 2n }) });
    const patch = new Map([
      [
        "data",
        new Map<string, Data>([
          ["change", 2n],
          ["gone", null],
          ["deep", new Map([["y", null]])],
          ["fresh", new Map([["n", null]])],
        ]),
      ],
    ]);
    const version = bench.run((t) => t.update(new DocRef(c, 1n), patch));
    expect(version.fields).toEqual(
      document({ keep: 1n, change: 2n, deep: fields({ x: 1n }), fresh: fields({}) }),
    );
  });

  it("replaces all fields at once", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.put(c, 1n, { a: 1n });
    expect(bench.run((t) => t.replace(new DocRef(c, 1n), document({ b: 2n }))).fields).toEqual(
      document({ b: 2n }),
    );
  });

  it("refuses an id that is taken until it is deleted", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    bench.put(c, 1n, {});
    expect(problemOf(() => bench.put(c, 1n, {}))).toEqual({ kind: "already_exists", ref });
    bench.run((t) => t.delete(ref));
    bench.put(c, 1n, { again: true });
    expect(bench.run((t) => t.get(ref))?.fields).toEqual(document({ again: true }));
  });

  it("refuses to change or delete what is not there", () => {
    const bench = new Bench();
    const ref = new DocRef(bench.collection("c"), 1n);
    for (const work of ["update", "replace"] as const) {
      expect(problemOf(() => bench.run((t) => t[work](ref, objectOf([]))))).toEqual({
        kind: "not_found",
        ref,
      });
    }
    expect(problemOf(() => bench.run((t) => t.delete(ref)))).toEqual({ kind: "not_found", ref });
  });

  it("refuses ids outside 0 to 2^63 - 1", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.put(c, 0n, {});
    bench.put(c, MAX_DOCUMENT_ID, {});
    for (const id of [-1n, MAX_DOCUMENT_ID + 1n]) {
      expect(problemOf(() => bench.put(c, id, {}))).toEqual({ kind: "invalid_id", id });
    }
  });

  it("refuses writes into a collection that never was or is gone", () => {
    const bench = new Bench();
    expect(problemOf(() => bench.put(2000, 1n, {}))).toEqual({
      kind: "no_collection",
      collection: 2000,
    });
  });

  it("refuses a version over 8 MiB and a transaction over 16 MiB, counted as Fauna counts (errors-limits/document-size)", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const text = "x".repeat(1_000_000);
    const problem = problemOf(() => bench.put(c, 1n, { s: text.repeat(9) }));
    expect(problem).toMatchObject({ kind: "version_too_large", size: 9_000_014, limit: 8_388_608 });
    const b = fields({ c: text, d: text, e: text, f: text, g: text });
    const deep = problemOf(() => bench.put(c, 1n, { a: [text, text, text, text], b }));
    expect(deep).toMatchObject({ size: 9_000_068 });
    const many = (count: bigint) => () =>
      bench.run((t) => {
        for (let id = 1n; id <= count; id++) t.create(new DocRef(c, id), document({ s: text }));
      });
    expect(problemOf(many(17n))).toEqual({
      kind: "transaction_too_large",
      size: 17_005_695,
      limit: 16_777_216,
    });
    expect(ids(bench.run((t) => t.documents(c)))).toEqual([]);
    many(16n)();
  });

  it("generates ids of 18 digits that grow", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const made = bench.run((t) => Array.from({ length: 100 }, () => t.newId(c)));
    expect(made.every((id) => String(id).length === 18)).toBe(true);
    expect(made.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(made);
    expect(new Set(made).size).toBe(100);
  });
});

describe("transactions", () => {
  it("see their own writes and leave nothing behind when they fail", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    expect(() =>
      bench.run((t) => {
        t.create(ref, document({ a: 1n }));
        expect(t.get(ref)?.fields).toEqual(document({ a: 1n }));
        expect(ids(t.documents(c))).toEqual([1]);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(bench.run((t) => t.get(ref))).toBeUndefined();
  });

  it("can take back a part of themselves", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.run((t) => {
      t.create(new DocRef(c, 1n), document({}));
      expect(() =>
        t.attempt(() => {
          t.create(new DocRef(c, 2n), document({}));
          throw new Error("part");
        }),
      ).toThrow("part");
    });
    expect(ids(bench.run((t) => t.documents(c)))).toEqual([1]);
  });

  it("have strictly increasing times even when the clock stands still or goes back", () => {
    const bench = new Bench();
    const times = [bench.run((t) => t.now), bench.run((t) => t.now)];
    bench.now -= DAY;
    times.push(bench.run((t) => t.now));
    expect(times.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(times);
    expect(new Set(times).size).toBe(3);
  });

  it("count one read for each 4,096 bytes and one write for each 1,024", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    bench.run((t) => {
      t.create(ref, document({ s: "x".repeat(5000) }));
      expect(t.ops.writeOps).toBe(5);
      t.get(ref);
      expect(t.ops.readOps).toBe(2);
    });
  });

  it("treats several writes of a document as one version", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    bench.run((t) => {
      t.create(ref, document({ a: 1n }));
      t.update(ref, document({ a: 2n }));
    });
    bench.run((t) => {
      t.delete(ref);
      t.create(ref, document({ a: 3n }));
    });
    bench.run((t) => {
      t.create(new DocRef(c, 2n), document({}));
      t.delete(new DocRef(c, 2n));
    });
    expect(bench.run((t) => t.history(ref)).map(({ action }) => action)).toEqual([
      "create",
      "update",
    ]);
    expect(bench.run((t) => t.documentEvents(c)).map((event) => Number(event.ref.id))).toEqual([1]);
  });
});

describe("the set of all documents", () => {
  it("is ordered by numeric id, from any id, in both directions", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    for (const id of [100n, 9n, 10n, 2n, MAX_DOCUMENT_ID, 0n]) bench.put(c, id, {});
    bench.run((t) => {
      expect(ids(t.documents(c)).slice(0, 5)).toEqual([0, 2, 9, 10, 100]);
      expect(ids(t.documents(c, { from: 3n, to: 100n }))).toEqual([9, 10, 100]);
      expect(ids(t.documents(c, { from: 3n, to: 99n, reverse: true }))).toEqual([10, 9]);
    });
  });

  it("may change while it is walked", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    for (let id = 0n; id < 1000n; id++) bench.put(c, id, {});
    bench.run((t) => {
      for (const { ref } of t.documents(c)) t.delete(ref);
    });
    expect(ids(bench.run((t) => t.documents(c)))).toEqual([]);
  });
});

describe("time to live", () => {
  it("hides a document once it has passed, at past times too", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    const created = bench.run(
      (t) => t.create(ref, fields({ ttl: Time.fromMicros(t.now + MINUTE) })).ts,
    );
    expect(bench.run((t) => t.get(ref))?.ts).toBe(created);
    bench.wait(2n * MINUTE);
    bench.run((t) => {
      expect(t.get(ref)).toBeUndefined();
      expect(t.get(ref, created)).toBeUndefined();
      expect(ids(t.documents(c, { at: created }))).toEqual([]);
      t.create(ref, document({ again: true }));
    });
  });

  it("comes from the collection's ttl_days unless the document has one or declines", () => {
    const bench = new Bench();
    const c = bench.collection("c", { history_days: 0n, ttl_days: 7n });
    bench.run((t) => {
      // Counted from what the transaction read, which is before it commits.
      const snapshot = t.now - 1n;
      expect(t.create(new DocRef(c, 1n), document({})).ttl).toBe(snapshot + 7n * DAY);
      expect(t.create(new DocRef(c, 2n), fields({ ttl: Time.fromMicros(t.now + DAY) })).ttl).toBe(
        t.now + DAY,
      );
      expect(t.create(new DocRef(c, 3n), document({}), { defaultTtl: false }).ttl).toBeUndefined();
      expect(
        t.insertVersion(new DocRef(c, 4n), t.now - 100n * DAY, "create", document({})).ttl,
      ).toBe(snapshot + 7n * DAY);
    });
  });
});

describe("refusals", () => {
  it("say what they are about", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.put(c, 1n, {});
    let caught: unknown;
    try {
      bench.put(c, 1n, {});
    } catch (error) {
      caught = error;
    }
    expect(isDataError(caught, "already_exists")).toBe(true);
    expect(isDataError(caught, "not_found")).toBe(false);
    expect((caught as Error).message).toBe(`Document ${c}/1 exists already.`);
  });
});
