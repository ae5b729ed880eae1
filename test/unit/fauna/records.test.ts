import { describe, expect, it } from "vitest";
import { isArkError } from "../../../src/errors/errors.ts";
import {
  idRanges,
  ids,
  largestFirst,
  LAST_ID,
  measure,
  recordPages,
  records,
} from "../../../src/fauna/fauna.ts";
import {
  cannedDatabase,
  v10Data,
  v10Error,
  v4Error,
  v4Resource,
} from "../../support/canned-database.ts";
import { inTurn, type CannedRequest, type Reply } from "../../support/canned-server.ts";

const T = 1795259107540000n;

const COLLECTION = '{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}';
const ref = (id: number | string): string => `{"@ref":{"id":"${id}","collection":${COLLECTION}}}`;
const doc = (id: number, data: string): string =>
  `{"ref":${ref(id)},"ts":1795259100000000,"data":${data}}`;

/** The pages of a collection whose one document v10 does not know. */
async function shownByV4Alone(document: string) {
  const paged = collection(new Map([[1, document]]));
  await using at = await cannedDatabase((request) =>
    request.path === "/" ? paged(request) : v10Data("[null]"),
  );
  return await all(recordPages(at.connection, { collection: "C", at: T }));
}

interface Query {
  at: number;
  expr: {
    paginate?: Paginate;
    map?: { expr: object };
    /** What cannot be read, in a page and among ids. */
    filter?: object;
    object?: object;
    collection?: { paginate: Paginate; size: number; after?: unknown };
    size?: number;
    after?: unknown;
  };
}
type Paginate = {
  documents?: unknown;
  range?: unknown;
  from?: [{ id: string }] | [];
  to?: [{ id: string }];
};

/** A server that pages through documents 10, 20, 30 … as Fauna does, in real answers' form. */
function collection(
  documents: ReadonlyMap<number, string>,
  whenRead?: (query: Query) => Reply | undefined,
) {
  return ({ body }: CannedRequest): Reply => {
    const query = JSON.parse(body) as Query;
    expect(query.at).toBe(Number(T));
    const special = whenRead?.(query);
    if (special !== undefined) return special;
    if (query.expr.filter !== undefined || query.expr.object !== undefined) {
      const gone = [...documents].filter(([, document]) => document === "null");
      return v4Resource(`{"data":[${gone.map(([id]) => ref(id)).join(",")}]}`);
    }
    const page =
      query.expr.collection ??
      (query.expr as { paginate: Paginate; size: number; after?: unknown });
    const after = /"id":"(\d+)"/.exec(JSON.stringify(page.after ?? ""))?.[1] ?? "0";
    const from = Math.max(Number(page.paginate.from?.[0]?.id ?? 0), Number(after));
    const to = Number(page.paginate.to?.[0]?.id ?? Infinity);
    const listed = [...documents.keys()].filter((id) => id >= from && id <= to);
    const shown = listed.slice(0, page.size);
    const next = listed[page.size];
    const items = shown.map((id) => (query.expr.map === undefined ? ref(id) : documents.get(id)!));
    return v4Resource(
      `{${next === undefined ? "" : `"after":[${ref(next)}],`}"data":[${items.join(",")}]}`,
    );
  };
}

const ten = new Map(
  Array.from({ length: 10 }, (_, i) => [(i + 1) * 10, doc((i + 1) * 10, `{"n":${i}}`)]),
);

/** Fails as a page does in which one document can no longer be read, until each is asked about. */
const unlessCareful = (query: Query): Reply | undefined =>
  query.expr.map !== undefined && "get" in query.expr.map.expr
    ? v4Error(404, "instance not found", "Document not found.")
    : undefined;

/** A row as the v10 query projects documents. */
const row = (id: number): string =>
  `{"id":"${id}","ts":{"@time":"2026-11-21T11:05:07.540Z"},"ttl":${id === 2 ? '{"@time":"2027-01-01T00:00:00Z"}' : "null"},"stored":{"n":{"@int":"${id}"},"x":{"@double":"1.0"}}}`;

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

