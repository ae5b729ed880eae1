/** `--catch-up`: exports that outlive the history window, of databases that are written to all the while. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { exportDatabase, type ExportOptions, type ExportReport } from "../../src/export/export.ts";
import { connect, type Connection, scoped } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { createDatabase, importArchive } from "../../src/import/import.ts";
import { MemoryStore, readWhole, type WriteOptions } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { recipients, identity } from "../support/age.ts";
import { contents } from "../support/archives.ts";
import { fingerprints } from "../support/bench.ts";
import {
  documentsIn,
  documentsOf,
  HOUR_US,
  isById,
  isListing,
  MINUTE_US,
  OutlivingBench,
} from "../support/outliving.ts";
import { temporaryFolder } from "../support/folders.ts";
import { recordingTerminal } from "../support/terminal.ts";
import { V10Only } from "../support/v10-only.ts";

let outliving: OutlivingBench;

beforeAll(async () => {
  outliving = await OutlivingBench.start();
});

afterEach(() => outliving.forget());

afterAll(async () => {
  await outliving?.[Symbol.asyncDispose]();
});

/** Feeds are read all the time here, as the clock runs so fast. */
const CATCH_UP = { feedEveryMs: 1 };

function exported(
  source: Connection,
  target: MemoryStore,
  options: Partial<ExportOptions> = {},
): Promise<ExportReport> {
  return exportDatabase({
    source,
    target,
    catchUp: CATCH_UP,
    pageSize: 4,
    rangeDocuments: 10,
    window: 2,
    ...options,
  });
}

/** Three collections of each length of history, of 50 documents each. */
async function shop(): Promise<Connection> {
  const database = await outliving.bench.emptyDatabase();
  await database.v10(`
    Collection.create({ name: "Order" })
    Collection.create({ name: "Kept", history_days: 10 })
    Collection.create({ name: "Ever", history_days: null })`);
  await database.v10(`Set.sequence(0, 50).forEach(n => {
    Order.create({ id: 1000 + n, n: n })
    Kept.create({ id: 1000 + n, n: n })
    Ever.create({ id: 1000 + n, n: n })
  })`);
  return database;
}

/** Makes sure that an archive holds just what the database held at its moment. @returns how many documents. */
async function expectTrue(
  store: MemoryStore,
  database: Connection,
  path?: readonly string[],
): Promise<number> {
  const archived = await documentsIn(store, path);
  const { collections, ts } = archived;
  const there = await documentsOf(outliving.bench, database, collections, ts);
  expect(archived.documents).toEqual(there);
  return there.size;
}

/** The same database, whose documents with `n: 3` have a password inside, as documents of old may have. */
function withPasswords(source: Connection): Connection {
  const { endpoint } = outliving.bench;
  const wire = new HttpTransport({ endpoint: new URL(endpoint) });
  return connect({
    endpoint,
    secret: outliving.bench.secretOf(source),
    transport: {
      async send(request) {
        const answer = await wire.send(request);
        const text = answer.text.replaceAll(
          /"data":\{"n":3(,"new":1)?\}/g,
          (data) => `${data},"credentials":{"hashed_password":"$2a$05$"}`,
        );
        return { ...answer, text };
      },
      close: () => wire.close(),
    },
  });
}

/** Nothing that passes for an archive, and nothing of what was put by. */
async function expectNothingLeft(store: MemoryStore): Promise<void> {
  const names = [...(await contents(store)).keys()];
  expect(names).not.toContain("manifest.json");
  expect(names.filter((name) => name.startsWith("journal/catch-up/"))).toEqual([]);
}

/** A store that remembers all that was ever written to it. */
class Recording extends MemoryStore {
  readonly written: { readonly name: string; readonly bytes: Buffer }[] = [];

  override async write(
    name: string,
    source: AsyncIterable<Uint8Array>,
    options?: WriteOptions,
  ): Promise<{ bytes: number }> {
    const result = await super.write(name, source, options);
    this.written.push({ name, bytes: await readWhole(this, name) });
    return result;
  }
}

/** Somebody who keeps creating, updating and deleting documents, at whatever moment that happens to be. */
class Writer {
  writes = 0;
  readonly #done: Promise<void>;
  #stop = false;

