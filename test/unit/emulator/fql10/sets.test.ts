import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bench, DAY } from "./bench.ts";

interface Page {
  readonly data: unknown[];
  readonly after?: string;
}

const page = (bench: Bench, query: string, args?: Record<string, unknown>) =>
  bench.value(query, args === undefined ? {} : { args }) as Page;

/** All pages of a set, the first of which `query` gives. */
function allPages(bench: Bench, query: string): unknown[] {
  const items: unknown[] = [];
  let current = page(bench, query);
  items.push(...current.data);
  while (current.after !== undefined) {
    current = page(bench, "Set.paginate(after)", { after: current.after });
    items.push(...current.data);
  }
  return items;
}

describe("sets", () => {
  const bench = new Bench().withDocuments();

  it.each([
    ["C.all().map(.n).toArray()", "[10,20,30,40,50]"],
    ["C.all().count()", "5"],
    ["C.where(.n > 20).map(.n).toArray()", "[30,40,50]"],
    ["C.all().where(.n > 20).first()!.n", "30"],
    ["C.firstWhere(.n > 40)!.n", "50"],
    ["C.all().last()!.n", "50"],
    ["C.all().reverse().map(.n).toArray()", "[50,40,30,20,10]"],
    ["C.all().take(2).map(.n).toArray()", "[10,20]"],
    ["C.all().drop(3).map(.n).toArray()", "[40,50]"],
    ["C.all().order(desc(.n)).map(.n).toArray()", "[50,40,30,20,10]"],
    ["C.sorted().map(.n).toArray()", "[50,40,30,20,10]"],
    ["C.sorted({ from: 40, to: 20 }).map(.n).toArray()", "[40,30,20]"],
    ["C.byN(30).first()!.id", '"3"'],
    ["C.byN(31).first()", "null"],
    ["C.all({ from: C.byId(4) }).map(.n).toArray()", "[40,50]"],
    ["C.all({ to: C.byId(2) }).map(.n).toArray()", "[10,20]"],
    ["C.all().any(.n == 50)", "true"],
    ["C.all().every(.n < 50)", "false"],
    ["C.all().fold(0, (sum, doc) => sum + doc.n)", "150"],
    ["C.all().map(.n).reduce((a, b) => a + b)", "150"],
    ["C.all().map(.n).aggregate(0, (a, b) => a + b)", "150"],
    ["C.all().flatMap(doc => [doc.n, 1].toSet()).toArray()", "[10,1,20,1,30,1,40,1,50,1]"],
    ["C.all().map(doc => doc.n % 20).distinct().toArray()", "[0,10]"],
    ["C.all().concat([1].toSet()).count()", "6"],
    ["C.all().includes(C.byId(1))", "true"],
    ["Set.sequence(0, 3).toArray()", "[0,1,2]"],
    ["Set.single(1).toArray()", "[1]"],
    ["[].toSet().isEmpty()", "true"],
    ["C.all().nonEmpty()", "true"],
    ["C.all() { n }", '{"data":[{"n":10},{"n":20},{"n":30},{"n":40},{"n":50}]}'],
    ["C.all().forEach(doc => doc.n)", "null"],
    ["Set.sequence(0, 2).map(x => C.byId(x + 1)!.n).toArray()", "[10,20]"],
  ])("%s is %s", (query, answer) => {
    expect(bench.text(query)).toBe(answer);
  });

  it("are lazy: what nobody reads is never evaluated", () => {
    expect(bench.text("let never = C.all().map(x => 1 / 0)\n1")).toBe("1");
    expect(bench.text("C.all().map(x => if (x.n > 20) abort(1) else x.n).take(2).toArray()")).toBe(
      "[10,20]",
    );
  });

  it("answer a page of 16 and a cursor unless told otherwise", () => {
    const first = page(bench, "Set.sequence(0, 40)");
    expect(first.data).toHaveLength(16);
    expect(first.after).toEqual(expect.any(String));
    expect(page(bench, "Set.sequence(0, 40).pageSize(3)").data).toEqual([0, 1, 2]);
    expect(page(bench, "Set.sequence(0, 40).paginate(2)").data).toEqual([0, 1]);
    expect(allPages(bench, "Set.sequence(0, 40)")).toEqual([...Array(40).keys()]);
  });

  it("inside of answers are pages as well, also those of computed fields", () => {
    expect(bench.value("{ a: [C.all().map(.n).pageSize(9)] }")).toEqual({
      a: [{ data: [10, 20, 30, 40, 50] }],
    });
    const other = new Bench();
    other.run(
      `Collection.create({ name: "S", computed_fields: { all: { body: "_ => S.all()" } } })`,
      "S.create({ id: 1 })",
    );
    const { all } = other.value("S.byId(1)!") as { all: unknown };
    expect(all).toEqual({ data: [{ id: "1", coll: "S" }] });
  });
});

