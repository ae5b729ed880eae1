/** Real processes that are killed while they keep history longer: history_days come back all the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Connection } from "../../src/fauna/fauna.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { Bench } from "../support/bench.ts";
import { compileSource } from "../support/compiled.ts";
import { temporaryFolder } from "../support/folders.ts";

let compiled: string;
let bench: Bench;
/** How long pages of documents take, so that a process is caught while it reads them. */
let delayMs = 0;

beforeAll(async () => {
  const { folder, remove } = compileSource();
  compiled = folder;
  bench = await Bench.start({
    faults: ({ body }) => (delayMs > 0 && body.includes('"documents"') ? { delayMs } : undefined),
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

/** A process of its own, that writes what it says into `said`. */
function cli(
  source: Connection,
  words: readonly string[],
): { child: ChildProcess; said: string[] } {
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
  return { child, said };
}

/** Ends a process with a signal once history is raised and documents are being read. */
async function stoppedWhileRaised(
  source: Connection,
  folder: string,
  signal: NodeJS.Signals,
): Promise<{ said: string; code: number | null }> {
  delayMs = 400;
  const { child, said } = cli(source, [
    "export",
    folder,
    "--extend-history",
    "--page-size",
    "5",
    "--window",
    "1",
  ]);
  const ended = once(child, "exit") as Promise<[number | null]>;
  while ((await historyDays(source)) !== RAISED) {
    expect(child.exitCode, said.join("")).toBe(null);
    await sleep(20);
  }
  await access(join(folder, "raised-history.json"));
  // Into the middle of the documents.
  await sleep(300);
  child.kill(signal);
  const [code] = await ended;
  delayMs = 0;
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
    const { child, said } = cli(source, ["export", folder, "--restore-history"]);
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(said.join("")).toMatch(
      /^history_days, raised for the export begun .* are what they were again: /,
    );
    expect(await historyDays(source)).toBe(BEFORE);
    expect(await isThere(folder)).toBe(false);
    const again = cli(source, ["export", folder, "--restore-history"]);
    expect(await once(again.child, "exit")).toEqual([0, null]);
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
    expect(notices).toEqual([expect.stringContaining("are what they were again")]);
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