  constructor(database: Connection, collections: readonly string[]) {
    this.#done = this.#run(database, collections);
  }

  async stop(): Promise<void> {
    this.#stop = true;
    await this.#done;
  }

  async #run(database: Connection, collections: readonly string[]): Promise<void> {
    for (let n = 0; !this.#stop; n++) {
      const name = collections[n % collections.length]!;
      const other = collections[(n + 1) % collections.length]!;
      const id = 1000 + ((n * 7) % 60);
      await database.v10(`
        let d = ${name}.byId("${id}")
        if (d.exists()) {
          if (${n} % 3 == 0) {
            d!.delete()
            ${other}.create({ id: ${5000 + n}, moved: ${n} })
          } else { d!.update({ n: ${n}, seen: [${n}] }) }
        } else { ${name}.create({ id: "${id}", again: ${n} }) }
        0`);
      this.writes++;
    }
  }
}

describe("an export that takes hours of a window of 15 minutes", () => {
  it("ends with ERR_SNAPSHOT_EXPIRED, and with --catch-up holds just what the database held at one moment, whoever writes meanwhile", async () => {
    const source = await shop();
    const names = ["Order", "Kept", "Ever"];
    outliving.pageTakes = 2n * MINUTE_US;
    const plain = exported(source, new MemoryStore(), { catchUp: false });
    await expect(plain).rejects.toMatchObject({ code: "ERR_SNAPSHOT_EXPIRED" });

    const before = outliving.passed;
    const writer = new Writer(source, names);
    const store = new MemoryStore();
    let report: ExportReport;
    try {
      report = await exported(source, store);
    } finally {
      outliving.pageTakes = 0n;
      await writer.stop();
    }
    expect(outliving.passed - before).toBeGreaterThan(HOUR_US);
    expect(writer.writes).toBeGreaterThan(20);
    expect(await expectTrue(store, source)).toBe(report.documents);
    expect(report.caughtUp?.documents).toBeGreaterThan(0);
    console.log(
      `${(outliving.passed - before) / MINUTE_US} minutes, ${writer.writes} writes, ${report.caughtUp?.documents} documents caught up`,
    );
  });

  it("leaves an ordinary archive, that says how it was made, verifies and imports", async () => {
    const source = await shop();
    outliving.pageTakes = 2n * MINUTE_US;
    const writer = new Writer(source, ["Order", "Ever"]);
    const store = new MemoryStore();
    const report = await exported(source, store).finally(() => writer.stop());
    outliving.pageTakes = 0n;
    expect((await verifyArchive({ archive: store })).equal).toBe(true);
    const files = await contents(store);
    expect([...files.keys()].filter((name) => name.startsWith("journal/"))).toEqual([]);
    const manifest = JSON.parse(files.get("manifest.json")!.toString()) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      kind: "full",
      features: [],
      options: { "catch-up": true },
      snapshot: report.snapshot,
      about: { caughtUp: report.caughtUp },
    });
    const target = await outliving.bench.emptyDatabase();
    const imported = await importArchive({ source: store, target });
    expect(imported.documents).toMatchObject({ written: report.documents, refused: 0 });
    const again = new MemoryStore();
    await exportDatabase({ source: target, target: again });
    expect(await fingerprints(again)).toEqual(await fingerprints(store));
  });
});

/**
 * Exports, lets more time pass than the window is long, and writes something when all documents have been read once and
 * before anything is looked at again.
 */
async function exportedAround(
  source: Connection,
  target: MemoryStore,
  write: () => Promise<unknown>,
  options: Partial<ExportOptions> = {},
): Promise<ExportReport> {
  const unread = new Map<string, number>();
  let written = false;
  outliving.pageTakes = 2n * MINUTE_US;
  outliving.onRequest = async ({ path }) => {
    const isRead = unread.size > 0 && [...unread.values()].every((count) => count === 0);
    if (!isRead || written || path === "/feed/1") return;
    written = true;
    outliving.pass(3n * MINUTE_US);
    await write();
  };
  const report = await exported(source, target, {
    onProgress: ({ phase, item = "", done, total = 0 }) => {
      if (phase === "documents") unread.set(item, total - done);
    },
    ...options,
  });
  outliving.forget();
  expect(written).toBe(true);
  return report;
}

