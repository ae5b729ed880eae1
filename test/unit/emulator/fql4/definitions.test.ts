import { describe, expect, it } from "vitest";
import { NO_NEIGHBOURS } from "../../../../src/emulator/fql4/fql4.ts";
import { Bench, collection, doc, failures, lambda, make } from "./bench.ts";

const field = (...path: unknown[]): object => ({ object: { field: path } });

describe("a definition", () => {
  it("cannot be used in the query that makes it", () => {
    const bench = new Bench();
    const query = {
      do: [collection("c"), { create: { collection: "c" }, params: { object: {} } }],
    };
    expect(bench.errors(query)).toEqual([
      400,
      ["do/1/create", "invalid ref", "Ref refers to undefined collection 'c'"],
    ]);
  });

  it("has a name of its own kind", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    expect(bench.errors(collection("c"))).toEqual([
      400,
      ["create_collection", "instance already exists", "Collection already exists."],
    ]);
    expect(failures(bench, make("collection", {}))).toEqual(["name: value required"]);
    expect(failures(bench, collection("a b"))).toEqual(["name: invalid characters"]);
    expect(failures(bench, collection("_"))).toEqual(["name: reserved name"]);
    expect(bench.ask(collection("ü-1.2~%;@+$!")).status).toBe(201);
  });

  it("is renamed, and its old name is free", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    bench.resource({ update: { collection: "c" }, params: { object: { name: "d" } } });
    expect(bench.resource({ exists: { collection: "c" } })).toBe("false");
    bench.resource(collection("c"));
    expect(bench.resource({ paginate: { collections: null } })).toBe(
      '{"data":[collections:d,collections:c]}',
    );
  });

  it("is read as of an earlier time", () => {
    const bench = new Bench();
    bench.resource(collection("c", { data: { object: { v: 1 } } }));
    const then = bench.now + 500n;
    bench.now += 1000n;
    bench.resource({ update: { collection: "c" }, params: { quote: { data: { v: 2 } } } });
    const v = { select: ["data", "v"], from: { get: { collection: "c" } } };
    expect(bench.resource({ at: Number(then), expr: v })).toBe("1");
    expect(bench.resource(v)).toBe("2");
  });
});

describe("a collection", () => {
  it("keeps history for no days unless told otherwise (live 20)", () => {
    const bench = new Bench();
    const days = (name: string): string =>
      bench.resource({
        select: "history_days",
        from: { get: { collection: name } },
        default: "for ever",
      });
    bench.resource(collection("c"));
    bench.resource(collection("d", { history_days: null }));
    expect([days("c"), days("d")]).toEqual(["0", '"for ever"']);
    expect(failures(bench, collection("e", { history_days: -1 }))).toEqual([
      "history_days: non-negative value required",
    ]);
    bench.resource({ replace: { collection: "c" }, params: { object: { ttl_days: 3 } } });
    expect(bench.resource({ get: { collection: "c" } })).toMatch(
      /"name":"c","history_days":0,"ttl_days":3\}$|"history_days":0,"name":"c","ttl_days":3\}$/,
    );
  });

  it("takes its indexes with it", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    bench.resource(make("index", { name: "ix", source: { collection: "c" } }));
    bench.resource({ delete: { collection: "c" } });
    expect(bench.resource({ paginate: { indexes: null } })).toBe('{"data":[]}');
  });
});

