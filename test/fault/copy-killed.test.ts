/** Real processes that are killed in the middle of a copy: the target says so, and the next run finishes it. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { copyDatabase } from "../../src/copy/copy.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { compileSource } from "../support/compiled.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { buildMixed } from "../support/sample-databases.ts";
import { killedStanding, STANDS_STILL } from "../support/standing-still.ts";

/** Copies with the secrets of its environment. */
const RUNNER = `${STANDS_STILL}
const [built, endpoint] = process.argv.slice(2);
const { connect } = await import(built + "/fauna/fauna.js");
const { copyDatabase } = await import(built + "/copy/copy.js");
const source = connect({ endpoint, secret: process.env.FROM });
const target = connect({ endpoint, secret: process.env.TO });
await copyDatabase({ source, target, batchDocuments: 8, window: 2, onProgress });
await Promise.all([source.close(), target.close()]);
`;

let compiled: string;
let bench: Bench;
let source: Connection;
beforeAll(async () => {
  const { folder, remove } = compileSource();
  compiled = folder;
  bench = await Bench.start();
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

async function killedAfter(steps: number, target: Connection): Promise<void> {
  const script = join(await temporaryFolder(), "runner.mjs");
  await writeFile(script, RUNNER);
  const child = spawn(process.execPath, [script, compiled, bench.endpoint], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      FROM: bench.secretOf(source),
      TO: bench.secretOf(target),
      STEPS: String(steps),
    },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await killedStanding(child, steps);
}

describe.runIf(process.platform !== "win32")("a copy that is killed", () => {
  it.each([4, 9, 16, 28])(
    "after %d steps goes on where it was asked to, and is whole then",
    async (steps) => {
      const target = await bench.emptyDatabase();
      await killedAfter(steps, target);
      if ((await bench.definitionsOf(target)).length > 0) {
        await expect(copyDatabase({ source, target })).rejects.toMatchObject({
          code: "ERR_TARGET_NOT_EMPTY",
          hint: expect.stringContaining("--continue"),
        });
      }
      const report = await copyDatabase({ source, target, continue: true });
      const newTs = withNewTs(report);
      expect(differences(await bench.read(source), await bench.read(target), newTs)).toEqual([]);
    },
  );
});