describe("what happens to a document after it was read", () => {
  it.each([
    ["changed", 'Order.byId("1000")!.update({ n: "new" })'],
    ["deleted", 'Order.byId("1000")!.delete()'],
    [
      "deleted and made again",
      'Order.byId("1000")!.delete(); Order.create({ id: "1000", new: 1 })',
    ],
    ["made", 'Order.create({ id: "7", new: 1 })'],
    ["made and deleted", 'Order.create({ id: "7", new: 1 }).delete()'],
    ["made under the last id of all", 'Order.create({ id: "9223372036854775807", new: 1 })'],
    ["moved to another id", 'Order.create({ id: "999", n: 0 }); Order.byId("1000")!.delete()'],
    ["moved to another collection", 'Kept.create({ id: "1", n: 0 }); Order.byId("1000")!.delete()'],
    ["given a ttl that passes", 'Order.byId("1000")!.update({ ttl: Time.now().add(1, "second") })'],
    ["given a ttl that does not", 'Order.byId("1000")!.update({ ttl: Time.now().add(9, "days") })'],
  ])("%s: the archive holds it as it is at the end", async (_, write) => {
    const source = await shop();
    const store = new MemoryStore();
    const before = outliving.passed;
    await exportedAround(source, store, async () => {
      await source.v10(`${write}; 0`);
      outliving.pass(MINUTE_US);
    });
    expect(outliving.passed - before).toBeGreaterThan(HOUR_US);
    await expectTrue(store, source);
  });

  it("a ttl that passes after it was read takes it out of the archive", async () => {
    const source = await shop();
    await source.v10('Order.byId("1000")!.update({ ttl: Time.now().add(60, "minutes") }); 0');
    const store = new MemoryStore();
    const before = outliving.passed;
    outliving.pageTakes = 2n * MINUTE_US;
    const report = await exported(source, store);
    outliving.forget();
    expect(outliving.passed - before).toBeGreaterThan(HOUR_US);
    expect((await documentsIn(store)).documents.has("Order/1000")).toBe(false);
    expect(await expectTrue(store, source)).toBe(149);
    expect(report.documents).toBe(149);
  });

  it("written just before the moment is picked and just after it: the first is in the archive, the second is not", async () => {
    const source = await shop();
    const store = new MemoryStore();
    let isRead = false;
    const written: string[] = [];
    outliving.onRequest = async (request) => {
      if (!isRead) return;
      // The last look begins with the schema's files, and has picked its moment when it lists the ids.
      const when = request.path.startsWith("/schema/1/files")
        ? "before"
        : isListing(request)
          ? "after"
          : undefined;
      if (when === undefined || written.includes(when)) return;
      written.push(when);
      await source.v10(`Order.byId("1000")!.update({ when: "${when}" }); 0`);
    };
    await exported(source, store, {
      collections: ["Order"],
      catchUp: { feedEveryMs: 3_600_000 },
      onProgress: ({ phase, done, total }) => {
        if (phase === "documents" && done === total) isRead = true;
      },
    });
    outliving.forget();
    expect(written).toEqual(["before", "after"]);
    await expectTrue(store, source);
    expect((await documentsIn(store)).documents.get("Order/1000")).toContain("before");
  });

  it("history that v4 writes under a time that has passed makes documents, but one that it changes in place is as it was read", async () => {
    const source = await shop();
    const store = new MemoryStore();
    await exportedAround(source, store, async () => {
      const { txnTs } = await source.v10("0");
      for (const id of ["7", "1000"]) {
        await source.v4(
          `{"insert":{"ref":{"collection":"Kept"},"id":"${id}"},"ts":${txnTs - HOUR_US / 4n},"action":"create","params":{"object":{"data":{"object":{"by":"hand"}}}}}`,
        );
      }
    });
    const archived = await documentsIn(store);
    const there = await documentsOf(outliving.bench, source, ["Kept"], archived.ts);
    expect(there.get("Kept/7")).toContain("hand");
    expect(archived.documents.get("Kept/7")).toBe(there.get("Kept/7"));
    expect(there.get("Kept/1000")).toContain("hand");
    expect(archived.documents.get("Kept/1000")).not.toContain("hand");
  });
});

