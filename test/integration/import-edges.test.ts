/** What an import must not do to documents, and what it must not call a success. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const emptyDatabase = () => bench.emptyDatabase();

async function v4(database: Connection, query: string): Promise<string> {
  const { text } = await database.v4(query);
  return text;
}

/** An archive of a database made by `build`. */
async function archiveOf(
  build: (database: Connection) => Promise<unknown>,
  options: { dataOnly?: boolean } = {},
): Promise<MemoryStore> {
  const source = await emptyDatabase();
  await build(source);
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive, compression: "none", ...options });
  return archive;
}

it("does not leave a document half-written when the target refuses its nulls", async () => {
  const archive = await archiveOf(
    async (source) => {
      await source.v10('Collection.create({ name: "C" })');
      await source.v10('C.create({ id: "1", list: [1, null] })');
      await source.v10('C.create({ id: "2", list: [2, null], bad: true })');
      await source.v10('C.create({ id: "3", list: [3] })');
    },
    { dataOnly: true },
  );
  const target = await emptyDatabase();
  await target.v10(
    'Collection.create({ name: "C", constraints: [{ check: { name: "good", body: "d => d.bad == null" } }] })',
  );
  const folder = await temporaryFolder();
  const report = await importArchive({
    source: archive,
    target,
    deadLetterFile: `${folder}/refused.ndjson`,
  });
  expect(report.documents).toMatchObject({ read: 3, written: 2, refused: 1 });
  expect(await readFile(`${folder}/refused.ndjson`, "utf8")).toContain('"id":"2"');
  expect(await v4(target, '{"exists":{"ref":{"collection":"C"},"id":"2"}}')).toBe(
    '{"resource":false}',
  );
});

it("leaves alone a collection whose ttl_days would date the documents anew", async () => {
  const archive = await archiveOf(
    async (source) => {
      await source.v10('Collection.create({ name: "C" })');
      await source.v10('C.create({ id: "1" })');
    },
    { dataOnly: true },
  );
  const target = await emptyDatabase();
  await target.v10('Collection.create({ name: "C", ttl_days: 3 })');
  await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
    hint: expect.stringContaining("ttl_days") as string,
  });
});

/** A folder as Fauna's own export writes it, of documents given by collection; `parts` metadata files share them. */
async function officialExport(
  documents: Readonly<Record<string, readonly string[]>>,
  parts = 1,
): Promise<string> {
  const folder = await temporaryFolder();
  let bytes = 0;
  for (const [collection, ids] of Object.entries(documents)) {
    const lines = ids.map(
      (id) =>
        `{"id":"${id}","coll":{"@mod":"${collection}"},"ts":{"@time":"2026-01-01T00:00:00Z"}}\n`,
    );
    await mkdir(`${folder}/data/collections/${collection}`, { recursive: true });
    await writeFile(
      `${folder}/data/collections/${collection}/${collection}_00_000000.jsonl`,
      lines,
    );
    bytes += lines.join("").length;
  }
  for (let part = 0; part < parts; part++) {
    const own = part === 0 ? Object.keys(documents) : [];
    const metadata = {
      account_id: "0",
      export_id: "e",
      task_id: "1",
      collections: own,
      snapshot_ts: "2026-01-02T00:00:00Z",
      doc_format: "tagged",
      part,
      total_parts: parts,
      files_count: own.length,
      files_bytes: part === 0 ? bytes : 0,
    };
    await writeFile(`${folder}/metadata_0${part}.json`, JSON.stringify(metadata));
  }
  return folder;
}

it("holds an official export of several parts to the metadata of all of them", async () => {
  const folder = await officialExport({ C: ["1", "2"], D: ["3"] }, 2);
  const report = await importArchive({ source: folder, target: await emptyDatabase() });
  expect(report.documents.written).toBe(3);
  const second = `${folder}/metadata_01.json`;
  const metadata = JSON.parse(await readFile(second, "utf8")) as object;
  await writeFile(second, JSON.stringify({ ...metadata, files_count: 1, files_bytes: 100 }));
  const attempt = importArchive({ source: folder, target: await emptyDatabase() });
  await expect(attempt).rejects.toMatchObject({ code: "ERR_ARCHIVE_CORRUPT" });
  await rm(second);
  const without = importArchive({ source: folder, target: await emptyDatabase() });
  await expect(without).rejects.toMatchObject({ code: "ERR_ARCHIVE_CORRUPT", place: second });
});

