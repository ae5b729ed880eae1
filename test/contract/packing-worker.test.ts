import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Compiled, compileSource } from "../support/compiled.ts";

/** How long a worker may take to come up on a machine that has much else to do. */
const PATIENT_MS = 100_000;

let compiled: Compiled;
beforeAll(() => {
  compiled = compileSource();
});
afterAll(() => compiled.remove());

/** Runs a module of its own beside the built code and gives what it prints, when it has ended by itself. */
async function run(code: string, flags: readonly string[] = []): Promise<unknown> {
  const script = join(compiled.folder, "script.mjs");
  writeFileSync(script, code);
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script]);
  return JSON.parse(stdout);
}

const PAGES = `
  import { gzipSync } from "node:zlib";
  import { packPageAside, sumFrameAside } from "./values/packing.js";
  import { packPage } from "./values/pack-page.js";
  const document = (n) => '{"ref":{"@ref":{"id":"' + (1000 + n) + '","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}}},"ts":' + (1700000000000000 + n) + ',"data":{"name":"é' + n + '","more":"' + "x".repeat(200) + '"}}';
  const page = (from, odd = "") => Buffer.from('{"resource":{"after":[1],"data":[' + Array.from({ length: 1000 }, (_, n) => document(from + n)).join(",") + odd + "]}}");
  const workers = () => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
  // Until a worker has come up, pages are packed on the spot.
  const comeUp = async () => {
    const until = Date.now() + ${PATIENT_MS};
    for (let isUp = false; !isUp && Date.now() < until; ) {
      const asked = Array.from({ length: 3 }, () => packPageAside(new Uint8Array(page(0)), "C"));
      isUp = workers() > 0;
      await Promise.all(asked);
      await new Promise((done) => setTimeout(done, 10));
    }
  };
  // Those that have said so.
  const up = [];
  process.on("worker", (worker) => worker.once("message", () => up.push(worker)));
  const oneUp = async () => {
    for (const until = Date.now() + ${PATIENT_MS}; up.length === 0 && Date.now() < until; ) {
      await packPageAside(new Uint8Array(page(0)), "C");
      await new Promise((done) => setTimeout(done, 10));
    }
  };
  const plain = (packed) => JSON.stringify(packed, (_, value) => typeof value === "bigint" ? String(value) : ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") : value);
`;

