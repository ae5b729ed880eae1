/** What a run may use of server and memory holds, whatever the database is like; what stopped for it can go on. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { Counters } from "../../src/fauna/counters.ts";
import {
  connect,
  type Connection,
  PageFlow,
  recordPages,
  scoped,
  snapshotTime,
} from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { linePages } from "../../src/fauna/records.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import type { Answer, FaunaRequest, Transport } from "../../src/fauna/transport.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { fillSized, MiB } from "../support/sized-documents.ts";
import { recordingTerminal } from "../support/terminal.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Mostly small ones, with some of several megabytes among them. */
const MIXED = Array.from({ length: 3_000 }, (_, index) =>
  index % 400 === 399 ? 3 * MiB : 50 + ((index * 37) % 900),
);

describe("bytes held", () => {
  it("never exceed the limit while eight streams read pages of bytes and megabytes, and nothing is missed", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(source, "Mixed", MIXED);
    const limit = 12 * MiB;
    const flow = new PageFlow({ underWay: { max: 16, found: true }, bytes: limit });
    const at = await snapshotTime(source);
    let most = 0;
    const read = async (
      pages: typeof linePages | typeof recordPages,
      stream: number,
    ): Promise<number> => {
      const step = Math.ceil(MIXED.length / 4);
      const bounds = { from: String(stream * step + 1), to: String((stream + 1) * step) };
      let documents = 0;
      for await (const { records } of pages(source, { collection: "Mixed", at, flow, ...bounds })) {
        documents += records.length;
        most = Math.max(most, flow.bytes!.held);
        // A consumer that takes its time: the page is held until the next one is asked for.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return documents;
    };
    const counts = await Promise.all([
      ...[0, 1, 2, 3].map((stream) => read(linePages, stream)),
      ...[0, 1, 2, 3].map((stream) => read(recordPages, stream)),
    ]);
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(2 * MIXED.length);
    expect(flow.bytes!.peak).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThan(3 * MiB);
    expect(flow.bytes!.held).toBe(0);
  });

  it("are given back by those who leave early and by those who fail", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(
      source,
      "Some",
      Array.from({ length: 3_000 }, () => 500),
    );
    const flow = new PageFlow({ bytes: 16 * MiB, underWay: { max: 4, found: false } });
    const at = await snapshotTime(source);
    for await (const _ of recordPages(source, { collection: "Some", at, flow })) break;
    expect(flow.bytes!.held).toBe(0);
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of recordPages(source, {
        collection: "Some",
        at,
        flow,
        signal: stop.signal,
      }))
        stop.abort(new Error("enough"));
    })();
    await expect(reading).rejects.toThrow();
    expect(flow.bytes!.held).toBe(0);
    const missing = recordPages(source, { collection: "Missing", at, flow }).next();
    await expect(missing).rejects.toMatchObject({ code: "ERR_DATABASE" });
    expect(flow.bytes!.held).toBe(0);
  });

  it("do not suffice for a document that is larger than all of them, which is said by name", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(source, "Large", [100, 5 * MiB, 100]);
    const flow = new PageFlow({ bytes: 4 * MiB });
    const at = await snapshotTime(source);
    const reading = (async () => {
      for await (const _ of recordPages(source, { collection: "Large", at, flow }));
    })();
    await expect(reading).rejects.toMatchObject({
      code: "ERR_USAGE",
      place: "--max-memory",
      message: "A document of Large is too large for the memory that may be used.",
    });
  });

  it("are refused when too few, with the smallest number that works; which then does for the largest documents", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(source, "Large", [100, 7 * MiB, 100, 7 * MiB]);
    const target = new MemoryStore();
    await expect(exportDatabase({ source, target, maxMemory: 100 * MiB })).rejects.toMatchObject({
      code: "ERR_USAGE",
      place: "--max-memory",
      hint: expect.stringContaining("Use 240MiB or more") as string,
    });
    const { documents } = await exportDatabase({ source, target, maxMemory: 240 * MiB });
    expect(documents).toBe(4);
  });
});

