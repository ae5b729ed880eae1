/** What an import may write to, and what an export writes about: targets, filters, plans. */
import { writeFile, mkdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive/archive.ts";
import { exportDatabase, type ExportOptions } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { createDatabase, importArchive, planImport } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { buildLegacy, buildSchemaRich } from "../support/sample-databases.ts";

let bench: Bench;
let source: Connection;
const archive = new MemoryStore();

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  await buildSchemaRich(source);
  await exportDatabase({ source, target: archive });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe("an import is refused", () => {
  it.each<[string, string, RegExp]>([
    ["a collection", 'Collection.create({ name: "Mine" })', /collections Mine/],
    ["a function", 'Function.create({ name: "mine", body: "x => x" })', /functions mine/],
    ["a role", 'Role.create({ name: "mine" })', /roles mine/],
  ])("by a target that holds %s, which stays as it is", async (_, query, message) => {
    const target = await bench.emptyDatabase();
    await target.v10(query);
    const before = await bench.read(target);
    for (const goOn of [false, true]) {
      await expect(
        importArchive({ source: archive, target, continue: goOn }),
      ).rejects.toMatchObject({
        code: "ERR_TARGET_NOT_EMPTY",
        exitStatus: 2,
        message: expect.stringMatching(message),
      });
    }
    expect(differences(before, await bench.read(target))).toEqual([]);
  });

  it("by a target with an unfinished import of another archive", async () => {
    const target = await bench.emptyDatabase();
    await target.v4(
      '{"do":[{"create_function":{"object":{"name":"fauna_ark_import","body":{"query":{"lambda":"_","expr":null}},"data":{"object":{"source":"another","started":"2026-01-01T00:00:00Z"}}}}},null]}',
    );
    await expect(importArchive({ source: archive, target, continue: true })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("another archive"),
    });
  });

  it("by a target with a staged schema", async () => {
    const target = await bench.emptyDatabase();
    const form = new FormData();
    form.append("main.fsl", new File(["collection Staged {}"], "main.fsl"));
    await fetch(`${bench.endpoint}/schema/1/update?force=true&staged=true`, {
      method: "POST",
      body: form,
      headers: { authorization: `Bearer ${bench.secretOf(target)}` },
    });
    await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
    });
  });

  it("with limits that are no numbers", async () => {
    const target = await bench.emptyDatabase();
    for (const limits of [{ window: 0 }, { batchDocuments: 1.5 }, { batchBytes: -1 }]) {
      await expect(importArchive({ source: archive, target, ...limits })).rejects.toMatchObject({
        code: "ERR_USAGE",
      });
    }
    expect(await bench.definitionsOf(target)).toEqual([]);
  });
});

describe("a child database", () => {
  it("is created and filled below another one", async () => {
    const parent = await bench.emptyDatabase();
    const child = await createDatabase(parent, "kid");
    await importArchive({ source: archive, target: child });
    expect((await verifyArchive({ archive, against: child })).equal).toBe(true);
    expect(await bench.definitionsOf(parent)).toEqual([]);
  });

  it("that is there already is used, and refused when it is not empty", async () => {
    const parent = await bench.emptyDatabase();
    await createDatabase(parent, "kid");
    const child = await createDatabase(parent, "kid");
    await child.v10('Collection.create({ name: "Mine" })');
    const again = await createDatabase(parent, "kid");
    await expect(importArchive({ source: archive, target: again })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
    });
  });

  it("cannot have a name that Fauna does not take", async () => {
    await expect(createDatabase(bench.root, "a/b c")).rejects.toMatchObject({ code: "ERR_USAGE" });
  });
});

it("the root of a server can be imported into", async () => {
  await using other = await Bench.start();
  await importArchive({ source: archive, target: other.root });
  expect((await verifyArchive({ archive, against: other.root })).equal).toBe(true);
});

