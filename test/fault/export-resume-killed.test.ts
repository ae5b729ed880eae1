/** Real processes that are ended at a request of the test's choice: the command with --resume makes the archive whole. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Exporting } from "../support/exporting.ts";
import { temporaryFolder } from "../support/folders.ts";
import type { Ended } from "../support/installed.ts";

let exporting: Exporting;

beforeAll(async () => {
  exporting = await Exporting.start([
    'Collection.create({ name: "Item" })',
    'Collection.create({ name: "Note" })',
    "Set.sequence(0, 1200).forEach(n => Item.create({ id: (n * 11).toString(), n: n }))",
    "Set.sequence(0, 40).forEach(n => Note.create({ id: n.toString(), n: n }))",
  ]);
});

afterAll(async () => {
  await exporting?.[Symbol.asyncDispose]();
});

interface Exported extends Ended {
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
  const run = exporting.start(folder, words);
  exporting.onRequest = () => {
    if (++made === end?.at) run.child.kill(end.signal);
  };
  const ended = await run.end;
  exporting.onRequest = undefined;
  return { ...ended, made };
}

describe.runIf(process.platform !== "win32")("an export by the command line", () => {
  it.each([0.1, 0.5, 0.9])(
    "that is killed after %d of its requests is made whole by --resume",
    async (share) => {
      const folder = join(await temporaryFolder(), "archive");
      const at = Math.ceil(exporting.requests * share);
      const killed = await exported(folder, [], { signal: "SIGKILL", at });
      expect(killed.status).toBeNull();
      const resumed = await exported(folder, ["--resume"]);
      expect(resumed).toMatchObject({ status: 0, stderr: expect.stringContaining("1,240") });
      expect(resumed.stderr).toMatch(/resumed +begun 20\S+Z, [\d,]+ documents were there/);
      await exporting.expectWhole(folder);
      console.log(
        `${exporting.requests} requests: killed after ${killed.made}, then ${resumed.made}`,
      );
      expect(killed.made + resumed.made - exporting.requests).toBeLessThan(
        exporting.requests * 0.3,
      );
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
    await exporting.expectWhole(folder);
  });

  it("that is stopped by Ctrl-C says how to go on, and loses next to nothing", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const at = Math.ceil(exporting.requests * 0.6);
    const stopped = await exported(folder, [], { signal: "SIGINT", at });
    expect(stopped).toMatchObject({
      status: 130,
      stderr: expect.stringContaining("with --resume goes on from there"),
    });
    const again = await exported(folder, []);
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining("--resume") });
    const resumed = await exported(folder, ["--resume"]);
    expect(resumed.status).toBe(0);
    await exporting.expectWhole(folder);
  });

  it("that is asked for something else when it is resumed says what", async () => {
    const folder = join(await temporaryFolder(), "archive");
    await exported(folder, [], { signal: "SIGKILL", at: Math.ceil(exporting.requests / 2) });
    const other = await exported(folder, ["--resume", "--exclude", "Note"]);
    expect(other).toMatchObject({
      status: 2,
      made: 0,
      stderr: expect.stringContaining("--exclude: it was none, now Note"),
    });
  });
});
