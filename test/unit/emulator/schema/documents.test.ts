import { describe, expect, it } from "vitest";
import { NATIVE } from "../../../../src/emulator/data/ids.ts";
import { type Data, DocRef } from "../../../../src/emulator/data/value.ts";
import { Version } from "../../../../src/emulator/data/version.ts";
import {
  collectionSchema,
  documentViolations,
  failedChecks,
  withDefaults,
} from "../../../../src/emulator/schema/schema.ts";
import { parsePath } from "../../../../src/emulator/schema/documents.ts";
import { simple, TestDatabase } from "./support.ts";

const TYPED = `collection T {
  s: String
  i: Int = 1 + 4
  n: Number?
  arr: Array<Int> = []
  o: { x: Int, y: String? }?
  deep: { a: Int = 1, b: { c: Int = 2 } }
  lit: "a" | "b" | Null
  tup: [Int, String]?
  r: Ref<T>?
  compute c = (d) => d.i
  check positive (d => d.i > 0)
}
`;

function typed() {
  const db = new TestDatabase();
  db.push(TYPED);
  const within = <T>(
    work: (parts: {
      transaction: Parameters<typeof withDefaults>[0];
      schema: Parameters<typeof withDefaults>[1];
      id: number;
    }) => T,
  ) =>
    db.do((transaction) => {
      const id = Number(transaction.definitions.find(NATIVE.Collection, "T")?.ref.id);
      const schema = collectionSchema(transaction, id);
      if (schema === undefined) throw new Error("no collection");
      return work({ transaction, schema, id });
    });
  const violations = (data: Record<string, Data>, writer: "v10" | "v4" = "v10") =>
    within(({ schema }) =>
      documentViolations(schema, new Map(Object.entries(data)), writer).map(
        ({ paths, message }) => `${JSON.stringify(paths[0])} ${message}`,
      ),
    );
  return { within, violations };
}

const GOOD = {
  s: "x",
  i: 1n,
  arr: [],
  deep: new Map<string, Data>([
    ["a", 1n],
    ["b", new Map([["c", 2n]])],
  ]),
};

describe("documents of a typed collection", () => {
  it("are as they should be", () => {
    const { violations } = typed();
    expect(
      violations({ ...GOOD, n: 1.5, lit: "a", tup: [1n, "x"], o: new Map([["x", 1n]]) }),
    ).toEqual([]);
  });

  it.each([
    ['["s"] Expected String, provided Int', { s: 5n }],
    ['["s"] Missing required field of type String', { s: null }],
    ['["extra"] Unexpected field provided', { extra: 1n }],
    ['["i"] Expected Int, provided Long', { i: 5_000_000_000n }],
    ['["n"] Expected Number | Null, provided String', { n: "x" }],
    ['["arr",1] Expected Int, provided String', { arr: [1n, "2"] }],
    ['["o","x"] Expected Int, provided String', { o: new Map([["x", "no"]]) }],
    ['["lit"] Expected "a" | "b" | Null, provided "c"', { lit: "c" }],
    ['["r"] Expected T | Null, provided Document', { r: new DocRef(9999, 1n) }],
    ['["c"] Cannot write to a computed field', { c: 1n }],
  ] as [string, Record<string, Data>][])("are refused with %s", (message, data) => {
    const { violations } = typed();
    expect(violations({ ...GOOD, ...data })).toEqual([message]);
  });

  it("may lack fields with defaults in v4, which fills nothing in", () => {
    const { violations } = typed();
    const { deep } = GOOD;
    expect(violations({ s: "x", deep }, "v4")).toEqual([]);
    expect(violations({ deep }, "v4")).toEqual(['["s"] Missing required field of type String']);
    expect(violations({ ...GOOD, c: 1n }, "v4")).toEqual(['["c"] Unexpected field provided']);
  });

  it("get defaults for what is missing, nested ones too, and none for explicit nulls", () => {
    const { within } = typed();
    const filled = (data: Record<string, Data>) =>
      within(({ transaction, schema }) =>
        simple(withDefaults(transaction, schema, new Map(Object.entries(data)), "no")),
      );
    expect(filled({ s: "x" })).toEqual({ s: "x", i: 5, arr: [], deep: { a: 1, b: { c: 2 } } });
    expect(filled({ s: "x", i: null, deep: new Map([["a", 9n]]) })).toEqual({
      s: "x",
      i: null,
      arr: [],
      deep: { a: 9, b: { c: 2 } },
    });
  });

  it("are held to the checks", () => {
    const { within } = typed();
    const failures = (i: bigint) =>
      within(({ transaction, schema, id }) => {
        const version = new Version(
          transaction.now,
          "create",
          new Map([["data", new Map<string, Data>([["i", i]])]]),
        );
        return failedChecks(transaction, schema, new DocRef(id, 1n), version).map(
          ({ message }) => message,
        );
      });
    expect(failures(1n)).toEqual([]);
    expect(failures(0n)).toEqual(["Document failed check constraint `positive`"]);
  });
});

describe("paths of indexes", () => {
  it.each([
    [".a.b", ["a", "b"]],
    ["a", ["a"]],
    [".a[0].b", ["a", 0, "b"]],
    ['.["x y"].b', ["x y", "b"]],
    ["a b", undefined],
    ["", undefined],
    [".a..b", undefined],
  ])("of %j are %j", (path, steps) => {
    expect(parsePath(path)).toEqual(steps);
  });
});
