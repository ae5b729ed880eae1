/** Verification finds what differs between an archive and a database, and names it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { type Connection, pushSchema, schemaFiles } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import {
  showArchive,
  showCollection,
  showDocument,
  verifyArchive,
} from "../../src/verify/verify.ts";
import { contents, fill } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { buildMixed, buildSchemaRich } from "../support/sample-databases.ts";

let bench: Bench;
const archive = new MemoryStore();

beforeAll(async () => {
  bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await buildSchemaRich(source);
  await exportDatabase({ source, target: archive, rangeDocuments: 50, segmentBytes: 2000 });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function copyOf(store: MemoryStore): Promise<Connection> {
  const target = await bench.emptyDatabase();
  await importArchive({ source: store, target });
  return target;
}

describe("against a copy that was changed", () => {
  it("documents that differ, are missing or extra are named, and no others", async () => {
    const copy = await copyOf(archive);
    await copy.v10(`
      Order.byId("1007")!.update({ total: 77 })
      Order.byId("9")!.delete()
      Order.byId("2043")!.delete()
      Order.create({ id: "5", customer: Customer("1"), total: 1, lines: [] })
      Order.create({ id: "9223372036854775807", customer: Customer("1"), total: 1, lines: [] })`);
    // The same content at another time is another document.
    const { dataText } = await copy.v10('Order.byId("1000")!.data');
    expect(dataText).toContain("customer");
    await copy.v10('let o = Order.byId("1000")!; let d = o.data; o.replaceData(d)');
    const { equal, problems, against } = await verifyArchive({ archive, against: copy });
    expect(problems).toEqual([]);
    expect(equal).toBe(false);
    expect(against!.definitions).toEqual([]);
    const changed = against!.collections.filter((each) => !each.equal);
    expect(changed).toHaveLength(1);
    expect(changed[0]).toMatchObject({
      name: "Order",
      archived: 151,
      live: 151,
      counts: { missing: 2, extra: 2 },
      ids: { missing: ["9", "2043"], extra: ["5", "9223372036854775807"] },
    });
    expect(changed[0]!.ids.different).toContain("1007");
    expect(changed[0]!.ids.different.filter((id) => id !== "1000")).toEqual(["1007"]);
  });

  it.each<[string, string, object]>([
    [
      "a role with another privilege",
      'Role.byName("staff")!.update({ privileges: [{ resource: "Order", actions: { read: true } }] })',
      { kind: "roles", name: "staff", how: "different", members: ["privileges"] },
    ],
    [
      "a function with another body",
      'Function.byName("shout")!.update({ body: "x => x" })',
      { kind: "functions", name: "shout", how: "different" },
    ],
    [
      "other metadata",
      'Function.byName("shout")!.update({ data: { loud: false } })',
      { kind: "functions", name: "shout", how: "different", members: ["data"] },
    ],
    [
      "another history_days",
      'Collection.byName("Nothing")!.update({ history_days: 9 })',
      { kind: "collections", name: "Nothing", how: "different", members: ["history_days"] },
    ],
    [
      "an index more",
      'Collection.byName("Nothing")!.update({ indexes: { more: { terms: [{ field: ".x" }] } } })',
      { kind: "collections", name: "Nothing", how: "different", members: ["indexes"] },
    ],
    [
      "a collection more",
      'Collection.create({ name: "More" })',
      { kind: "collections", name: "More", how: "extra", members: [] },
    ],
    [
      "an access provider less",
      'AccessProvider.byName("login")!.delete()',
      { kind: "access_providers", name: "login", how: "missing", members: [] },
    ],
  ])("%s is named", async (_, query, expected) => {
    const copy = await copyOf(archive);
    await copy.v10(query);
    const { equal, against } = await verifyArchive({ archive, against: copy });
    expect(equal).toBe(false);
    expect(against!.definitions).toContainEqual(expect.objectContaining(expected));
    const named = against!.definitions.filter(({ kind }) => kind !== "fsl");
    expect(named).toHaveLength(1);
  });

  it("a comment more in a schema file is a difference of that file and of no definition", async () => {
    const copy = await copyOf(archive);
    const { files } = await schemaFiles(copy);
    const commented = files.map(({ filename, content }) => ({
      filename,
      content: filename === "shop.fsl" ? `// Mine.\n${content}` : content,
    }));
    await pushSchema(copy, commented, { override: true });
    const { against } = await verifyArchive({ archive, against: copy });
    expect(against!.definitions).toEqual([
      { database: "", kind: "fsl", name: "shop.fsl", how: "different", members: [] },
    ]);
  });

  it("a v4 index that differs is named", async () => {
    const source = await bench.emptyDatabase();
    await buildMixed(source);
    const mixed = new MemoryStore();
    await exportDatabase({ source, target: mixed });
    const copy = await copyOf(mixed);
    await copy.v4(
      '{"do":[{"update":{"index":"ix"},"params":{"object":{"data":{"object":{"a":1}}}}},null]}',
    );
    const { against } = await verifyArchive({ archive: mixed, against: copy });
    expect(against!.definitions).toContainEqual({
      database: "",
      kind: "indexes",
      name: "ix",
      how: "different",
      members: ["data"],
    });
  });

  it("a database without the collections lacks every document", async () => {
    const { against } = await verifyArchive({ archive, against: await bench.emptyDatabase() });
    expect(against!.equal).toBe(false);
    expect(against!.collections.map(({ name, counts }) => [name, counts.missing])).toEqual([
      ["Customer", 4],
      ["Nothing", 0],
      ["Order", 151],
    ]);
    expect(against!.definitions).toContainEqual({
      database: "",
      kind: "collections",
      name: "Order",
      how: "missing",
      members: [],
    });
  });
});

describe("offline", () => {
  it("a whole archive is equal to itself, and counted", async () => {
    const report = await verifyArchive({ archive });
    expect(report).toMatchObject({ equal: true, problems: [], documents: 155, against: undefined });
  });

  it("an altered segment is a problem with its file, and nothing is compared", async () => {
    const files = await contents(archive);
    const segment = [...files.keys()].find((name) => name.startsWith("data/order"))!;
    const altered = Buffer.from(files.get(segment)!);
    altered[altered.length >> 1]! ^= 1;
    const damaged = await fill(new MemoryStore(), new Map([...files, [segment, altered]]));
    const report = await verifyArchive({ archive: damaged, against: bench.root });
    expect(report.equal).toBe(false);
    expect(new Set(report.problems.map(({ file }) => file))).toEqual(new Set([segment]));
    expect(report.against).toBeUndefined();
  });
});

describe("show", () => {
  it("tells what an archive holds", async () => {
    const summary = await showArchive(archive);
    expect(summary.collections.map(({ name, documents }) => [name, documents])).toEqual([
      ["Customer", 4],
      ["Nothing", 0],
      ["Order", 151],
    ]);
    expect(summary.files).toEqual(["rules/access.fsl", "shop.fsl"]);
    expect(summary.definitions["functions"]!.map(({ name }) => name)).toEqual([
      "discount",
      "shout",
    ]);
  });

  it("tells what a collection is, and gives one document as it is stored", async () => {
    const collection = await showCollection(archive, "Customer");
    expect(collection).toMatchObject({ documents: 4, historyDays: 2, ttlDays: 900 });
    expect(await showDocument(archive, "Customer", "4")).toBe(
      '{"id":"4","ts":1500000000000001,"ttl":' +
        /"ttl":(\{[^}]*\})/.exec(await showDocument(archive, "Customer", "4"))![1]! +
        ',"data":{"name":"Old","email":"old@example.org","vip":false}}',
    );
  });

  it.each(["999", "-1", "x"])("says that there is no document %s", async (id) => {
    await expect(showDocument(archive, "Customer", id)).rejects.toMatchObject({
      code: "ERR_USAGE",
      hint: expect.any(String),
    });
  });

  it("says that there is no collection of a name", async () => {
    await expect(showCollection(archive, "customer")).rejects.toMatchObject({ code: "ERR_USAGE" });
  });
});

it("verification can be stopped", async () => {
  const copy = await copyOf(archive);
  const controller = new AbortController();
  const run = verifyArchive({
    archive,
    against: copy,
    signal: controller.signal,
    onProgress: ({ phase }) => {
      if (phase === "compare") controller.abort();
    },
  });
  await expect(run).rejects.toBeDefined();
});
