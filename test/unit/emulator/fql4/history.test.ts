import { describe, expect, it } from "vitest";
import { Bench, collection, DAY, doc, START } from "./bench.ts";

const insert = (id: number, ts: bigint | object, data: object, action = "create"): string =>
  JSON.stringify({
    insert: doc(id),
    ts: "TS",
    action,
    params: { quote: { data } },
  }).replace('"TS"', typeof ts === "bigint" ? String(ts) : JSON.stringify(ts));
const tags = (names: string[]): object => ({ quote: { data: { tags: names } } });
const tagged = (tag: string): object => ({ match: { index: "byTag" }, terms: tag });
const events = (id: number): object => ({ paginate: doc(id), events: true });

describe("Insert", () => {
  it("stores a version at its time, and answers with the event", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    expect(bench.resource(insert(1, 1_500_000_000_000_000n, { a: 1 }))).toBe(
      '{"ts":1500000000000000,"action":"create","document":c:1,"data":{"a":1}}',
    );
    expect(bench.resource({ get: doc(1) })).toBe(
      '{"ref":c:1,"ts":1500000000000000,"data":{"a":1}}',
    );
  });

  it("can be repeated, and replaces the version of that time", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    const query = insert(1, 1_500_000_000_000_000n, { a: 1 });
    expect(bench.resource(query)).toBe(bench.resource(query));
    bench.resource(insert(1, 1_500_000_000_000_000n, { b: 2 }));
    expect(bench.resource({ select: "data", from: { get: doc(1) } })).toBe('{"b":2}');
  });

  it("below a newer version or a deletion changes nothing that anyone sees (live 40)", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    bench.resource({ create: doc(1), params: { quote: { data: { a: 1 } } } });
    bench.resource(insert(1, 1_500_000_000_000_000n, { a: "old" }));
    expect(bench.resource({ select: ["data", "a"], from: { get: doc(1) } })).toBe("1");
    bench.now += 1000n;
    bench.resource({ delete: doc(1) });
    bench.resource(insert(1, 1_500_000_000_000_000n, { a: "older" }));
    expect(bench.resource({ exists: doc(1) })).toBe("false");
    bench.resource(insert(1, { time: "now" }, { a: "new" }));
    expect(bench.resource({ select: ["data", "a"], from: { get: doc(1) } })).toBe('"new"');
  });

  it("fills a history that is long enough to hold it", () => {
    const bench = new Bench();
    bench.resource(collection("c", { history_days: 30 }));
    bench.resource(insert(1, START - 10n * DAY, { v: 1 }));
    bench.resource(insert(1, START - 5n * DAY, { v: 2, more: true }, "update"));
    expect(bench.resource(events(1))).toBe(
      `{"data":[{"ts":${START - 10n * DAY},"action":"create","document":c:1,"data":{"v":1}},` +
        `{"ts":${START - 5n * DAY},"action":"update","document":c:1,"data":{"v":2,"more":true}}]}`,
    );
    const then = `{"at":${START - 7n * DAY},"expr":${JSON.stringify({ select: "data", from: { get: doc(1) } })}}`;
    expect(bench.resource(then)).toBe('{"v":1}');
    bench.resource(
      `{"remove":${JSON.stringify(doc(1))},"ts":${START - 5n * DAY},"action":"update"}`,
    );
    expect(bench.resource({ select: "data", from: { get: doc(1) } })).toBe('{"v":1}');
  });

  it("takes expressions, so that NaN can be stored under an old time (live 39)", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    const data = { object: { a: { to_double: "NaN" }, b: { to_double: "-∞" } } };
    bench.resource({ insert: doc(1), ts: 1, action: "create", params: { object: { data } } });
    expect(bench.resource({ select: "data", from: { get: doc(1) } })).toBe(
      '{"a":"NaN","b":"-Infinity"}',
    );
  });

  it("refuses times to come, and definitions", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    expect(bench.errors(insert(1, START + DAY, {}))).toEqual([
      400,
      ["", "invalid write time", "Cannot write outside of snapshot time."],
    ]);
    expect(bench.errors({ insert: { collection: "c" }, ts: 1, action: "create" })).toEqual([
      400,
      ["", "invalid argument", "Cannot insert event for specified ref."],
    ]);
  });
});

