/** NDJSON that people hold: what fauna-dump and programs like it wrote with the v4 driver. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importArchive, planImport } from "../../src/import/import.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/real/third-party");
const NAMES = ["v4-driver-Customer.ndjson", "v4-driver-Order.ndjson"];

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function dump(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of NAMES) await cp(join(FIXTURES, name), join(folder, name));
  return folder;
}

describe("NDJSON of the v4 driver", () => {
  it("imports with ids, ts and values as the files have them, and says what the driver had lost", async () => {
    const source = await dump();
    const target = await bench.emptyDatabase();
    const plan = await planImport({ source, target });
    expect(plan.title).toContain("doubles such as 3.0");
    const { documents } = await importArchive({ source, target });
    const lines = (await Promise.all(NAMES.map((name) => readFile(join(FIXTURES, name), "utf8"))))
      .flatMap((text) => text.split("\n"))
      .filter((line) => line !== "");
    expect(documents).toMatchObject({ read: lines.length, written: lines.length, refused: 0 });
    for (const [index, collection] of ["Customer", "Order"].entries()) {
      const page = `{"paginate":{"documents":{"collection":"${collection}"}},"size":1000}`;
      const { text } = await target.v4(
        `{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":${page}}`,
      );
      const file = await readFile(join(FIXTURES, NAMES[index]!), "utf8");
      expect(text).toBe(`{"resource":{"data":[${file.trim().split("\n").join(",")}]}}`);
    }
  });

  it("is read whole before the first write: a broken line is named and nothing is there afterwards", async () => {
    const source = await dump();
    await writeFile(join(source, "z.ndjson"), '{"ref":{"@ref":{"id":"1"');
    const target = await bench.emptyDatabase();
    await expect(importArchive({ source, target })).rejects.toMatchObject({
      code: "ERR_ARCHIVE_CORRUPT",
      place: expect.stringMatching(/z\.ndjson:1$/),
    });
    const { text } = await target.v4('{"paginate":{"collections":null}}');
    expect(text).toBe('{"resource":{"data":[]}}');
  });
});