describe("records", () => {
  it("reads a collection page by page, at one time, ascending", async () => {
    await using at = await cannedDatabase(collection(ten));
    const found = await all(records(at.connection, { collection: "C", at: T, pageSize: 3 }));
    expect(found.map(({ id }) => id)).toEqual([...ten.keys()].map(String));
    expect(found[0]).toEqual({ id: "10", ts: 1795259100000000n, dataText: '{"n":0}' });
    expect(at.server.requests).toHaveLength(4);
  });

  it("reads a range of ids, both ends included, whether they exist or not", async () => {
    await using at = await cannedDatabase(collection(ten));
    const read = async (from?: string, to?: string) =>
      (await all(records(at.connection, { collection: "C", at: T, from, to, pageSize: 2 }))).map(
        ({ id }) => id,
      );
    expect(await read("30", "60")).toEqual(["30", "40", "50", "60"]);
    expect(await read("25", "59")).toEqual(["30", "40", "50"]);
    expect(await read(undefined, "20")).toEqual(["10", "20"]);
    expect(await read("85")).toEqual(["90", "100"]);
    expect(await read("101")).toEqual([]);
  });

  it("keeps the text of every value", async () => {
    const data =
      '{"a":9007199254740993,"b":1.0,"c":-0.0,"10":1,"2":1,"__proto__":{},"d":{"@obj":{"@x":1}}}';
    await using at = await cannedDatabase(collection(new Map([[1, doc(1, data)]])));
    expect((await all(records(at.connection, { collection: "C", at: T })))[0]!.dataText).toBe(data);
  });

  it("asks for the next page while the first is worked on", async () => {
    await using at = await cannedDatabase(collection(ten));
    const pages = recordPages(at.connection, { collection: "C", at: T, pageSize: 3 });
    await pages.next();
    while (at.server.requests.length < 2) await new Promise(setImmediate);
    await pages.return(undefined);
    expect(at.server.requests.length).toBe(2);
  });

  it("passes over documents whose ttl has passed, and counts them", async () => {
    const withGone = new Map(ten).set(30, "null");
    await using at = await cannedDatabase(collection(withGone, unlessCareful));
    const pages = await all(recordPages(at.connection, { collection: "C", at: T, pageSize: 5 }));
    expect(pages.flatMap((page) => page.records.map(({ id }) => id))).toHaveLength(9);
    expect(pages.map(({ gone }) => gone)).toEqual([1, 0]);
  });

  it("asks again for documents that are listed and cannot be read for a moment", async () => {
    let pages = 0;
    const hidden = new Map(ten).set(30, "null").set(40, "null");
    const moment = collection(hidden, unlessCareful);
    const others = collection(new Map(ten).set(50, "null"), unlessCareful);
    const later = collection(ten, unlessCareful);
    await using at = await cannedDatabase((request) => {
      const isPage = request.body.includes('"then"') && !request.body.includes('"after"');
      if (isPage) pages++;
      // While it writes them anew: two are missing, then those are there and as many as were missing are again.
      if (pages <= 1) return isPage ? moment(request) : others(request);
      return later(request);
    });
    const found = await all(recordPages(at.connection, { collection: "C", at: T, pageSize: 5 }));
    expect(found.flatMap((page) => page.records.map(({ id }) => Number(id)))).toEqual([
      ...ten.keys(),
    ]);
    expect(found.map(({ gone }) => gone)).toEqual([0, 0]);
    expect(pages).toBe(2);
  });

  it("says that documents come and go when that does not end", async () => {
    const hidden = collection(new Map(ten).set(30, "null"), unlessCareful);
    const whole = collection(ten, unlessCareful);
    await using at = await cannedDatabase((request) =>
      request.body.includes('"filter"') ? whole(request) : hidden(request),
    );
    await expect(
      all(recordPages(at.connection, { collection: "C", at: T, pageSize: 5 })),
    ).rejects.toMatchObject({
      code: "ERR_TRY_AGAIN",
      message: expect.stringContaining("come and go"),
    });
  });

  it("asks for smaller pages when one takes too long or grows too large", async () => {
    const sizes: number[] = [];
    const unlessSmall = (query: Query): Reply | undefined => {
      sizes.push(query.expr.collection!.size);
      return query.expr.collection!.size > 2
        ? v4Error(503, "time out", "Read timed out.")
        : undefined;
    };
    await using at = await cannedDatabase(collection(ten, unlessSmall), { retry: { attempts: 1 } });
    const found = await all(records(at.connection, { collection: "C", at: T, pageSize: 8 }));
    expect(found).toHaveLength(10);
    expect(sizes.slice(0, 3)).toEqual([8, 4, 2]);
  });

  it("goes down to one document, and then says what is wrong", async () => {
    await using at = await cannedDatabase(() => v4Error(503, "time out", "Read timed out."), {
      retry: { attempts: 1 },
    });
    await expect(
      records(at.connection, { collection: "C", at: T, pageSize: 4 }).next(),
    ).rejects.toMatchObject({
      code: "ERR_TRY_AGAIN",
    });
    expect(at.server.requests).toHaveLength(3);
  });

  it("stops with the two times when the snapshot expires half-way", async () => {
    const text =
      "Requested timestamp 2026-11-21T13:00:00Z less than minimum allowed timestamp 2026-11-21T13:05:00Z.";
    const expiring = (query: Query): Reply | undefined =>
      query.expr.collection?.after === undefined ? undefined : v4Error(400, "bad request", text);
    await using at = await cannedDatabase(collection(ten, expiring));
    const read: string[] = [];
    let caught: unknown;
    try {
      for await (const { id } of records(at.connection, { collection: "C", at: T, pageSize: 4 }))
        read.push(id);
    } catch (error) {
      caught = error;
    }
    expect(read).toHaveLength(4);
    expect(isArkError(caught, "ERR_SNAPSHOT_EXPIRED") && caught.details?.["oldest"]).toBe(
      "2026-11-21T13:05:00Z",
    );
  });

  it("refuses a page that is cut off, and a cursor that never moves", async () => {
    await using cut = await cannedDatabase(() => ({
      body: `{"resource":{"data":[${doc(1, "{}")}`,
    }));
    await expect(records(cut.connection, { collection: "C", at: T }).next()).rejects.toMatchObject({
      code: "ERR_PROTOCOL",
    });
    const stuck = v4Resource(`{"after":[${ref(1)}],"data":[${doc(1, "{}")}]}`);
    await using again = await cannedDatabase(() => stuck);
    await expect(all(records(again.connection, { collection: "C", at: T }))).rejects.toMatchObject({
      code: "ERR_PROTOCOL",
    });
  });

  it("stops when the caller gives up", async () => {
    await using at = await cannedDatabase(() => "hang");
    const signal = AbortSignal.timeout(30);
    await expect(
      records(at.connection, { collection: "C", at: T, signal }).next(),
    ).rejects.toMatchObject({
      code: "ERR_INTERRUPTED",
    });
  });

  it("asks v10 at the same time which NaN and Infinity are numbers, of those documents alone", async () => {
    const documents = new Map([
      [1, doc(1, '{"a":"NaN","b":["Infinity",{"c":"-Infinity"}],"d":"NaN"}')],
      [2, doc(2, '{"a":"fine"}')],
    ]);
    const v10 = `[{"a":{"@double":"NaN"},"b":[{"@double":"Infinity"},{"c":{"@double":"-Infinity"}}],"d":"NaN"}]`;
    const paged = collection(documents);
    await using at = await cannedDatabase((request) =>
      request.path === "/" ? paged(request) : v10Data(v10),
    );
    const found = await all(records(at.connection, { collection: "C", at: T }));
    expect(found.map(({ dataText }) => dataText)).toEqual([
      '{"a":{"@double":"NaN"},"b":[{"@double":"Infinity"},{"c":{"@double":"-Infinity"}}],"d":"NaN"}',
      '{"a":"fine"}',
    ]);
    const asked = JSON.parse(at.server.requests[1]!.body) as { arguments: Record<string, unknown> };
    expect(asked.arguments).toEqual({
      time: { "@time": "2026-11-21T11:05:07.540Z" },
      collection: { "@mod": "C" },
      ids: ["1"],
    });
  });

  it("counts a document as gone whose ttl passes between v4's answer and v10's", async () => {
    const lasting = doc(1, '{"a":"NaN"}');
    const expiring = lasting.replace('"data"', '"ttl":{"@ts":"2026-11-21T11:05:08Z"},"data"');
    expect(await shownByV4Alone(expiring)).toMatchObject([{ records: [], gone: 1 }]);
    await expect(shownByV4Alone(lasting)).rejects.toMatchObject({ code: "ERR_MISMATCH" });
  });

  it("reads through v10 where v4 is switched off", async () => {
    await using at = await cannedDatabase(({ path, body }) => {
      if (path === "/") return v4Error(410, "forbidden", "v4 is off.");
      return body.includes("Set.paginate")
        ? v10Data(`{"data":[${row(3)}]}`)
        : v10Data(`{"@set":{"data":[${row(1)},${row(2)}],"after":"cursor"}}`);
    });
    const found = await all(records(at.connection, { collection: "C", at: T }));
    expect(found).toEqual([
      { id: "1", ts: T, dataText: '{"n":1,"x":1.0}' },
      { id: "2", ts: T, ttl: "2027-01-01T00:00:00Z", dataText: '{"n":2,"x":1.0}' },
      { id: "3", ts: T, dataText: '{"n":3,"x":1.0}' },
    ]);
  });

  it("counts there what v10 may have shown as something else", async () => {
    const stored =
      '{"f":"[function <lambda>]","r":{"@ref":{"id":"1","coll":{"@mod":"Deleted"}}},"s":"x"}';
    const item = `{"id":"1","ts":{"@time":"2026-11-21T11:05:07Z"},"ttl":null,"stored":${stored}}`;
    await using at = await cannedDatabase(({ path }) =>
      path === "/"
        ? v4Error(410, "forbidden", "v4 is off.")
        : v10Data(`{"@set":{"data":[${item}]}}`),
    );
    expect(await all(recordPages(at.connection, { collection: "C", at: T }))).toMatchObject([
      { lost: 2 },
    ]);
  });

  it("gives no record twice when v4 is switched off half-way", async () => {
    let pages = 0;
    await using at = await cannedDatabase((request) => {
      if (request.path !== "/") return v10Data(`{"@set":{"data":[${row(10)}]}}`);
      return ++pages === 1 ? collection(ten)(request) : v4Error(410, "forbidden", "v4 is off.");
    });
    const found: string[] = [];
    const reading = (async () => {
      const options = { collection: "C", at: T, pageSize: 4 };
      for await (const { id } of records(at.connection, options)) found.push(id);
    })();
    await expect(reading).rejects.toMatchObject({ details: { status: 410 } });
    expect(found).toEqual(["10", "20", "30", "40"]);
  });

  it("says so when v10 fails, too", async () => {
    await using at = await cannedDatabase(({ path }) =>
      path === "/" ? v4Error(410, "forbidden", "v4 is off.") : v10Error(403, "forbidden", "No."),
    );
    await expect(records(at.connection, { collection: "C", at: T }).next()).rejects.toMatchObject({
      code: "ERR_FORBIDDEN",
    });
  });
});

