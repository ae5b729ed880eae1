/** Real processes that are killed while they keep history longer: history_days come back all the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readRaisedHistory } from "../../src/archive/archive.ts";
import { exportDatabase, restoreHistory } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { compileSource } from "../support/compiled.ts";
import { FailingTransport } from "../support/failing-transport.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { Points } from "../support/points.ts";

let compiled: string;
let bench: Bench;
/** While it is set, pages of documents take their time, so that a process is caught while it reads them. */
let slow = false;
/** Told of each of them. */
let onDocuments = (): void => {};

beforeAll(async () => {
  const { folder, remove } = compileSource();
  compiled = folder;
  bench = await Bench.start({
    faults: ({ body }) => {
      if (!slow || !body.includes('"documents"')) return undefined;
      onDocuments();
      return { delayMs: 400 };
    },
  });
  return remove;
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function database(): Promise<Connection> {
  const source = await bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "Order" })\nCollection.create({ name: "Kept", history_days: 2 })',
  );
  await source.v4('{"create_collection":{"object":{"name":"my-old"}}}');
  await source.v10(
    'Set.sequence(0, 60).forEach(n => { Order.create({ n: n }); Kept.create({ n: n }); Collection("my-old").create({ n: n }) })',
  );
  return source;
}

async function historyDays(source: Connection): Promise<string> {
  const { dataText } = await source.v10(
    'Collection.all().order(.name).toArray().map(c => c.name + " " + c.history_days.toString())',
  );
  return (JSON.parse(dataText) as string[]).join(", ");
}

const BEFORE = "Kept 2, Order 0, my-old 0";
const RAISED = "Kept 7, Order 7, my-old 7";

interface Started {
  readonly child: ChildProcess;
  /** What it says. */
  readonly said: readonly string[];
  /** Its status, when it has ended and all that it says is there. */
  readonly ended: Promise<number | null>;
}

/** Starts the command line as a process of its own. */
function cli(source: Connection, words: readonly string[]): Started {
  const said: string[] = [];
  const child = spawn(
    process.execPath,
    [join(compiled, "cli/main.js"), ...words, "--endpoint", bench.endpoint],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, FAUNA_SECRET: bench.secretOf(source) },
    },
  );
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, said, ended };
}

/** Ends a process with a signal once history is raised and documents are being read. */
async function stoppedWhileRaised(
  source: Connection,
  folder: string,
  signal: NodeJS.Signals,
): Promise<{ said: string; code: number | null }> {
  slow = true;
  onTestFinished(() => void (slow = false));
  const { child, said, ended } = cli(source, [
    "export",
    folder,
    "--extend-history",
    "--page-size",
    "5",
    "--window",
    "1",
  ]);
  while ((await historyDays(source)) !== RAISED) {
    expect(child.exitCode, said.join("")).toBe(null);
    await sleep(20);
  }
  await access(join(folder, "raised-history.json"));
  // Into the middle of the documents.
  await new Promise<void>((resolve) => {
    let pages = 0;
    onDocuments = () => {
      if (++pages === 3) resolve();
    };
    void ended.then(() => resolve());
  });
  child.kill(signal);
  const code = await ended;
  slow = false;
  return { said: said.join(""), code };
}

async function isThere(folder: string): Promise<boolean> {
  return access(join(folder, "raised-history.json")).then(
    () => true,
    () => false,
  );
}

describe.runIf(process.platform !== "win32")("an export with --extend-history", () => {
  it("that is killed leaves a journal, by which --restore-history puts history_days back", async () => {
    const source = await database();
    const folder = join(await temporaryFolder(), "archive");
    await stoppedWhileRaised(source, folder, "SIGKILL");
    expect(await historyDays(source)).toBe(RAISED);
    const { said, ended } = cli(source, ["export", folder, "--restore-history"]);
    expect(await ended).toBe(0);
    expect(said.join("")).toMatch(
      /^history_days, raised for the export begun .* are what they were again: /,
    );
    expect(await historyDays(source)).toBe(BEFORE);
    expect(await isThere(folder)).toBe(false);
    const again = cli(source, ["export", folder, "--restore-history"]);
    expect(await again.ended).toBe(0);
    expect(again.said.join("")).toContain("Nothing is raised");
  });

  it("that is killed is put right by the next export to the same place, which says so", async () => {
    const source = await database();
    const folder = join(await temporaryFolder(), "archive");
    await stoppedWhileRaised(source, folder, "SIGKILL");
    const notices: string[] = [];
    const next = exportDatabase({
      source,
      target: folder,
      onNotice: (text) => notices.push(text),
    });
    await expect(next).rejects.toMatchObject({ code: "ERR_TARGET_NOT_EMPTY" });
    expect(notices).toEqual([
      expect.stringContaining("its lock was taken over"),
      expect.stringContaining("are what they were again"),
    ]);
    expect(await historyDays(source)).toBe(BEFORE);
    expect(await isThere(folder)).toBe(false);
  });

  it("that is stopped by Ctrl-C puts history_days back before it ends", async () => {
    const source = await database();
    const folder = join(await temporaryFolder(), "archive");
    const { said, code } = await stoppedWhileRaised(source, folder, "SIGINT");
    expect(code).toBe(130);
    expect(said).toContain("are what they were again");
    expect(await historyDays(source)).toBe(BEFORE);
    expect(await isThere(folder)).toBe(false);
  });
});

describe("an export with extendHistory of which one request fails", () => {
  it.each(["before", "after", "busy"] as const)(
    "leaves history_days as they were, or a journal that puts them back: failing %s the answer",
    async (mode) => {
      const points = new Points(`extend-history ${mode}`, 10);
      const source = await bench.emptyDatabase();
      await source.v10('Collection.create({ name: "Order" })');
      await source.v4('{"create_collection":{"object":{"name":"my-old"}}}');
      await source.v10("Order.create({ n: 1 })");
      const before = await bench.read(source);
      for (const failAt of points.numbers()) {
        const wire = new HttpTransport({ endpoint: new URL(bench.endpoint) });
        const transport = new FailingTransport(wire, { failAt, mode });
        const connection = connect({
          endpoint: bench.endpoint,
          secret: bench.secretOf(source),
          retry: { attempts: 1 },
          transport,
        });
        const store = new MemoryStore();
        const outcome = await exportDatabase({
          source: connection,
          target: store,
          extendHistory: 3,
        }).then(
          () => "done",
          () => "failed",
        );
        await connection.close();
        await points.try(`request ${failAt}`, async () => {
          if (transport.requests <= failAt) expect(outcome).toBe("done");
          // Either nothing is raised any more, or somebody can put it back.
          if ((await readRaisedHistory(store)) !== undefined)
            await restoreHistory({ source, archive: store });
          expect(await readRaisedHistory(store)).toBeUndefined();
          const others = differences(before, await bench.read(source));
          // After a failure in between, schema files may be laid out anew.
          expect(others.filter((line) => !line.startsWith("files "))).toEqual([]);
        });
        if (transport.requests <= failAt) break;
      }
      points.end();
    },
  );
});
