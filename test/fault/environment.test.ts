/**
 * Everything around a run that can go wrong: no room, no permission, a file system that is read-only, folders that
 * vanish, signals, nobody who reads what is printed, clocks that jump. Real processes and real file systems.
 */
import { type ChildProcess, execFileSync, spawnSync } from "node:child_process";
import { chmod, chown, cp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { importArchive } from "../../src/import/import.ts";
import { FolderStore, MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { type Ended, ended } from "../support/installed.ts";
import { expectEqual, holdsAnything, isBegun, isWhole, Processes } from "../support/processes.ts";
import { insert } from "../support/sample-databases.ts";

let processes: Processes;
let archive: string;
const pieces = { export: 0, import: 0 };

beforeAll(async () => {
  processes = await Processes.start();
  ({ archive } = processes);
  pieces.export = await processes.passing(() => processes.whole(processes.exportWords(archive)));
  const { name } = await processes.emptyDatabase();
  pieces.import = await processes.passing(() => processes.whole(processes.importWords(name)));
});

afterAll(() => processes?.[Symbol.asyncDispose]());

const onUnix = describe.runIf(process.platform !== "win32");
const isRoot = process.getuid?.() === 0;

/** Whoever is root may do everything; then it is somebody else who is not allowed to. */
const NOBODY = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** Gives a folder to whoever runs the command. */
async function theirs(folder: string): Promise<string> {
  await chmod(folder, 0o755);
  if (isRoot) await chown(folder, 65_534, 65_534);
  return folder;
}

function mounts(): boolean {
  if (!isRoot || process.platform !== "linux") return false;
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

const MAY_MOUNT = mounts();
if (!MAY_MOUNT) {
  console.warn(
    "nothing can be mounted here: a full disk is made by a limit on the size of files, and no file system is read-only",
  );
}

/** A file system of its own, of so many KiB. */
async function mounted(kib: number): Promise<string> {
  const folder = await temporaryFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", [folder]));
  return folder;
}

const remount = (folder: string, options: string) =>
  execFileSync("mount", ["-o", `remount,${options}`, folder]);

function expectFailure(end: Ended, status: number, code: string, place: string): void {
  expect(end.status, end.stderr).toBe(status);
  expect(end.stderr).toContain(`code: ${code}`);
  expect(end.stderr).toContain(place);
  expect(end.stderr).toContain("remedy:");
}

onUnix("a disk without room", () => {
  it("ends an export with its place; when there is room, it is resumed to the same", async () => {
    const folder = MAY_MOUNT ? await mounted(28) : await temporaryFolder();
    const place = join(folder, "archive");
    // Files of more than 1,024 bytes are too large where no disk can be full.
    const limits = MAY_MOUNT ? "true" : "ulimit -f 2";
    expectFailure(
      await processes.run(processes.exportWords(place), { limits }),
      13,
      "ERR_DISK_FULL",
      place,
    );
    expect(await isWhole(place)).toBe(false);
    if (MAY_MOUNT) remount(folder, "size=8m");
    await processes.whole([...processes.exportWords(place), "--resume"]);
    expect(await isWhole(place)).toBe(true);
    await expectEqual(place, archive);
    expect(
      (await readdir(place, { recursive: true })).filter((name) => name.endsWith(".tmp")),
    ).toEqual([]);
  });
});

onUnix("a place that one may not use", () => {
  it("is named by an export that may not write there, and nothing is left", async () => {
    const folder = await theirs(await temporaryFolder());
    await chmod(folder, 0o555);
    const end = await processes.run(processes.exportWords(join(folder, "archive")), NOBODY);
    expectFailure(end, 13, "ERR_FILE_ACCESS", join(folder, "archive"));
    expect(end.stderr).toContain("EACCES");
    expect(await readdir(folder)).toEqual([]);
  });

  it("ends an export when it may no longer be written to in the middle; resumed, it is the same", async () => {
    const folder = await theirs(await temporaryFolder());
    const place = join(folder, "archive");
    const words = processes.exportWords(place);
    const journal = join(place, "journal");
    const at = Math.floor(pieces.export * 0.6);
    const forbid = () => void chmod(journal, 0o555).catch(() => {});
    const end = await processes.disturbedAt(at, words, forbid, NOBODY);
    await chmod(journal, 0o755);
    expect([0, 13], end.stderr).toContain(end.status);
    expect(await isWhole(place)).toBe(end.status === 0);
    // Whoever is too fast for us has done it all.
    if (end.status !== 0) await processes.whole([...words, "--resume"]);
    expect(await isWhole(place)).toBe(true);
    await expectEqual(place, archive);
  });

  it("is named by verify and import where a file of the archive may not be read", async () => {
    const folder = await theirs(await temporaryFolder());
    const place = join(folder, "archive");
    await cp(archive, place, { recursive: true });
    const file = join(place, "schema/roles.ndjson.age");
    await chmod(file, 0o000);
    const { name, target } = await processes.emptyDatabase();
    const verified = await processes.run(["verify", place], NOBODY);
    expect([13, 20], verified.stderr).toContain(verified.status);
    expect(verified.stdout + verified.stderr).toContain("schema/roles.ndjson.age at byte 0: ");
    const imported = await processes.run(processes.importWords(name, place), NOBODY);
    expectFailure(imported, 13, "ERR_FILE_ACCESS", "schema/roles.ndjson.age");
    expect(await holdsAnything(target)).toBe(false);
  });

  it.runIf(MAY_MOUNT)("is named by an export to a file system that is read-only", async () => {
    const folder = await mounted(1024);
    remount(folder, "ro");
    const place = join(folder, "archive");
    const end = await processes.run(processes.exportWords(place));
    expectFailure(end, 13, "ERR_FILE_ACCESS", place);
    expect(end.stderr).toContain("read-only");
  });

  it.runIf(MAY_MOUNT)(
    "ends an export whose file system becomes read-only; resumed, it is the same",
    async () => {
      const folder = await mounted(8 * 1024);
      const place = join(folder, "archive");
      const words = processes.exportWords(place);
      const at = Math.floor(pieces.export * 0.6);
      // A file that is being written at this moment keeps it from being so: then the next moment is tried.
      const forbid = (child: ChildProcess): void => {
        try {
          remount(folder, "ro");
        } catch {
          if (child.exitCode === null) setTimeout(() => forbid(child), 1);
        }
      };
      const end = await processes.disturbedAt(at, words, forbid);
      remount(folder, "rw");
      expect([0, 13], end.stderr).toContain(end.status);
      expect(await isWhole(place)).toBe(end.status === 0);
      if (end.status !== 0) await processes.whole([...words, "--resume"]);
      await expectEqual(place, archive);
    },
  );
});

onUnix("a folder that vanishes", () => {
  it.each([0.3, 0.9])(
    "during an export, at %d of it, leaves no manifest without its files",
    async (share) => {
      const place = join(await temporaryFolder(), "archive");
      const words = processes.exportWords(place);
      const at = Math.floor(pieces.export * share);
      const gone = `${place}-gone`;
      const end = await processes.disturbedAt(at, words, () => {
        void rename(place, gone).catch(() => {});
      });
      const whole = await isWhole(place);
      expect(whole, end.stderr).toBe(end.status === 0);
      if (whole) return;
      expect([2, 13, 20], end.stderr).toContain(end.status);
      await rm(place, { recursive: true, force: true });
      await processes.whole([...words, "--resume"]);
      await expectEqual(place, archive);
    },
  );

  it("during an import ends it with its place; when it is back, it is continued to the same", async () => {
    const folder = await temporaryFolder();
    const place = join(folder, "archive");
    await cp(archive, place, { recursive: true });
    const { name, target } = await processes.emptyDatabase();
    const words = processes.importWords(name, place);
    const at = Math.floor(pieces.import * 0.4);
    const end = await processes.disturbedAt(at, words, () => {
      void rename(place, join(folder, "gone"));
    });
    await rename(join(folder, "gone"), place);
    expect([13, 20], end.stderr).toContain(end.status);
    expect(end.stderr).toContain(place);
    expect(await isBegun(target)).toBe(true);
    await processes.whole([...words, "--continue"]);
    await expectEqual(processes.source, target);
  });
});

onUnix("a signal", () => {
  const SIGNALS = [
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
  ] as const;

  it.each(SIGNALS)(
    "%s ends an export with status %i; resumed, it is the same",
    async (signal, status) => {
      const place = join(await temporaryFolder(), "archive");
      const words = processes.exportWords(place);
      const at = Math.floor(pieces.export / 2);
      const end = await processes.disturbedAt(at, words, (child) => child.kill(signal));
      expect(end.status, end.stderr).toBe(status);
      expect(end.stderr).toContain(`Stopped by ${signal}`);
      expect(await isWhole(place)).toBe(false);
      await processes.whole([...words, "--resume"]);
      await expectEqual(place, archive);
    },
  );

  it.each(SIGNALS)(
    "%s ends an import with status %i; continued, it is the same",
    async (signal, status) => {
      const { name, target } = await processes.emptyDatabase();
      const words = processes.importWords(name);
      const at = Math.floor(pieces.import / 2);
      const end = await processes.disturbedAt(at, words, (child) => child.kill(signal));
      expect(end.status, end.stderr).toBe(status);
      expect(end.stderr).toContain(`Stopped by ${signal}`);
      await processes.whole([...words, "--continue"]);
      await expectEqual(processes.source, target);
    },
  );
});

/** Of util-linux; that of other systems has other options. */
const HAS_SCRIPT = spawnSync("script", ["--version"]).stdout?.includes("util-linux") ?? false;
if (!HAS_SCRIPT) console.warn("no terminal can be made here: the command `script` is missing");

describe.runIf(HAS_SCRIPT)("a terminal that is gone", () => {
  it("ends an export as SIGHUP does, though nothing can be said any more; resumed, it is the same", async () => {
    const folder = await temporaryFolder();
    const place = join(folder, "archive");
    const statusFile = join(folder, "status");
    const codeFile = join(folder, "code");
    const words = processes.exportWords(place).filter((word) => word !== "--quiet");
    const at = Math.floor(pieces.export / 2);
    const end = (terminal: ChildProcess) => terminal.kill("SIGKILL");
    await processes.disturbedAt(at, words, end, { terminal: { codeFile, statusFile } });
    // Node itself aborts (134) or crashes (139) when it cannot give a terminal its settings back, after all that we do.
    const isOver = async () =>
      expect(await readFile(statusFile, "utf8")).toMatch(/^(129|134|139)\n$/);
    await vi.waitFor(isOver, 100_000);
    expect(await readFile(codeFile, "utf8")).toBe("129");
    expect(await isWhole(place)).toBe(false);
    await processes.whole([...words, "--resume"]);
    await expectEqual(place, archive);
  });
});

onUnix("when nobody reads what is printed any more", () => {
  it.each(["stdout", "stderr"] as const)("on %s, an export goes on to its end", async (stream) => {
    const place = join(await temporaryFolder(), "archive");
    const words = processes.exportWords(place).filter((word) => word !== "--quiet");
    const child = processes.start([...words, "--json", "--verbose"]);
    child[stream]!.destroy();
    const { status } = await ended(child);
    expect(status).toBe(0);
    await expectEqual(place, archive);
  });
});

describe("a clock that jumps", () => {
  const HOUR = 3_600_000_000n;

  /** An emulator whose clock jumps when the request with the number `at` arrives. */
  async function jumping(jump: bigint) {
    const clock = { offset: 0n, requests: 0, at: Infinity };
    const bench = await Bench.start({
      clock: () => BigInt(Date.now()) * 1000n + clock.offset,
      faults: () => {
        if (++clock.requests === clock.at) clock.offset = jump;
        return undefined;
      },
    });
    onTestFinished(() => bench[Symbol.asyncDispose]());
    /** A database of nine documents in the collection `C`, which is made so. */
    const documents = async (made: string) => {
      const source = await bench.emptyDatabase();
      await source.v10(made);
      for (let id = 1; id <= 9; id++) await insert(source, "C", String(id), `{"k":${id}}`);
      return source;
    };
    return { bench, clock, documents };
  }

  it.each([
    ["back by an hour", -HOUR],
    ["ahead by a minute", 60_000_000n],
  ])("on the server, %s, in the middle changes nothing", async (_, jump) => {
    const { bench, clock, documents } = await jumping(jump);
    const source = await documents('Collection.create({ name: "C" })');
    const calm = new MemoryStore();
    const before = clock.requests;
    await exportDatabase({ source, target: calm });
    const needed = clock.requests - before;
    const jumped = new MemoryStore();
    clock.at = clock.requests + Math.ceil(needed / 2);
    await exportDatabase({ source, target: jumped });
    expect(clock.offset).toBe(jump);
    clock.offset = 0n;
    const target = await bench.emptyDatabase();
    clock.at = clock.requests + 12;
    await importArchive({ source: calm, target });
    expect(clock.offset).toBe(jump);
    for (const each of [calm, jumped])
      expect((await verifyArchive({ archive: each, against: target })).equal).toBe(true);
  });

  it("on the server, beyond its history, ends an export that says so, without a manifest", async () => {
    const { clock, documents } = await jumping(HOUR);
    const source = await documents('Collection.create({ name: "C", history_days: 0 })');
    const before = clock.requests;
    await exportDatabase({ source, target: new MemoryStore() });
    const needed = clock.requests - before;
    const store = new MemoryStore();
    clock.at = clock.requests + Math.ceil(needed / 2);
    await expect(exportDatabase({ source, target: store, pageSize: 2 })).rejects.toMatchObject({
      code: "ERR_SNAPSHOT_EXPIRED",
      exitStatus: 30,
    });
    await expect(store.size("manifest.json")).resolves.toBeUndefined();
  });

  it("on this machine changes nothing but what the manifest says of its making", async () => {
    await using bench = await Bench.start();
    const source = await bench.emptyDatabase();
    await source.v10('Collection.create({ name: "C", ttl_days: 1 })');
    await source.v10("Set.sequence(0, 9).forEach(n => C.create({ n: n }))");
    // Each look at the clock is decades before or after the last.
    let looks = 0;
    const now = () => new Date(Date.UTC(looks++ % 2 === 0 ? 1971 : 2199, 1, 1));
    const folder = join(await temporaryFolder(), "archive");
    const { documents } = await exportDatabase({ source, target: folder, now });
    expect(documents).toBe(9);
    const target = await bench.emptyDatabase();
    const report = await importArchive({ source: new FolderStore(folder), target, now });
    expect(report.documents).toMatchObject({ read: 9, written: 9, refused: 0 });
    expect((await verifyArchive({ archive: folder, against: target })).equal).toBe(true);
    expect(looks).toBeGreaterThan(1);
  });
});
