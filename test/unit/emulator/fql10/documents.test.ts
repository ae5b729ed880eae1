import { describe, expect, it } from "vitest";
import { Bench, DAY } from "./bench.ts";

describe("documents", () => {
  it("are created, read, changed and deleted", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    expect(bench.value(`C.create({ id: 1, a: 1, b: { c: 1 } }) { id, a, b }`)).toEqual({
      id: "1",
      a: 1,
      b: { c: 1 },
    });
    expect(bench.value(`C.byId(1)!.update({ b: { d: 2 } }).b`)).toEqual({ c: 1, d: 2 });
    expect(bench.value(`C.byId(1)!.update({ a: null }).a`)).toBeNull();
    expect(bench.value(`C.byId(1)!.replace({ z: 1 }) { z, b }`)).toEqual({ z: 1, b: null });
    expect(bench.value(`C.byId(1)!.exists()`)).toBe(true);
    expect(bench.value(`C.byId(1)!.delete()`)).toBeNull();
    expect(bench.value(`C.byId(1).exists()`)).toBe(false);
    expect(bench.value(`C.byId(1)`)).toBeNull();
    expect(bench.error(`C.byId(1)!.update({})`)).toBe(
      "document_not_found: Collection `C` does not contain document with id 1.",
    );
  });

  it("keep nulls in arrays when they are created or replaced, and lose those of an update", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    expect(bench.value(`C.create({ id: 1, a: [null, 1] }).a`)).toEqual([null, 1]);
    bench.run(`C.byId(1)!.update({ b: [null, 2, [null]], o: { c: [{ d: [null] }] } })`);
    expect(bench.value(`C.byId(1) { a, b, o }`)).toEqual({
      a: [null, 1],
      b: [2, []],
      o: { c: [{ d: [] }] },
    });
    bench.run(`C.byId(1)!.replaceData({ b: [null, 2, [null]] })`);
    expect(bench.value(`C.byId(1)!.b`)).toEqual([null, 2, [null]]);
  });

  it("hold references to definitions that were listed, and none that were named", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    bench.run(`Role.create({ name: "r" })`);
    bench.value(`C.create({ id: 1, role: Role.all().first()!, definition: C.definition })`);
    expect(bench.text("C.byId(1) { role, definition }", { format: "tagged" })).toContain(
      `"name":"r"`,
    );
    const fields = `"role":{"@ref":{"name":"r","coll":{"@mod":"Role"}}},"definition":{"@ref":{"name":"C","coll":{"@mod":"Collection"}}}`;
    expect(bench.text("C.byId(1)", { format: "tagged" })).toContain(fields);
    for (const named of [
      `Role.byName("none")`,
      `Role.byName("r")!`,
      `Role.create({ name: "s" })`,
      `Role.byName("r")!.update({ data: {} })`,
    ]) {
      expect(bench.error(`C.create({ id: 2, role: ${named} })`)).toBe(
        "invalid_type: Value at `role` has type Doc, which cannot be persisted.",
      );
    }
  });

  it("tell why they are not there", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    expect(bench.text("C.byId(9)", { format: "tagged" })).toBe(
      `{"@ref":{"id":"9","coll":{"@mod":"C"},"exists":false,"cause":"not found"}}`,
    );
    expect(bench.text("let d = C.create({ id: 1 })\nd.delete()", { format: "tagged" })).toContain(
      `"cause":"deleted"`,
    );
  });

  it("keep numbers, times and references as they are", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    bench.value(
      `C.create({ id: 1, i: 1, l: 5000000000, d: 1.0, t: Time("2020-01-01T00:00:00Z"), y: Date("2020-01-01"), r: C.byId(1), a: [null, 1] })`,
    );
    expect(bench.value("C.byId(1)!.data", { format: "tagged" })).toEqual({
      i: { "@int": "1" },
      l: { "@long": "5000000000" },
      d: { "@double": "1.0" },
      t: { "@time": "2020-01-01T00:00:00Z" },
      y: { "@date": "2020-01-01" },
      r: { "@doc": expect.objectContaining({ id: "1" }) as unknown },
      a: [null, { "@int": "1" }],
    });
  });

  it("have reserved names beside which any other may stand, under `data` even those", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    expect(bench.value(`C.createData({ id: "x", ts: 1, ttl: 2, data: 3, coll: 4 }).data`)).toEqual({
      id: "x",
      ts: 1,
      ttl: 2,
      data: 3,
      coll: 4,
    });
    expect(bench.error(`C.create({ ts: 1 })`)).toMatch(/^constraint_failure: /);
    expect(bench.error(`C.create({ data: { id: 1 } })`)).toMatch(/^constraint_failure: /);
    bench.run(`C.create({ id: 7, a: 1 })`);
    expect(bench.value(`C.byId(7)!.updateData({ ts: 2 }).data`)).toEqual({ a: 1, ts: 2 });
    expect(bench.value(`C.byId(7)!.replaceData({ id: 1 }).data`)).toEqual({ id: 1 });
    expect(bench.value(`C.byId(7)!.id`)).toBe("7");
  });

  it("with an id that is taken are refused", () => {
    const bench = new Bench().withDocuments();
    expect(bench.error("C.create({ id: 1 })")).toMatch(/^document_id_exists: /);
    expect(bench.error(`C.create({ id: "a" })`)).toMatch(/^constraint_failure: /);
  });

  it("end when their time to live is over", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "C" })`,
      `C.create({ id: 1, ttl: Time.now().add(1, "day") })`,
    );
    expect(bench.value("C.byId(1).exists()")).toBe(true);
    bench.now += 2n * DAY;
    expect(bench.value("C.byId(1).exists()")).toBe(false);
    expect(bench.value("C.all().count()")).toBe(0);
  });

  it("of several writes are kept all or none", () => {
    const bench = new Bench().withDocuments();
    expect(bench.error("C.byId(1)!.delete()\nC.create({ id: 9 })\nabort(0)")).toMatch(/^abort: /);
    expect(bench.value("C.all().count()")).toBe(5);
  });

  it("are read as the query has written them", () => {
    const bench = new Bench().withDocuments();
    expect(
      bench.value("C.create({ id: 6, n: 60 })\nC.byId(1)!.update({ n: 60 })\nC.byN(60).count()"),
    ).toBe(2);
  });
});

describe("definitions", () => {
  it("are documents of their modules", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "C" })`,
      `Function.create({ name: "double", body: "x => x * 2" })`,
      `Role.create({ name: "reader", privileges: [{ resource: "C", actions: { read: true } }] })`,
    );
    expect(bench.value("double(4)")).toBe(8);
    expect(bench.value(`Function.byName("double")!.body`)).toBe("x => x * 2");
    expect(bench.value("Collection.all().map(.name).toArray()")).toEqual(["C"]);
    expect(bench.value("Role.all().map(.name).toArray()")).toEqual(["reader"]);
    expect(bench.value("C.definition.name")).toBe("C");
    expect(bench.value(`Collection.byName("D")`)).toBeNull();
    expect(bench.value(`Collection.byName("C")!.update({ name: "D" }).name`)).toBe("D");
    expect(bench.value("D.all().count()")).toBe(0);
    expect(bench.error("C.all()")).toBe("unbound_variable: Unbound variable `C`");
    bench.run(`Function.byName("double")!.delete()`);
    expect(bench.error("double(4)")).toBe("unbound_variable: Unbound variable `double`");
  });

  it("may be used by the query that follows", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "C" })`);
    expect(bench.value(`Collection("C").create({ id: 1 }).id`)).toBe("1");
    expect(bench.error(`Collection("D")`)).toMatch(/^invalid_argument: /);
  });

  it("of the same name are refused", () => {
    const bench = new Bench().withDocuments();
    expect(bench.error(`Collection.create({ name: "C" })`)).toMatch(/^constraint_failure: /);
    expect(bench.error(`Collection.create({ name: "Time" })`)).toMatch(/^constraint_failure: /);
    expect(bench.error(`Collection.create({})`)).toMatch(/^constraint_failure: /);
  });

  it("of unique constraints keep values apart", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "U", constraints: [{ unique: ["email"] }] })`,
      `U.create({ id: 1, email: "a" })`,
    );
    const failure = bench.failure(`U.create({ email: "a" })`);
    expect(failure.code).toBe("constraint_failure");
    expect(failure.constraint_failures).toEqual([
      { paths: [["email"]], message: "Failed unique constraint" },
    ]);
    expect(bench.value(`U.create({ id: 2, email: "b" }).id`)).toBe("2");
    expect(bench.value("U.create({}).email")).toBeNull();
    expect(bench.error(`U.byId(2)!.update({ email: "a" })`)).toMatch(/^constraint_failure: /);
  });

  it("of unique constraints are all named that a write breaks", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "U", constraints: [{ unique: ["a"] }, { unique: ["a", "b"] }, { unique: ["c"] }] })`,
      `U.create({ a: 1, b: 2, c: 3 })`,
    );
    expect(bench.failure(`U.create({ a: 1, b: 2, c: 4 })`).constraint_failures).toEqual([
      { paths: [["a"]], message: "Failed unique constraint" },
      { paths: [["a"], ["b"]], message: "Failed unique constraint" },
    ]);
  });

  it("of checks look at every write", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "K", constraints: [{ check: { name: "positive", body: "doc => doc.n > 0" } }] })`,
    );
    expect(bench.value("K.create({ id: 1, n: 1 }).n")).toBe(1);
    expect(bench.error("K.create({ n: 0 })")).toMatch(/^constraint_failure: /);
    expect(bench.failure("K.byId(1)!.update({ n: -1 })").constraint_failures).toEqual([
      { paths: [], message: "Document failed check constraint `positive`" },
    ]);
  });

  it("of computed fields are evaluated when read, and can be indexed", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({
        name: "P",
        computed_fields: { full: { body: "doc => doc.first + ' ' + doc.last" } },
        indexes: { byFull: { terms: [{ field: ".full" }] } }
      })`,
      `P.create({ id: 1, first: "A", last: "B" })`,
    );
    expect(bench.value("P.byId(1)!.full")).toBe("A B");
    expect(bench.value(`P.byFull("A B").map(.id).toArray()`)).toEqual(["1"]);
    expect(bench.value(`P.byId(1)!.update({ last: "C" })\nP.byFull("A C").count()`)).toBe(1);
    expect(bench.error(`P.create({ full: "x" })`)).toMatch(/^constraint_failure: /);
  });

  it("of computed fields index anew what they compute otherwise", () => {
    const bench = new Bench();
    bench.run(
      `Function.create({ name: "one", body: "_ => 1" })`,
      `Collection.create({
        name: "P",
        computed_fields: { c: { body: "doc => if (doc.f == true) one(0) else 0" } },
        indexes: { byC: { terms: [{ field: ".c" }] } }
      })`,
      `P.create({ id: 1 })`,
      `P.create({ id: 2, f: true })`,
    );
    expect(bench.value("P.byId(2)!.c")).toBe(1);
    // What cannot be computed while indexing is not indexed.
    expect(bench.value("[P.byC(0).count(), P.byC(1).count()]")).toEqual([1, 0]);
    bench.run(`P.definition.update({ computed_fields: { c: { body: "_ => 1" } } })`);
    expect(bench.value("[P.byC(0).count(), P.byC(1).count()]")).toEqual([0, 2]);
  });

  it("of computed fields leave the same name under `data` alone", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "P", computed_fields: { c: { body: "_ => 1" } } })`,
      `P.createData({ id: 3, c: 2 })`,
    );
    expect(bench.value("P.all().first()!.c")).toBe(1);
    expect(bench.value("P.all().first()!.data")).toEqual({ id: 3, c: 2 });
  });

  it("of fields are kept by every write", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "T", fields: { s: { signature: "String" }, n: { signature: "Int?" }, d: { signature: "Int", default: "4" } } })`,
    );
    expect(bench.value(`T.create({ id: 1, s: "x" }) { s, n, d }`)).toEqual({
      s: "x",
      n: null,
      d: 4,
    });
    expect(bench.error(`T.create({ s: 1 })`)).toMatch(/^constraint_failure: /);
    expect(bench.error(`T.create({})`)).toMatch(/^constraint_failure: /);
    expect(bench.error(`T.create({ s: "x", other: 1 })`)).toMatch(/^constraint_failure: /);
    expect(bench.error(`T.byId(1)!.update({ s: null })`)).toMatch(/^constraint_failure: /);
  });
});

describe("secrets", () => {
  it("for a child end with it", () => {
    const bench = new Bench();
    bench.run(
      `Database.create({ name: "kid" })`,
      `Key.create({ role: "admin", database: "kid" })`,
      `Key.create({ role: "admin" })`,
    );
    expect(bench.value("Key.all().count()")).toBe(2);
    bench.run(`Database.byName("kid")!.delete()`);
    expect(bench.value("Key.all().map(.database).toArray()")).toEqual([null]);
  });

  it("are shown once", () => {
    const bench = new Bench();
    const key = bench.value(`Key.create({ role: "server" }) { id, secret }`) as {
      id: string;
      secret: string;
    };
    expect(key.secret).toMatch(/^fn/);
    expect(bench.value("Key.byId(id)!.secret", { args: { id: key.id } })).toBeNull();
  });

  it("belong to documents that can log in", () => {
    const bench = new Bench();
    bench.run(
      `Collection.create({ name: "User" })`,
      `User.create({ id: 1 })`,
      `Credential.create({ document: User.byId(1), password: "pw" })`,
    );
    expect(bench.value(`Credential.byDocument(User.byId(1))!.verify("pw")`)).toBe(true);
    expect(bench.value(`Credential.byDocument(User.byId(1))!.verify("no")`)).toBe(false);
    expect(bench.value(`Credential.byDocument(User.byId(1))!.login("pw").secret`)).toMatch(/^fn/);
    expect(bench.error(`Credential.byDocument(User.byId(1))!.login("no")`)).toMatch(
      /^invalid_secret: /,
    );
    expect(bench.value("Token.all().count()")).toBe(1);
  });
});
