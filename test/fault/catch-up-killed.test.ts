/** Processes that are killed in the middle of an export that catches up, and requests that fail during one. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { connect } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { FolderStore, MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { compileSource } from "../support/compiled.ts";
import { FailingStore } from "../support/failing-store.ts";
import { FailingTransport } from "../support/failing-transport.ts";
import { temporaryFolder } from "../support/folders.ts";
import { killedStanding, STANDS_STILL } from "../support/standing-still.ts";

const CATCH_UP = { feedEveryMs: 5, lastLookSeconds: 0, rounds: 2 };

/** Exports with the secret from its environment. */
const RUNNER = `${STANDS_STILL}
const [source, folder, endpoint] = process.argv.slice(2);
const { connect } = await import(source + "/fauna/fauna.js");
const { exportDatabase } = await import(source + "/export/export.js");
const database = connect({ endpoint, secret: process.env.FAUNA_SECRET });
const catchUp = ${JSON.stringify(CATCH_UP)};
await exportDatabase({ source: database, target: folder, catchUp, pageSize: 5, rangeDocuments: 20, window: 2, onProgress });
await database.close();
`;

let compiled: string;
let bench: Bench;
let source: Connection;
/** Whether requests take their time, so that a process is caught in the middle, and documents change meanwhile. */
let slow = false;
let changes = 0;

beforeAll(async () => {
  const { folder, remove } = compileSource();
  compiled = folder;
  bench = await Bench.start({ faults: () => (slow ? { delayMs: 5 } : undefined) });
  source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "Letter" })');
  await source.v10(
    'Set.sequence(0, 120).forEach(n => Letter.create({ id: 1 + n, text: "in confidence" }))',
  );
  return remove;
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe.runIf(process.platform !== "win32")("an export that catches up and is killed", () => {
  it.each([1, 6, 15, 25, 28, 31])(
    "after %d steps is no archive, cannot be resumed, and what it has put by cannot be read",
    async (steps) => {
      const folder = join(await temporaryFolder(), "archive");
      const script = join(await temporaryFolder(), "runner.mjs");
      await writeFile(script, RUNNER);
      const child = spawn(process.execPath, [script, compiled, folder, bench.endpoint], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, FAUNA_SECRET: bench.secretOf(source), STEPS: String(steps) },
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      slow = true;
      onTestFinished(() => void (slow = false));
      await killedStanding(child, steps, (step) =>
        source.v10(`Letter.byId("${(++changes * 7) % 120 || 1}")!.update({ n: ${step} }); 0`),
      );
      slow = false;

      const store = new FolderStore(folder);
      await expect(verifyArchive({ archive: store })).rejects.toMatchObject({
        code: "ERR_ARCHIVE_INCOMPLETE",
      });
      const left = [...(await contents(store))].filter(([name]) => name.startsWith("journal/"));
      for (const [name, bytes] of left) expect(bytes.includes("confidence"), name).toBe(false);
      await expect(exportDatabase({ source, target: store })).rejects.toMatchObject({
        code: "ERR_TARGET_NOT_EMPTY",
      });
      const resumed = exportDatabase({ source, target: store, resume: true });
      await expect(resumed).rejects.toMatchObject({ code: "ERR_USAGE" });
      const again = new MemoryStore();
      expect((await exportDatabase({ source, target: again, catchUp: true })).documents).toBe(120);
    },
  );
});

/** A database that nobody writes to, so that one export is as good as another. */
async function still(): Promise<Connection> {
  const database = await bench.emptyDatabase();
  await database.v10('Collection.create({ name: "C" }); Collection.create({ name: "D" })');
  await database.v10(
    "Set.sequence(0, 9).forEach(n => { C.create({ id: 1 + n }); D.create({ id: 1 + n }) })",
  );
  return database;
}

const OPTIONS = {
  catchUp: { feedEveryMs: 3_600_000, lastLookSeconds: 0, rounds: 1 },
  pageSize: 4,
  rangeDocuments: 5,
  window: 1,
} as const;

describe("an export that catches up, of which one operation fails", () => {
  it.each([
    ["never sent", "before", 1],
    ["answered, and nobody hears it", "after", 3],
    ["answered by half", "partial", 3],
  ] as const)(
    "a request is %s: the export ends well, or leaves no archive",
    async (_, mode, attempts) => {
      const database = await still();
      const undisturbed = new MemoryStore();
      await exportDatabase({ source: database, target: undisturbed, ...OPTIONS });
      const wanted = await fingerprints(undisturbed);
      let points = 0;
      for (let failAt = 0; ; failAt++) {
        const wire = new HttpTransport({ endpoint: new URL(bench.endpoint) });
        const transport = new FailingTransport(wire, { failAt, mode });
        const retry = { attempts, baseMs: 1 };
        const { endpoint } = bench;
        const secret = bench.secretOf(database);
        const failing = connect({ endpoint, secret, transport, retry });
        const store = new MemoryStore();
        const run = exportDatabase({ source: failing, target: store, ...OPTIONS });
        const error: unknown = await run.then(
          () => undefined,
          (e: unknown) => e,
        );
        await failing.close();
        const names = [...(await contents(store)).keys()];
        if (error === undefined) expect(await fingerprints(store)).toEqual(wanted);
        else expect(names).not.toContain("manifest.json");
        expect(names.filter((name) => name.includes("catch-up"))).toEqual([]);
        if (transport.requests <= failAt) break;
        points++;
      }
      console.log(`${points} requests failed ${mode}`);
      expect(points).toBeGreaterThan(40);
    },
  );

  it("an operation of the store fails: there is no archive, or it is whole", async () => {
    const database = await still();
    const undisturbed = new MemoryStore();
    await exportDatabase({ source: database, target: undisturbed, ...OPTIONS });
    const wanted = await fingerprints(undisturbed);
    let points = 0;
    for (let failAt = 0; ; failAt++) {
      const inner = new MemoryStore();
      const store = new FailingStore(inner, { failAt, mode: "before" });
      const run = exportDatabase({ source: database, target: store, ...OPTIONS });
      const error: unknown = await run.then(
        () => undefined,
        (e: unknown) => e,
      );
      const isThere = (await inner.size("manifest.json")) !== undefined;
      expect(isThere || error !== undefined).toBe(true);
      if (isThere) expect(await fingerprints(inner)).toEqual(wanted);
      if (store.operations <= failAt) break;
      points++;
    }
    console.log(`${points} operations of the store failed`);
    expect(points).toBeGreaterThan(20);
  });
});