describe("an index", () => {
  const bench = new Bench();
  bench.resource(collection("c"));

  it.each([
    [{ name: "x" }, ["source: value required"]],
    [{ name: "x", source: 5 }, ["source: invalid type"]],
    [{ name: "x", source: { collection: "nope" } }, ["source: invalid reference"]],
    [{ name: "x", source: { databases: null } }, ["source: invalid reference"]],
    [{ name: "x", source: { collection: "c" }, terms: "a" }, ["terms: invalid type"]],
    [
      { name: "x", source: { collection: "c" }, terms: [{ object: {} }] },
      ["field: value required"],
    ],
    [{ name: "x", source: { collection: "c" }, partitions: 100 }, ["partitions: bounds error"]],
    [
      {
        name: "x",
        source: {
          object: {
            collection: { collection: "c" },
            fields: { object: { b: lambda("d", { get: { var: "d" } }) } },
          },
        },
      },
      ["source/0/fields/0/b: invalid binding"],
    ],
  ])("of %j is refused", (fields, expected) => {
    expect(failures(bench, make("index", fields))).toEqual(expected);
  });

  it("computes what it is asked for by, and leaves out what it cannot compute", () => {
    const other = new Bench();
    other.resource(collection("c"));
    const lower = lambda("d", { casefold: { select: ["data", "name"], from: { var: "d" } } });
    other.resource(
      make("index", {
        name: "lower",
        source: { object: { collection: { collection: "c" }, fields: { object: { lower } } } },
        terms: [{ object: { binding: "lower" } }],
        values: [field("data", "name")],
      }),
    );
    other.resource({ create: doc(1), params: { quote: { data: { name: "ALPHA" } } } });
    other.resource({ create: doc(2), params: { quote: { data: {} } } });
    expect(other.resource({ paginate: { match: { index: "lower" }, terms: "alpha" } })).toBe(
      '{"data":["ALPHA"]}',
    );
  });

  it("of several collections is active once it is built, and forgets deleted ones (live 31)", () => {
    const other = new Bench();
    other.resource({ do: [collection("c"), collection("d")] });
    const source = [{ collection: "c" }, { collection: "d" }];
    expect(
      other.resource(make("index", { name: "two", source, terms: [field("data", "a")] })),
    ).toContain('"active":false');
    expect(other.resource({ select: "active", from: { get: { index: "two" } } })).toBe("true");
    for (const name of ["c", "d"]) {
      other.resource({
        create: doc(name === "c" ? 1 : 2, name),
        params: { quote: { data: { a: 1 } } },
      });
    }
    const found = { paginate: { match: { index: "two" }, terms: 1 } };
    expect(other.resource(found)).toBe('{"data":[c:1,d:2]}');
    other.resource({ delete: { collection: "d" } });
    expect(other.resource(found)).toBe('{"data":[c:1]}');
  });
});

describe("a function", () => {
  it("is called with one argument or with several", () => {
    const bench = new Bench();
    bench.resource(
      make("function", {
        name: "f",
        body: lambda(["a", "b"], { add: [{ var: "a" }, { var: "b" }] }),
      }),
    );
    expect(bench.resource({ call: { function: "f" }, arguments: [1, 2] })).toBe("3");
    expect(bench.resource({ call: "f", arguments: [1, 2] })).toBe("3");
    const { body } = bench.ask({ call: "f", arguments: 1 });
    expect(JSON.parse(body)).toMatchObject({
      errors: [
        {
          code: "call error",
          cause: [
            {
              position: ["lambda"],
              description: "Lambda expects an array with 2 elements. Array contains 1.",
            },
          ],
        },
      ],
    });
  });

  it("made by v4 has a lambda for its body", () => {
    const bench = new Bench();
    expect(failures(bench, make("function", { name: "f" }))).toEqual(["body: value required"]);
    expect(bench.errors(make("function", { name: "f", body: "x => x" }))).toEqual([
      400,
      ["create_function", "schema validation failed", "Invalid type provided for field `body`."],
    ]);
  });

  it("made by v10 is called through the other language", () => {
    const bench = new Bench();
    bench.cluster.transact(bench.cluster.root, (transaction) => {
      transaction.create(
        transaction.newRef(7),
        new Map([
          ["name", "g"],
          ["body", "(x) => x + 1"],
        ]),
      );
    });
    const calls: unknown[] = [];
    const neighbours = {
      ...NO_NEIGHBOURS,
      callV10: (_site: unknown, name: string, source: string, args: readonly unknown[]) => {
        calls.push([name, source, args]);
        return { kind: "value", value: 2n } as const;
      },
    };
    expect(bench.resource({ call: "g", arguments: [1] }, { neighbours })).toBe("2");
    expect(calls).toEqual([["g", "(x) => x + 1", [1n]]]);
  });
});

describe("a child database", () => {
  it("is seen from its parent, with references that say so", () => {
    const bench = new Bench();
    bench.resource(make("database", { name: "kid" }));
    const kid = bench.cluster.find(["kid"])!;
    bench.cluster.transact(kid, (transaction) => {
      transaction.create(transaction.newRef(1), new Map([["name", "inside"]]));
    });
    expect(bench.resource({ paginate: { collections: { database: "kid" } } })).toBe(
      '{"data":[{"@ref":{"id":"inside","collection":collections(),"database":databases:kid}}]}',
    );
    expect(bench.resource({ exists: { collection: "inside", scope: { database: "kid" } } })).toBe(
      "true",
    );
  });

  it("moves below another with all that is in it", () => {
    const bench = new Bench();
    bench.resource({ do: [make("database", { name: "a" }), make("database", { name: "b" })] });
    const a = bench.cluster.find(["a"]);
    expect(bench.errors({ move_database: { database: "a" }, to: { database: "a" } })[0]).toBe(400);
    bench.resource({ move_database: { database: "a" }, to: { database: "b" } });
    expect(bench.cluster.find(["b", "a"])).toBe(a);
    expect(bench.resource({ paginate: { databases: null } })).toBe('{"data":[databases:b]}');
  });
});