describe("what happens to the window", () => {
  it("changed documents are read round after round, and the archive is of the last look", async () => {
    const source = await shop();
    const store = new MemoryStore();
    let looks = 0;
    outliving.pageTakes = 2n * MINUTE_US;
    outliving.onRequest = async (request) => {
      // Whenever something is read once more, it and its neighbour change again.
      if (!isById(request) || looks > 5) return;
      const n = ++looks;
      await source.v10(
        `Order.byId("1000")!.update({ n: ${n} }); Order.byId("100${n}")!.update({ n: ${n} }); 0`,
      );
    };
    let begun = false;
    const report = await exported(source, store, {
      catchUp: { ...CATCH_UP, lastLookSeconds: 0, rounds: 3 },
      onProgress: ({ phase, done }) => {
        if (phase !== "documents" || done === 0 || begun) return;
        begun = true;
        void source.v10('Order.byId("1049")!.update({ n: 0 }); Order.byId("1049")!.delete(); 0');
      },
    });
    outliving.forget();
    expect(report.caughtUp?.rounds).toBe(4);
    await expectTrue(store, source);
  });

  it("a moment that leaves the window in the last look is picked anew", async () => {
    const source = await shop();
    const store = new MemoryStore();
    let listed = 0;
    await exportedAround(source, store, async () => {
      await source.v10('Order.byId("1000")!.update({ n: 1 }); Order.byId("1001")!.delete(); 0');
      const { onRequest } = outliving;
      outliving.onRequest = async (request) => {
        await onRequest(request);
        if (!isListing(request) || ++listed !== 1) return;
        // The feeds are read in between, as they are in an hour.
        for (let minute = 0; minute < 60; minute += 5) {
          outliving.pass(5n * MINUTE_US);
          await outliving.feedsRead();
        }
        await source.v10('Order.byId("1002")!.update({ n: 2 }); 0');
      };
    });
    expect(listed).toBeGreaterThan(3);
    await expectTrue(store, source);
  });

  it("an export whose last look never fits into the window fails, says so, and leaves no archive", async () => {
    const source = await shop();
    const store = new MemoryStore();
    let base = true;
    outliving.onRequest = async (request) => {
      if (base || !isListing(request)) return;
      for (let minute = 0; minute < 20; minute += 5) {
        outliving.pass(5n * MINUTE_US);
        await outliving.feedsRead();
      }
    };
    const run = exported(source, store, {
      collections: ["Order"],
      onProgress: ({ phase, done, total }) => {
        if (phase === "documents" && done === total) base = false;
      },
    });
    await expect(run).rejects.toMatchObject({
      code: "ERR_SNAPSHOT_EXPIRED",
      exitStatus: 30,
      message: expect.stringContaining("3 times") as string,
      hint: expect.stringContaining("history_days") as string,
    });
    await expectNothingLeft(store);
  });

  it("a feed that cannot be read for longer than the window ends the export, and leaves no archive", async () => {
    const source = await shop();
    const store = new MemoryStore();
    outliving.onRequest = async ({ path }) => {
      if (path !== "/feed/1") outliving.pass(MINUTE_US);
    };
    const run = exported(source, store, { catchUp: { feedEveryMs: 3_600_000 } });
    await expect(run).rejects.toMatchObject({
      code: "ERR_SNAPSHOT_EXPIRED",
      message: expect.stringContaining("feed") as string,
    });
    await expectNothingLeft(store);
  });

  it("an export that is stopped leaves no archive, and nothing of what it had read", async () => {
    const source = await shop();
    const store = new MemoryStore();
    const stop = new AbortController();
    const run = exported(source, store, {
      signal: stop.signal,
      onProgress: ({ phase, done }) => {
        if (phase === "documents" && done > 20) stop.abort(new Error("stopped"));
      },
    });
    await expect(run).rejects.toThrow("stopped");
    await expectNothingLeft(store);
  });
});