/** Notes how many requests are under way. */
class Watched implements Transport {
  most = 0;
  #underWay = 0;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  async send(request: FaunaRequest): Promise<Answer> {
    this.most = Math.max(this.most, ++this.#underWay);
    try {
      return await this.#inner.send(request);
    } finally {
      this.#underWay--;
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

describe("--max-requests", () => {
  it("holds for a whole export and import, and both are whole", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(
      source,
      "Thing",
      Array.from({ length: 5_000 }, () => 200),
    );
    const target = await bench.emptyDatabase();
    const through = (database: Connection, maxRequests: number) => {
      const counters = new Counters();
      const transport = new Watched(
        new HttpTransport({ endpoint: new URL(bench.endpoint), counters }),
      );
      const secret = bench.secretOf(database);
      const limits = { maxRequests };
      return {
        transport,
        connection: connect({ endpoint: bench.endpoint, secret, transport, limits }),
      };
    };
    const archive = new MemoryStore();
    const reading = through(source, 2);
    const options = { rangeDocuments: 500, pageSize: 100, window: 8 };
    await exportDatabase({ source: reading.connection, target: archive, ...options });
    expect(reading.transport.most).toBe(2);
    const writing = through(target, 3);
    const report = await importArchive({
      source: archive,
      target: writing.connection,
      batchDocuments: 100,
      window: 16,
    });
    expect(writing.transport.most).toBe(3);
    expect(report.documents.written).toBe(5_000);
    await reading.connection.close();
    await writing.connection.close();
  });
});

describe("budgets of ops", () => {
  async function call(words: readonly string[], database: Connection) {
    const env = { FAUNA_ENDPOINT: bench.endpoint, FAUNA_SECRET: bench.secretOf(database) };
    const terminal = recordingTerminal({ env });
    const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
    return { status, stdout: terminal.stdout, stderr: terminal.stderr };
  }

  it("stop an export with exit status 31 before more is spent, and --resume finishes it as of the same moment", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(
      source,
      "Thing",
      Array.from({ length: 6_000 }, () => 300),
    );
    const archive = join(await temporaryFolder(), "archive");
    const words = ["export", archive, "--page-size", "250", "--resume", "--json"];
    const first = await call([...words, "--budget-read-ops", "2500"], source);
    expect(first.status, first.stderr).toBe(31);
    const { error } = JSON.parse(first.stderr) as {
      error: { code: string; hint: string; details: { used: { readOps: number } } };
    };
    expect(error.code).toBe("ERR_BUDGET");
    expect(error.hint).toContain("--resume");
    expect(error.details.used.readOps).toBeLessThanOrEqual(2_500);
    expect(error.details.used.readOps).toBeGreaterThan(1_000);
    const second = await call(words, source);
    expect(second.status, second.stderr).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ documents: 6_000 });
    const verified = await call(["verify", archive, "--against"], source);
    expect(verified.status, verified.stderr).toBe(0);
  });

  it("stop an import with exit status 31, and --continue finishes it", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(
      source,
      "Thing",
      Array.from({ length: 4_000 }, () => 300),
    );
    const archive = join(await temporaryFolder(), "archive");
    expect((await call(["export", archive], source)).status).toBe(0);
    const target = await bench.emptyDatabase();
    const words = ["import", archive, "--batch-size", "100"];
    const first = await call([...words, "--budget-write-ops", "1500"], target);
    expect(first.status, first.stderr).toBe(31);
    expect(first.stderr).toMatch(/The budget of 1,500 write ops is used up/);
    const second = await call([...words, "--continue"], target);
    expect(second.status, second.stderr).toBe(0);
    const verified = await call(["verify", archive, "--against"], target);
    expect(verified.status, verified.stderr).toBe(0);
  });

  it("are counted into the manifest, with documents", async () => {
    const source = await scoped(bench.root, (await bench.emptyDatabase()).path, "admin");
    await fillSized(source, "Thing", [1, 2, 3]);
    const target = new MemoryStore();
    const own = connect({ endpoint: bench.endpoint, secret: bench.secretOf(source) });
    await exportDatabase({ source: own, target });
    const chunks: Uint8Array[] = [];
    for await (const chunk of target.read("manifest.json")) chunks.push(chunk);
    const { about } = JSON.parse(Buffer.concat(chunks).toString()) as {
      about: { counters: Record<string, number> };
    };
    expect(about.counters).toMatchObject({ documents: 3, writeOps: 0 });
    expect(about.counters["readOps"]).toBeGreaterThan(2);
    await own.close();
  });
});
