/** Two runs of one import at once: one of them owns the target, and whoever says that it has finished speaks true. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection, scoped } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import type { Transport } from "../../src/fauna/transport.ts";
import { importArchive, type ImportOptions, OWNER, readMark } from "../../src/import/import.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { type Installed, installPackage } from "../support/installed.ts";
import { Points } from "../support/points.ts";
import { SAMPLE_DATABASES } from "../support/sample-databases.ts";

const { signal } = new AbortController();
/** A process that is not there: ids end before. */
const NOBODY = 99_999_999;

const clock = { offset: 0n };
let bench: Bench;
let folder: string;
/** Told of each request that reaches the emulator. */
let onRequest: (() => void) | undefined;

beforeAll(async () => {
  bench = await Bench.start({
    clock: () => BigInt(Date.now()) * 1000n + clock.offset,
    faults: () => {
      onRequest?.();
      return undefined;
    },
  });
  folder = await mkdtemp(join(tmpdir(), "fauna-ark-"));
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

/**
 * A connection of which one request waits, before it is sent or when it has been answered, until it is let go.
 *
 * @param at which one, counted from 0; or the first that writes documents.
 */
function waiting(target: Connection, at: number | "insert", when: "before" | "after") {
  const wire = new HttpTransport({ endpoint: new URL(bench.endpoint) });
  const reach = gate();
  const go = gate();
  let sent = 0;
  let isFirst = true;
  const wait = async () => {
    reach.open();
    await go.opened;
  };
  const transport: Transport = {
    async send(request) {
      const isIt =
        at === "insert" ? isFirst && String(request.body).includes('"insert"') : sent === at;
      sent++;
      if (isIt) isFirst = false;
      if (isIt && when === "before") await wait();
      const answer = await wire.send(request);
      if (isIt && when === "after") await wait();
      return answer;
    },
    close: () => wire.close(),
  };
  const { endpoint } = bench;
  const secret = bench.secretOf(target);
  const connection = connect({ endpoint, secret, retry: { attempts: 1 }, transport });
  return { connection, reached: reach.opened, letGo: go.open, sent: () => sent };
}

/** Says in the mark that the run which has it is in another process, or on another host. */
async function disown(target: Connection, data: string): Promise<void> {
  const ref = `{"function":"${OWNER}"}`;
  const update = `{"update":${ref},"params":{"object":{"data":{"object":${data}}}}}`;
  await target.v4(`{"if":{"exists":${ref}},"then":{"do":[${update},null]},"else":null}`);
}

const asDead = (target: Connection) => disown(target, `{"pid":${NOBODY},"birth":null}`);

function importOf(archive: Store, target: Connection, more: Partial<ImportOptions> = {}) {
  const deadLetterFile = join(folder, "refused.ndjson");
  const options = { window: 1, batchDocuments: 20, deadLetterFile };
  return importArchive({ source: archive, target, ...options, ...more });
}

const settled = (work: Promise<unknown>): Promise<{ error?: unknown }> =>
  work.then(
    () => ({}),
    (error: unknown) => ({ error }),
  );

/** Imports, or goes on with the import that is there. */
async function second(archive: Store, target: Connection, through = target) {
  const { marker } = await readMark(target, signal);
  return importOf(archive, through, { continue: marker !== undefined });
}

async function expectFinished(archive: Store, target: Connection): Promise<void> {
  const { marker, isOwned } = await readMark(target, signal);
  expect({ marker, isOwned }).toEqual({ marker: undefined, isOwned: false });
  const { against } = await verifyArchive({ archive, against: target });
  expect({ definitions: against?.definitions, equal: against?.equal }).toEqual({
    definitions: [],
    equal: true,
  });
}

/** A database with two below, one in the other; all have something that only v4 makes, which a late push would delete. */
async function buildTree(top: Connection): Promise<void> {
  await SAMPLE_DATABASES["one of both languages"]!(top);
  await top.v10('Database.create({ name: "below" })');
  const below = await scoped(top, "below");
  await SAMPLE_DATABASES["one made by v4 alone"]!(below);
  await below.v10('Database.create({ name: "lowest", protected: true })');
  const lowest = await scoped(below, "lowest");
  await lowest.v10('Collection.create({ name: "C", ttl_days: 9 })');
  await lowest.v10('C.create({ id: "1" })');
}

const KINDS = { ...SAMPLE_DATABASES, "one with databases below": buildTree };

describe.each(Object.entries(KINDS))("an import of %s", (name, build) => {
  it("that was taken for dead, wherever it stood, writes nothing more and does not say that it has finished", async () => {
    const source = await bench.emptyDatabase();
    await build(source);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive, recursive: true });
    const calm = waiting(await bench.emptyDatabase(), Infinity, "before");
    await importOf(archive, calm.connection);
    const requests = calm.sent();
    await calm.connection.close();
    const points = new Points(`import of ${name}, another takes over`, name.length > 23 ? 7 : 5);
    const refused = new Set<string>();
    for (const at of points.numbers(requests)) {
      // The other one ends before the first goes on, or stands in the middle while the first does.
      const isBetween = at % 3 === 0;
      const when = points.random() < 0.5 ? "before" : "after";
      await points.try(`request ${at} of ${requests}, ${when}, ${isBetween}`, async () => {
        const target = await bench.emptyDatabase();
        const first = waiting(target, at, when);
        const slow = settled(importOf(archive, first.connection));
        await Promise.race([first.reached, slow]);
        await asDead(target);
        const other = waiting(
          target,
          isBetween ? Math.floor(points.random() * requests) : Infinity,
          "before",
        );
        const fast = settled(second(archive, target, other.connection));
        await Promise.race([fast, other.reached]);
        first.letGo();
        const ends = [await slow];
        other.letGo();
        ends.push(await fast);
        await Promise.all([first, other].map(({ connection }) => connection.close()));
        const errors = ends.flatMap(({ error }) => (error === undefined ? [] : [error]));
        expect(errors).toHaveLength(1);
        const [error] = errors as [{ code: string; message: string }];
        expect(error.code, error.message).toMatch(/^ERR_(?:BUSY|TARGET_NOT_EMPTY)$/);
        refused.add(error.message.replace(/(?::| \(|, begun).*/s, ""));
        await expectFinished(archive, target);
      });
    }
    points.end();
    expect([...refused]).toContain("Another run has taken this import over and finished it.");
  });

  it("that lives keeps out every other, wherever it stands", async () => {
    const source = await bench.emptyDatabase();
    await build(source);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive, recursive: true });
    const points = new Points(`import of ${name}, another comes`, 19);
    for (const at of points.numbers(60)) {
      await points.try(`request ${at}`, async () => {
        const target = await bench.emptyDatabase();
        const first = waiting(target, at, at % 2 === 0 ? "before" : "after");
        const slow = settled(importOf(archive, first.connection));
        await Promise.race([first.reached, slow]);
        const { marker } = await readMark(target, signal);
        const before = await bench.read(target);
        for (const goOn of marker === undefined ? [] : [false, true]) {
          await expect(importOf(archive, target, { continue: goOn })).rejects.toMatchObject({
            code: "ERR_BUSY",
            exitStatus: 75,
            message: expect.stringContaining(`process ${process.pid} on ${hostname()}`) as string,
          });
        }
        expect(await bench.read(target)).toEqual(before);
        first.letGo();
        expect((await slow).error).toBeUndefined();
        await first.connection.close();
        await expectFinished(archive, target);
      });
    }
    points.end();
  });
});

