import { describe, expect, it } from "vitest";
import { DocRef, NATIVE, isDataError, type NamedKind } from "../../../../src/emulator/data/data.ts";
import { Bench, document, fields, ids } from "./bench.ts";

describe("definitions", () => {
  it("are found by name and by alias, and keep their numbers when they are renamed", () => {
    const bench = new Bench();
    const c = bench.collection("c", { alias: "Short", history_days: 0n });
    const ref = new DocRef(NATIVE.Collection, BigInt(c));
    bench.run((t) => {
      expect(t.definitions.find(NATIVE.Collection, "c")?.ref).toEqual(ref);
      expect(t.definitions.findModule("Short")?.ref).toEqual(ref);
      expect(t.definitions.find(NATIVE.Function, "c")).toBeUndefined();
      t.update(
        ref,
        new Map([
          ["name", "renamed"],
          ["alias", null],
        ]),
      );
    });
    bench.run((t) => {
      expect(t.definitions.find(NATIVE.Collection, "c")).toBeUndefined();
      expect(t.definitions.findModule("Short")).toBeUndefined();
      expect(t.definitions.find(NATIVE.Collection, "renamed")?.ref).toEqual(ref);
    });
  });

  it("may not share a name with another of their kind, nor a collection with a function", () => {
    const bench = new Bench();
    const taken = (kind: NamedKind, name: string): boolean => {
      try {
        bench.run((t) => t.create(t.newRef(kind), fields({ name })));
        return false;
      } catch (error) {
        return isDataError(error, "name_taken");
      }
    };
    bench.collection("c", { alias: "d" });
    expect(taken(NATIVE.Collection, "c")).toBe(true);
    expect(taken(NATIVE.Collection, "d")).toBe(true);
    expect(taken(NATIVE.Function, "c")).toBe(true);
    expect(taken(NATIVE.Role, "c")).toBe(false);
    expect(taken(NATIVE.Role, "c")).toBe(true);
  });

  it("give their number up with their name when deleted, and a new one of that name is another", () => {
    const bench = new Bench();
    const old = bench.collection("c");
    bench.put(old, 1n, { was: "here" });
    bench.run((t) => t.delete(new DocRef(NATIVE.Collection, BigInt(old))));
    const fresh = bench.collection("c");
    expect(fresh).not.toBe(old);
    bench.run((t) => {
      expect(t.get(new DocRef(old, 1n))?.fields).toEqual(document({ was: "here" }));
      expect(t.get(new DocRef(fresh, 1n))).toBeUndefined();
      expect(t.definitions.nameOf(new DocRef(NATIVE.Collection, BigInt(old)))).toBe("c");
      expect(() => t.create(new DocRef(old, 2n), document({}))).toThrow("not there");
    });
  });

  it("come back with their names when a transaction fails", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const before = bench.cluster.root.schemaVersion;
    expect(() =>
      bench.run((t) => {
        t.delete(new DocRef(NATIVE.Collection, BigInt(c)));
        expect(t.definitions.find(NATIVE.Collection, "c")).toBeUndefined();
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(bench.run((t) => t.definitions.find(NATIVE.Collection, "c"))).toBeDefined();
    expect(bench.cluster.root.schemaVersion).toBe(before);
    bench.put(c, 1n, {});
  });

  it("say whether they were there before the transaction", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.run((t) => {
      const ref = t.newRef(NATIVE.Collection);
      t.create(ref, fields({ name: "d" }));
      expect(t.definitions.isCommitted(ref)).toBe(false);
      expect(t.definitions.isCommitted(new DocRef(NATIVE.Collection, BigInt(c)))).toBe(true);
    });
  });

  it("move the schema version with every change, documents do not", () => {
    const bench = new Bench();
    const { root } = bench.cluster;
    const before = root.schemaVersion;
    const c = bench.collection("c");
    const after = root.schemaVersion;
    expect(after).toBeGreaterThan(before);
    bench.put(c, 1n, {});
    expect(root.schemaVersion).toBe(after);
  });

  it("can be rewritten underneath by a migration that keeps ids and times", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({
      sources: new Set([c]),
      terms: [{ from: ["data", "b"] }],
      values: [],
    });
    const ts = bench.put(c, 1n, { a: 1n });
    bench.run((t) => t.rewrite(c, () => document({ b: 1n })));
    bench.run((t) => {
      expect(t.get(new DocRef(c, 1n))).toMatchObject({ ts, fields: document({ b: 1n }) });
      expect(ids(t.rows(index, [1n]))).toEqual([1]);
    });
  });
});

describe("a tree of databases", () => {
  it("is made of Database documents, found by path and by global id", () => {
    const bench = new Bench();
    const { cluster } = bench;
    bench.run((t) => t.create(t.newRef(NATIVE.Database), fields({ name: "child", priority: 7n })));
    const child = cluster.root.childNamed("child");
    if (child === undefined) throw new Error("no child");
    cluster.transact(child, (t) => t.create(t.newRef(NATIVE.Database), fields({ name: "grand" })));
    const grand = cluster.find(["child", "grand"]);
    expect(grand?.path).toEqual(["child", "grand"]);
    expect(child.fields.get("priority")).toBe(7n);
    expect(child.fields.get("global_id")).toBe(child.globalId);
    expect(cluster.findGlobal(grand?.globalId ?? "")).toBe(grand);
    expect(Array.from(cluster.databases(), (database) => database.name)).toEqual([
      "",
      "child",
      "grand",
    ]);
  });

  it("keeps each database's documents to itself", () => {
    const bench = new Bench();
    bench.run((t) => t.create(t.newRef(NATIVE.Database), fields({ name: "child" })));
    const child = bench.cluster.root.childNamed("child");
    if (child === undefined) throw new Error("no child");
    bench.collection("c");
    bench.run((t) => {
      const inside = t.in(child);
      expect(inside.definitions.find(NATIVE.Collection, "c")).toBeUndefined();
      inside.create(inside.newRef(NATIVE.Collection), fields({ name: "c" }));
    });
    expect(
      bench.cluster.transact(child, (t) => t.definitions.find(NATIVE.Collection, "c")),
    ).toBeDefined();
  });

  it("loses a deleted database with all that is below it, and keeps it when the transaction fails", () => {
    const bench = new Bench();
    const { cluster } = bench;
    const ref = bench.run((t) => {
      const made = t.newRef(NATIVE.Database);
      t.create(made, fields({ name: "child" }));
      return made;
    });
    const child = cluster.find(["child"]);
    if (child === undefined) throw new Error("no child");
    cluster.transact(child, (t) => t.create(t.newRef(NATIVE.Database), fields({ name: "grand" })));
    expect(() =>
      bench.run((t) => {
        t.delete(ref);
        expect(cluster.find(["child"])).toBeUndefined();
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(cluster.find(["child", "grand"])).toBeDefined();
    bench.run((t) => t.delete(ref));
    expect(cluster.find(["child", "grand"])).toBeUndefined();
    expect([...cluster.databases()].length).toBe(1);
  });

  it("takes back what upper layers attached when the transaction fails", () => {
    const bench = new Bench();
    const key = Symbol("files");
    bench.run((t) => t.attach(key, "first"));
    expect(() =>
      bench.run((t) => {
        t.attach(key, "second");
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(bench.cluster.root.attachments.get(key)).toBe("first");
  });
});
