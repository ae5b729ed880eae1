/** Databases that only years of use make, and what an export and an import do with them. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
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

it("documents whose computed fields fail, so that v10 cannot list them, come back all the same", async () => {
  const source = await bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "C", computed_fields: { broken: { body: "d => abort(d.n)" } } })',
  );
  await source.v10('C.create({ id: "1", n: 1 })\n null');
  await expect(source.v10("C.all()")).rejects.toMatchObject({ code: "ERR_DATABASE" });
  const archive = new MemoryStore();
  expect((await exportDatabase({ source, target: archive })).documents).toBe(1);
  const target = await bench.emptyDatabase();
  expect((await importArchive({ source: archive, target })).documents.written).toBe(1);
  expect((await target.v10('C.byId("1")!.n')).dataText).toBe('{"@int":"1"}');
  expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
});

it("a document that takes more as JSON than a request may hold is exported, and kept in the dead-letter file by an import", async () => {
  const source = await bench.emptyDatabase();
  await source.v4('{"create_collection":{"object":{"name":"C"}}}');
  // Two million control characters: 2 MiB in the database, six times that in JSON.
  let text = String.raw`{"repeat":"\u0001","number":1024}`;
  for (let doubled = 0; doubled < 11; doubled++)
    text = `{"let":[{"s":${text}}],"in":{"concat":[{"var":"s"},{"var":"s"}]}}`;
  const params = `{"object":{"data":{"object":{"large":${text}}}}}`;
  for (const id of ["1", "3"])
    await source.v4(
      `{"do":[{"create":{"ref":{"collection":"C"},"id":"${id}"},"params":{"object":{}}},null]}`,
    );
  await source.v4(
    `{"do":[{"create":{"ref":{"collection":"C"},"id":"2"},"params":${params}},null]}`,
  );
  const archive = new MemoryStore();
  expect((await exportDatabase({ source, target: archive })).documents).toBe(3);
  const target = await bench.emptyDatabase();
  const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
  const { documents } = await importArchive({ source: archive, target, deadLetterFile });
  expect(documents).toMatchObject({ read: 3, written: 2, refused: 1 });
});
