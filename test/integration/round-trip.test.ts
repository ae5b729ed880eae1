/**
 * A database, its archive, and a copy made from that, are the same: by the toolkit's own verification, and by a
 * reader that shares nothing with it.
 */
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Compression } from "../../src/archive/archive.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench, fingerprints, withNewTs } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { buildLegacy, SAMPLE_DATABASES } from "../support/sample-databases.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe.each(Object.entries(SAMPLE_DATABASES))("%s", (_, build) => {
  it("comes back whole, and the copy's archive is the same again", async () => {
    const source = await bench.emptyDatabase();
    await build(source);
    const folder = await temporaryFolder();
    const archive = `${folder}/archive`;
    const exported = await exportDatabase({
      source,
      target: archive,
      rangeDocuments: 40,
      pageSize: 7,
    });
    expect(exported.notes.filter(({ code }) => code !== "credentials")).toEqual([]);

    const copy = await bench.emptyDatabase();
    const imported = await importArchive({
      source: archive,
      target: copy,
      batchDocuments: 9,
      deadLetterFile: `${folder}/refused.ndjson`,
    });
    const all = exported.documents;
    expect(imported.documents).toMatchObject({ read: all, written: all, refused: 0, expired: 0 });

    const verified = await verifyArchive({ archive, against: copy });
    expect(verified.against!.definitions).toEqual([]);
    expect(verified.against!.collections.filter(({ equal }) => !equal)).toEqual([]);
    expect(verified.equal).toBe(true);

    const newTs = withNewTs(imported);
    expect(differences(await bench.read(source), await bench.read(copy), newTs)).toEqual([]);

    const again = new MemoryStore();
    await exportDatabase({ source: copy, target: again });
    const dated = new Set([...newTs].map((document) => document.split("/")[0]));
    const comparable = (each: Awaited<ReturnType<typeof fingerprints>>) =>
      each.map((one) => (dated.has(one.name) ? { ...one, exact: "new ts" } : one));
    expect(comparable(await fingerprints(again))).toEqual(comparable(await fingerprints(archive)));
  });
});

const hasZstd = "createZstdCompress" in zlib;
const compressions: Compression[] = hasZstd ? ["gzip", "none", "zstd"] : ["gzip", "none"];
if (!hasZstd) console.log(`zstd is left out: Node ${process.version} does not have it.`);

describe.each(compressions)("stored as %s", (compression) => {
  it("an archive makes the same copy", async () => {
    const source = await bench.emptyDatabase();
    await buildLegacy(source);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive, compression, segmentBytes: 2000 });
    const copy = await bench.emptyDatabase();
    const imported = await importArchive({ source: archive, target: copy });
    const newTs = withNewTs(imported);
    expect(differences(await bench.read(source), await bench.read(copy), newTs)).toEqual([]);
    expect((await verifyArchive({ archive, against: copy })).equal).toBe(true);
  });
});
