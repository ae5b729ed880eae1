/** Pages that have to be asked for again when the one behind them has been asked for already. */
import { describe, expect, it } from "vitest";
import { PageFlow } from "../../../src/fauna/page-flow.ts";
import { linePages } from "../../../src/fauna/records.ts";
import { recordsOf } from "../../../src/values/record-lines.ts";
import { cannedDatabase, v10Data, v10Error, v4Resource } from "../../support/canned-database.ts";

const T = 1795259107540000n;
const COLLECTION = '{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}';
const DOCUMENTS = 12;
const PAGE = 4;
const ref = (id: number): string => `{"@ref":{"id":"${id}","collection":${COLLECTION}}}`;
/** Whether the text is a number has to be asked for through v10. */
const document = (id: number): string =>
  `{"ref":${ref(id)},"ts":1795259100000000,"data":{"n":"NaN"}}`;

/** A database that can tell of so many documents at once at most whether they hold numbers. */
function doubtful(settledMost: number) {
  const sizes: number[] = [];
  const database = cannedDatabase(({ path, body }) => {
    if (path === "/query/1") {
      const { arguments: arguments_ } = JSON.parse(body) as { arguments: { ids: string[] } };
      if (arguments_.ids.length > settledMost) return v10Error(440, "time_out", "too slow");
      return v10Data(`[${arguments_.ids.map(() => '{"n":"NaN"}').join(",")}]`);
    }
    const { size, after } = (
      JSON.parse(body) as { expr: { collection: { size: number; after?: unknown } } }
    ).expr.collection;
    sizes.push(size);
    const from = Number(/"id":"(\d+)"/.exec(JSON.stringify(after ?? ""))?.[1] ?? 1);
    const next = Math.min(DOCUMENTS + 1, from + size);
    const cursor = next > DOCUMENTS ? "" : `"after":[${ref(next)}],`;
    const data = Array.from({ length: next - from }, (_, n) => document(from + n)).join(",");
    return v4Resource(`{${cursor}"data":[${data}]}`);
  });
  return { sizes, database };
}

describe("a page that is asked for again after its cursor was told", () => {
  it("comes when the memory has room for one page only", async () => {
    const { sizes, database } = doubtful(2);
    await using at = await database;
    const flow = new PageFlow({
      pageSize: PAGE,
      underWay: { max: 1, found: false },
      bytes: 2 * PAGE * document(1).length,
    });
    const ids: string[] = [];
    for await (const { records } of linePages(at.connection, { collection: "C", at: T, flow }))
      ids.push(...recordsOf(records).map(({ id }) => id));
    expect(ids).toEqual(Array.from({ length: DOCUMENTS }, (_, n) => String(n + 1)));
    expect(sizes[0]).toBe(PAGE);
    expect(flow.bytes).toMatchObject({ held: 0 });
  });

  it.each([
    { page: 12, settled: 3, underWay: 1, room: 1 },
    { page: 12, settled: 5, underWay: 3, room: 1 },
    { page: 5, settled: 3, underWay: 2, room: 3 },
    { page: 3, settled: 2, underWay: 1, room: 9 },
  ])(
    "is given once, and so is all behind it (pages of $page, $settled settled, $underWay under way, room for $room)",
    async ({ page, settled, underWay, room }) => {
      const { database } = doubtful(settled);
      await using at = await database;
      const bytes = room * 2 * page * document(1).length;
      const flow = new PageFlow({
        pageSize: page,
        underWay: { max: underWay, found: false },
        bytes,
      });
      const stream = async () => {
        const ids: string[] = [];
        const pages = linePages(at.connection, { collection: "C", at: T, flow });
        for await (const { records } of pages) ids.push(...recordsOf(records).map(({ id }) => id));
        return ids;
      };
      const all = Array.from({ length: DOCUMENTS }, (_, n) => String(n + 1));
      expect(await Promise.all([stream(), stream()])).toEqual([all, all]);
      expect(flow.bytes).toMatchObject({ held: 0 });
    },
  );
});