describe("the workers of the built code", { timeout: 2 * PATIENT_MS }, () => {
  it("pack what the main thread would have packed, and let the process end", async () => {
    const found = await run(`${PAGES}
      const same = [];
      let busy = 0;
      await comeUp();
      for (let round = 0; round < 4; round++) {
        const froms = Array.from({ length: 6 }, (_, i) => (round * 6 + i) * 1000);
        const asked = froms.map((from) => packPageAside(new Uint8Array(page(from)), "C"));
        busy = Math.max(busy, workers());
        const packed = await Promise.all(asked);
        for (const [i, from] of froms.entries()) {
          same.push(plain(packed[i]) === plain(packPage(page(from), "C")));
          const { bytes, ends, ...known } = packPage(page(from), "C").lines;
          for (const compression of ["gzip", "none"]) {
            const stored = compression === "gzip" ? gzipSync(bytes) : bytes;
            const options = { compression, plainBytes: bytes.length, collection: "C" };
            const summary = await sumFrameAside(stored, options);
            same.push(plain(summary) === plain(known));
            const less = await sumFrameAside(stored, { ...options, plainBytes: bytes.length - 1 });
            same.push(less === undefined);
          }
        }
      }
      console.log(JSON.stringify({ same: same.every(Boolean), count: same.length, busy }));
    `);
    expect(found).toMatchObject({ same: true, count: 120 });
    if (availableParallelism() > 1) expect((found as { busy: number }).busy).toBeGreaterThan(0);
  });

  it("pack the same, and ids are read, where Node compiles no WebAssembly", async () => {
    const code = `${PAGES}
      import { cutIdPage } from "./values/id-page.js";
      const refs = page(0).toString().replaceAll(/{"ref":({.*?}}}}}}),.*?"}}/g, "$1");
      const ids = [...cutIdPage(Buffer.from(refs)).ids];
      const has = typeof WebAssembly;
      console.log(JSON.stringify({ has, ids, packed: plain(packPage(page(0), "C")) }));
    `;
    const [usual, without] = [await run(code), await run(code, ["--jitless"])];
    expect(usual).toMatchObject({ has: "object", ids: { length: 1000 } });
    expect(without).toEqual({ ...(usual as object), has: "undefined" });
  });

  it("are done without where Node may start none", async () => {
    const code = `${PAGES}
      import { expectToPack } from "./values/packing.js";
      expectToPack(1_000_000_000);
      let records = 0;
      for (let n = 0; n < 20; n++)
        records += (await packPageAside(new Uint8Array(page(n * 1000)), "C")).lines.ends.length;
      console.log(JSON.stringify({ records, workers: workers() }));
    `;
    // What it is called has changed between versions of Node.
    const permission = process.allowedNodeEnvironmentFlags.has("--permission")
      ? "--permission"
      : "--experimental-permission";
    const found = await run(code, [permission, "--allow-fs-read=*"]);
    expect(found).toEqual({ records: 20_000, workers: 0 });
  });

  it("come up whatever the process preloads for itself", async () => {
    const preloaded =
      'import { isMainThread } from "node:worker_threads"; if (!isMainThread) throw 1;';
    const flag = `--import=data:text/javascript,${encodeURIComponent(preloaded)}`;
    const code = `${PAGES}
      await oneUp();
      console.log(JSON.stringify({ isUp: up.length > 0 }));
    `;
    expect(await run(code, [flag])).toEqual({ isUp: availableParallelism() > 1 });
  });

  it("come up before the work where much of it is to come, and let the process end without any", async () => {
    const found = await run(`${PAGES}
      import { expectToPack } from "./values/packing.js";
      let started = 0;
      process.on("worker", () => started++);
      expectToPack(1_000_000);
      await new Promise((done) => setImmediate(done));
      const few = started;
      expectToPack(1_000_000_000);
      await new Promise((done) => setImmediate(done));
      const waitedFor = workers();
      console.log(JSON.stringify({ few, started, waitedFor }));
    `);
    const cores = availableParallelism();
    const started = cores > 1 ? Math.min(4, cores) : 0;
    expect(found).toEqual({ few: 0, started, waitedFor: 0 });
  });

  it("give the bytes back when they need thought", async () => {
    const found = await run(`${PAGES}
      const same = [];
      await comeUp();
      for (let i = 0; i < 12; i++) {
        const odd = page(i * 1000, ', {"x":1}');
        const back = await packPageAside(new Uint8Array(odd), "C");
        same.push(back instanceof Uint8Array && odd.equals(back));
        const text = Buffer.alloc(300_000, 0xff);
        const options = { compression: "none", plainBytes: text.length, collection: "C" };
        same.push((await sumFrameAside(text, options)) === undefined);
      }
      console.log(JSON.stringify(same));
    `);
    expect(found).toEqual(Array.from({ length: 24 }, () => true));
  });

  it("may end before their work: the page is asked for again", async () => {
    const found = await run(`${PAGES}
      import { startEmulator } from "./emulator/emulator.js";
      import { connect, linePages, snapshotTime } from "./fauna/fauna.js";
      const { endpoint, secret, close } = await startEmulator();
      const source = connect({ endpoint, secret });
      await source.v10('Collection.create({ name: "C" })');
      await source.v10("Set.sequence(0, 1000).forEach(n => C.create({ id: n + 1, more: '" + "x".repeat(1_000) + "' }))");
      const at = await snapshotTime(source);
      await oneUp();
      for (const worker of up) worker.postMessage = () => void worker.terminate();
      const before = source.counters.requests;
      let documents = 0;
      for await (const { records } of linePages(source, { collection: "C", at, pageSize: 250 }))
        documents += records.length;
      const asked = source.counters.requests - before;
      await source.close();
      await close();
      console.log(JSON.stringify({ documents, asked }));
    `);
    const { documents, asked } = found as { documents: number; asked: number };
    expect(documents).toBe(1000);
    if (availableParallelism() > 1) expect(asked).toBeGreaterThan(4);
  });

  it("may end before their work: the frame is read again", async () => {
    const found = await run(`${PAGES}
      import { startEmulator } from "./emulator/emulator.js";
      import { exportDatabase } from "./export/export.js";
      import { connect } from "./fauna/fauna.js";
      import { MemoryStore } from "./store/store.js";
      import { verifyArchive } from "./verify/verify.js";
      const { endpoint, secret, close } = await startEmulator();
      const source = connect({ endpoint, secret });
      await source.v10('Collection.create({ name: "C" })');
      await source.v10("Set.sequence(0, 1000).forEach(n => C.create({ id: n + 1, more: '" + "x".repeat(1_000) + "' }))");
      const target = new MemoryStore();
      await exportDatabase({ source, target });
      await source.close();
      await close();
      await oneUp();
      let ended = 0;
      for (const worker of up) worker.postMessage = () => { ended++; void worker.terminate(); };
      const { equal, documents } = await verifyArchive({ archive: target });
      console.log(JSON.stringify({ equal, documents, ended }));
    `);
    expect(found).toMatchObject({ equal: true, documents: 1000 });
    if (availableParallelism() > 1) expect((found as { ended: number }).ended).toBeGreaterThan(0);
  });
});
