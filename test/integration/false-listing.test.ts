/** A listing that lacks documents: whoever believes it has a backup without them, and does not know. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyDatabase } from "../../src/copy/copy.ts";
import { exportDatabase, type ExportOptions } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import type { Answer, FaunaRequest } from "../../src/fauna/transport.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A page of refs: what it shows, and where it goes on. */
interface Page {
  data: unknown[];
  after?: unknown;
}

type Falsify = (page: Page) => Page | Promise<Page>;

const FALSE: Readonly<Record<string, Falsify>> = {
  "shows nothing": () => ({ data: [] }),
  "ends too early": ({ data }) => ({ data: data.slice(0, data.length / 2) }),
};

/** A connection to the same database whose listings of `C` are false. Pages of documents are as they are. */
function falsely(database: Connection, falsify: Falsify): Connection {
  const { endpoint } = bench;
  const wire = new HttpTransport({ endpoint: new URL(endpoint) });
  const send = async (request: FaunaRequest): Promise<Answer> => {
    const answer = await wire.send(request);
    const asked = Buffer.from(request.body ?? "").toString();
    const isListing =
      asked.includes('"documents":{"collection":"C"}') && !/"(?:get|events)"/.test(asked);
    if (!isListing) return answer;
    const { resource } = JSON.parse(answer.text) as { resource: Page };
    const text = JSON.stringify({ resource: await falsify(resource) });
    const { status, headers } = answer;
    return { status, headers, text, bytes: text.length };
  };
  const transport = { send, close: () => wire.close() };
  return connect({
    endpoint,
    secret: bench.secretOf(database),
    transport,
    retry: { attempts: 1 },
  });
}

async function filled(documents: number): Promise<Connection> {
  const database = await bench.emptyDatabase();
  await database.v10('Collection.create({ name: "C" })');
  await database.v10('Collection.create({ name: "Empty" })');
  for (let from = 0; from < documents; from += 4_000) {
    const to = Math.min(documents, from + 4_000);
    await database.v10(
      `Set.sequence(${from}, ${to}).forEach(n => C.create({ id: (n + 1).toString(), n: n }))`,
    );
  }
  return database;
}

describe.each(Object.keys(FALSE))("a listing that %s", (how) => {
  it.each([
    { what: "an export", options: {} },
    { what: "an export that catches up", options: { catchUp: { feedEveryMs: 5 } } },
  ] satisfies { what: string; options: Partial<ExportOptions> }[])(
    "makes $what fail, and leaves no archive",
    async ({ options }) => {
      const source = falsely(await filled(20), FALSE[how]!);
      const target = new MemoryStore();
      const attempt = exportDatabase({ source, target, ...options });
      await expect(attempt).rejects.toMatchObject({
        code: "ERR_MISMATCH",
        message: expect.stringMatching(/^C (?:has|lists)/) as string,
      });
      expect(await target.size("manifest.json")).toBeUndefined();
      await source.close();
    },
  );

  it("makes a copy fail", async () => {
    const source = falsely(await filled(20), FALSE[how]!);
    const target = await bench.emptyDatabase();
    await expect(copyDatabase({ source, target })).rejects.toMatchObject({ code: "ERR_MISMATCH" });
    await source.close();
  });
});

it("makes an export fail that only its history is without", async () => {
  let listed = 0;
  const database = await filled(20);
  const source = falsely(database, (page) =>
    listed++ === 0 ? page : FALSE["shows nothing"]!(page),
  );
  const options = { target: new MemoryStore(), history: true };
  await expect(exportDatabase({ source, ...options })).rejects.toMatchObject({
    code: "ERR_MISMATCH",
  });
  expect(listed).toBe(2);
  await source.close();
});

it("makes an export fail that goes on, where it shows nothing of what was not listed before", async () => {
  const database = await filled(12_000);
  const target = new MemoryStore();
  let listed = 0;
  const broken = falsely(database, async (page) => {
    if (listed++ === 0) return page;
    // Until then something of the first page is read.
    while ((await target.list("journal/data").next()).done === true)
      await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error("broken off");
  });
  const options = { target, rangeDocuments: 1_000 };
  await expect(exportDatabase({ source: broken, ...options })).rejects.toThrow();
  const source = falsely(database, FALSE["shows nothing"]!);
  await expect(exportDatabase({ source, ...options, resume: true })).rejects.toMatchObject({
    code: "ERR_MISMATCH",
  });
  for (const connection of [broken, source]) await connection.close();
});
