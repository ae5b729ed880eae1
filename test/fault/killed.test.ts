/**
 * `kill -9` at random points of an export, an import and the resumption of both: real processes of the command line,
 * against an emulator in a process of its own. Nothing passes for complete that is not; resumed, the result is the same.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { importArchive } from "../../src/import/import.ts";
import { FolderStore } from "../../src/store/store.ts";
import { identity } from "../support/age.ts";
import { temporaryFolder } from "../support/folders.ts";
import { Points } from "../support/points.ts";
import { expectEqual, holdsAnything, isBegun, isWhole, Processes } from "../support/processes.ts";

let processes: Processes;
/** Pieces that pass in an undisturbed export and import. */
const pieces = { export: 0, import: 0 };

beforeAll(async () => {
  processes = await Processes.start();
  const { archive } = processes;
  pieces.export = await processes.passing(() => processes.whole(processes.exportWords(archive)));
  const { name } = await processes.emptyDatabase();
  pieces.import = await processes.passing(() => processes.whole(processes.importWords(name)));
});

afterAll(() => processes?.[Symbol.asyncDispose]());

/** Runs a command and kills it when the n-th piece has passed and some milliseconds more. */
async function killedAt(n: number, laterMs: number, words: readonly string[]): Promise<void> {
  const { status, stderr } = await processes.disturbedAt(n, words, (child) => {
    if (n === 0) child.kill("SIGKILL");
    else setTimeout(() => child.kill("SIGKILL"), laterMs);
  });
  // Whoever is too fast for us has done it all.
  if (status !== null) expect(status, stderr).toBe(0);
}

/** What is left of an export is nothing to import, nor a place for another one unless nothing was begun. */
async function isRefused(place: string): Promise<void> {
  const store = new FolderStore(place);
  const { target } = await processes.emptyDatabase();
  await expect(importArchive({ source: store, target })).rejects.toMatchObject({
    code: "ERR_ARCHIVE_INCOMPLETE",
    hint: expect.any(String) as string,
  });
  expect(await holdsAnything(target)).toBe(false);
  if ((await store.list().next()).done === true) return;
  const { source } = processes;
  await expect(exportDatabase({ source, target: store })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
    message: expect.stringContaining("did not finish") as string,
  });
}

const FEW = 5;
const MANY = 50;

describe.runIf(process.platform !== "win32")("kill -9 at a random point", () => {
  it.each([false, true])(
    "of an export leaves no archive that is not whole; resumed, it is the same (of the resumption, too: %s)",
    async (ofResumption) => {
      const points = new Points(`kill -9 of an export, of its resumption: ${ofResumption}`);
      for (const n of points.runs(FEW, MANY)) {
        const place = join(await temporaryFolder(), "archive");
        const words = processes.exportWords(place);
        const at = () => Math.floor(points.random() * (pieces.export + 1));
        const first = at();
        await points.try(`export ${n}, at ${first} of ${pieces.export}`, async () => {
          await killedAt(first, points.random() * 15, words);
          const done = await isWhole(place);
          if (!done) await isRefused(place);
          if (ofResumption && !done)
            await killedAt(at(), points.random() * 15, [...words, "--resume"]);
          if (!(await isWhole(place))) await processes.whole([...words, "--resume"]);
          expect(await isWhole(place)).toBe(true);
          await expectEqual(place, processes.archive);
        });
      }
      points.end();
    },
  );

  it.each([false, true])(
    "of an import leaves no copy that passes for finished; resumed, it is the same (of the resumption, too: %s)",
    async (ofResumption) => {
      const points = new Points(`kill -9 of an import, of its resumption: ${ofResumption}`);
      const { archive, source } = processes;
      for (const n of points.runs(FEW, MANY)) {
        const { name, target } = await processes.emptyDatabase();
        const words = processes.importWords(name);
        const at = () => Math.floor(points.random() * (pieces.import + 1));
        const first = at();
        await points.try(`import ${n}, at ${first} of ${pieces.import}`, async () => {
          await killedAt(first, points.random() * 15, words);
          if (await isBegun(target)) {
            await expect(
              importArchive({ source: archive, target, unlock: identity }),
            ).rejects.toMatchObject({
              code: "ERR_TARGET_NOT_EMPTY",
              message: expect.stringContaining("never finished") as string,
              hint: expect.stringContaining("--continue") as string,
            });
          }
          if (ofResumption && (await isBegun(target)))
            await killedAt(at(), points.random() * 15, [...words, "--continue"]);
          if (await isBegun(target)) await processes.whole([...words, "--continue"]);
          else if (!(await holdsAnything(target))) await processes.whole(words);
          await expectEqual(source, target);
        });
      }
      points.end();
    },
  );
});
