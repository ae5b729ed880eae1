/** Diff names every kind of difference between archives and databases, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyDatabase } from "../../src/copy/copy.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { type Connection, pushSchema, schemaFiles } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { diffDatabases, type DiffPlace, type DiffReport } from "../../src/verify/diff.ts";
import { contents, fill } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { differences } from "../support/independent-reader.ts";
import { buildSchemaRich, insert, SAMPLE_DATABASES } from "../support/sample-databases.ts";

const HOUR_US = 3_600_000_000n;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** An archive of the database, in segments of a few documents. */
async function archiveOf(source: Connection, segmentBytes = 2000): Promise<MemoryStore> {
  const target = new MemoryStore();
  await exportDatabase({ source, target, segmentBytes, rangeDocuments: 40 });
  return target;
}

/** The four ways to compare two databases: as they are, or as archives of them. */
async function everyWay(
  left: Connection,
  right: Connection,
): Promise<readonly [string, DiffPlace, DiffPlace][]> {
  // Other ends of segments than the left one's.
  const [one, other] = [await archiveOf(left), await archiveOf(right, 1300)];
  return [
    ["live and live", left, right],
    ["archive and live", one, right],
    ["live and archive", left, other],
    ["archive and archive", one, other],
  ];
}

const different = (report: DiffReport) => ({
  ...report,
  collections: report.collections.filter(({ equal }) => !equal),
});

describe.each(Object.entries(SAMPLE_DATABASES))("%s", (_, build) => {
  it("and its copy are equal but for what Fauna makes, however they are looked at", async () => {
    const source = await bench.emptyDatabase();
    await build(source);
    const target = await bench.emptyDatabase();
    const { documents } = await copyDatabase({ source, target });
    for (const [way, a, b] of await everyWay(source, target)) {
      const report = await diffDatabases({ a, b, rangeDocuments: 30, pageSize: 20 });
      expect(different(report), way).toMatchObject({ files: [], definitions: [], collections: [] });
      expect(report.equal, way).toBe(true);
      const newTs = report.natural.filter(({ code }) => code === "new_ts");
      expect(
        newTs.reduce((sum, { count }) => sum + count, 0),
        way,
      ).toBe(documents.newTs);
    }
  });
});

