/** The lock of an archive that is being written: one run has it, and one that is over does not keep it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ArchiveLock,
  checkArchive,
  createArchive,
  isLockFile,
} from "../../../src/archive/archive.ts";
import {
  FolderStore,
  MemoryStore,
  readWhole,
  type Store,
  writeWhole,
} from "../../../src/store/store.ts";
import { contents, options, writeSample } from "../../support/archives.ts";
import { FailingStore } from "../../support/failing-store.ts";
import { temporaryFolder } from "../../support/folders.ts";

const FIRST = "journal/lock-1.json";

async function locksIn(store: Store): Promise<string[]> {
  return [...(await contents(store)).keys()].filter(isLockFile);
}

/** What the lock of a run says, with some of it said otherwise. */
async function saidOtherwise(other: Readonly<Record<string, unknown>>): Promise<string> {
  const store = new MemoryStore();
  const lock = new ArchiveLock(store);
  await lock.take();
  const text = (await readWhole(store, FIRST)).toString();
  await lock.release();
  return JSON.stringify({ ...(JSON.parse(text) as object), ...other });
}

/** A process that has ended, and is not remembered by the system any more. */
async function gone(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid!;
}

/** A process that lives as long as the test. */
async function living(): Promise<number> {
  const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1e6)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return child.pid!;
}

const STORES: readonly [string, () => Promise<Store>][] = [
  ["in memory", async () => new MemoryStore()],
  ["in a folder", async () => new FolderStore(join(await temporaryFolder(), "archive"))],
];

describe.each(STORES)("the lock of an archive %s", (_, makeStore) => {
  it("is had by one run, and by another when that has given it back", async () => {
    const store = await makeStore();
    const [first, second] = [new ArchiveLock(store), new ArchiveLock(store)];
    await first.take();
    await first.take();
    await first.requireNoOther();
    await expect(second.take()).rejects.toMatchObject({
      code: "ERR_BUSY",
      message: expect.stringContaining(
        `process ${process.pid} on ${hostname()}, since 20`,
      ) as string,
      hint: expect.stringContaining("Wait until it has ended") as string,
      place: `${store.place}/${FIRST}`,
    });
    await expect(second.requireNoOther()).rejects.toMatchObject({ code: "ERR_BUSY" });
    await second.release();
    expect(await locksIn(store)).toEqual([FIRST]);
    await first.release();
    expect(await locksIn(store)).toEqual([]);
    await second.take();
    await expect(first.requireNoOther()).rejects.toMatchObject({ code: "ERR_BUSY" });
    await second.release();
  });

  it("is had by one of many that want it at once", async () => {
    const store = await makeStore();
    const locks = Array.from({ length: 8 }, () => new ArchiveLock(store));
    const taken = await Promise.allSettled(locks.map((lock) => lock.take()));
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const each of taken)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "ERR_BUSY" });
    expect(await locksIn(store)).toEqual([FIRST]);
  });

  it("is taken over by at most one of many when its run has ended without giving it back", async () => {
    const store = await makeStore();
    await writeWhole(store, FIRST, await saidOtherwise({ pid: await gone() }));
    const locks = Array.from({ length: 8 }, () => new ArchiveLock(store));
    const taken = await Promise.allSettled(locks.map((lock) => lock.take()));
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await locksIn(store)).toEqual(["journal/lock-2.json"]);
  });
});

