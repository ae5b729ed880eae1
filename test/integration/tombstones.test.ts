/**
 * The trap of an import into a database that has had these documents before: a deletion is a version newer than what
 * is written, and hides it (live 40). It must never end as success.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { differences } from "../support/independent-reader.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;
let source: Connection;
/** Schema and data. */
const whole = new MemoryStore();
const dataOnly = new MemoryStore();

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "Order", history_days: 3 })');
  await source.v10('Collection.create({ name: "Plain" })');
  for (let id = 1; id <= 20; id++) await insert(source, "Order", String(id), `{"n":${id}}`);
  await insert(source, "Plain", "1", '{"n":1}');
  await exportDatabase({ source, target: whole });
  await exportDatabase({ source, target: dataOnly, dataOnly: true });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function imported(): Promise<Connection> {
  const target = await bench.emptyDatabase();
  await importArchive({ source: whole, target });
  return target;
}

const deleteDocuments = (target: Connection) =>
  target.v10("Order.all().forEach(.delete())\nPlain.all().forEach(.delete())");
const deleteCollections = (target: Connection) =>
  target.v10('Collection.byName("Order")!.delete()\nCollection.byName("Plain")!.delete()');

describe("after an import and the deletion of every document by FQL", () => {
  it("a second import is refused, as collections are there", async () => {
    const target = await imported();
    await deleteDocuments(target);
    await expect(importArchive({ source: whole, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("collections Order"),
    });
  });

  it("an import of documents alone is refused too, as their deletions would hide them", async () => {
    const target = await imported();
    await deleteDocuments(target);
    await expect(importArchive({ source: dataOnly, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringMatching(/Documents of .* were deleted/),
      hint: expect.stringContaining("newer"),
    });
    const { dataText } = await target.v10("Order.all().count()");
    expect(dataText).toBe('{"@int":"0"}');
  });

  it("an import of documents alone into collections that were never used goes well", async () => {
    const target = await bench.emptyDatabase();
    await target.v10('Collection.create({ name: "Order", history_days: 3 })');
    await importArchive({ source: dataOnly, target });
    const { documents } = await bench.read(target);
    expect(documents).toEqual((await bench.read(source)).documents);
  });

  it("an import of documents alone into collections that hold some is refused", async () => {
    const target = await imported();
    await expect(importArchive({ source: dataOnly, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("holds documents"),
    });
  });
});

it("after the deletion of the collections too, a second import brings everything back", async () => {
  const target = await imported();
  await deleteDocuments(target);
  await deleteCollections(target);
  await importArchive({ source: whole, target });
  expect(differences(await bench.read(source), await bench.read(target))).toEqual([]);
  expect((await verifyArchive({ archive: whole, against: target })).equal).toBe(true);
});

it("documents that somebody deletes while they are imported are missed by the comparison at the end", async () => {
  const target = await bench.emptyDatabase();
  let deleting: Promise<unknown> | undefined;
  const run = importArchive({
    source: whole,
    target,
    window: 1,
    batchDocuments: 5,
    onProgress: ({ phase, item, done }) => {
      if (phase !== "documents" || item !== "Order" || done < 10) return;
      deleting ??= target.v10('Order.byId("3")!.delete()');
    },
  });
  await expect(run).rejects.toMatchObject({
    code: "ERR_MISMATCH",
    exitStatus: 50,
    message: expect.stringContaining("1 missing (3)"),
    place: expect.stringContaining("collection Order"),
    details: { collection: "Order", missing: ["3"], extra: [] },
  });
  await deleting;
  await expect(importArchive({ source: whole, target })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
    message: expect.stringContaining("never finished"),
  });
  // The deletion stays: going on cannot hide that, either.
  await expect(importArchive({ source: whole, target, continue: true })).rejects.toMatchObject({
    code: "ERR_MISMATCH",
  });
});

it("documents that somebody adds while others are imported are named by the comparison at the end", async () => {
  const target = await bench.emptyDatabase();
  let adding: Promise<unknown> | undefined;
  const run = importArchive({
    source: whole,
    target,
    window: 1,
    batchDocuments: 5,
    onProgress: ({ phase, item, done }) => {
      if (phase === "documents" && item === "Order" && done >= 10) {
        adding ??= target.v10('Plain.create({ id: "77" })');
      }
    },
  });
  await expect(run).rejects.toMatchObject({
    code: "ERR_MISMATCH",
    details: { collection: "Plain", missing: [], extra: ["77"] },
  });
  await adding;
});