describe("two databases of which one was changed", () => {
  it("differ in just what was changed, in all four ways", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const target = await bench.emptyDatabase();
    await copyDatabase({ source, target });
    const before = await bench.read(target);
    await target.v10(`
      Order.byId("1007")!.update({ total: 77 })
      Order.byId("9")!.delete()
      Order.byId("2043")!.delete()
      Order.create({ id: "5", customer: Customer("1"), total: 1, lines: [] })
      Customer.byId("2")!.update({ address: { city: "Akureyri", zip: "600" }, extra: true })
      Function.byName("shout")!.update({ data: { loud: false } })
      Role.create({ name: "guest" })
      AccessProvider.byName("login")!.delete()`);
    // What another reader sees of it, by whole documents.
    const seen = differences(before, await bench.read(target))
      .filter((line) => line.startsWith("documents "))
      .map((line) => line.split(":")[0]!.slice("documents ".length))
      .toSorted();
    for (const [way, a, b] of await everyWay(source, target)) {
      const report = await diffDatabases({ a, b, rangeDocuments: 30, pageSize: 20 });
      expect(report.equal, way).toBe(false);
      const { collections, definitions, files } = different(report);
      expect(collections, way).toEqual([
        {
          database: "",
          name: "Customer",
          a: 4,
          b: 4,
          equal: false,
          removed: { count: 0, ids: [] },
          added: { count: 0, ids: [] },
          changed: {
            count: 1,
            documents: [
              {
                id: "2",
                count: 5,
                fields: [
                  { path: "ts", how: "changed" },
                  // By the collection's ttl_days.
                  { path: "ttl", how: "added" },
                  { path: "data.address.city", how: "changed" },
                  { path: "data.address.zip", how: "added" },
                  { path: "data.extra", how: "added" },
                ],
              },
            ],
          },
        },
        {
          database: "",
          name: "Order",
          a: 151,
          b: 150,
          equal: false,
          removed: { count: 2, ids: ["9", "2043"] },
          added: { count: 1, ids: ["5"] },
          changed: {
            count: 1,
            documents: [
              {
                id: "1007",
                count: 2,
                fields: [
                  { path: "ts", how: "changed" },
                  { path: "data.total", how: "changed" },
                ],
              },
            ],
          },
        },
      ]);
      const named = collections.flatMap(({ name, removed, added, changed }) =>
        [...removed.ids, ...added.ids, ...changed.documents.map(({ id }) => id)].map(
          (id) => `${name}/${id}`,
        ),
      );
      expect(named.toSorted(), way).toEqual(seen);
      expect(
        definitions.map(({ how, kind, name, members }) => [how, kind, name, ...members]),
        way,
      ).toEqual([
        ["changed", "functions", "shout", "data"],
        ["added", "roles", "guest"],
        ["removed", "access_providers", "login"],
      ]);
      const lines = files.map(({ diff }) => diff).join("");
      expect(lines, way).toContain("-access provider login {");
      expect(lines, way).toContain("+role guest {");
    }
    const back = await diffDatabases({ a: target, b: source });
    expect(back.collections.find(({ name }) => name === "Order")!.added.ids).toEqual(["9", "2043"]);
  });

  it("differ in a file by its lines, though in no definition", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const target = await bench.emptyDatabase();
    await copyDatabase({ source, target, schemaOnly: true });
    const { files } = await schemaFiles(target);
    const commented = files.map(({ filename, content }) => ({
      filename,
      content: filename === "shop.fsl" ? `// Mine.\n${content}` : content,
    }));
    await pushSchema(target, commented, { override: true });
    const report = await diffDatabases({ a: source, b: target });
    expect(report.definitions).toEqual([]);
    expect(report.files).toEqual([expect.objectContaining({ name: "shop.fsl", how: "changed" })]);
    expect(report.files[0]!.diff).toMatch(
      /^--- A\/shop\.fsl\n\+\+\+ B\/shop\.fsl\n@@ -1,3 \+1,4 @@\n\+\/\/ Mine\.\n/,
    );
  });

  it("lists the lowest hundred ids of a kind, and counts all", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Collection.create({ name: "A" })');
    await source.v10("Set.sequence(0, 350).forEach(n => A.create({ id: (1000 + n).toString() }))");
    const target = await bench.emptyDatabase();
    await copyDatabase({ source, target });
    await target.v10("A.all().forEach(d => d.update({ x: 1 }))");
    const { collections } = await diffDatabases({ a: source, b: target, rangeDocuments: 60 });
    const { changed } = collections[0]!;
    expect(changed.count).toBe(350);
    expect(changed.documents.map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, n) => String(1000 + n)),
    );
  });
});

describe("what is no difference", () => {
  it("is listed apart: a new ts for nulls in arrays, audiences, and the server's own", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const target = await bench.emptyDatabase();
    await copyDatabase({ source, target });
    const { natural, equal } = await diffDatabases({ a: await archiveOf(source), b: target });
    expect(equal).toBe(true);
    expect(natural).toContainEqual(
      expect.objectContaining({ code: "new_ts", collection: "Customer", examples: ["1"] }),
    );
    expect(natural.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["audience", "definition"]),
    );
  });

  it("includes documents that expired on one side", async () => {
    let ahead = 0n;
    await using own = await Bench.start({ clock: () => BigInt(Date.now()) * 1000n + ahead });
    const source = await own.emptyDatabase();
    await source.v10('Collection.create({ name: "A", history_days: 3 })');
    const soon = new Date(Date.now() + 60_000).toISOString();
    await insert(source, "A", "1", "{}", { ttl: soon });
    await insert(source, "A", "2", "{}");
    const archive = await archiveOf(source);
    ahead = HOUR_US;
    const { equal, natural, collections } = await diffDatabases({ a: archive, b: source });
    expect(collections[0]).toMatchObject({ a: 2, b: 1, equal: true });
    expect(natural).toContainEqual(
      expect.objectContaining({ code: "expired", collection: "A", count: 1, examples: ["1"] }),
    );
    expect(equal).toBe(true);
  });

  it("includes times of writing, where they are not asked about", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Collection.create({ name: "A" })');
    await source.v10(
      "Set.sequence(0, 30).forEach(n => A.create({ id: (n + 1).toString(), n: n }))",
    );
    const target = await bench.emptyDatabase();
    await copyDatabase({ source, target });
    await target.v10(
      "A.all().forEach(d => { let n = d.n; d.update({ n: -1 }); d.update({ n: n }) })",
    );
    for (const [way, a, b] of await everyWay(source, target)) {
      const times = await diffDatabases({ a, b });
      expect(times.collections[0]!.changed.count, way).toBe(30);
      expect((await diffDatabases({ a, b, ignoreTs: true })).equal, way).toBe(true);
    }
  });
});

