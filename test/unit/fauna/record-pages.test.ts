/** How pages of documents are asked for: when, and how large. */
import { describe, expect, it } from "vitest";
import { linePages } from "../../../src/fauna/records.ts";
import { pageHead } from "../../../src/fauna/page-head.ts";
import { cutPage } from "../../../src/values/page.ts";
import { cannedDatabase, v4Resource } from "../../support/canned-database.ts";

const T = 1795259107540000n;
const COLLECTION = '{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}';
const ref = (id: number): string => `{"@ref":{"id":"${id}","collection":${COLLECTION}}}`;
const documents = (from: number, to: number): string =>
  Array.from(
    { length: to - from },
    (_, n) => `{"ref":${ref(from + n)},"ts":1795259100000000,"data":{}}`,
  ).join(",");

/** A database of so many documents, and what its pages were asked for. */
function paged(count: number, { cursorLast = false } = {}) {
  const sizes: number[] = [];
  const database = cannedDatabase(({ body }) => {
    const { size, after } = (
      JSON.parse(body) as { expr: { collection: { size: number; after?: unknown } } }
    ).expr.collection;
    sizes.push(size);
    const from = Number(/"id":"(\d+)"/.exec(JSON.stringify(after ?? ""))?.[1] ?? 1);
    const next = Math.min(count + 1, from + size);
    const cursor = next > count ? [] : [`"after":[${ref(next)}]`];
    const data = `"data":[${documents(from, next)}]`;
    const members = cursorLast ? [data, ...cursor] : [...cursor, data];
    return v4Resource(`{${members.join(",")}}`);
  });
  return { sizes, database };
}

describe("pages of documents", () => {
  it("are about as large as one another where it is known how many documents there are", async () => {
    const { sizes, database } = paged(10);
    await using at = await database;
    const pages = linePages(at.connection, { collection: "C", at: T, pageSize: 9, documents: 10 });
    const lengths: number[] = [];
    for await (const { records } of pages) lengths.push(records.length);
    expect(lengths).toEqual([5, 5]);
    expect(sizes).toEqual([5, 5]);
  });

  it.each([1, 7, 30])("are all read where there are other than %i documents", async (said) => {
    const { database } = paged(20);
    await using at = await database;
    const pages = linePages(at.connection, {
      collection: "C",
      at: T,
      pageSize: 6,
      documents: said,
    });
    const ids: string[] = [];
    for await (const { records } of pages)
      ids.push(...("firstId" in records ? records.records() : records).map(({ id }) => id));
    expect(ids).toEqual(Array.from({ length: 20 }, (_, n) => String(n + 1)));
  });

  it.each([false, true])(
    "are read to the end, which is told before the last one is given (cursor behind the documents: %s)",
    async (cursorLast) => {
      const { sizes, database } = paged(7, { cursorLast });
      await using at = await database;
      const events: string[] = [];
      const pages = linePages(at.connection, {
        collection: "C",
        at: T,
        pageSize: 3,
        onLastPage: () => events.push("last"),
      });
      for await (const { records } of pages) events.push(`page of ${records.length}`);
      expect(sizes).toEqual([3, 3, 3]);
      expect(events.filter((event) => event !== "last")).toEqual([
        "page of 3",
        "page of 3",
        "page of 1",
      ]);
      expect(events.indexOf("last")).toBeGreaterThan(-1);
      expect(events.lastIndexOf("last")).toBeLessThan(events.indexOf("page of 1"));
    },
  );
});

describe("the head of a page", () => {
  const answer = (...members: string[]) => Buffer.from(`{"resource":{${members.join(",")}}}`);
  const data = `"data":[${documents(1, 3)}]`;
  const after = `"after":[${ref(3)}]`;
  const before = `"before":[${ref(1)}]`;

  it("tells the cursor that the page itself tells", () => {
    for (const page of [answer(after, data), answer(before, after, data)])
      expect(pageHead(page)).toEqual({ after: cutPage(page.toString()).after });
  });

  it("tells a last page, and nothing of a page in another form", () => {
    expect(pageHead(answer(data))).toBe("last");
    expect(pageHead(answer(before, data))).toBe("last");
    expect(pageHead(Buffer.from(`{ "resource": {${after},${data}}}`))).toBeUndefined();
    expect(pageHead(answer(`"after": [${ref(3)}]`, data))).toBeUndefined();
    expect(pageHead(Buffer.from('{"resource":{"after":[{"@ref"'))).toBeUndefined();
    expect(pageHead(Buffer.from("{}"))).toBeUndefined();
  });
});