describe("what happens to the schema", () => {
  it("collections that were migrated, deleted, made or made anew meanwhile are in the archive as they are at the end", async () => {
    const source = await outliving.bench.emptyDatabase();
    await source.v10(`
      Collection.create({ name: "Moved", fields: { a: { signature: "Int" } } })
      Collection.create({ name: "Gone" })
      Collection.create({ name: "Anew" })
      Collection.create({ name: "Still" })`);
    await source.v10(`Set.sequence(0, 30).forEach(n => {
      Moved.create({ id: 100 + n, a: n })
      Gone.create({ id: 100 + n })
      Anew.create({ id: 100 + n, old: true })
      Still.create({ id: 100 + n, n: n })
    })`);
    const store = new MemoryStore();
    const report = await exportedAround(source, store, async () => {
      await source.v10(`Moved.definition.update({
        fields: { a: { signature: "Int" }, b: { signature: "Int", default: "7" } },
        migrations: [{ add: { field: ".b" } }, { backfill: { field: ".b", value: "7" } }]
      }); 0`);
      await source.v10("Gone.definition.delete(); 0");
      await source.v10("Anew.definition.delete(); 0");
      await source.v10(
        'Collection.create({ name: "Anew" }); Collection.create({ name: "Born" }); 0',
      );
      await source.v10("Anew.create({ id: 100, new: true }); Born.create({ id: 1 }); 0");
      await source.v10('Function.create({ name: "f", body: "x => x" }); 0');
    });
    expect(report.collections.map(({ name, documents }) => [name, documents])).toEqual([
      ["Anew", 1],
      ["Born", 1],
      ["Moved", 30],
      ["Still", 30],
    ]);
    await expectTrue(store, source);
    const { documents } = await documentsIn(store);
    expect(documents.get("Moved/100")).toContain('{"a":0,"b":7}');
    const schema = (await contents(store)).get("schema/fsl/main.fsl")!.toString();
    expect(schema).toContain("collection Born");
    expect(schema).toContain("function f");
    expect(schema).not.toContain("Gone");
  });
});

describe("what else an export can be asked for", () => {
  it("child databases come along, all of them at one moment; those that are deleted or made meanwhile, as they are then", async () => {
    const source = await shop();
    const gone = await createDatabase(source, "gone");
    await gone.v10('Collection.create({ name: "Toy" })');
    await gone.v10("Toy.create({ n: 1 })");
    const kid = await createDatabase(source, "kid");
    await kid.v10('Collection.create({ name: "Toy" })');
    await kid.v10("Set.sequence(0, 30).forEach(n => Toy.create({ id: 100 + n, n: n }))");
    const store = new MemoryStore();
    const report = await exportedAround(
      source,
      store,
      async () => {
        await kid.v10('Toy.byId("100")!.update({ n: 1 }); Toy.byId("101")!.delete(); 0');
        await source.v10('Database.byName("gone")!.delete(); 0');
        const late = await createDatabase(source, "late");
        await late.v10('Collection.create({ name: "Toy" })');
        await late.v10('Toy.create({ id: "1" })');
      },
      { recursive: true },
    );
    expect(report.databases).toEqual(["kid", "late"]);
    await expectTrue(store, source);
    expect(await expectTrue(store, await scoped(source, "kid"), ["kid"])).toBe(29);
    expect(await expectTrue(store, await scoped(source, "late"), ["late"])).toBe(1);
  });

  it("passwords inside of documents are left out, also of what lies there while the export is under way", async () => {
    const source = await shop();
    const seen = new Recording();
    const old = withPasswords(source);
    const report = await exportedAround(old, seen, () =>
      source.v10('Order.byId("1003")!.update({ new: 1 }); Kept.byId("1003")!.delete(); 0'),
    ).finally(() => old.close());
    expect(report.notes.filter(({ code }) => code === "credentials")).toMatchObject([
      { collection: "Order", count: 1 },
      { collection: "Ever", count: 1 },
    ]);
    expect(seen.written.filter(({ name }) => name.startsWith("journal/catch-up/"))).not.toEqual([]);
    for (const { bytes } of seen.written) expect(bytes.includes("hashed_password")).toBe(false);
    await expectTrue(seen, source);
  });

  it("secrets come along as they are at the end", async () => {
    const source = await shop();
    const makeKey = (name: string) =>
      source.v4(
        `{"select":"ts","from":{"create_key":{"object":{"role":"server","data":{"object":{"name":"${name}"}}}}}}`,
      );
    await makeKey("early");
    const store = new MemoryStore();
    const report = await exportedAround(source, store, () => makeKey("late"), {
      secrets: true,
      plaintextSecrets: true,
    });
    expect(report.fidelity.exact.secrets).toBe(2);
    const keys = (await contents(store)).get("schema/keys.ndjson")!.toString();
    for (const each of ["early", "late", "hashed_secret"]) expect(keys).toContain(each);
    await expectTrue(store, source);
  });

  it("an archive is encrypted for others than who writes it, and so is all that lies there meanwhile", async () => {
    const source = await shop();
    await source.v10('Order.byId("1000")!.update({ secretly: "in the clear" }); 0');
    const seen = new Recording();
    await exportedAround(source, seen, () => source.v10('Order.byId("1001")!.delete(); 0'), {
      encryption: recipients,
      compression: "none",
    });
    for (const { bytes } of seen.written) expect(bytes.includes("in the clear")).toBe(false);
    const verified = await verifyArchive({ archive: seen, unlock: identity });
    expect(verified).toMatchObject({ equal: true, opened: true, documents: 149 });
  });

  it("a database that has v4 switched off is caught up with through v10", async () => {
    const source = await shop();
    const { endpoint } = outliving.bench;
    await using v10 = new V10Only(endpoint, outliving.bench.secretOf(source));
    const store = new MemoryStore();
    let begun = false;
    const writes: Promise<unknown>[] = [];
    const report = await exported(v10.connection, store, {
      catchUp: { ...CATCH_UP, lastLookSeconds: 0, rounds: 2 },
      onProgress: ({ phase, done }) => {
        if (phase !== "documents" || done < 20 || begun) return;
        begun = true;
        writes.push(
          source.v10('Order.byId("1000")!.update({ n: "new" }); Order.byId("1001")!.delete(); 0'),
        );
      },
    });
    await Promise.all(writes);
    expect(report.documents).toBe(149);
    await expectTrue(store, source);
  });

  it.each([
    ["history", { history: true }],
    ["resume", { resume: true }],
    ["at", { at: 1n }],
    ["a negative figure", { catchUp: { feedEveryMs: -1 } }],
  ])("is refused with %s, before anything is asked or written", async (_, more) => {
    const source = await outliving.bench.emptyDatabase();
    const store = new MemoryStore();
    const run = exported(source, store, more);
    await expect(run).rejects.toMatchObject({ code: "ERR_USAGE" });
    expect((await contents(store)).size).toBe(0);
  });
});

