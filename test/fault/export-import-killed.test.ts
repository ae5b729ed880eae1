/** Real processes that are killed in the middle: nothing passes for complete, and the next run says so and goes on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { FolderStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { compileSource } from "../support/compiled.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { buildMixed } from "../support/sample-databases.ts";

/** Runs a verb with the secret from its environment, and says each step of its progress. */
const RUNNER = `
const [source, verb, folder, endpoint] = process.argv.slice(2);
const { connect } = await import(source + "/fauna/fauna.js");
const { exportDatabase } = await import(source + "/export/export.js");
const { importArchive } = await import(source + "/import/import.js");
const database = connect({ endpoint, secret: process.env.FAUNA_SECRET });
const onProgress = (progress) => console.log(JSON.stringify(progress));
if (verb === "export") {
  await exportDatabase({ source: database, target: folder, pageSize: 5, segmentBytes: 500, window: 2, onProgress });
} else {
  await importArchive({ source: folder, target: database, batchDocuments: 8, window: 2, onProgress });
}
console.log("done");
await database.close();
`;

let compiled: string;
let bench: Bench;
let source: Connection;
let archive: string;
/** Whether requests take their time, so that a process is caught in the middle. */
let slow = false;

beforeAll(async () => {
  const { folder, remove } = compileSource();
  compiled = folder;
  bench = await Bench.start({ faults: () => (slow ? { delayMs: 15 } : undefined) });
  source = await bench.emptyDatabase();
  await buildMixed(source);
  await source.v10(
    "Set.sequence(0, 100).forEach(n => Any_.create({ id: (n * 3).toString(), n: n }))",
  );
  return remove;
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Runs a verb in a process of its own and kills it after so many steps of progress; tells whether it had finished. */
async function killedAfter(
  steps: number,
  verb: "export" | "import",
  folder: string,
  database: Connection,
): Promise<{ finished: boolean }> {
  const script = join(await temporaryFolder(), "runner.mjs");
  await writeFile(script, RUNNER);
  const child = spawn(process.execPath, [script, compiled, verb, folder, bench.endpoint], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, FAUNA_SECRET: bench.secretOf(database) },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  slow = true;
  let seen = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    if (++seen > steps) child.kill("SIGKILL");
  }
  const [code] = (await exited) as [number | null];
  slow = false;
  return { finished: code === 0 };
}

describe.runIf(process.platform !== "win32")("an export that is killed", () => {
  it.each([0, 3, 8, 15, 25])(
    "after %d steps is no archive, and the next one says so",
    async (steps) => {
      const folder = join(await temporaryFolder(), "archive");
      const { finished } = await killedAfter(steps, "export", folder, source);
      expect(finished).toBe(false);
      const store = new FolderStore(folder);
      for (const use of [
        () => verifyArchive({ archive: store }),
        () => verifyArchive({ archive: store, against: source }),
      ]) {
        await expect(use()).rejects.toMatchObject({
          code: "ERR_ARCHIVE_INCOMPLETE",
          exitStatus: 20,
          hint: expect.any(String),
        });
      }
      const target = await bench.emptyDatabase();
      await expect(importArchive({ source: store, target })).rejects.toMatchObject({
        code: "ERR_ARCHIVE_INCOMPLETE",
      });
      expect(await bench.definitionsOf(target)).toEqual([]);
      if (!(await isEmpty(store))) {
        await expect(exportDatabase({ source, target: store })).rejects.toMatchObject({
          code: "ERR_TARGET_NOT_EMPTY",
          message: expect.stringContaining("did not finish"),
        });
      }
    },
  );
});

async function isEmpty(store: FolderStore): Promise<boolean> {
  for await (const _ of store.list()) return false;
  return true;
}

describe.runIf(process.platform !== "win32")("an import that is killed", () => {
  beforeAll(async () => {
    archive = `${compiled}-archive`;
    await rm(archive, { recursive: true, force: true });
    await exportDatabase({ source, target: archive });
    return () => rm(archive, { recursive: true, force: true });
  });

  it.each([0, 1, 3, 6, 9, 12, 16, 20, 24, 28])(
    "after %d steps is not taken for a copy, and goes on to an equal one",
    async (steps) => {
      const target = await bench.emptyDatabase();
      const { finished } = await killedAfter(steps, "import", archive, target);
      expect(finished).toBe(false);
      const begun = (await bench.definitionsOf(target)).length > 0;
      if (begun) {
        await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
          code: "ERR_TARGET_NOT_EMPTY",
          message: expect.stringContaining("never finished"),
          hint: expect.stringContaining("--continue"),
        });
        expect((await verifyArchive({ archive, against: target })).equal).toBe(false);
      }
      const report = await importArchive({ source: archive, target, continue: begun });
      expect(report.documents.refused).toBe(0);
      expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
      const newTs = withNewTs(report);
      expect(differences(await bench.read(source), await bench.read(target), newTs)).toEqual([]);
    },
  );
});
