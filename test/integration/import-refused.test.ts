/** Documents that the target does not take, batches that are too much for it, and answers that never came. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Fault, FaultRequest } from "../../src/emulator/emulator.ts";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { parseRecord } from "../../src/values/record.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { insert } from "../support/sample-databases.ts";

interface Letter {
  readonly collection: string;
  readonly reason: object;
  readonly record: { readonly id: string };
}

const isInsert = ({ body }: FaultRequest): boolean => body.includes('"insert":{"ref"');
const count = ({ body }: FaultRequest): number => body.split('"params":{"data"').length - 1;

async function sample(source: Connection, documents = 40): Promise<MemoryStore> {
  await source.v4('{"do":[{"create_collection":{"object":{"name":"c"}}},null]}');
  await source.v4('{"do":[{"create_collection":{"object":{"name":"gone"}}},null]}');
  for (let id = 1; id <= documents; id++) await insert(source, "c", String(id), `{"n":${id}}`);
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive });
  return archive;
}

describe("documents that the target refuses", () => {
  it("go to a dead-letter file with the reason, and all others are written", async () => {
    await using bench = await Bench.start();
    const source = await bench.emptyDatabase();
    await sample(source);
    // Fauna takes no reference into a collection that is not there, and keeps those it has (live 33).
    for (const id of ["7", "23", "41"]) {
      await insert(
        source,
        "c",
        id,
        '{"to":{"@ref":{"id":"1","collection":{"@ref":{"id":"gone","collection":{"@ref":{"id":"collections"}}}}}}}',
      );
    }
    await source.v4('{"do":[{"delete":{"collection":"gone"}},null]}');
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive });
    const folder = await temporaryFolder();
    const deadLetterFile = `${folder}/deep/refused.ndjson`;
    const target = await bench.emptyDatabase();
    const report = await importArchive({ source: archive, target, deadLetterFile });
    expect(report.documents).toEqual({
      read: 41,
      written: 38,
      refused: 3,
      skipped: 0,
      there: 0,
      expired: 0,
      newTs: 0,
    });
    expect(report.deadLetterFile).toBe(deadLetterFile);
    expect(report.notes).toMatchObject([
      {
        code: "refused",
        database: [],
        collection: "c",
        count: 3,
        examples: expect.arrayContaining(["7", "23", "41"]) as unknown,
        message: expect.any(String) as unknown,
      },
      { code: "deleted_refs_refused", collection: "c", count: 3 },
    ]);
    const lines = (await readFile(deadLetterFile, "utf8")).split("\n").slice(0, -1);
    const letters = lines.map((line) => JSON.parse(line) as Letter);
    expect(letters.map(({ record }) => record.id).toSorted()).toEqual(["23", "41", "7"]);
    for (const { collection, reason, record } of letters) {
      expect(collection).toBe("c");
      expect(reason).toMatchObject({ code: "validation failed" });
      expect(parseRecord(JSON.stringify(record)).dataText).toContain('"gone"');
    }
    const verified = await verifyArchive({ archive, against: target });
    expect(verified.against!.collections[0]!.ids.missing).toEqual(["7", "23", "41"]);
    expect(differences(await bench.read(source), await bench.read(target))).toHaveLength(3);
  });

  it("never overwrite an older dead-letter file", async () => {
    await using bench = await Bench.start();
    const source = await bench.emptyDatabase();
    await source.v4('{"do":[{"create_collection":{"object":{"name":"gone"}}},null]}');
    await source.v4('{"do":[{"create_collection":{"object":{"name":"c"}}},null]}');
    await insert(
      source,
      "c",
      "1",
      '{"to":{"@ref":{"id":"gone","collection":{"@ref":{"id":"collections"}}}}}',
    );
    await source.v4('{"do":[{"delete":{"collection":"gone"}},null]}');
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive });
    const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
    for (const expected of [deadLetterFile, `${deadLetterFile}.2`]) {
      const target = await bench.emptyDatabase();
      const report = await importArchive({ source: archive, target, deadLetterFile });
      expect(report.deadLetterFile).toBe(expected);
    }
  });
});

it("documents whose ttl has passed meanwhile are expired, not missing", async () => {
  let ahead = 0n;
  await using bench = await Bench.start({ clock: () => BigInt(Date.now()) * 1000n + ahead });
  const source = await bench.emptyDatabase();
  await sample(source, 5);
  const soon = new Date(Date.now() + 600_000).toISOString();
  await insert(source, "c", "100", '{"short":"lived"}', { ttl: soon });
  await insert(source, "c", "101", '{"lives":"on"}', { ttl: "2999-01-01T00:00:00Z" });
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive });
  ahead = 3_600_000_000n;
  const target = await bench.emptyDatabase();
  const report = await importArchive({ source: archive, target });
  expect(report.documents).toEqual({
    read: 7,
    written: 6,
    refused: 0,
    skipped: 1,
    there: 0,
    expired: 1,
    newTs: 0,
  });
  expect(report.notes).toMatchObject([{ code: "expired", collection: "c", count: 1 }]);
  const verified = await verifyArchive({ archive, against: target });
  expect(verified.equal).toBe(true);
  expect(verified.against!.collections[0]!.ids.expired).toEqual(["100"]);
});

describe("a batch", () => {
  it.each<[string, (request: FaultRequest) => Fault | undefined]>([
    ["is answered 503 time out", (r) => (count(r) > 3 ? { status: 503 } : undefined)],
    ["is answered 440", (r) => (count(r) > 3 ? { status: 440 } : undefined)],
  ])("that %s is halved until it is small enough", async (_, fault) => {
    let on = false;
    const sizes: number[] = [];
    await using bench = await Bench.start(
      {
        faults: (request) => {
          if (!on || !isInsert(request)) return undefined;
          sizes.push(count(request));
          return fault(request);
        },
      },
      { retry: { attempts: 5, baseMs: 1 } },
    );
    const source = await bench.emptyDatabase();
    const archive = await sample(source);
    const target = await bench.emptyDatabase();
    on = true;
    const report = await importArchive({ source: archive, target });
    on = false;
    expect(report.documents).toMatchObject({ written: 40, refused: 0 });
    // Less at once is tried before more time.
    expect(sizes.slice(0, 5)).toEqual([40, 20, 10, 5, 3]);
    expect(Math.min(...sizes)).toBeLessThan(4);
    expect(differences(await bench.read(source), await bench.read(target))).toEqual([]);
  });

  it("that is over 8 MiB (413), and then over 16 MiB of writes, is halved down to documents of several MiB", async () => {
    await using bench = await Bench.start();
    const source = await bench.emptyDatabase();
    await source.v4('{"do":[{"create_collection":{"object":{"name":"c"}}},null]}');
    for (let id = 1; id <= 5; id++) {
      await insert(source, "c", String(id), `{"text":"${"x".repeat(3_000_000)}"}`);
    }
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive });
    const target = await bench.emptyDatabase();
    const report = await importArchive({
      source: archive,
      target,
      batchBytes: 100_000_000,
      window: 2,
    });
    expect(report.documents).toMatchObject({ written: 5, refused: 0 });
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
  });

  it("whose single document always times out ends the import, which can be continued", async () => {
    let on = true;
    await using bench = await Bench.start({
      faults: (request) =>
        on && isInsert(request) && request.body.includes('"id":"13"') ? { status: 503 } : undefined,
    });
    const source = await bench.emptyDatabase();
    on = false;
    const archive = await sample(source);
    on = true;
    const target = await bench.emptyDatabase();
    await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
      code: "ERR_TRY_AGAIN",
    });
    on = false;
    await importArchive({ source: archive, target, continue: true });
    expect(differences(await bench.read(source), await bench.read(target))).toEqual([]);
  });
});

it("answers that are cut off after the write change nothing", async () => {
  let on = false;
  let cuts = 0;
  await using bench = await Bench.start(
    {
      faults: ({ method, number }) => {
        if (!on || method !== "POST" || number % 3 !== 0) return undefined;
        cuts++;
        return { cut: "after" };
      },
    },
    { retry: { attempts: 6, baseMs: 1 } },
  );
  const source = await bench.emptyDatabase();
  const archive = await sample(source);
  const target = await bench.emptyDatabase();
  on = true;
  const report = await importArchive({ source: archive, target, batchDocuments: 3 });
  on = false;
  expect(cuts).toBeGreaterThan(5);
  expect(report.documents).toMatchObject({ written: 40, refused: 0 });
  expect(differences(await bench.read(source), await bench.read(target))).toEqual([]);
});