describe("fauna-ark export --catch-up", () => {
  async function call(words: readonly string[], database: Connection) {
    const { endpoint } = outliving.bench;
    const env = { FAUNA_ENDPOINT: endpoint, FAUNA_SECRET: outliving.bench.secretOf(database) };
    const terminal = recordingTerminal({ env });
    const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
    return { status, stdout: terminal.stdout, stderr: terminal.stderr };
  }

  it("exports, and says in its report what has changed meanwhile", async () => {
    const source = await shop();
    const folder = join(await temporaryFolder(), "archive");
    let written = false;
    outliving.onRequest = async (request) => {
      if (!isListing(request) || written) return;
      written = true;
      await source.v10('Order.byId("1000")!.update({ n: 1 }); 0');
    };
    const text = await call(["export", folder, "--catch-up"], source);
    expect(text, text.stderr).toMatchObject({ status: 0 });
    expect(text.stderr).toMatch(/caught up +\d+ documents? changed meanwhile, 1 look/);
    const verified = await call(["verify", folder], source);
    expect(verified, verified.stderr).toMatchObject({ status: 0 });
    const json = await call(["export", `${folder}2`, "--catch-up", "--json"], source);
    expect(JSON.parse(json.stdout)).toMatchObject({
      documents: 150,
      caughtUp: { documents: 0, rounds: 1 },
    });
  });

  it("is what an export is told to do whose moment has left the window", async () => {
    const source = await shop();
    const folder = join(await temporaryFolder(), "archive");
    outliving.onRequest = (request) => {
      if (isListing(request)) outliving.pass(HOUR_US);
    };
    const { status, stderr } = await call(["export", folder], source);
    expect(status).toBe(30);
    expect(stderr).toContain("--catch-up");
  });
});
