import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bench, collection, doc } from "./bench.ts";

const documents = { documents: { collection: "c" } };
const page = (bench: Bench, options: object = {}): string =>
  bench.resource({ paginate: documents, ...options });

describe("a page of a collection", () => {
  const bench = new Bench().withDocuments();

  it.each([
    [{}, '{"data":[c:10,c:20,c:30,c:40,c:50]}'],
    [{ size: 2 }, '{"after":[c:30],"data":[c:10,c:20]}'],
    [{ size: 5 }, '{"data":[c:10,c:20,c:30,c:40,c:50]}'],
    [{ size: 0 }, '{"data":[]}'],
    [{ size: 2, after: [doc(30)] }, '{"before":[c:30],"after":[c:50],"data":[c:30,c:40]}'],
    [{ size: 2, after: doc(50) }, '{"before":[c:50],"data":[c:50]}'],
    [{ size: 2, before: [doc(30)] }, '{"after":[c:30],"data":[c:10,c:20]}'],
    [{ size: 1, before: [doc(30)] }, '{"before":[c:20],"after":[c:30],"data":[c:20]}'],
    [{ size: 1, before: [doc(10)] }, '{"after":[c:10],"data":[]}'],
    [{ after: [doc(25)] }, '{"before":[c:25],"data":[c:30,c:40,c:50]}'],
    [{ after: ["x"] }, '{"before":["x"],"data":[c:10,c:20,c:30,c:40,c:50]}'],
    [{ cursor: { object: { after: [doc(40)] } } }, '{"before":[c:40],"data":[c:40,c:50]}'],
    [{ cursor: { object: { before: [doc(20)] } } }, '{"after":[c:20],"data":[c:10]}'],
    [{ cursor: null, size: 1 }, '{"after":[c:20],"data":[c:10]}'],
  ])("with %j is %s", (options, answer) => {
    expect(page(bench, options)).toBe(answer);
  });

  it.each([
    [{ from: doc(20), to: doc(40) }, "[c:20,c:30,c:40]"],
    [{ from: [doc(15)], to: [doc(39)] }, "[c:20,c:30]"],
    [{ from: [], to: doc(20) }, "[c:10,c:20]"],
    [{ from: doc(40), to: doc(20) }, "[]"],
    [{ from: null, to: null }, "[]"],
  ])("of the range %j has %s", (bounds, data) => {
    const answer = bench.resource({ paginate: { range: documents, ...bounds } });
    expect(answer).toBe(`{"data":${data}}`);
  });

  it("of it reversed goes the other way", () => {
    expect(bench.resource({ paginate: { reverse: documents }, size: 2 })).toBe(
      '{"after":[c:30],"data":[c:50,c:40]}',
    );
    expect(bench.resource({ paginate: { reverse: documents }, size: 2, after: [doc(30)] })).toBe(
      '{"before":[c:30],"after":[c:10],"data":[c:30,c:20]}',
    );
  });

  it("keeps its cursors through Map, Filter, Take and Drop", () => {
    const mapped = {
      map: { lambda: "r", expr: { select: "id", from: { var: "r" } } },
      collection: { paginate: documents, size: 3 },
    };
    expect(bench.resource(mapped)).toBe('{"after":[c:40],"data":["10","20","30"]}');
    expect(bench.resource({ take: 1, collection: mapped })).toBe('{"after":[c:20],"data":["10"]}');
    expect(bench.resource({ drop: 1, collection: mapped })).toBe(
      '{"before":[c:20],"after":[c:40],"data":["20","30"]}',
    );
  });

  it("shows where its items come from if asked to", () => {
    expect(page(bench, { size: 1, sources: true })).toBe(
      '{"after":[c:20],"data":[{"value":c:10,"sources":[{"@set":{"documents":collections:c}}]}]}',
    );
  });

  it("shows every document once, with pages of any size in either direction", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(60), { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        (ids, size) => {
          const other = new Bench();
          other.resource(collection("c"));
          for (const id of ids) other.resource({ create: doc(id), params: { object: {} } });
          const sorted = ids.toSorted((a, b) => a - b);
          expect(walk(other, "after", size)).toEqual(sorted);
          expect(walk(other, "before", size)).toEqual(sorted.toReversed());
        },
      ),
      { numRuns: 40 },
    );
  });

  it("shows every document between two places once, of a range, of a range of it reversed and of what is distinct in that", () => {
    const ids = Array.from({ length: 20 }, (_, n) => 3 * n);
    const other = new Bench();
    other.resource(collection("c"));
    for (const id of ids) other.resource({ create: doc(id), params: { object: {} } });
    const place = fc.option(fc.nat(60), { nil: undefined });
    fc.assert(
      fc.property(place, place, fc.integer({ min: 1, max: 7 }), (from, to, size) => {
        const bounds = {
          from: from === undefined ? [] : [doc(from)],
          to: to === undefined ? [] : doc(to),
        };
        const [low = 0, high = 60] = [from, to];
        const forward = ids.filter((id) => id >= low && id <= high);
        const range = { range: documents, ...bounds };
        expect(walk(other, "after", size, range)).toEqual(forward);
        expect(walk(other, "before", size, range)).toEqual(forward.toReversed());
        const [first = 60, last = 0] = [from, to];
        const backward = ids.filter((id) => id <= first && id >= last).toReversed();
        const reversed = { range: { reverse: documents }, ...bounds };
        expect(walk(other, "after", size, reversed)).toEqual(backward);
        expect(walk(other, "after", size, { reverse: range })).toEqual(forward.toReversed());
        expect(walk(other, "after", size, { distinct: reversed })).toEqual(backward);
      }),
      { numRuns: 100 },
    );
  });

  it("has the same items and cursors whether or not it is asked where they come from", () => {
    const other = new Bench();
    other.resource(collection("c"));
    for (const id of [3, 6, 9, 12]) other.resource({ create: doc(id), params: { object: {} } });
    other.resource({ delete: doc(6) });
    const place = fc.option(fc.nat(14), { nil: undefined });
    const direction = fc.constantFrom("after", "before");
    fc.assert(
      fc.property(place, place, place, direction, fc.nat(5), (from, to, start, way, size) => {
        const bounds = {
          from: from === undefined ? [] : [doc(from)],
          to: to === undefined ? [] : [doc(to)],
        };
        const cursor = start === undefined ? {} : { [way]: [doc(start)] };
        const query = { paginate: { range: documents, ...bounds }, size, ...cursor };
        const { data, ...cursors } = pageOf(other, query);
        const told = pageOf(other, { ...query, sources: true });
        const items = (told.data as { value: object }[]).map(({ value }) => value);
        expect({ ...told, data: items }).toEqual({ ...cursors, data });
      }),
      { numRuns: 300 },
    );
  });
});

