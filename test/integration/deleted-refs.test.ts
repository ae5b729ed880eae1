/** References into collections that are no more: reported, or restored through a collection made for the time being. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;
let source: Connection;
const archive = new MemoryStore();

const collection = (name: string) =>
  `{"@ref":{"id":"${name}","collection":{"@ref":{"id":"collections"}}}}`;
const document = (name: string, id: string) =>
  `{"@ref":{"id":"${id}","collection":${collection(name)}}}`;

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "C" })\nCollection.create({ name: "D" })');
  for (const name of ["gone", "my-old"])
    await source.v4(`{"do":[{"create_collection":{"object":{"name":"${name}"}}},null]}`);
  await insert(source, "C", "1", '{"plain":true}');
  await insert(source, "C", "2", `{"a":${document("gone", "7")},"b":[${document("my-old", "8")}]}`);
  await insert(source, "C", "3", `{"a":${document("D", "1")}}`);
  await insert(source, "D", "4", `{"nan":{"@double":"NaN"},"a":{"b":${document("gone", "9")}}}`);
  await source.v10('C.create({ id: "5", holes: [null, gone("6")] })');
  await insert(source, "C", "6", String.raw`{"text":"{\"@ref\":{\"id\":\"gone\"}}"}`);
  for (const name of ["gone", "my-old"])
    await source.v4(`{"do":[{"delete":{"collection":"${name}"}},null]}`);
  await exportDatabase({ source, target: archive });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

it("an export keeps them under the collection's old name", async () => {
  const store = new MemoryStore();
  await exportDatabase({ source, target: store, compression: "none" });
  let lines = "";
  for await (const { name } of store.list("data/c~")) {
    for await (const bytes of store.read(name)) lines += Buffer.from(bytes).toString();
  }
  expect(lines).toContain(`"a":${document("gone", "7")}`);
});

describe("an import", () => {
  it("refuses the documents that hold them, says how many in each collection, and keeps them in the dead-letter file", async () => {
    const target = await bench.emptyDatabase();
    const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
    const { documents, notes } = await importArchive({ source: archive, target, deadLetterFile });
    expect(documents).toMatchObject({ read: 6, written: 3, refused: 3 });
    expect(notes.filter(({ code }) => code === "deleted_refs_refused")).toMatchObject([
      { collection: "C", count: 2, examples: expect.arrayContaining(["2", "5"]) },
      { collection: "D", count: 1, examples: ["4"] },
    ]);
    expect((await readFile(deadLetterFile, "utf8")).trimEnd().split("\n")).toHaveLength(3);
  });

  it("that is asked to restores them, and leaves no collection behind that was not in the archive", async () => {
    const target = await bench.emptyDatabase();
    const imported = await importArchive({ source: archive, target, restoreDeletedRefs: true });
    expect(imported.documents).toMatchObject({ read: 6, written: 6, refused: 0 });
    expect(imported.notes.filter(({ code }) => code === "deleted_refs")).toMatchObject([
      { collection: "C", count: 2 },
      { collection: "D", count: 1, examples: ["4"] },
    ]);
    const after = await bench.read(target);
    expect(differences(await bench.read(source), after, withNewTs(imported))).toEqual([]);
    expect(after.documents.get("C/2")).toContain('{"@mod":"Deleted"}');
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
  });

  it("that was stopped before it could delete the placeholders goes on and deletes them", async () => {
    const target = await bench.emptyDatabase();
    const stop = new AbortController();
    const options = {
      source: archive,
      target,
      restoreDeletedRefs: true,
      batchDocuments: 1,
      window: 1,
    };
    const run = importArchive({
      ...options,
      signal: stop.signal,
      onProgress: ({ phase, item, done }) => {
        if (phase === "documents" && item === "D" && done > 0) stop.abort(new Error("stopped"));
      },
    });
    await expect(run).rejects.toThrow("stopped");
    expect(await bench.definitionsOf(target)).toContain("collections/gone");
    const imported = await importArchive({ ...options, continue: true });
    const after = await bench.read(target);
    expect(differences(await bench.read(source), after, withNewTs(imported))).toEqual([]);
  });
});

it("an import over documents that was stopped before it could delete the placeholders deletes them when it is repeated", async () => {
  const target = await bench.emptyDatabase();
  await target.v10('Collection.create({ name: "C" })\nCollection.create({ name: "D" })');
  const options = {
    source: archive,
    target,
    onConflict: "replace",
    restoreDeletedRefs: true,
    batchDocuments: 1,
    window: 1,
  } as const;
  const stop = new AbortController();
  const run = importArchive({
    ...options,
    signal: stop.signal,
    onProgress: ({ phase, item }) => {
      if (phase === "documents" && item === "D") stop.abort(new Error("stopped"));
    },
  });
  await expect(run).rejects.toThrow("stopped");
  expect(await bench.definitionsOf(target)).toContain("collections/gone");
  await importArchive(options);
  expect(await bench.definitionsOf(target)).not.toContain("collections/gone");
  expect((await verifyArchive({ archive, against: target })).against?.collections).toMatchObject([
    { equal: true },
    { equal: true },
  ]);
});

it("a reference into an earlier collection of a name that lives again comes back as one into the living collection", async () => {
  const database = await bench.emptyDatabase();
  await database.v10('Collection.create({ name: "C" })\nCollection.create({ name: "again" })');
  await insert(database, "C", "1", `{"a":${document("again", "7")}}`);
  await database.v10('Collection.byName("again")!.delete()');
  await database.v10('Collection.create({ name: "again" })');
  const store = new MemoryStore();
  await exportDatabase({ source: database, target: store });
  const target = await bench.emptyDatabase();
  await importArchive({ source: store, target, restoreDeletedRefs: true });
  const [before, after] = [await bench.read(database), await bench.read(target)];
  const [v4, v10] = before.documents.get("C/1")!.split("\n");
  expect(v10).toContain('{"@mod":"Deleted"}');
  expect(after.documents.get("C/1")).toContain(v4);
  expect(after.documents.get("C/1")).toContain('"coll":{"@mod":"again"}');
});
