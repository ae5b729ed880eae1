/** `scripts/torture` runs the suites of this folder whole; here it tries a few points of one of them. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/folders.ts";

const SCRIPT = join(import.meta.dirname, "../../scripts/torture.mjs");

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the script without what makes of a test's process one of vitest. */
function torture(...words: string[]): Promise<Run> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(VITEST|TORTURE)/.test(name));
  const env = { ...Object.fromEntries(kept), NODE_ENV: "" };
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...words], { env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const line = (losses: readonly string[]) =>
  `${JSON.stringify({ suite: "some", points: 7, losses, seed: 3, stride: 1, stopped: false })}\n`;

describe("scripts/torture", { timeout: 600_000 }, () => {
  it("prints the points that were tried and no loss, by the seed that it is given", async () => {
    const run = await torture("--only", "archive", "--share", "0.004", "--seed", "5");
    expect(run, run.stdout + run.stderr).toMatchObject({ status: 0 });
    const last = run.stdout.trim().split("\n").at(-1);
    expect(last).toMatch(/^\d+ points tried in 12 suites, 0 losses \(seed 5\)$/);
    expect(Number.parseInt(last!, 10)).toBeGreaterThan(7);
  });

  it("ends with a status when anything was lost, and says what", async () => {
    const file = join(await temporaryFolder(), "report.ndjson");
    await writeFile(file, line([]) + line(["byte 5: nobody noticed"]));
    expect(await torture("--sum", file)).toMatchObject({
      status: 1,
      stdout: "14 points tried in 2 suites, 1 losses (seed 3)\n",
      stderr: "lost: some: byte 5: nobody noticed\n",
    });
    await writeFile(file, line([]));
    expect(await torture("--sum", file)).toMatchObject({ status: 0, stderr: "" });
    await writeFile(file, "");
    expect(await torture("--sum", file)).toMatchObject({ status: 1 });
  });

  it("does not count what its report holds of an earlier run", async () => {
    const file = join(await temporaryFolder(), "report.ndjson");
    await writeFile(file, line(["byte 5: nobody noticed"]));
    const run = await torture("--only", "network", "--minutes", "0.000001", "--report", file);
    expect(run, run.stdout + run.stderr).toMatchObject({ status: 1, stderr: "" });
    expect(run.stdout).toContain("0 points tried in 18 suites, 0 losses");
  });

  it("refuses a share and a time that are none", async () => {
    for (const words of [
      ["--share", "0"],
      ["--minutes", "soon"],
    ])
      expect(await torture(...words)).toMatchObject({
        status: 2,
        stderr: `torture: ${words[0]} takes a number above 0\n`,
      });
  });

  it("names its suites when it is asked for another", async () => {
    expect(await torture("--only", "weather")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("operations, ") as string,
    });
  });
});