describe("of two imports that find the target empty at the same moment", () => {
  it.each([[true], [false]])(
    "one goes on, with a schema to write or without: %s",
    async (hasSchema) => {
      const source = await bench.emptyDatabase();
      await SAMPLE_DATABASES["one of both languages"]!(source);
      const archive = new MemoryStore();
      await exportDatabase({ source, target: archive });
      for (let run = 0; run < 3; run++) {
        const target = await bench.emptyDatabase();
        const ends = await Promise.all(
          Array.from({ length: 3 }, () =>
            settled(importOf(archive, target, { dataOnly: !hasSchema })),
          ),
        );
        const errors = ends.flatMap(({ error }) => (error === undefined ? [] : [error]));
        expect(errors).toHaveLength(2);
        for (const error of errors)
          expect((error as { code: string }).code).toMatch(/^ERR_(?:BUSY|TARGET_NOT_EMPTY)$/);
        if (hasSchema) await expectFinished(archive, target);
        else expect((await readMark(target, signal)).isOwned).toBe(false);
      }
    },
  );
});

describe("an import that stands in the middle", () => {
  async function standing(more: Partial<ImportOptions> & { noteEveryMs?: number } = {}) {
    const source = await bench.emptyDatabase();
    await SAMPLE_DATABASES["one of both languages"]!(source);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive });
    const target = await bench.emptyDatabase();
    const first = waiting(target, "insert", "before");
    const slow = settled(importOf(archive, first.connection, more));
    await Promise.race([first.reached, slow]);
    expect((await readMark(target, signal)).marker).toBeDefined();
    onTestFinished(async () => {
      first.letGo();
      await slow;
      await first.connection.close();
    });
    return { archive, target, first, slow };
  }

  it("on another host, is taken over when it has noted nothing for some minutes by the server's clock, and not before", async () => {
    const { archive, target, first, slow } = await standing();
    await disown(target, '{"host":"elsewhere"}');
    for (const seconds of [0n, 140n]) {
      clock.offset += seconds * 1_000_000n;
      await expect(second(archive, target)).rejects.toMatchObject({
        code: "ERR_BUSY",
        message: expect.stringMatching(
          /: process \d+ on elsewhere, since 20.*Z; it last noted how far it is at 20.*Z\.$/,
        ) as string,
        hint: expect.stringContaining("for 150 seconds, --continue takes over") as string,
      });
    }
    clock.offset += 11_000_000n;
    await second(archive, target);
    first.letGo();
    expect((await slow).error).toMatchObject({
      code: "ERR_BUSY",
      message: "Another run has taken this import over and finished it.",
    });
    await expectFinished(archive, target);
  });

  it("notes all the time that it is under way", async () => {
    const { archive, target, first, slow } = await standing({ noteEveryMs: 1 });
    for (let notes = 0; notes < 3; notes++) {
      const { noted } = await readMark(target, signal);
      while ((await readMark(target, signal)).noted === noted);
    }
    first.letGo();
    expect((await slow).error).toBeUndefined();
    await expectFinished(archive, target);
  });

  it("names the run that has taken it over", async () => {
    const { archive, target, first, slow } = await standing();
    await asDead(target);
    const other = waiting(target, "insert", "before");
    const fast = settled(second(archive, target, other.connection));
    await Promise.race([other.reached, fast]);
    first.letGo();
    expect((await slow).error).toMatchObject({
      code: "ERR_BUSY",
      message: expect.stringMatching(
        new RegExp(`over: process ${process.pid} on ${hostname()}, since 20.*Z\\.$`),
      ) as string,
    });
    other.letGo();
    expect((await fast).error).toBeUndefined();
    await other.connection.close();
    await expectFinished(archive, target);
  });

  it("and fails gives the target back, also to other hosts", async () => {
    const stop = new AbortController();
    const { archive, target, first, slow } = await standing({ signal: stop.signal });
    stop.abort(new Error("stopped"));
    first.letGo();
    expect((await slow).error).toBeDefined();
    const { owner, isOwned, marker } = await readMark(target, signal);
    expect({ owner, isOwned, isMarked: marker !== undefined }).toEqual({
      owner: undefined,
      isOwned: true,
      isMarked: true,
    });
    await second(archive, target);
    await expectFinished(archive, target);
  });
});