function pageOf(bench: Bench, query: object): { readonly data: readonly object[] } {
  const { resource } = JSON.parse(bench.ask(query).body) as {
    resource: { data: readonly object[] };
  };
  return resource;
}

/** The ids on all pages, one after the other. */
function walk(
  bench: Bench,
  direction: "after" | "before",
  size: number,
  set: object = documents,
): number[] {
  const found: number[] = [];
  let options: object = direction === "after" ? {} : { before: [doc("9223372036854775807")] };
  for (;;) {
    const text = bench.ask({ paginate: set, size, ...options }).body;
    const { resource } = JSON.parse(text) as {
      resource: { data: { "@ref": { id: string } }[]; after?: object[]; before?: object[] };
    };
    const ids = resource.data.map((ref) => Number(ref["@ref"].id));
    found.push(...(direction === "after" ? ids : ids.toReversed()));
    const next = resource[direction];
    if (next === undefined) return found;
    options = { [direction]: next };
  }
}

const index = (name: string, options: object): object => ({
  create_index: { object: { name, source: { collection: "c" }, ...options } },
});
const tagged = (tag: string): object => ({ match: { index: "byTag" }, terms: tag });

describe("the entries of an index", () => {
  const bench = new Bench();
  bench.resource(collection("c"));
  bench.resource(index("byTag", { terms: [{ object: { field: ["data", "tags"] } }] }));
  bench.resource(index("byN", { values: [{ object: { field: ["data", "n"] } }] }));
  bench.resource(
    index("down", {
      values: [{ object: { field: ["data", "n"], reverse: true } }, { object: { field: ["ref"] } }],
    }),
  );
  const data = [
    { tags: ["a", "b"], n: 1 },
    { tags: ["b"], n: 1 },
    { tags: ["c"], n: 3 },
  ];
  for (const [i, fields] of data.entries()) {
    bench.resource({ create: doc(i + 1), params: { quote: { data: fields } } });
  }
  it.each([
    [tagged("b"), "[c:1,c:2]"],
    [{ match: { index: "byN" } }, "[1,1,3]"],
    [{ match: "byN" }, "[1,1,3]"],
    [{ match: { index: "down" } }, "[[3,c:3],[1,c:1],[1,c:2]]"],
    [{ union: [tagged("a"), tagged("b")] }, "[c:1,c:2]"],
    [{ intersection: [tagged("a"), tagged("b")] }, "[c:1]"],
    [{ difference: [tagged("b"), tagged("a")] }, "[c:2]"],
    [{ distinct: { match: { index: "byN" } } }, "[1,3]"],
    [{ range: { match: { index: "byN" } }, from: 2, to: 5 }, "[3]"],
    [{ range: { match: { index: "byN" } }, from: [1], to: [1] }, "[1,1]"],
    [
      {
        filter: { lambda: "n", expr: { gt: [{ var: "n" }, 1] } },
        collection: { match: { index: "byN" } },
      },
      "[3]",
    ],
    [{ singleton: doc(1) }, "[c:1]"],
    [
      {
        "@set": {
          match: { "@ref": { id: "byTag", collection: { "@ref": { id: "indexes" } } } },
          terms: "b",
        },
      },
      "[c:1,c:2]",
    ],
  ])("%j are %s", (set, items) => {
    expect(bench.resource({ paginate: set })).toBe(`{"data":${items}}`);
  });

  it("are paged by value and document", () => {
    const set = { match: { index: "byN" } };
    expect(bench.resource({ paginate: set, size: 1 })).toBe('{"after":[1,c:2],"data":[1]}');
    expect(bench.resource({ paginate: set, after: [1, doc(2)] })).toBe(
      '{"before":[1,c:2],"data":[1,3]}',
    );
    expect(bench.resource({ paginate: set, before: [1, doc(2)] })).toBe(
      '{"after":[1,c:2],"data":[1]}',
    );
  });

  it("cannot be asked for in an index that is not there", () => {
    expect(bench.errors({ paginate: { match: { index: "nope" } } })).toEqual([
      400,
      ["paginate/match", "invalid ref", "Ref refers to undefined index 'nope'"],
    ]);
  });
});
