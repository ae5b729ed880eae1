/** What an import must not do to documents, and what it must not call a success. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { createDatabase, importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { emulatorTarget } from "../support/emulator.ts";
import { temporaryFolder } from "../support/folders.ts";
import type { Target } from "../support/target.ts";

let emulator: Target;
let root: Connection;
let databases = 0;

beforeAll(async () => {
  emulator = await emulatorTarget();
  root = connect({ endpoint: emulator.endpoint, secret: emulator.secret, retry: { attempts: 1 } });
});

afterAll(async () => {
  await root?.close();
  await emulator?.close();
});

const emptyDatabase = () => createDatabase(root, `edge${++databases}`);

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