describe("a lock that is found", () => {
  async function takeBeside(text: string): Promise<{ notices: string[]; locks: string[] }> {
    const store = new MemoryStore();
    await writeWhole(store, FIRST, text);
    const notices: string[] = [];
    const lock = new ArchiveLock(store, { onNotice: (notice) => void notices.push(notice) });
    onTestFinished(() => lock.release());
    await lock.take();
    return { notices, locks: await locksIn(store) };
  }

  it("of a process that is no more is taken over, and that is said", async () => {
    const pid = await gone();
    const { notices, locks } = await takeBeside(await saidOtherwise({ pid }));
    expect(locks).toEqual(["journal/lock-2.json"]);
    expect(notices).toEqual([
      expect.stringMatching(new RegExp(`process ${pid}, begun 20\\S+Z, ended`)),
    ]);
  });

  it("of this process, but of no run of it, is taken over", async () => {
    expect((await takeBeside(await saidOtherwise({ token: "another" }))).notices).toHaveLength(1);
  });

  it.runIf(process.platform === "linux")(
    "of an earlier process whose id another has by now is taken over",
    async () => {
      const text = await saidOtherwise({ pid: await living(), birth: "an earlier boot/1" });
      expect((await takeBeside(text)).notices).toHaveLength(1);
    },
  );

  it("of another process that lives is not taken over", async () => {
    const pid = await living();
    await expect(takeBeside(await saidOtherwise({ pid, birth: null }))).rejects.toMatchObject({
      code: "ERR_BUSY",
      message: expect.stringContaining(`process ${pid} on`) as string,
      hint: expect.stringContaining(`stop it (process ${pid})`) as string,
    });
  });

  it.runIf(process.platform === "linux")(
    "of a container beside this one is not taken over, whatever has its process's id here",
    async () => {
      const among = "pid:[1]";
      for (const pid of [await gone(), await living()]) {
        const text = await saidOtherwise({ pid, among });
        await expect(takeBeside(text)).rejects.toMatchObject({
          code: "ERR_BUSY",
          hint: expect.stringContaining("in its container any more, remove this file") as string,
        });
      }
      // Not since the machine was started anew.
      const before = await saidOtherwise({ pid: await living(), among, birth: "earlier/1" });
      expect((await takeBeside(before)).notices).toHaveLength(1);
    },
  );

  it("of another thread of this process is not taken over", async () => {
    const text = await saidOtherwise({ thread: 4711, token: "another" });
    await expect(takeBeside(text)).rejects.toMatchObject({ code: "ERR_BUSY" });
  });

  it("of another host is not taken over: its file is named, to be removed by whoever knows", async () => {
    const text = await saidOtherwise({ host: "elsewhere", pid: await gone() });
    await expect(takeBeside(text)).rejects.toMatchObject({
      code: "ERR_BUSY",
      message: expect.stringContaining("on elsewhere") as string,
      hint: expect.stringContaining("no such process on elsewhere any more, remove") as string,
      place: expect.stringContaining(FIRST) as string,
    });
  });

  it.each(["", "{}", '{"host":1}'])(
    "that cannot be understood is not taken over: %s",
    async (text) => {
      await expect(takeBeside(text)).rejects.toMatchObject({
        code: "ERR_BUSY",
        hint: expect.stringContaining("remove this file") as string,
      });
    },
  );

  it("in a place where nothing was begun is taken over only by whoever begins", async () => {
    const store = new MemoryStore();
    await writeWhole(store, FIRST, await saidOtherwise({ pid: await gone() }));
    const lock = new ArchiveLock(store);
    await lock.takeWhereBegun();
    expect(await locksIn(store)).toEqual([FIRST]);
    await createArchive(store, options({ lock }));
    expect(await locksIn(store)).toEqual(["journal/lock-2.json"]);
  });
});

describe("a lock on a store", () => {
  it("that repeats what it has no answer to, and finds what it has made itself, is had", async () => {
    class Repeating extends MemoryStore {
      override async write(...wish: Parameters<Store["write"]>): Promise<{ bytes: number }> {
        await super.write(...wish);
        return await super.write(...wish);
      }
    }
    const store = new Repeating();
    const lock = new ArchiveLock(store);
    await lock.take();
    expect(await locksIn(store)).toEqual([FIRST]);
    await expect(new ArchiveLock(store).take()).rejects.toMatchObject({ code: "ERR_BUSY" });
    await lock.release();
    expect(await locksIn(store)).toEqual([]);
  });

  it("is not had when its file is gone at once, removed for that of a run that is over", async () => {
    /** Another run, which found a lock of the same name that was left over, removes this one in its place. */
    class Removed extends MemoryStore {
      override async write(...wish: Parameters<Store["write"]>): Promise<{ bytes: number }> {
        const done = await super.write(...wish);
        await this.remove(FIRST);
        return done;
      }
    }
    const lock = new ArchiveLock(new Removed());
    await expect(lock.take()).rejects.toMatchObject({ code: "ERR_BUSY" });
    expect(lock.isHeld).toBe(false);
  });
});

describe("a lock whose store fails at any operation", () => {
  it.each(["before", "after"] as const)(
    "is not had, and stands in no later run's way (%s)",
    async (mode) => {
      let failures = 0;
      for (let failAt = 0; ; failAt++) {
        const store = new MemoryStore();
        await writeWhole(store, FIRST, await saidOtherwise({ pid: await gone() }));
        const lock = new ArchiveLock(new FailingStore(store, { failAt, mode, dead: true }));
        const error: unknown = await lock.take().catch((reason: unknown) => reason);
        if (error !== undefined) {
          failures++;
          expect(error).toMatchObject({ code: "ERR_DISK_FULL" });
        }
        await lock.release();
        const later = new ArchiveLock(store);
        await later.take();
        await later.release();
        expect(await locksIn(store)).toEqual([]);
        if (error === undefined && failAt > failures + 3) break;
      }
      expect(failures).toBeGreaterThan(3);
    },
  );
});

describe("an archive", () => {
  it("has no lock any more when it is complete", async () => {
    const store = new MemoryStore();
    const lock = new ArchiveLock(store);
    await writeSample(store, { lock });
    expect(
      [...(await contents(store)).keys()].filter((name) => name.startsWith("journal")),
    ).toEqual([]);
    await lock.release();
    expect(await checkArchive(store)).toMatchObject({ problems: [], notes: [] });
  });

  it("that is complete is no less so for a lock that was left behind", async () => {
    const store = new MemoryStore();
    await writeSample(store);
    await writeWhole(store, FIRST, await saidOtherwise({ host: "elsewhere" }));
    expect(await checkArchive(store)).toMatchObject({
      problems: [],
      notes: [{ file: FIRST, message: expect.stringContaining("complete without it") as string }],
    });
  });
});