/** Cuts after each of these documents. */
const cuts = (...ends: string[]) => ends.map((to, i) => ({ to, documents: i + 1 }));

describe("ids and measure", () => {
  it("list all ids of a collection or range, ascending", async () => {
    await using at = await cannedDatabase(collection(ten));
    const list = async (from?: string, to?: string) =>
      (await all(ids(at.connection, { collection: "C", at: T, from, to, pageSize: 4 }))).flat();
    expect(await list()).toEqual([...ten.keys()].map(String));
    expect(await list("20", "40")).toEqual(["20", "30", "40"]);
  });

  it("cut a collection into disjoint ranges that cover it, and count exactly", async () => {
    await using at = await cannedDatabase(collection(ten));
    const extent = await measure(at.connection, {
      collection: "C",
      at: T,
      documentsPerRange: 4,
      pageSize: 3,
    });
    expect(extent).toEqual({
      collection: "C",
      documents: 10,
      ranges: [
        { collection: "C", from: "0", to: "40", documents: 4, cuts: cuts("10", "20", "30") },
        { collection: "C", from: "41", to: "80", documents: 4, cuts: cuts("50", "60", "70") },
        { collection: "C", from: "81", to: LAST_ID, documents: 2, cuts: cuts("90") },
      ],
    });
    expect(largestFirst([...extent.ranges].toReversed()).map(({ documents }) => documents)).toEqual(
      [4, 4, 2],
    );
  });

  it("give ranges while a collection is being listed, and list the next page meanwhile", async () => {
    await using at = await cannedDatabase(collection(ten));
    const request = { collection: "C", at: T, documentsPerRange: 3, pageSize: 4 };
    const found: unknown[] = [];
    for await (const { documents, ranges } of idRanges(at.connection, request)) {
      found.push([documents, ranges.map(({ to }) => to)]);
    }
    expect(found).toEqual([
      [4, ["30"]],
      [8, ["60"]],
      [10, ["90"]],
      [10, [LAST_ID]],
    ]);
  });

  it("make ranges that grow with what is listed", async () => {
    await using at = await cannedDatabase(collection(ten));
    const documentsPerRange = (listed: number) => Math.max(1, listed);
    const request = { collection: "C", at: T, documentsPerRange };
    const { ranges } = await measure(at.connection, request);
    expect(ranges.map(({ documents }) => documents)).toEqual([1, 1, 2, 4, 2]);
  });

  it("are to be had where v4 is switched off", async () => {
    await using at = await cannedDatabase(({ path, body }) => {
      if (path === "/") return v4Error(410, "forbidden", "v4 is off.");
      return body.includes("Set.paginate")
        ? v10Data('{"data":[{"id":"3"}]}')
        : v10Data('{"@set":{"data":[{"id":"1"},{"id":"2"}],"after":"cursor"}}');
    });
    const list = (from?: string, to?: string) =>
      all(ids(at.connection, { collection: "C", at: T, from, to }));
    expect(await list()).toEqual([["1", "2"], ["3"]]);
    expect(await list("2", "2")).toEqual([["2"]]);
    expect(await list("3")).toEqual([["3"]]);
  });

  it("find an empty collection empty", async () => {
    await using at = await cannedDatabase(inTurn(v4Resource('{"data":[]}')));
    const extent = await measure(at.connection, { collection: "C", at: T, documentsPerRange: 4 });
    expect(extent).toEqual({ collection: "C", documents: 0, ranges: [] });
  });
});
