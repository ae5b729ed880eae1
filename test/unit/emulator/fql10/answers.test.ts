import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const bench = new Bench().withDocuments();

describe("summaries draw the place that is wrong", () => {
  it.each([
    [
      "x",
      `error: Unbound variable \`x\`
at *query*:1:1
  |
1 | x
  | ^
  |`,
    ],
    [
      "let a = 1\na +",
      `error: Expected expression
at *query*:2:4
  |
2 | a +
  |    ^
  |`,
    ],
    [
      "({ a: 1 }).b.c",
      `error: Cannot access \`c\` on null.
at *query*:1:14
  |
1 | ({ a: 1 }).b.c
  |              ^
  |
hint: Null value created here
  |
1 | ({ a: 1 }).b.c
  |            ^
  |`,
    ],
    [
      "let f = x => {\n  x.y\n}\nf(null)",
      `error: Cannot access \`y\` on null.
at *query*:2:5
  |
2 |   x.y
  |     ^
  |
hint: Null value created here
at *query*:4:3
  |
4 | f(null)
  |   ^^^^
  |
trace:
at *query*:4:2
  |
4 | f(null)
  |  ^^^^^^
  |`,
    ],
  ])("of %j", (query, summary) => {
    expect(bench.summary(query)).toBe(summary);
  });

  it("and count what several checks found", () => {
    expect(bench.failure("{ a: 1, a: 2, b: 1, b: 2 }").message).toBe(
      "The query failed 2 validation checks",
    );
  });

  it("and lead through functions to the query", () => {
    const functions = new Bench();
    functions.run(`Function.create({ name: "fail", body: "x => x.y" })`);
    expect(functions.summary("fail(null)")).toContain("at *udf:fail*:1:8");
  });
});

describe("logs", () => {
  it("of check constraints are the query's, and so is its time", () => {
    const own = new Bench();
    own.run(
      `Collection.create({ name: "K", constraints: [{ check: { name: "said", body: "doc => { log(doc.n); true }" } }] })`,
      `Collection.create({ name: "L", constraints: [{ check: { name: "slow", body: "doc => Set.sequence(0, 100000000).every(n => n >= 0)" } }] })`,
    );
    expect(own.summary("K.create({ n: 7 })")).toBe("info at *check_constraint:said*:1: 7");
    expect(own.ask("L.create({})", { patience: 50 }).status).toBe(440);
  });
});

describe("formats", () => {
  const query = `{
    i: 1, l: 5000000000, d: 1.5, n: 0.0 / 0, s: "a", b: true, z: null,
    t: Time("2020-01-01T00:00:00Z"), y: Date("2020-01-01"), a: [1], m: C, f: x => x, o: { "@int": "1" }
  }`;

  it("tagged keeps every type", () => {
    expect(bench.value(query, { format: "tagged" })).toEqual({
      i: { "@int": "1" },
      l: { "@long": "5000000000" },
      d: { "@double": "1.5" },
      n: { "@double": "NaN" },
      s: "a",
      b: true,
      z: null,
      t: { "@time": "2020-01-01T00:00:00Z" },
      y: { "@date": "2020-01-01" },
      a: [{ "@int": "1" }],
      m: { "@mod": "C" },
      f: "[function <lambda>]",
      o: { "@object": { "@int": "1" } },
    });
  });

  it("simple is plain JSON", () => {
    expect(bench.value(query)).toEqual({
      i: 1,
      l: 5_000_000_000,
      d: 1.5,
      n: "NaN",
      s: "a",
      b: true,
      z: null,
      t: "2020-01-01T00:00:00Z",
      y: "2020-01-01",
      a: [1],
      m: "C",
      f: "[function <lambda>]",
      o: { "@int": "1" },
    });
  });

  it("decorated is FQL", () => {
    expect(
      bench.value(`{ a: [1, 2.0], "b c": Time("2020-01-01T00:00:00Z"), d: C }`, {
        format: "decorated",
      }),
    ).toBe(`{
  a: [
    1,
    2.0
  ],
  "b c": Time("2020-01-01T00:00:00Z"),
  d: C
}`);
  });

  it("documents are tagged with what they are", () => {
    expect(bench.value("C.byId(1)", { format: "tagged" })).toEqual({
      "@doc": {
        id: "1",
        coll: { "@mod": "C" },
        ts: { "@time": expect.any(String) as unknown },
        n: { "@int": "10" },
      },
    });
    expect(bench.value("[C.byId(1)!, C.byId(77)]")).toEqual([
      expect.objectContaining({ id: "1", n: 10 }),
      null,
    ]);
  });
});