describe("an archive of some of a database", () => {
  it("is compared in what it was asked to hold, and the rest is named", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const oneOf = new MemoryStore();
    await exportDatabase({ source, target: oneOf, collections: ["Customer"] });
    const onlySome = await diffDatabases({ a: oneOf, b: source });
    expect(onlySome.equal).toBe(true);
    expect(onlySome.collections.map(({ name }) => name)).toEqual(["Customer"]);
    expect(onlySome.notCompared.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["documents of Nothing", "documents of Order"]),
    );
    const data = new MemoryStore();
    await exportDatabase({ source, target: data, dataOnly: true });
    const onlyData = await diffDatabases({ a: source, b: data });
    expect(onlyData.equal).toBe(true);
    expect(onlyData.notCompared.map(({ what }) => what)).toContain("the schema");
  });

  it("with databases below is compared database by database", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Database.create({ name: "kid" }); Collection.create({ name: "A" })');
    const kid = bench.root.withScope({ path: [source.path, "kid"], role: "admin" });
    await kid.v10('Collection.create({ name: "B" })');
    await kid.v10('B.create({ id: "7", n: 1 })');
    const tree = new MemoryStore();
    await exportDatabase({ source, target: tree, recursive: true });
    expect((await diffDatabases({ a: tree, b: source })).equal).toBe(true);
    const copy = await bench.emptyDatabase();
    await importArchive({ source: tree, target: copy });
    expect((await diffDatabases({ a: tree, b: copy })).equal).toBe(true);
    await kid.v10('B.byId("7")!.update({ n: 2 })');
    const report = await diffDatabases({ a: tree, b: source });
    expect(different(report).collections).toMatchObject([
      { database: "kid", name: "B", changed: { count: 1, documents: [{ id: "7" }] } },
    ]);
  });
});

describe("two live databases", () => {
  it("with databases below are compared one by one, those that are missing included", async () => {
    const build = async () => {
      const source = await bench.emptyDatabase();
      await source.v10('Database.create({ name: "kid" })');
      const below = (...path: string[]) =>
        bench.root.withScope({ path: [source.path, ...path], role: "admin" });
      await below("kid").v10('Collection.create({ name: "B" }); Database.create({ name: "deep" })');
      await below("kid").v10('B.create({ id: "7", n: 1 })\nnull');
      await below("kid", "deep").v10('Collection.create({ name: "C" })');
      return { source, below };
    };
    const [a, b] = [await build(), await build()];
    const compare = (recursive: boolean) =>
      diffDatabases({ a: a.source, b: b.source, recursive, ignoreTs: true });
    expect((await compare(true)).equal).toBe(true);
    const alone = await compare(false);
    expect(alone.notCompared.map(({ what }) => what)).toEqual(["child databases (kid)"]);

    await b.below("kid", "deep").v10('C.create({ id: "1", n: 1 })\nnull');
    await a.below("kid").v10('Database.create({ name: "only" })');
    const report = await compare(true);
    expect(report.equal).toBe(false);
    expect(report.definitions).toMatchObject([
      { database: "kid", kind: "databases", name: "only", how: "removed" },
    ]);
    expect(different(report).collections).toMatchObject([
      { database: "kid/deep", name: "C", added: { count: 1, ids: ["1"] } },
    ]);
    expect((await compare(false)).equal).toBe(true);
  });

  it("are compared with an archive of the topmost alone as far as that goes", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Database.create({ name: "kid" }); Collection.create({ name: "A" })');
    const top = await archiveOf(source);
    const report = await diffDatabases({ a: top, b: source, recursive: true });
    expect(report.equal).toBe(true);
    expect(report.notCompared.map(({ what }) => what)).toContain("child databases (kid)");
  });
});

describe("a diff", () => {
  it("reads nothing of collections whose fingerprints are the same", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const [a, b] = [await archiveOf(source), await archiveOf(source)];
    const files = await contents(b);
    for (const name of files.keys()) if (name.startsWith("data/")) files.delete(name);
    const without = await fill(new MemoryStore(), files);
    expect((await diffDatabases({ a, b: without })).equal).toBe(true);
  });

  it("can be stopped", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const stop = new AbortController();
    const run = diffDatabases({
      a: source,
      b: await archiveOf(source),
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("stopped")),
    });
    await expect(run).rejects.toThrow("stopped");
    const limits = diffDatabases({ a: source, b: source, window: 0 });
    await expect(limits).rejects.toMatchObject({ code: "ERR_USAGE" });
  });
});
