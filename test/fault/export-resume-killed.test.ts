/** Real processes that are ended at a request of the test's choice: the command with --resume makes the archive whole. */
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { type Installed, installPackage } from "../support/installed.ts";

const LIMITS = ["--page-size", "5", "--window", "3"];

let installed: Installed;
let bench: Bench;
let source: Connection;
let expected: Awaited<ReturnType<typeof fingerprints>>;
/** Told of each request that reaches the emulator. */
let onRequest: (() => void) | undefined;
/** Of an export that nobody disturbs. */
let requests = 0;

beforeAll(async () => {
  installed = installPackage();
  bench = await Bench.start({
    faults: () => {
      onRequest?.();
      return undefined;
    },
  });
  source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "Item" })');
  await source.v10('Collection.create({ name: "Note" })');
  await source.v10(
    "Set.sequence(0, 1200).forEach(n => Item.create({ id: (n * 11).toString(), n: n }))",
  );
  await source.v10("Set.sequence(0, 40).forEach(n => Note.create({ id: n.toString(), n: n }))");
  const store = new MemoryStore();
  ({ requests } = await exportDatabase({ source, target: store, pageSize: 5, window: 3 }));
  expected = await fingerprints(store);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  installed?.remove();
});

interface Exported {
  readonly status: number | null;
  readonly stderr: string;
  /** Requests that reached the emulator. */
  readonly made: number;
}

/** Exports by the command line, in a process that gets a signal with the n-th request. */
async function exported(
  folder: string,
  words: readonly string[],
  end?: { readonly signal: NodeJS.Signals; readonly at: number },
): Promise<Exported> {
  let made = 0;
  const env = { FAUNA_ENDPOINT: bench.endpoint, FAUNA_SECRET: bench.secretOf(source) };
  const child = installed.start(["export", folder, ...LIMITS, ...words], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  onRequest = () => {
    if (++made === end?.at) child.kill(end.signal);
  };
  let stderr = "";
  child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  onRequest = undefined;
  return { status, stderr, made };
}

async function expectWhole(folder: string): Promise<void> {
  expect(await fingerprints(folder)).toEqual(expected);
  const { equal, notes } = await verifyArchive({ archive: folder, against: source });
  expect({ equal, notes }).toEqual({ equal: true, notes: [] });
  const names = await readdir(folder, { recursive: true });
  expect(names.filter((name) => /\.tmp$|^journal/.test(name))).toEqual([]);
}

describe.runIf(process.platform !== "win32")("an export by the command line", () => {
  it.each([0.1, 0.5, 0.9])(
    "that is killed after %d of its requests is made whole by --resume",
    async (share) => {
      const folder = join(await temporaryFolder(), "archive");
      const at = Math.ceil(requests * share);
      const killed = await exported(folder, [], { signal: "SIGKILL", at });
      expect(killed.status).toBeNull();
      const resumed = await exported(folder, ["--resume"]);
      expect(resumed).toMatchObject({ status: 0, stderr: expect.stringContaining("1,240") });
      expect(resumed.stderr).toMatch(/resumed +begun 20\S+Z, [\d,]+ documents were there/);
      await expectWhole(folder);
      console.log(`${requests} requests: killed after ${killed.made}, then ${resumed.made}`);
      expect(killed.made + resumed.made - requests).toBeLessThan(requests * 0.3);
    },
  );

  it("that is killed again and again, also while it resumes, is whole in the end", async () => {
    const folder = join(await temporaryFolder(), "archive");
    let runs = 0;
    for (let status: number | null = null; status !== 0; runs++) {
      const at = 60 + runs * 5;
      ({ status } = await exported(folder, ["--resume"], { signal: "SIGKILL", at }));
    }
    expect(runs).toBeGreaterThan(3);
    await expectWhole(folder);
  });

  it("that is stopped by Ctrl-C says how to go on, and loses next to nothing", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const at = Math.ceil(requests * 0.6);
    const stopped = await exported(folder, [], { signal: "SIGINT", at });
    expect(stopped).toMatchObject({
      status: 130,
      stderr: expect.stringContaining("with --resume goes on from there"),
    });
    const again = await exported(folder, []);
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining("--resume") });
    const resumed = await exported(folder, ["--resume"]);
    expect(resumed.status).toBe(0);
    await expectWhole(folder);
  });

  it("that is asked for something else when it is resumed says what", async () => {
    const folder = join(await temporaryFolder(), "archive");
    await exported(folder, [], { signal: "SIGKILL", at: Math.ceil(requests / 2) });
    const other = await exported(folder, ["--resume", "--exclude", "Note"]);
    expect(other).toMatchObject({
      status: 2,
      made: 0,
      stderr: expect.stringContaining("--exclude: it was none, now Note"),
    });
  });
});
