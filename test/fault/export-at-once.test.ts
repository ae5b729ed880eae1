/** Two exports into one place at once, in real processes and in one: one of them writes, the other ends before it does. */
import type { ChildProcess } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArchiveLock } from "../../src/archive/archive.ts";
import { exportDatabase, restoreHistory } from "../../src/export/export.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { fingerprints } from "../support/bench.ts";
import { Exporting } from "../support/exporting.ts";
import { temporaryFolder } from "../support/folders.ts";
import type { Ended } from "../support/installed.ts";

let exporting: Exporting;

beforeAll(async () => {
  exporting = await Exporting.start([
    'Collection.create({ name: "Item", history_days: 1 })',
    "Set.sequence(0, 600).forEach(n => Item.create({ id: (n * 11).toString(), n: n }))",
  ]);
});

afterAll(async () => {
  await exporting?.[Symbol.asyncDispose]();
});

/** An export that stands still in the middle: it lives, and does nothing. */
async function standing(
  folder: string,
  words: readonly string[] = [],
): Promise<{ readonly child: ChildProcess; readonly end: Promise<Ended> }> {
  const { child, end } = exporting.start(folder, words);
  let made = 0;
  const stopped = new Promise<void>((resolve) => {
    exporting.onRequest = () => {
      if (++made !== Math.ceil(exporting.requests / 2)) return;
      child.kill("SIGSTOP");
      exporting.onRequest = undefined;
      resolve();
    };
  });
  await stopped;
  return { child, end };
}

/** The names of all files below a folder, with what is in them. */
async function everything(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const found = new Map<string, string>();
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    found.set(path, await readFile(path, "base64"));
  }
  return found;
}

describe.runIf(process.platform !== "win32")("while an export is under way", () => {
  it.each([[[]], [["--resume"]]])(
    "another of the same place ends before it writes anything, and says which process is writing (%j)",
    async (words: readonly string[]) => {
      const folder = join(await temporaryFolder(), "archive");
      const first = await standing(folder);
      const before = await everything(folder);
      const second = await exporting.start(folder, words).end;
      expect(second.status, second.stderr).toBe(75);
      expect(second.stderr).toContain(`process ${first.child.pid} on ${hostname()}, since 20`);
      expect(second.stderr).toContain("remedy: Wait until it has ended");
      expect(second.stderr).toContain("ERR_BUSY");
      expect(second.stderr).not.toContain("goes on from there");
      expect(await everything(folder)).toEqual(before);
      first.child.kill("SIGCONT");
      const end = await first.end;
      expect(end.status, end.stderr).toBe(0);
      await exporting.expectWhole(folder);
    },
  );

  it("and after it was killed, another goes on with it with no more ado", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const first = await standing(folder);
    first.child.kill("SIGKILL");
    expect((await first.end).status).toBeNull();
    const resumption = await standing(folder, ["--resume"]);
    expect((await exporting.start(folder, ["--resume"]).end).status).toBe(75);
    resumption.child.kill("SIGKILL");
    await resumption.end;
    const last = await exporting.start(folder, ["--resume"]).end;
    expect(last.status, last.stderr).toBe(0);
    expect(last.stderr).toContain(`The run of process ${resumption.child.pid}`);
    await exporting.expectWhole(folder);
  });

  it("of several resumptions at once one goes on", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const first = await standing(folder);
    first.child.kill("SIGKILL");
    await first.end;
    const runs = [1, 2, 3].map(() => exporting.start(folder, ["--resume"]).end);
    const ends = await Promise.all(runs);
    // Whoever comes when another is ready finds a whole archive.
    expect(ends.filter(({ status }) => status === 0)).toHaveLength(1);
    for (const { status, stderr } of ends) {
      expect([0, 2, 75], stderr).toContain(status);
      if (status === 2) expect(stderr).toContain("is complete");
    }
    await exporting.expectWhole(folder);
  });

  it("what it has raised is not put back by another, nor by --restore-history", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const days = async () =>
      (await exporting.source.v10("Item.definition.history_days ?? 0")).dataText;
    const were = await days();
    const first = await standing(folder, ["--extend-history", "--history-days", "9"]);
    const raised = await days();
    expect(raised).not.toBe(were);
    for (const words of [[], ["--resume"], ["--restore-history"]]) {
      const { status, stderr } = await exporting.start(folder, words).end;
      expect(status, stderr).toBe(75);
    }
    await expect(
      restoreHistory({ source: exporting.source, archive: folder }),
    ).rejects.toMatchObject({
      code: "ERR_BUSY",
    });
    expect(await days()).toBe(raised);
    first.child.kill("SIGCONT");
    const end = await first.end;
    expect(end.status, end.stderr).toBe(0);
    expect(await days()).toBe(were);
  });
});

describe.runIf(process.platform !== "win32")("an export whose lock somebody removed", () => {
  it("on another host is gone on with, as it was said", async () => {
    const folder = join(await temporaryFolder(), "archive");
    const first = await standing(folder);
    first.child.kill("SIGKILL");
    await first.end;
    const lock = join(folder, "journal/lock-1.json");
    const holder = JSON.parse(await readFile(lock, "utf8")) as object;
    await writeFile(lock, JSON.stringify({ ...holder, host: "elsewhere" }));
    const refused = await exporting.start(folder, ["--resume"]).end;
    expect(refused.status).toBe(75);
    expect(refused.stderr).toContain(lock);
    expect(refused.stderr).toContain("no such process on elsewhere any more, remove this file");
    await rm(lock);
    const resumed = await exporting.start(folder, ["--resume"]).end;
    expect(resumed.status, resumed.stderr).toBe(0);
    await exporting.expectWhole(folder);
  });

  it("ends without a manifest when another run has it", async () => {
    const { source, limits } = exporting;
    const target = new MemoryStore();
    const other = new ArchiveLock(target);
    let taken: Promise<void> | undefined;
    const takeOver = async () => {
      await target.remove("journal/lock-1.json");
      await other.take();
    };
    const first = exportDatabase({
      source,
      target,
      ...limits,
      onProgress: ({ phase }) => {
        if (phase === "documents") taken ??= takeOver();
      },
    });
    await expect(first).rejects.toMatchObject({ code: "ERR_BUSY" });
    await taken;
    expect([...(await contents(target)).keys()]).not.toContain("manifest.json");
    await other.release();
    await exportDatabase({ source, target, resume: true, ...limits });
    expect(await fingerprints(target)).toEqual(exporting.expected);
  });
});

describe("in one process", () => {
  it("of two exports at once into one place one writes, whether it begins or goes on", async () => {
    const { source, limits } = exporting;
    for (const resume of [false, true]) {
      const target = new MemoryStore();
      const run = () => exportDatabase({ source, target, resume, ...limits });
      const ends = await Promise.allSettled([run(), run()]);
      expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      for (const end of ends)
        if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "ERR_BUSY" });
      expect(await fingerprints(target)).toEqual(exporting.expected);
      expect((await verifyArchive({ archive: target })).notes).toEqual([]);
    }
  });
});
