import { describe, expect, it } from "vitest";
import { NO_NEIGHBOURS } from "../../../../src/emulator/fql4/fql4.ts";
import { Bench, collection, doc } from "./bench.ts";

/** What is wrong with the fields of a definition that is refused. */
function failures(bench: Bench, query: object): string[] {
  const { body } = bench.ask(query);
  const { errors } = JSON.parse(body) as {
    errors: { failures?: { field: string[]; code: string }[]; code: string }[];
  };
  return errors.flatMap(({ code, failures: fields }) =>
    fields ? fields.map((failure) => `${failure.field.join("/")}: ${failure.code}`) : [code],
  );
}

const make = (kind: string, fields: object): object => ({ [`create_${kind}`]: { object: fields } });
const lambda = (params: unknown, expr: unknown): object => ({ query: { lambda: params, expr } });
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

const privilege = (resource: object, actions: object): object => ({
  object: { resource, actions: { object: actions } },
});

/** Role `r`, which reads low numbers, keeps them as they are, and calls `f`. */
function withRole(): Bench {
  const bench = new Bench().withDocuments();
  bench.resource(make("function", { name: "f", body: lambda("_", { get: doc(20) }) }));
  bench.resource(
    make("role", {
      name: "r",
      privileges: [
        privilege(
          { collection: "c" },
          {
            read: lambda("ref", {
              lt: [{ select: ["data", "n"], from: { get: { var: "ref" } } }, 30],
            }),
            write: lambda(["old", "new"], {
              equals: [
                { select: ["data", "n"], from: { var: "old" } },
                { select: ["data", "n"], from: { var: "new" } },
              ],
            }),
          },
        ),
        privilege({ function: "f" }, { call: true }),
      ],
    }),
  );
  return bench;
}

const update = (data: object, id = 10): object => ({
  update: doc(id),
  params: { quote: { data } },
});
const withPrivileges = (privileges: object): object => make("role", { name: "x", privileges });

describe("a role", () => {
  it("shows only what its predicates are true of", () => {
    const bench = withRole();
    const asking = { roles: ["r"] };
    expect(bench.resource({ paginate: { documents: { collection: "c" } } }, asking)).toBe(
      '{"data":[c:10,c:20]}',
    );
    expect(bench.resource({ exists: doc(30) }, asking)).toBe("false");
    expect(bench.errors({ get: doc(30) }, asking)).toEqual([
      403,
      ["", "permission denied", "Insufficient privileges to perform the action."],
    ]);
  });

  it("asks about the document as it will be before a write", () => {
    const bench = withRole();
    expect(bench.ask(update({ other: 1 }), { roles: ["r"] }).status).toBe(200);
    expect(bench.ask(update({ n: 11 }), { roles: ["r"] }).status).toBe(403);
    expect(bench.ask({ delete: doc(10) }, { roles: ["r"] }).status).toBe(403);
    expect(bench.ask({ call: "f" }, { roles: ["r"] }).status).toBe(200);
  });

  it.each([
    [{ write: lambda(["old", "new", "ref"], { equals: [{ var: "ref" }, doc(10)] }) }, [200, 403]],
    [{ write: lambda(["_", "new"], { contains_path: ["data"], in: { var: "new" } }) }, [200, 200]],
    [{ write: lambda(["old"], true) }, [403, 403]],
    [{ write: lambda("both", { is_array: { var: "both" } }) }, [200, 200]],
    [{ write: true }, [200, 200]],
    [{ write: lambda("_", { abort: "no" }) }, [403, 403]],
  ])("may write as %j says", (actions, statuses) => {
    const bench = new Bench().withDocuments();
    bench.resource(withPrivileges([privilege({ collection: "c" }, actions)]));
    expect(
      [10, 20].map((id) => bench.ask(update({ other: 1 }, id), { roles: ["x"] }).status),
    ).toEqual(statuses);
  });

  it("is checked when it is made", () => {
    const bench = withRole();
    const actions = { object: { read: "yes" } };
    expect(
      failures(bench, withPrivileges([{ object: { resource: { collection: "c" }, actions } }])),
    ).toEqual(["privileges/actions/read: invalid type"]);
    expect(failures(bench, withPrivileges([{ object: { resource: doc(99) } }]))).toEqual([
      "privileges/resource: invalid reference",
    ]);
  });
});