describe("requests", () => {
  it("take arguments, tagged or plain as the format says", () => {
    expect(bench.value("a", { format: "tagged", args: { a: { "@long": "5" } } })).toEqual({
      "@long": "5",
    });
    expect(bench.value("a.b + 1", { args: { a: { b: 2 } } })).toBe(3);
    expect(
      bench.value("a.n", {
        format: "tagged",
        args: { a: { "@ref": { id: "2", coll: { "@mod": "C" } } } },
      }),
    ).toEqual({ "@int": "20" });
    expect(
      bench.value("a", { format: "tagged", args: { a: { "@object": { "@int": "x" } } } }),
    ).toEqual({ "@object": { "@int": "x" } });
  });

  it("refuse arguments that are not what their tag says", () => {
    expect(bench.error("a", { format: "tagged", args: { a: { "@int": "x" } } })).toMatch(
      /^invalid_request: Invalid argument 'a': /,
    );
  });

  it("consist of fragments whose values cannot be mistaken for FQL", () => {
    expect(bench.value({ fql: ["let x = ", { value: { "@int": "5" } }, "\nx + 1"] })).toBe(6);
    expect(bench.value({ fql: [{ value: `" + abort(1) + "` }] })).toBe(`" + abort(1) + "`);
    expect(bench.value({ fql: ["1 + ", { fql: ["2 + ", { value: { "@int": "3" } }] }] })).toBe(6);
    expect(bench.value({ array: [{ value: "a" }, { fql: ["1 + 1"] }] })).toEqual(["a", 2]);
    expect(
      bench.value({ object: { "a b": { value: true }, '"#{x}': { fql: ["1 + 1"] } } }),
    ).toEqual({ "a b": true, '"#{x}': 2 });
    expect(bench.error({ fql: ["1 + ", { value: 1 }] })).toMatch(/^invalid_query: /);
    expect(bench.error({ fql: ["a", { other: 1 }] })).toMatch(/^invalid_request: /);
  });

  it("tell the time and the work they took", () => {
    const { body } = bench.ask("C.byId(1)!.n");
    expect(body).toEqual({
      data: 10,
      summary: "",
      txn_ts: expect.any(Number) as unknown,
      stats: expect.objectContaining({ compute_ops: 1, write_ops: 0 }) as unknown,
      schema_version: expect.any(Number) as unknown,
    });
    const written = bench.ask("C.byId(1)!.update({ a: 1 })").body as unknown as {
      stats: { write_ops: number; storage_bytes_write: number };
    };
    expect(written.stats.write_ops).toBeGreaterThan(0);
    expect(written.stats.storage_bytes_write).toBeGreaterThan(0);
  });
});

describe("limits", () => {
  it("recursion without end is a stack overflow", () => {
    expect(bench.error("let f = x => f(x)\nf(1)")).toMatch(/^unbound_variable|^stack_overflow/);
    const functions = new Bench();
    functions.run(`Function.create({ name: "rec", body: "x => rec(x + 1)" })`);
    expect(functions.error("rec(1)")).toMatch(/^stack_overflow: /);
    expect(functions.error("[1].map(x => rec(x))")).toMatch(/^stack_overflow: /);
    expect(functions.value("1 + 1")).toBe(2);
  });

  it("an expression nested without end is refused, not the end of the process", () => {
    expect(bench.ask("(".repeat(100_000) + "1" + ")".repeat(100_000)).status).toBe(400);
    expect(bench.ask(`${"1 + ".repeat(50_000)}1`).status).toBeLessThan(500);
    expect(bench.ask(`1${".a".repeat(50_000)}`).status).toBeLessThan(500);
  });

  it("a query that takes longer than it may is given up", () => {
    const { status, body } = bench.ask("Set.sequence(0, 100000000).fold(0, (sum, x) => sum + x)", {
      patience: 50,
    });
    expect(status).toBe(440);
    expect(body.error?.code).toBe("time_out");
  });

  it("strings and arrays do not grow beyond their limits", () => {
    expect(bench.error(`Set.sequence(0, 40).fold("ab", (text, x) => text + text)`)).toMatch(
      /^value_too_large: /,
    );
    expect(bench.error("Set.sequence(0, 1000000).toArray()")).toMatch(/^value_too_large: /);
  });
});

describe("rights", () => {
  it("are those of the role", () => {
    expect(bench.value("C.byId(2)!.n", { role: "server-readonly" })).toBe(20);
    expect(bench.error("C.create({})", { role: "server-readonly" })).toBe(
      "permission_denied: Insufficient privileges to perform the action.",
    );
    expect(bench.error(`Key.create({ role: "admin" })`, { role: "server" })).toMatch(
      /^permission_denied: /,
    );
    expect(bench.value("C.all().count()", { role: "client" })).toBe(0);
  });

  it("of a user's role are asked for every document", () => {
    const own = new Bench().withDocuments();
    own.run(
      `Collection.create({ name: "D" })`,
      "D.create({ id: 1 })",
      `Function.create({ name: "f", body: "() => 1" })`,
      `Function.create({ name: "g", body: "() => D.all().count()", role: "admin" })`,
      `Role.create({ name: "some", privileges: [
        { resource: "C", actions: { read: "doc => doc.n > 20", write: "(old, new) => old.n == new.n", create: "doc => doc.n == 7" } },
        { resource: "g", actions: { call: true } }
      ] })`,
    );
    const asking = { roles: ["some"] };
    expect(own.value("C.all().map(.n).toArray()", asking)).toEqual([30, 40, 50]);
    expect(own.value("C.byN(10).count()", asking)).toBe(0);
    expect(own.value("C.byId(1)", asking)).toBeNull();
    expect(own.value("C.byId(3)!.update({ a: 1 }).a", asking)).toBe(1);
    expect(own.error("C.byId(3)!.update({ n: 1 })", asking)).toMatch(/^permission_denied: /);
    expect(own.value("C.create({ n: 7 })", asking)).toBeNull();
    expect(own.value("C.where(.n == 7).count()")).toBe(1);
    expect(own.error("C.create({ n: 8 })", asking)).toMatch(/^permission_denied: /);
    expect(own.error("C.byId(3)!.delete()", asking)).toMatch(/^permission_denied: /);
    expect(own.error("D.byId(1).a", asking)).toMatch(/^permission_denied: /);
    expect(own.error("D.byId(1)!.a", asking)).toBe(
      "null_value: Null value, due to permission denied",
    );
    expect(own.error("f()", asking)).toMatch(/^permission_denied: /);
    expect(own.value("g()", asking)).toBe(1);
  });
});