describe("cursors", () => {
  const documents = new Bench().withDocuments();

  it("are valid only as they were made, to the last bit", () => {
    const { after = "" } = page(documents, "C.all().paginate(2)");
    fc.assert(
      fc.property(fc.nat({ max: Buffer.from(after, "base64").length * 8 - 1 }), (bit) => {
        const bytes = Buffer.from(after, "base64");
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const cursor = bytes.toString("base64");
        expect(documents.error(`Set.paginate("${cursor}")`)).toMatch(/^invalid_cursor: /);
      }),
    );
    expect(page(documents, "Set.paginate(after)", { after }).data).toHaveLength(2);
  });

  it("do not write a value that contains itself many times over for ever", () => {
    const big = "let big = Array.sequence(0, 60).fold([1], (a, b) => [a, a])";
    const { status, body } = documents.ask(
      `${big}\n[1, 2].toSet().map(x => big.length).paginate(1)`,
    );
    expect({ status, code: body.error?.code }).toEqual({ status: 400, code: "value_too_large" });
  });

  const SHAPES = [
    "C.all()",
    "C.all().map(.n)",
    "C.where(.n > 10)",
    "C.sorted()",
    "C.sorted({ from: 40, to: 20 }).map(.n)",
    "C.byN(30)",
    "C.all().reverse()",
    "C.all().order(desc(.n))",
    "C.all().drop(1).take(3)",
    "C.all().concat(C.sorted())",
    "C.all().flatMap(doc => Set.sequence(0, doc.n / 10))",
    "C.all().map(doc => doc.n % 20).distinct()",
    "[1, 2, 3, 4].toSet().map(x => { let y = 2\nx * y })",
    "C.all().where(doc => doc.n > 10 && Set.sequence(0, 2).includes(1)).map(.id)",
  ];

  it.each(SHAPES)("walk %s completely, whatever the size of the page", (shape) => {
    const bench = new Bench().withDocuments();
    const whole = bench.value(`(${shape}).toArray()`);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), (size) => {
        expect(allPages(bench, `(${shape}).pageSize(${size})`)).toEqual(whole);
      }),
      { numRuns: 6 },
    );
  });

  it("keep to their snapshot, however the documents change in between", () => {
    const bench = new Bench().withDocuments();
    const first = page(bench, "C.all().map(.n).pageSize(2)");
    bench.now += 1_000_000n;
    bench.run("C.byId(3)!.update({ n: 333 })", "C.byId(4)!.delete()", "C.create({ id: 6, n: 60 })");
    const second = page(bench, "Set.paginate(after)", { after: first.after });
    expect([...first.data, ...second.data]).toEqual([10, 20, 30, 40]);
    expect(page(bench, "Set.paginate(after)", { after: second.after }).data).toEqual([50]);
  });

  it("carry the variables that their functions use", () => {
    const bench = new Bench().withDocuments();
    const { after } = page(
      bench,
      "let add = 5\nlet f = x => x + add\nC.all().map(d => f(d.n)).pageSize(1)",
    );
    expect(page(bench, "Set.paginate(after, 2)", { after }).data).toEqual([25, 35]);
  });

  it("are made without evaluating what comes after the page", () => {
    const bench = new Bench().withDocuments();
    const query = (shape: string) => page(bench, `(${shape}).pageSize(2)`).data;
    expect(query("C.all().map(d => if (d.n > 20) abort(0) else d.n)")).toEqual([10, 20]);
    expect(query("C.all().map(d => if (d.n > 20) abort(0) else d.n).take(4)")).toEqual([10, 20]);
    expect(query("C.all().concat(C.all()).map(d => if (d.n > 20) abort(0) else 1)")).toEqual([
      1, 1,
    ]);
  });

  it("may be asked for with another page size", () => {
    const bench = new Bench().withDocuments();
    const { after } = page(bench, "C.all().map(.n).pageSize(1)");
    expect(page(bench, "Set.paginate(after, 3)", { after }).data).toEqual([20, 30, 40]);
    expect(page(bench, "Set.paginate(after)", { after }).data).toEqual([20]);
  });

  it("that are none are refused", () => {
    const bench = new Bench().withDocuments();
    expect(bench.error('Set.paginate("x")')).toMatch(/^invalid_cursor: /);
    const { after = "" } = page(bench, "C.all().pageSize(1)");
    expect(bench.error("Set.paginate(after)", { args: { after: after.slice(0, -6) } })).toMatch(
      /^invalid_cursor: /,
    );
  });

  it("older than what the database keeps are refused", () => {
    const bench = new Bench().withDocuments();
    const { after } = page(bench, "C.all().pageSize(1)");
    bench.now += 40n * DAY;
    expect(bench.ask("Set.paginate(after)", { args: { after } }).status).toBe(400);
  });
});

describe("the past", () => {
  it("is read with at()", () => {
    const bench = new Bench();
    bench.run(`Collection.create({ name: "H", history_days: 10 })`, `H.create({ id: 1, v: 1 })`);
    const early = bench.value("Time.now()");
    bench.now += 1_000_000n;
    bench.run("H.byId(1)!.update({ v: 2 })");
    bench.now += 1_000_000n;
    const args = { early };
    expect(bench.value("at (Time(early)) H.byId(1)!.v", { args })).toBe(1);
    expect(bench.value("H.byId(1)!.v")).toBe(2);
    expect(bench.value("at (Time(early)) H.all().map(.v).toArray()", { args })).toEqual([1]);
    expect(bench.error("at (Time(early)) H.byId(1)!.update({ v: 3 })", { args })).toMatch(
      /^invalid_write: /,
    );
    expect(bench.error("at (Time.now().add(1, 'day')) 1")).toMatch(/^invalid_argument: /);
  });
});

describe("event sources", () => {
  it("are tokens", () => {
    const bench = new Bench().withDocuments();
    const token = bench.value("C.all().eventSource()", { format: "tagged" }) as {
      "@stream": string;
    };
    expect(token["@stream"]).toEqual(expect.any(String));
    expect(bench.error("C.all().take(1).eventSource()")).toMatch(/^invalid_receiver: /);
    expect(bench.error("C.all().map(.n).count().eventSource()")).toMatch(
      /^invalid_function_invocation: /,
    );
  });
});
