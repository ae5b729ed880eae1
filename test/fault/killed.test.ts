/**
 * `kill -9` at random points of an export, an import and the resumption of both: real processes of the command line,
 * against an emulator in a process of its own. Nothing passes for complete that is not; resumed, the result is the same.
 */
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type Connection, scoped } from "../../src/fauna/fauna.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { createDatabase, importArchive } from "../../src/import/import.ts";
import { FolderStore } from "../../src/store/store.ts";
import { diffDatabases, type DiffPlace } from "../../src/verify/diff.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { identity, TEST_IDENTITY_FILE, TEST_RECIPIENT } from "../support/age.ts";
import { ChaosProxy } from "../support/chaos-proxy.ts";
import { buildEverything } from "../support/everything.ts";
import { temporaryFolder } from "../support/folders.ts";
import { ended, type Installed, installPackage, printed } from "../support/installed.ts";
import { Points } from "../support/points.ts";

let installed: Installed;
let emulator: ChildProcess;
let proxy: ChaosProxy;
let root: Connection;
let source: Connection;
/** An archive of the source that nobody disturbed. */
let archive: string;
let folder: string;
let databases = 0;
/** Pieces that pass in an undisturbed export and import. */
const pieces = { export: 0, import: 0 };
/** Told of every piece that passes between the command line and the emulator. */
let onPiece: () => void = () => {};

beforeAll(async () => {
  installed = installPackage();
  const late = ["--faults", "delay:0-2"];
  emulator = installed.start(["emulator", "--port", "0", "--json", "--quiet", ...late]);
  const told = await printed(emulator, '"port"');
  const endpoint = /"endpoint": "([^"]+)"/.exec(told)![1]!;
  proxy = await ChaosProxy.start({ endpoint, onPiece: () => onPiece() });
  root = connect({ endpoint, secret: "secret" });
  source = await createDatabase(root, "source");
  await buildEverything(source);
  await source.v10('Collection.create({ name: "Many" })');
  await source.v10(
    "Set.sequence(0, 60).forEach(n => Many.create({ id: (n * 3).toString(), n: n }))",
  );
  folder = `${installed.project}-work`;
  archive = join(folder, "archive");
  pieces.export = await passing(() => whole(exportWords(archive)));
  await createDatabase(root, "undisturbed");
  pieces.import = await passing(() => whole(importWords("undisturbed")));
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await root?.close();
  if (emulator !== undefined) {
    const closed = once(emulator, "close");
    emulator.kill("SIGKILL");
    await closed;
  }
  installed?.remove();
  await rm(folder, { recursive: true, force: true });
});

const exportWords = (to: string) =>
  `export ${to} --database source --recursive --secrets --encrypt-to ${TEST_RECIPIENT} --segment-size 1KiB --page-size 7 --quiet`.split(
    " ",
  );

const importWords = (to: string) =>
  `import ${archive} --database ${to} --identity ${TEST_IDENTITY_FILE} --batch-size 5 --quiet`.split(
    " ",
  );

function start(words: readonly string[]): ChildProcess {
  const env = { FAUNA_ENDPOINT: proxy.endpoint, FAUNA_SECRET: "secret" };
  return installed.start(words, { env, cwd: installed.project });
}

/** Runs a command that nothing disturbs. */
async function whole(words: readonly string[]): Promise<void> {
  const { status, stderr } = await ended(start(words));
  expect(status, stderr).toBe(0);
}

/** How many pieces pass during `work`. */
async function passing(work: () => Promise<void>): Promise<number> {
  let count = 0;
  onPiece = () => void count++;
  await work();
  onPiece = () => {};
  return count;
}

/** Runs a command and kills it when the n-th piece has passed and some milliseconds more. */
async function killedAt(n: number, laterMs: number, words: readonly string[]): Promise<void> {
  const child = start(words);
  let count = 0;
  onPiece = () => {
    if (++count === n) setTimeout(() => child.kill("SIGKILL"), laterMs);
  };
  if (n === 0) child.kill("SIGKILL");
  const { status, stderr } = await ended(child);
  onPiece = () => {};
  // Whoever is too fast for us has done it all.
  if (status !== null) expect(status, stderr).toBe(0);
}