describe("a plan", () => {
  it("names every step in order with its reason, and writes nothing", async () => {
    const target = await bench.emptyDatabase();
    const plan = await planImport({ source: archive, target });
    expect(plan.documents).toBe(155);
    expect(plan.steps.every(({ reason }) => reason.length > 10)).toBe(true);
    const titles = plan.steps.map(({ title }) => title);
    expect(titles[0]).toBe("mark the target");
    expect(titles[1]).toMatch(/^push the schema files/);
    expect(titles.indexOf("write 155 documents into 3 collections")).toBeGreaterThan(1);
    expect(titles.at(-1)).toMatch(/^push the schema files as they are/);
    expect(await bench.definitionsOf(target)).toEqual([]);
  });

  it("puts v4's definitions after what they name", async () => {
    const legacy = await bench.emptyDatabase();
    await buildLegacy(legacy);
    const store = new MemoryStore();
    await exportDatabase({ source: legacy, target: store });
    const { steps } = await planImport({ source: store, target: await bench.emptyDatabase() });
    const order = [
      /^mark/,
      /^push the schema files \(/,
      /^create the collection po-sts/,
      /^create the v4 function double/,
      /^create the v4 index/,
      /^wait for the v4 index/,
      /^create the v4 role reader/,
      /^push the schema files again/,
      /^give the v4 function its role: double/,
      /^create the v4 access provider sso/,
      /^push the schema files with their access providers/,
      /^write \d+ documents/,
      /^list the target's refs/,
      /^push the schema files as they are/,
    ].map((pattern) => steps.findIndex(({ title }) => pattern.test(title)));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });
});

async function exported(options: Partial<ExportOptions>): Promise<MemoryStore> {
  const store = new MemoryStore();
  await exportDatabase({ source, target: store, ...options });
  return store;
}

async function names(store: MemoryStore): Promise<string[]> {
  return (await openArchive(store)).database().collections.map(({ name }) => name);
}

/** v4's texts of documents, but for the one whose ts an import cannot keep. */
function v4Texts(documents: ReadonlyMap<string, string>) {
  return [...documents]
    .filter(([key]) => key !== "Customer/1")
    .map(([key, text]) => [key, text.split("\n")[0]]);
}

describe("an export", () => {
  it.each<[Partial<ExportOptions>, string[]]>([
    [{ collections: ["Order"] }, ["Order"]],
    [{ collections: ["*o*"] }, ["Customer", "Nothing"]],
    [{ collections: ["?r*", "Cust*"] }, ["Customer", "Order"]],
    [{ exclude: ["Cust*"] }, ["Nothing", "Order"]],
    [{ collections: ["*"], exclude: ["Order", "Nothing"] }, ["Customer"]],
  ])(
    "with %j holds the documents of those collections, and all of the schema",
    async (options, expected) => {
      const store = await exported(options);
      expect(await names(store)).toEqual(expected);
      expect([...(await (await openArchive(store)).fsl()).keys()]).toEqual([
        "rules/access.fsl",
        "shop.fsl",
      ]);
      const target = await bench.emptyDatabase();
      await importArchive({ source: store, target });
      expect((await verifyArchive({ archive: store, against: target })).equal).toBe(true);
      const { files } = await bench.read(target);
      expect([...files.keys()].toSorted()).toEqual(["rules/access.fsl", "shop.fsl"]);
    },
  );

  it("of the schema only holds no documents, and makes an empty copy", async () => {
    const store = await exported({ schemaOnly: true });
    const target = await bench.emptyDatabase();
    const report = await importArchive({ source: store, target });
    expect(report.documents.read).toBe(0);
    const copy = await bench.read(target);
    expect(copy.documents.size).toBe(0);
    const { definitions, files } = await bench.read(source);
    expect(differences({ definitions, files, documents: new Map() }, copy)).toEqual([]);
  });

  it("of the data only holds no schema, and makes bare collections of its documents", async () => {
    const store = await exported({ dataOnly: true });
    expect(
      [...(await contents(store)).keys()].filter((name) => name.startsWith("schema/")),
    ).toEqual([]);
    const target = await bench.emptyDatabase();
    await importArchive({ source: store, target });
    expect(v4Texts((await bench.read(target)).documents)).toEqual(
      v4Texts((await bench.read(source)).documents),
    );
    expect((await verifyArchive({ archive: store, against: target })).equal).toBe(true);
  });

  it("of only the schema and only the data is refused", async () => {
    await expect(exported({ schemaOnly: true, dataOnly: true })).rejects.toMatchObject({
      code: "ERR_USAGE",
    });
  });

  it("into a folder that holds something is refused, and the folder left as it is", async () => {
    const folder = await temporaryFolder();
    await mkdir(`${folder}/there`);
    await writeFile(`${folder}/there/mine.txt`, "mine");
    await expect(exportDatabase({ source, target: `${folder}/there` })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      exitStatus: 2,
    });
    expect([...(await contents(archive)).keys()].length).toBeGreaterThan(0);
  });

  it("can be stopped, and leaves no manifest", async () => {
    const controller = new AbortController();
    const store = new MemoryStore();
    const run = exportDatabase({
      source,
      target: store,
      signal: controller.signal,
      pageSize: 5,
      onProgress: ({ phase }) => {
        if (phase === "documents") controller.abort();
      },
    });
    await expect(run).rejects.toBeDefined();
    expect([...(await contents(store)).keys()]).not.toContain("manifest.json");
  });
});