describe("a built-in role", () => {
  it.each([
    ["client", { get: doc(10) }, 403],
    ["client", { paginate: { documents: { collection: "c" } } }, 200],
    ["client", collection("x"), 403],
    ["server", { get: doc(10) }, 200],
    ["server", collection("x"), 201],
    ["server", { paginate: { keys: null } }, 403],
    ["server", make("role", { name: "x", privileges: [] }), 403],
    ["server-readonly", { get: doc(10) }, 200],
    ["server-readonly", { delete: doc(10) }, 403],
  ] as const)("%s asking %j is answered with %d", (role, query, status) => {
    expect(new Bench().withDocuments().ask(query, { role }).status).toBe(status);
  });
});

describe("a key", () => {
  it("shows its secret once", () => {
    const bench = new Bench();
    const made = bench.resource(make("key", { role: "server", data: { object: { a: 1 } } }));
    expect(made).toMatch(
      /"role":"server","data":\{"a":1\},"secret":"fn[\w-]+","hashed_secret":"\$2a\$/,
    );
    const secret = /"secret":"([^"]+)"/.exec(made)?.[1];
    expect(bench.resource({ key_from_secret: secret })).not.toContain('"secret"');
    expect(failures(bench, make("key", {}))).toEqual(["role: value required"]);
    expect(failures(bench, make("key", { role: "bogus" }))).toEqual(["role: validation failure"]);
  });

  it("is restored with its hash (live 24)", () => {
    const bench = new Bench();
    const made = bench.resource(make("key", { role: "admin" }));
    const [, id] = /^\{"ref":keys:(\d+)/.exec(made)!;
    const [, hash] = /"hashed_secret":"([^"]+)"/.exec(made)!;
    const [, secret] = /"secret":"([^"]+)"/.exec(made)!;
    const ref = { ref: { keys: null }, id };
    bench.resource({ delete: ref });
    const restored = bench.resource({
      create: ref,
      params: { object: { role: "admin", hashed_secret: hash } },
    });
    expect(restored).not.toContain('"secret":');
    expect(bench.resource({ key_from_secret: secret })).toContain(`keys:${id}`);
  });
});

function withPassword(): Bench {
  const bench = new Bench().withDocuments();
  bench.resource({
    create: { credentials: null },
    params: { object: { instance: doc(10), password: "pw" } },
  });
  return bench;
}

describe("credentials", () => {
  it("identify and log in", () => {
    const bench = withPassword();
    expect(bench.resource({ identify: doc(10), password: "pw" })).toBe("true");
    expect(bench.resource({ identify: doc(10), password: "no" })).toBe("false");
    const login = { login: doc(10), params: { object: { password: "pw" } } };
    expect(bench.ask(login, { role: "client" }).status).toBe(201);
    expect(bench.errors({ login: doc(20), params: { object: { password: "pw" } } })).toEqual([
      400,
      [
        "",
        "authentication failed",
        "The document was not found or provided password was incorrect.",
      ],
    ]);
  });

  it("are one for each document, and take hashes from server keys only (live 23)", () => {
    const bench = withPassword();
    const hash = /"hashed_password":"([^"]+)"/.exec(
      bench.resource({ get: { credentials: null } }),
    )?.[1];
    const create = (owner: number): object => ({
      create: { credentials: null },
      params: { object: { instance: doc(owner), hashed_password: hash } },
    });
    expect(bench.errors(create(10))).toEqual([
      400,
      ["create", "instance not unique", "document is not unique."],
    ]);
    bench.resource(create(20));
    bench.resource(create(30), { role: "server" });
    expect(
      bench.resource([
        { identify: doc(20), password: "pw" },
        { identify: doc(30), password: "pw" },
      ]),
    ).toBe("[false,true]");
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