async function expectEqual(a: DiffPlace, b: DiffPlace): Promise<void> {
  const { equal, definitions, collections } = await diffDatabases({
    a,
    b,
    recursive: true,
    unlock: identity,
  });
  const unequal = collections.filter((each) => !each.equal);
  expect({ equal, definitions, unequal }).toEqual({ equal: true, definitions: [], unequal: [] });
}

/** Whether an archive is whole; one without a manifest says that it is none. */
async function isWhole(place: string): Promise<boolean> {
  try {
    const { equal, opened } = await verifyArchive({
      archive: new FolderStore(place),
      unlock: identity,
    });
    expect({ equal, opened }).toEqual({ equal: true, opened: true });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_ARCHIVE_INCOMPLETE" });
    return false;
  }
}

/** What is left of an export is nothing to import, nor a place for another one unless nothing was begun. */
async function isRefused(place: string): Promise<void> {
  const store = new FolderStore(place);
  const target = await createDatabase(root, `untouched${++databases}`);
  await expect(importArchive({ source: store, target })).rejects.toMatchObject({
    code: "ERR_ARCHIVE_INCOMPLETE",
    hint: expect.any(String) as string,
  });
  expect(await isThere(target)).toBe(false);
  if ((await store.list().next()).done === true) return;
  await expect(exportDatabase({ source, target: store })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
    message: expect.stringContaining("did not finish") as string,
  });
}

const isBegun = async (target: Connection) => {
  const { text } = await target.v4('{"exists":{"function":"fauna_ark_import"}}', {
    idempotent: true,
  });
  return text.includes("true");
};

const FEW = 5;
const MANY = 50;

describe.runIf(process.platform !== "win32")("kill -9 at a random point", () => {
  it.each([false, true])(
    "of an export leaves no archive that is not whole; resumed, it is the same (of the resumption, too: %s)",
    async (ofResumption) => {
      const points = new Points(`kill -9 of an export, of its resumption: ${ofResumption}`);
      for (const n of points.runs(FEW, MANY)) {
        const place = join(await temporaryFolder(), "archive");
        const words = exportWords(place);
        const at = () => Math.floor(points.random() * (pieces.export + 1));
        const first = at();
        await points.try(`export ${n}, at ${first} of ${pieces.export}`, async () => {
          await killedAt(first, points.random() * 15, words);
          const done = await isWhole(place);
          if (!done) await isRefused(place);
          if (ofResumption && !done) {
            await killedAt(at(), points.random() * 15, [...words, "--resume"]);
            await isWhole(place);
          }
          if (!(await isWhole(place))) await whole([...words, "--resume"]);
          expect(await isWhole(place)).toBe(true);
          await expectEqual(place, archive);
        });
      }
      points.end();
    },
  );

  it.each([false, true])(
    "of an import leaves no copy that passes for finished; resumed, it is the same (of the resumption, too: %s)",
    async (ofResumption) => {
      const points = new Points(`kill -9 of an import, of its resumption: ${ofResumption}`);
      for (const n of points.runs(FEW, MANY)) {
        const name = `target${ofResumption ? "r" : ""}${n}`;
        const target = await createDatabase(root, name);
        const at = () => Math.floor(points.random() * (pieces.import + 1));
        const first = at();
        await points.try(`import ${n}, at ${first} of ${pieces.import}`, async () => {
          await killedAt(first, points.random() * 15, importWords(name));
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
            await killedAt(at(), points.random() * 15, [...importWords(name), "--continue"]);
          if (await isBegun(target)) await whole([...importWords(name), "--continue"]);
          else if (!(await isThere(target))) await whole(importWords(name));
          await expectEqual(source, await scoped(root, name));
        });
      }
      points.end();
    },
  );
});

/** Whether anything was written: without a mark, all of it. */
async function isThere(target: Connection): Promise<boolean> {
  const { dataText } = await target.v10("Collection.all().count()", { idempotent: true });
  return !dataText.includes('"0"');
}
