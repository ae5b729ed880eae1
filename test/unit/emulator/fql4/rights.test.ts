import { describe, expect, it } from "vitest";
import { Bench, collection, doc, failures, lambda, make } from "./bench.ts";

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

/** Role `x` with these actions on `c`, and perhaps on the index `all`, of all that has a number. */
function withIndex(actions: object, onIndex?: object): Bench {
  const bench = new Bench().withDocuments();
  const values = [{ object: { field: ["data", "n"] } }];
  bench.resource(make("index", { name: "all", source: { collection: "c" }, values }));
  const privileges = [privilege({ collection: "c" }, actions)];
  if (onIndex !== undefined) privileges.push(privilege({ index: "all" }, onIndex));
  bench.resource(withPrivileges(privileges));
  return bench;
}

const ALL = { match: { index: "all" } };
const EVENTS = { events: { documents: { collection: "c" } } };
const AS_X = { roles: ["x"] };

describe("a set that a role may not read", () => {
  it.each([
    { paginate: ALL },
    { count: ALL },
    { get: ALL },
    { exists: ALL },
    { contains_value: 10, in: ALL },
    { is_nonempty: { intersection: [ALL, ALL] } },
    { first: { reverse: { distinct: ALL } } },
    { paginate: { difference: [ALL, ALL] } },
    { identify: ALL, password: "pw" },
  ])("is not read by %j", (query) => {
    expect(withIndex({ read: true }).ask(query, AS_X).status).toBe(403);
    expect(withIndex({ read: true }, { read: true }).ask(query, AS_X).status).not.toBe(403);
  });

  it("adds nothing to a union or a join, and takes nothing away from another", () => {
    const joined = { join: { documents: { collection: "c" } }, with: lambda("_", ALL) };
    const bench = withIndex({ read: true });
    expect(bench.resource({ count: joined }, AS_X)).toBe("0");
    expect(bench.resource({ count: joined })).toBe("5");
    bench.resource(make("index", { name: "refs", source: { collection: "c" } }));
    const refs = { match: { index: "refs" } };
    const documents = { documents: { collection: "c" } };
    expect(
      bench.resource({ count: { union: [refs, { singleton: doc(10) }, documents] } }, AS_X),
    ).toBe("5");
    expect(bench.resource({ count: { difference: [documents, refs] } }, AS_X)).toBe("5");
    expect(bench.resource({ count: { difference: [documents, refs] } })).toBe("0");
  });

  it("tells none of its events, whichever way they are gone through", () => {
    const few = withIndex({ read: lambda("ref", { equals: [{ var: "ref" }, doc(10)] }) });
    expect(few.resource({ count: EVENTS }, AS_X)).toBe("1");
    expect(few.resource({ count: { paginate: EVENTS } }, AS_X)).toContain('"data":[1]');
    expect(few.resource({ count: EVENTS })).toBe("5");
  });

  it("is a document's history, which reading the document does not open", () => {
    const queries = [{ paginate: doc(10), events: true }, { count: { events: doc(10) } }];
    const statuses = (bench: Bench): number[] => queries.map((q) => bench.ask(q, AS_X).status);
    expect(statuses(withIndex({ read: true }))).toEqual([403, 403]);
    expect(statuses(withIndex({ history_read: true }))).toEqual([200, 200]);
  });
});

describe("an unrestricted right to read", () => {
  it("shows members of a set whose documents stay closed", () => {
    const index = withIndex({}, { unrestricted_read: true });
    expect(index.resource({ paginate: ALL }, AS_X)).toBe('{"data":[10,20,30,40,50]}');
    expect(index.resource({ count: ALL }, AS_X)).toBe("5");
    expect(index.ask({ get: ALL }, AS_X).status).toBe(403);
    expect(index.resource({ exists: ALL }, AS_X)).toBe("false");
    const opened = withIndex({ unrestricted_read: true });
    expect(opened.resource({ count: { documents: { collection: "c" } } }, AS_X)).toBe("5");
    expect(opened.ask({ get: doc(10) }, AS_X).status).toBe(403);
  });

  it("is enough to log in by what an index finds", () => {
    const bench = withIndex({}, { unrestricted_read: true });
    bench.resource({
      create: { credentials: null },
      params: { object: { instance: doc(10), password: "pw" } },
    });
    expect(bench.resource({ identify: ALL, password: "pw" }, AS_X)).toBe("true");
  });
});

describe("a role and a child database", () => {
  it("have nothing to do with each other, whatever the names", () => {
    const bench = withIndex({ read: true }, { read: true });
    bench.resource(make("database", { name: "child" }));
    const inChild = { child: "child" };
    bench.resource(collection("c"), inChild);
    bench.resource(make("index", { name: "all", source: { collection: "c" } }), inChild);
    const one = { object: { a: 1 } };
    bench.resource({ create: doc(7), params: { object: { data: one } } }, inChild);
    const scope = { database: "child" };
    const foreign = { collection: "c", scope };
    const queries = [
      { get: { ref: foreign, id: "7" } },
      { paginate: { match: { index: "all", scope } } },
      { paginate: { keys: scope } },
    ];
    expect(queries.map((query) => bench.ask(query, AS_X).status)).toEqual([403, 403, 403]);
    expect(queries.map((query) => bench.ask(query).status)).toEqual([200, 200, 200]);
    expect(bench.resource({ count: { documents: foreign } }, AS_X)).toBe("0");
    expect(bench.resource({ count: { documents: foreign } })).toBe("1");
    expect(bench.resource({ exists: { ref: foreign, id: "7" } }, AS_X)).toBe("false");
  });

  it("does not call a function of its own in place of the child's", () => {
    const bench = new Bench();
    bench.resource(make("database", { name: "child" }));
    bench.resource(make("function", { name: "f", body: lambda("_", "own") }));
    bench.resource(make("function", { name: "f", body: lambda("_", "child's") }), {
      child: "child",
    });
    const call = { call: { function: "f", scope: { database: "child" } } };
    expect(bench.resource(call)).toBe(`"child's"`);
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