describe("the history of a document", () => {
  const bench = new Bench();
  const times: string[] = [];
  const run = (query: object): void => {
    bench.now += 1000n;
    times.push(String(bench.now));
    bench.resource(query);
  };
  bench.resource(collection("c"));
  run({ create: doc(1), params: { quote: { data: { a: 1, o: { x: 1, y: 2 } } } } });
  run({ update: doc(1), params: { quote: { data: { a: 2, o: { y: null } } } } });
  run({ replace: doc(1), params: { quote: { data: { b: 1 } } } });
  run({ delete: doc(1) });
  run({ create: doc(1), params: { quote: { data: { again: true } } } });
  const event = (i: number, action: string, data: string): string =>
    `{"ts":${times[i]},"action":"${action}","document":c:1,"data":${data}}`;
  const all = [
    event(0, "create", '{"a":1,"o":{"x":1,"y":2}}'),
    event(1, "update", '{"a":2,"o":{"y":null}}'),
    event(2, "update", '{"a":null,"o":null,"b":1}'),
    event(3, "delete", "null"),
    event(4, "create", '{"again":true}'),
  ];

  it("tells what each version changed", () => {
    expect(bench.resource(events(1))).toBe(`{"data":[${all.join(",")}]}`);
    expect(bench.resource({ paginate: { events: doc(1) } })).toBe(`{"data":[${all.join(",")}]}`);
  });

  it("is paged in both directions", () => {
    const cursor = (i: number, action: string): string =>
      `{"ts":${times[i]},"action":"${action}","document":c:1}`;
    expect(bench.resource({ ...events(1), size: 2 })).toBe(
      `{"after":${cursor(2, "update")},"data":[${all[0]},${all[1]}]}`,
    );
    const third = Number(times[2]);
    expect(bench.resource({ ...events(1), size: 1, after: third })).toBe(
      `{"before":{"ts":${third},"action":"add"},"after":${cursor(3, "delete")},"data":[${all[2]}]}`,
    );
    expect(bench.resource({ ...events(1), size: 1, before: third })).toBe(
      `{"before":${cursor(1, "update")},"after":{"ts":${third},"action":"add"},"data":[${all[1]}]}`,
    );
  });

  it("of the set it is alone in has only its comings and goings", () => {
    expect(bench.resource({ paginate: { singleton: doc(1) }, events: true })).toBe(
      `{"data":[{"ts":${times[0]},"action":"add","document":c:1},` +
        `{"ts":${times[3]},"action":"remove","document":c:1},` +
        `{"ts":${times[4]},"action":"add","document":c:1}]}`,
    );
  });

  it("is told of an instance before version 2.7", () => {
    expect(bench.ask(events(1), { version: "2.1" }).body).toContain(
      '"action":"create","instance":{"@ref":{"id":"1","class":{"@ref":{"id":"c","class":{"@ref":{"id":"classes"}}}}}}',
    );
  });
});

describe("the history of a set of sets", () => {
  const bench = new Bench();
  const run = (query: object): void => {
    bench.now += 10n;
    bench.resource(query);
  };
  run(collection("c"));
  run({
    create_index: {
      object: {
        name: "byTag",
        source: { collection: "c" },
        terms: [{ object: { field: ["data", "tags"] } }],
      },
    },
  });
  bench.now = START + 1000n;
  run({ create: doc(1), params: tags(["a"]) });
  run({ update: doc(1), params: tags(["a", "b"]) });
  run({ create: doc(2), params: tags(["b"]) });
  run({ update: doc(1), params: tags(["b"]) });
  run({ delete: doc(2) });
  const both = [tagged("a"), tagged("b")];

  it.each([
    [tagged("b"), "2+1 3+2 5-2"],
    [{ union: both }, "1+1 2+1 3+2 4-1 5-2"],
    [{ union: [tagged("b"), tagged("b")] }, "2+1 3+2 5-2"],
    [{ intersection: both }, "2+1 4-1"],
    [{ difference: both }, "1+1 2-1"],
    [{ difference: both.toReversed() }, "3+2 4+1 5-2"],
    [{ difference: [{ union: both }] }, "1+1 2+1 3+2 4-1 5-2"],
    [{ intersection: [{ union: both }, tagged("b")] }, "2+1 3+2 4-1 5-2"],
    [{ distinct: tagged("a") }, "1+1 4-1"],
    [
      {
        join: tagged("a"),
        with: { lambda: "r", expr: tagged("b") },
      },
      "2+1 3+2",
    ],
  ])("%j is %s", (set, told) => {
    const { body } = bench.ask({ paginate: set, events: true });
    const { data } = (JSON.parse(body) as { resource: { data: Event[] } }).resource;
    const shown = data.map(
      ({ ts, action, document }) =>
        `${(ts - Number(START) - 1000) / 10}${action === "add" ? "+" : "-"}${document["@ref"].id}`,
    );
    expect(shown.join(" ")).toBe(told);
  });

  it.each([
    { range: tagged("a"), from: null, to: null },
    { reverse: tagged("a") },
    { filter: { lambda: "r", expr: true }, collection: tagged("a") },
    { events: tagged("a") },
  ])("is not there of %j", (set) => {
    expect(bench.errors({ paginate: { events: set } })[0]).toBe(400);
  });
});

interface Event {
  readonly ts: number;
  readonly action: string;
  readonly document: { readonly "@ref": { readonly id: string } };
}

describe("At", () => {
  it("reads an earlier time, and does not write there", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    bench.now += 1000n;
    const then = bench.now;
    bench.resource({ create: doc(1), params: { quote: { data: { v: 1 } } } });
    bench.now += 1000n;
    bench.resource({ update: doc(1), params: { quote: { data: { v: 2 } } } });
    const at = (expr: object): object => ({ at: Number(then), expr });
    expect(bench.resource(at({ select: ["data", "v"], from: { get: doc(1) } }))).toBe("1");
    expect(bench.resource({ get: doc(1), ts: Number(then) })).toContain('"v":1');
    expect(bench.resource({ exists: doc(1), ts: Number(then) - 1 })).toBe("false");
    expect(bench.errors(at({ create: doc(2) }))).toEqual([
      400,
      ["expr/create", "invalid write time", "Cannot write outside of snapshot time."],
    ]);
  });

  it("takes a time to come for now, and refuses one before the window (live 4, 5)", () => {
    const bench = new Bench();
    bench.resource(collection("c"));
    bench.resource({ create: doc(1), params: { object: {} } });
    expect(
      bench.resource({ at: { "@ts": "2999-01-01T00:00:00Z" }, expr: { exists: doc(1) } }),
    ).toBe("true");
    const { status, body } = bench.ask({
      at: { "@ts": "2020-01-01T00:00:00Z" },
      expr: { exists: doc(1) },
    });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      errors: [
        {
          code: "bad request",
          description: expect.stringMatching(
            /^Requested timestamp 2020-01-01T00:00:00Z less than minimum allowed timestamp 2025-12-31T23:45:00\.\d+Z\.$/,
          ) as string,
        },
      ],
    });
  });
});