describe.runIf(process.platform !== "win32")("in processes of their own", () => {
  let installed: Installed;
  let archive: string;
  /** Of an import that nobody disturbs. */
  let requests = 0;

  beforeAll(async () => {
    installed = installPackage();
    archive = join(folder, "archive");
    const source = await bench.emptyDatabase();
    await SAMPLE_DATABASES["one of both languages"]!(source);
    await exportDatabase({ source, target: archive });
    onRequest = () => requests++;
    const end = await start(await bench.emptyDatabase()).end;
    onRequest = undefined;
    expect(end.status, end.stderr).toBe(0);
  });

  afterAll(() => installed?.remove());

  function start(target: Connection, words: readonly string[] = []) {
    const env = { FAUNA_ENDPOINT: bench.endpoint, FAUNA_SECRET: bench.secretOf(target) };
    const limits = ["--batch-size", "20", "--window", "1"];
    const child = installed.start(["import", archive, ...limits, ...words], { env });
    let stderr = "";
    child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const end = once(child, "close").then(([status]) => ({
      status: status as number | null,
      stderr,
    }));
    return { child, end };
  }

  /** An import that is told something in the middle. */
  async function told(target: Connection, what: NodeJS.Signals, words: readonly string[] = []) {
    const { child, end } = start(target, words);
    let made = 0;
    const stopped = new Promise<ChildProcess>((resolve) => {
      onRequest = () => {
        if (++made !== Math.ceil(requests * 0.7)) return;
        child.kill(what);
        onRequest = undefined;
        resolve(child);
      };
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await stopped;
    return { child, end };
  }

  it.each([[[]], [["--continue"]]])(
    "another one ends with exit status 75 while the first lives, and says which process it is (%j)",
    async (words: readonly string[]) => {
      const target = await bench.emptyDatabase();
      const first = await told(target, "SIGSTOP");
      const { status, stderr } = await start(target, words).end;
      expect(status, stderr).toBe(75);
      expect(stderr).toContain(`process ${first.child.pid} on ${hostname()}, since 20`);
      expect(stderr).toContain(`stop it (process ${first.child.pid})`);
      first.child.kill("SIGCONT");
      const end = await first.end;
      expect(end.status, end.stderr).toBe(0);
      expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
    },
  );

  it.each([["SIGKILL"], ["SIGTERM"]] as const)(
    "one that %s ended is gone on with at once, by one of several",
    async (how) => {
      const target = await bench.emptyDatabase();
      await (
        await told(target, how)
      ).end;
      expect((await readMark(target, signal)).marker).toBeDefined();
      const ends = await Promise.all([1, 2, 3].map(() => start(target, ["--continue"]).end));
      expect(ends.filter(({ status }) => status === 0)).toHaveLength(1);
      for (const { status, stderr } of ends) expect([0, 2, 75], stderr).toContain(status);
      expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
    },
  );
});