it("imports the documents of an official export and says that its credentials were left out", async () => {
  const folder = await officialExport({ C: ["1"], Credential: ["7", "8"] });
  const report = await importArchive({ source: folder, target: await emptyDatabase() });
  expect(report.documents.written).toBe(1);
  expect(report.notes).toMatchObject([{ code: "left_out", collection: "Credential", count: 2 }]);
});

it("does not continue from an official export whose documents are others under the same ids", async () => {
  const folder = await officialExport({ C: ["1"] });
  const target = await emptyDatabase();
  const stop = new AbortController();
  const options = { source: folder, target, signal: stop.signal };
  const onProgress = ({ phase, done }: { phase: string; done: number }) => {
    if (phase === "steps" && done > 0) stop.abort();
  };
  await expect(importArchive({ ...options, onProgress })).rejects.toThrow();
  const file = `${folder}/data/collections/C/C_00_000000.jsonl`;
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("2026-01-01", "2025-01-01"));
  await expect(importArchive({ source: folder, target, continue: true })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
    message: expect.stringContaining("another") as string,
  });
});

it("of an archive of documents alone, a database without the collection lacks them all", async () => {
  const archive = await archiveOf(
    async (source) => {
      await source.v10('Collection.create({ name: "C" })');
      await source.v10('C.create({ id: "1" })');
    },
    { dataOnly: true },
  );
  const { against } = await verifyArchive({ archive, against: await emptyDatabase() });
  expect(against).toMatchObject({
    equal: false,
    collections: [{ name: "C", counts: { missing: 1 } }],
  });
});

it("asks for less at once when a batch takes the target too long", async () => {
  const archive = await archiveOf(async (source) => {
    await source.v10('Collection.create({ name: "C" })');
    await source.v10("Set.sequence(0, 8).forEach(i => C.create({ id: 1 + i, list: [i] }))");
  });
  const tooLong: number[] = [];
  await using slow = await Bench.start(
    {
      faults: ({ body }) => {
        const documents = body.includes('"insert"') ? body.split('"list"').length - 1 : 0;
        if (documents <= 2) return undefined;
        tooLong.push(documents);
        return { status: 503 };
      },
    },
    { retry: { attempts: 4, baseMs: 1 } },
  );
  const report = await importArchive({ source: archive, target: await slow.emptyDatabase() });
  expect(report.documents.written).toBe(8);
  expect(tooLong).toEqual([8, 4, 4]);
});

it("of two imports into one database at once, one is refused and the other whole", async () => {
  const archives = await Promise.all(
    ["A", "B"].map((name) =>
      archiveOf(async (source) => {
        await source.v10(`Collection.create({ name: "${name}" })`);
        await source.v10(`${name}.create({ id: "1" })`);
      }),
    ),
  );
  const target = await emptyDatabase();
  const ends = await Promise.allSettled(
    archives.map((archive) => importArchive({ source: archive, target })),
  );
  const refused = ends.filter((end) => end.status === "rejected");
  expect(refused).toMatchObject([{ reason: { code: "ERR_BUSY", exitStatus: 75 } }]);
  const winner = archives[ends.findIndex(({ status }) => status === "fulfilled")]!;
  expect((await verifyArchive({ archive: winner, against: target })).equal).toBe(true);
});

it("ids, times and limits at their very ends come back as they were", async () => {
  const last = 2n ** 63n - 1n;
  const ids = [0n, 1n, 9n, 10n, 99n, 100n, 2n ** 53n + 1n, last - 1n, last];
  const source = await emptyDatabase();
  await source.v10('Collection.create({ name: "Empty" })');
  await source.v10('Collection.create({ name: "C" })');
  const inserts = ids.map(
    (id, i) =>
      `{"insert":{"ref":{"collection":"C"},"id":"${id}"},"ts":${i + 1},"action":"create","params":{"quote":{"data":{"i":${i}}}}}`,
  );
  await source.v4(`{"do":[${inserts.join(",")},null]}`);
  const archive = new MemoryStore();
  const least = { pageSize: 1, rangeDocuments: 1, segmentBytes: 1, window: 3 };
  const exported = await exportDatabase({ source, target: archive, ...least });
  expect(exported).toMatchObject({ documents: ids.length, segments: ids.length });
  const target = await emptyDatabase();
  await importArchive({ source: archive, target, batchDocuments: 1, batchBytes: 1, window: 3 });
  const { equal, against } = await verifyArchive({ archive, against: target, pageSize: 1 });
  expect(against?.collections.map(({ live }) => live)).toEqual([ids.length, 0]);
  expect(equal).toBe(true);
});
