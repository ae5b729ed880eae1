import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bench, collection, doc } from "./bench.ts";

const create = (id: number, data: object): object => ({
  create: doc(id),
  params: { quote: { data } },
});
const data = (id: number): object => ({ select: "data", from: { get: doc(id) } });

function fresh(): Bench {
  const bench = new Bench();
  bench.resource(collection("c"));
  return bench;
}

describe("a document", () => {
  it("is answered with 201 when it is made, and with 200 when it is changed", () => {
    const bench = fresh();
    expect(bench.ask(create(1, { a: 1 })).status).toBe(201);
    expect(bench.ask({ update: doc(1), params: { quote: { data: { b: 2 } } } }).status).toBe(200);
    expect(bench.ask({ do: [{ delete: doc(1) }, create(1, {})] }).status).toBe(201);
    expect(bench.ask({ select: "ref", from: create(2, {}) }).status).toBe(200);
  });

  it("keeps the order of its fields through updates", () => {
    const bench = fresh();
    bench.resource(
      '{"create":{"ref":{"collection":"c"},"id":"1"},"params":{"quote":{"data":{"b":1,"10":2,"a":3,"2":4}}}}',
    );
    bench.resource({ update: doc(1), params: { quote: { data: { zz: 1, 10: 20, a: null } } } });
    expect(bench.resource(data(1))).toBe('{"b":1,"10":20,"2":4,"zz":1}');
  });

  it("loses nulls of what is written, and keeps those that were there (live 11, 41)", () => {
    const bench = fresh();
    bench.resource(create(1, { arr: [null, 1, [null], { x: null, y: 1 }], gone: null }));
    expect(bench.resource(data(1))).toBe('{"arr":[1,[],{"y":1}]}');
  });

  it("merges objects in an update, and replaces everything in a replacement", () => {
    const bench = fresh();
    bench.resource(create(1, { o: { a: 1, b: 2 }, keep: true }));
    bench.resource({ update: doc(1), params: { quote: { data: { o: { b: null, c: 3 } } } } });
    expect(bench.resource(data(1))).toBe('{"o":{"a":1,"c":3},"keep":true}');
    bench.resource({ replace: doc(1), params: { quote: { data: { o: {} } } } });
    expect(bench.resource(data(1))).toBe('{"o":{}}');
  });

  it("has no members but data and ttl", () => {
    const bench = fresh();
    const params = { quote: { data: { a: 1 }, extra: 1, ts: 5, ref: "x", permissions: {} } };
    bench.resource({ create: doc(1), params });
    expect(bench.resource({ get: doc(1) })).toMatch(/^\{"ref":c:1,"ts":\d+,"data":\{"a":1\}\}$/);
    expect(
      bench.resource({ create: doc(2), params: { object: { data: { object: {} } } } }),
    ).toMatch(/^\{"ref":c:2,"ts":\d+\}$/);
  });

  it("must hold an object, and a time to live that is a time", () => {
    const bench = fresh();
    const { status, body } = bench.ask({ create: doc(1), params: { quote: { data: 5, ttl: 1 } } });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      errors: [
        {
          position: ["create"],
          code: "validation failed",
          description: "document data is not valid.",
          failures: [
            {
              field: ["data"],
              code: "invalid type",
              description: "Invalid type Long, expected type Map.",
            },
            {
              field: ["ttl"],
              code: "invalid type",
              description: "Invalid type Long, expected type Timestamp.",
            },
          ],
        },
      ],
    });
  });

  it("is gone when its ttl has passed (live 3)", () => {
    const bench = fresh();
    bench.resource({
      create: doc(1),
      params: { quote: { ttl: { "@ts": "2026-01-01T00:00:01Z" } } },
    });
    expect(bench.resource({ exists: doc(1) })).toBe("true");
    bench.now += 2_000_000n;
    expect(bench.resource({ exists: doc(1) })).toBe("false");
    expect(bench.resource({ paginate: { documents: { collection: "c" } } })).toBe('{"data":[]}');
  });

  it("is refused when a unique index holds another like it", () => {
    const bench = fresh();
    bench.resource({
      create_index: {
        object: {
          name: "u",
          source: { collection: "c" },
          unique: true,
          terms: [{ object: { field: ["data", "a"] } }],
        },
      },
    });
    bench.resource(create(1, { a: 1 }));
    expect(bench.errors(create(2, { a: 1 }))).toEqual([
      400,
      ["create", "instance not unique", "document is not unique."],
    ]);
    expect(bench.errors(create(1, {}))).toEqual([
      400,
      ["create", "instance already exists", "Document already exists."],
    ]);
  });

  it("cannot refer to what is not there", () => {
    const bench = fresh();
    const query = {
      create: doc(1),
      params: { object: { data: { object: { r: [doc(1, "nope")] } } } },
    };
    expect(JSON.parse(bench.ask(query).body)).toEqual({
      errors: [
        {
          position: [],
          code: "validation failed",
          description: "document data is not valid.",
          failures: [
            {
              field: ["data", "r", "0"],
              code: "invalid reference",
              description: "Cannot read reference.",
            },
          ],
        },
      ],
    });
  });

  it("keeps a set as an object that is no set any more (live 14)", () => {
    const bench = fresh();
    const set = { documents: { collection: "c" } };
    bench.resource({ create: doc(1), params: { object: { data: { object: { set } } } } });
    expect(bench.resource(data(1))).toBe('{"set":{"@obj":{"@set":{"documents":collections:c}}}}');
    expect(bench.errors({ paginate: { select: ["data", "set"], from: { get: doc(1) } } })).toEqual([
      400,
      ["paginate", "invalid argument", "Ref or Set expected, Object provided."],
    ]);
  });

  it("reads back, written in quote, as it was read (live 10)", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => JSON.stringify(text.toWellFormed())),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      fc.boolean().map(String),
      fc.constantFrom(
        '{"@ts":"2020-01-01T00:00:00.123456789Z"}',
        '{"@date":"-0044-03-15"}',
        '{"@bytes":"AAE="}',
        "1.0",
        "-0.0",
        "4.9E-324",
      ),
      fc.constant(
        '{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}',
      ),
    );
    const name = fc.string({ maxLength: 4 }).filter((text) => text !== "" && !text.startsWith("@"));
    const object = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc
        .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 4 })
        .map(
          (members) =>
            `{${members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`,
        );
    const nested = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
        object(tie("value")),
      ),
    })).value;
    fc.assert(
      fc.property(object(nested), (text) => {
        const bench = fresh();
        const read = (id: number): string => bench.ask(data(id)).body;
        const write = (id: number, literal: string): void => {
          const query = `{"create":${JSON.stringify(doc(id))},"params":{"object":{"data":{"quote":{"x":${literal}}}}}}`;
          const { status, body } = bench.ask(query);
          expect(status, body).toBe(201);
        };
        write(1, text);
        const first = read(1);
        write(2, first.slice('{"resource":{"x":'.length, -2));
        expect(read(2)).toBe(first);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a lambda in a document", () => {
  it("keeps the version it was made with, and the variables it has captured", () => {
    const bench = fresh();
    const f = { query: { lambda: "x", expr: { add: [{ var: "x" }, { var: "y" }] } } };
    const query = {
      let: [{ y: 5 }],
      in: { create: doc(1), params: { object: { data: { object: { f } } } } },
    };
    bench.resource(query, { version: "2.7" });
    expect(bench.resource(data(1))).toBe(
      '{"f":{"@query":{"api_version":"2.12","lambda":"x","expr":{"let":{"y":5},"in":{"add":[{"var":"x"},{"var":"y"}]}}}}}',
    );
    expect(bench.ask(data(1), { version: "2.12" }).body).not.toContain("api_version");
  });

  it("is shown with its forms in their own order", () => {
    const bench = fresh();
    const body = {
      lambda: ["a", "_"],
      expr: {
        let: [{ b: { object: { "@odd": [1, null, { "@date": "2020-01-01" }] } } }],
        in: { size: 3, paginate: { terms: "a", match: { index: "ix" } }, after: null },
      },
    };
    expect(bench.resource({ query: body })).toBe(
      '{"@query":{"api_version":"4","lambda":["a","_"],"expr":{"let":{"b":{"object":{"@obj":{"@odd":[1,null,{"@date":"2020-01-01"}]}}}},' +
        '"in":{"paginate":{"match":{"index":"ix"},"terms":"a"},"after":null,"size":3}}}}',
    );
  });

  it("reads back as it was written", () => {
    const bench = fresh();
    const forms = [
      { map: { lambda: "r", expr: { get: { var: "r" } } }, collection: [1] },
      JSON.parse('{"if":true,"then":{"do":[1,2]},"else":{"abort":"no"}}'),
      { select: ["a"], from: { object: {} }, default: 1 },
      { call: { function: "f" }, arguments: [1] },
      { at: { time: "now" }, expr: { exists: doc(1) } },
      { and: [true, { not: false }] },
      { insert: doc(1), ts: 1, action: "create", params: { object: { data: { object: {} } } } },
      { let: { a: 1 }, in: { query: { lambda: "x", expr: { var: "a" } } } },
    ];
    for (const expr of forms) {
      const written = bench.ask({ query: { lambda: "_", expr } }).body;
      const literal = written.slice('{"resource":'.length, -1);
      expect(bench.ask(literal).body).toBe(written);
    }
  });
});

describe("a reference", () => {
  it("is written the way of each version", () => {
    const bench = fresh();
    bench.resource(create(1, {}));
    const shown = (version: "2.0" | "2.1" | "4"): string =>
      bench.ask({ select: "ref", from: { get: doc(1) } }, { version }).body;
    expect(shown("2.0")).toBe('{"resource":{"@ref":"classes/c/1"}}');
    expect(shown("2.1")).toBe(
      '{"resource":{"@ref":{"id":"1","class":{"@ref":{"id":"c","class":{"@ref":{"id":"classes"}}}}}}}',
    );
    expect(shown("4")).toBe(
      '{"resource":{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}}',
    );
    expect(bench.ask('{"@ref":"classes/c/1"}').body).toBe(shown("4"));
  });

  it("follows a collection that is renamed, and outlives one that is deleted (live 33)", () => {
    const bench = fresh();
    bench.resource(collection("gone"));
    bench.resource({ create: doc(7, "gone"), params: { object: {} } });
    bench.resource({
      create: doc(1),
      params: { object: { data: { object: { r: doc(7, "gone") } } } },
    });
    bench.resource({ update: { collection: "gone" }, params: { object: { name: "renamed" } } });
    expect(bench.resource(data(1))).toBe('{"r":renamed:7}');
    bench.resource({ delete: { collection: "renamed" } });
    expect(bench.resource(data(1))).toBe('{"r":renamed:7}');
    expect(bench.resource({ exists: { select: ["data", "r"], from: { get: doc(1) } } })).toBe(
      "true",
    );
    expect(bench.resource({ exists: doc(7, "renamed") })).toBe("false");
  });
});
