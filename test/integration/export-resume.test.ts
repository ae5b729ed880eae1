/** An interrupted export is gone on with: at its moment, without doing again what is durable, or not at all. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase, type ExportOptions } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { gunzipSync } from "node:zlib";
import { type Encryption, isLockFile } from "../../src/archive/archive.ts";
import { MemoryStore, readWhole, type Store, writeWhole } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { flipped, identity, PASSPHRASE, passphrase, recipients } from "../support/age.ts";
import { contents } from "../support/archives.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { ChaosProxy } from "../support/chaos-proxy.ts";
import { documentsAt } from "../support/independent-reader.ts";
import { type Ending, Interruption } from "../support/interrupted.ts";

/** Small pages, so that a small database takes many requests. */
const LIMITS = { pageSize: 10, window: 2 } as const;

let bench: Bench;
let source: Connection;
/** Of an export that nobody disturbed. */
let requests: number;
let undisturbed: MemoryStore;

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  for (const [name, count] of [
    ["Big", 3000],
    ["Small", 25],
    ["Other", 300],
    ["Empty", 0],
  ] as const) {
    await source.v10(`Collection.create({ name: "${name}" })`);
    for (let at = 0; at < count; at += 1000) {
      const to = Math.min(count, at + 1000);
      await source.v10(
        `Set.sequence(${at}, ${to}).forEach(n => ${name}.create({ id: (n * 7 + 3).toString(), n: n, text: "Number " + n.toString() }))`,
      );
    }
  }
  await refresh();
});

/** Exports without being disturbed. */
async function refresh(): Promise<void> {
  undisturbed = new MemoryStore();
  const { error, made } = await run(undisturbed, new Interruption());
  expect(error).toBeUndefined();
  requests = made;
}

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

interface Run {
  readonly error: unknown;
  readonly made: number;
  readonly report: Awaited<ReturnType<typeof exportDatabase>> | undefined;
}

async function run(
  store: Store,
  interruption: Interruption,
  options: Partial<ExportOptions> = {},
): Promise<Run> {
  const connection = interruption.connect(bench, source);
  const { signal } = interruption;
  const target = interruption.store(store);
  try {
    const report = await exportDatabase({
      source: connection,
      target,
      signal,
      ...LIMITS,
      ...options,
    });
    return { error: undefined, made: interruption.requests, report };
  } catch (error) {
    return { error, made: interruption.requests, report: undefined };
  } finally {
    await connection.close();
  }
}

const ENDINGS: readonly Ending[] = ["stopped", "cut off", "killed"];

describe.each(ENDINGS)("an export that is %s at 90 percent of its requests", (ending) => {
  it("repeats at most 12 percent of them when it is resumed, and makes the same archive", async () => {
    const store = new MemoryStore();
    const first = await run(store, new Interruption(Math.floor(requests * 0.9), ending));
    expect(first.error).toMatchObject({
      code: ending === "stopped" ? "ERR_INTERRUPTED" : "ERR_TRY_AGAIN",
    });
    expect([...(await contents(store)).keys()]).not.toContain("manifest.json");

    const second = await run(store, new Interruption(), { resume: true });
    expect(second.error).toBeUndefined();
    const repeated = first.made + second.made - requests;
    console.log(`${ending}: ${requests} requests, then ${first.made} and ${second.made}`);
    expect(repeated).toBeLessThanOrEqual(requests * 0.12);
    expect(await fingerprints(store)).toEqual(await fingerprints(undisturbed));
    expect((await verifyArchive({ archive: store, against: source })).equal).toBe(true);
  });
});

/** All that an export has left but its lock, which the next run removes. */
async function exported(store: Store): Promise<[string, Buffer][]> {
  return [...(await contents(store))].filter(([name]) => !isLockFile(name));
}

/** The lines of a collection by id, read with gzip alone. */
async function linesOf(store: Store, folder: string): Promise<Map<string, string>> {
  const files = [...(await contents(store))].filter(([name]) => name.startsWith(`data/${folder}`));
  const texts = files.map(([, bytes]) => gunzipSync(bytes).toString());
  const lines = texts.flatMap((text) => text.split("\n").slice(0, -1));
  return new Map(lines.map((line) => [/^{"id":"(\d+)"/.exec(line)![1]!, line]));
}

describe("an export that is resumed", () => {
  /** One that was interrupted half-way. */
  async function halfway(ending: Ending = "killed", options: Partial<ExportOptions> = {}) {
    const store = new MemoryStore();
    const at = Math.floor(requests / 2);
    const { error } = await run(store, new Interruption(at, ending), options);
    expect(error).toBeDefined();
    return store;
  }

  it("finds its database at another address, such as that of a tunnel", async () => {
    const store = await halfway();
    await using tunnel = await ChaosProxy.start({
      endpoint: bench.endpoint,
      chaos: () => undefined,
      random: () => 0,
    });
    const secret = bench.secretOf(source);
    const there = connect({ endpoint: tunnel.endpoint, secret });
    const { resumed } = await exportDatabase({
      source: there,
      target: store,
      ...LIMITS,
      resume: true,
    });
    await there.close();
    expect(resumed!.segments).toBeGreaterThan(3);
    expect(await fingerprints(store)).toEqual(await fingerprints(undisturbed));
  });

  it("keeps its moment, whatever was written since", async () => {
    const store = await halfway();
    const { snapshot } = JSON.parse((await contents(store)).get("journal/run.json")!.toString());
    await source.v10('Small.create({ id: "999999", n: 1 }); Big.byId("3")!.update({ n: -1 })');
    try {
      const { report } = await run(store, new Interruption(), { resume: true });
      expect(report!.snapshot).toEqual(snapshot);
      expect(await fingerprints(store)).toEqual(await fingerprints(undisturbed));
      const lines = await linesOf(store, "big");
      const { endpoint } = bench;
      const there = await documentsAt(endpoint, bench.secretOf(source), "Big", snapshot.ts);
      expect(lines.size).toBe(3000);
      expect([...lines.keys()].toSorted()).toEqual([...there.keys()].toSorted());
      expect(lines.get("3")).toContain('"n":0');
    } finally {
      await source.v10('Small.byId("999999")!.delete(); Big.byId("3")!.update({ n: 0 })');
      await refresh();
    }
  });

  it("can be interrupted again and again", async () => {
    const store = new MemoryStore();
    let runs = 0;
    for (let error: unknown = "not begun"; error !== undefined; runs++) {
      const ending = ENDINGS[runs % 3]!;
      ({ error } = await run(store, new Interruption(90, ending), { resume: true }));
    }
    expect(runs).toBeGreaterThan(3);
    expect(await fingerprints(store)).toEqual(await fingerprints(undisturbed));
    expect((await verifyArchive({ archive: store, against: source })).equal).toBe(true);
    expect(
      [...(await contents(store)).keys()].filter((name) => name.startsWith("journal")),
    ).toEqual([]);
  });

  it("says what was there already", async () => {
    const store = await halfway();
    const { started } = JSON.parse((await contents(store)).get("journal/run.json")!.toString());
    const { report } = await run(store, new Interruption(), { resume: true });
    expect(report!.resumed).toEqual({
      started,
      documents: expect.any(Number),
      segments: expect.any(Number),
      damaged: [],
    });
    expect(report!.resumed!.documents).toBeGreaterThan(500);
    expect(report!.documents).toBe(3325);
  });

  it("reads a damaged segment again, and says which", async () => {
    const store = await halfway("stopped");
    const files = [...(await contents(store)).keys()].filter((name) => name.startsWith("data/big"));
    expect(files.length).toBeGreaterThan(3);
    const [altered, cut, missing] = files as [string, string, string];
    await writeWhole(store, altered, flipped(await readWhole(store, altered), 30));
    await writeWhole(store, cut, (await readWhole(store, cut)).subarray(0, -1));
    await store.remove(missing);
    const { report } = await run(store, new Interruption(), { resume: true });
    expect([...report!.resumed!.damaged].toSorted()).toEqual([altered, cut, missing]);
    expect(await fingerprints(store)).toEqual(await fingerprints(undisturbed));
    expect((await verifyArchive({ archive: store, against: source })).equal).toBe(true);
  });

  it("leaves no file that the manifest does not name", async () => {
    const store = await halfway();
    await writeWhole(store, "data/big~0/0000000000000000000.ndjson.gz", "half of something");
    await run(store, new Interruption(), { resume: true });
    const { problems, notes } = await verifyArchive({ archive: store });
    expect([problems, notes]).toEqual([[], []]);
  });

  it("begins where nothing was begun", async () => {
    const store = new MemoryStore();
    const { report } = await run(store, new Interruption(), { resume: true });
    expect(report!.resumed).toBeNull();
    expect(await fingerprints(store)).toEqual(await fingerprints(undisturbed));
  });

  it("does no more than tidy up when only that was left to be done", async () => {
    const store = new MemoryStore();
    await run(store, new Interruption());
    const interrupted = await halfway();
    const journal = (await contents(interrupted)).get("journal/run.json")!;
    await writeWhole(store, "journal/run.json", journal);
    const { report, made } = await run(store, new Interruption(), { resume: true });
    expect([made, report!.documents]).toEqual([0, 3325]);
    expect(
      [...(await contents(store)).keys()].filter((name) => name.startsWith("journal")),
    ).toEqual([]);
  });

  it("does not touch an archive that is complete", async () => {
    const store = new MemoryStore();
    await run(store, new Interruption());
    const before = await contents(store);
    const { error } = await run(store, new Interruption(), { resume: true });
    expect(error).toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("complete"),
    });
    expect(await contents(store)).toEqual(before);
  });

  describe("refuses, by name and before any request that is not needed to see it,", () => {
    it.each<[string, Partial<ExportOptions>, RegExp]>([
      ["another compression", { compression: "none" }, /--compress: it was gzip, now none/],
      ["another choice", { collections: ["Big"] }, /--collection: it was none, now Big/],
      ["what is left out", { exclude: ["Big", "S*"] }, /--exclude: it was none, now Big, S\*/],
      ["the schema alone", { schemaOnly: true }, /--schema-only: it was none, now true/],
      ["the documents alone", { dataOnly: true }, /--data-only: it was none, now true/],
      ["child databases", { recursive: true }, /--recursive: it was none, now true/],
      ["history", { history: true }, /--history: it was none, now true/],
      ["secrets", { secrets: true, plaintextSecrets: true }, /--secrets: it was none, now true/],
      ["encryption", { encryption: recipients }, /encryption: it was not encrypted/],
      [
        "another version",
        { tool: { name: "fauna-ark", version: "9" } },
        /version: it was .*, now 9/,
      ],
    ])("%s", async (_what, options, message) => {
      const store = await halfway();
      const before = await exported(store);
      const { error, made } = await run(store, new Interruption(), { resume: true, ...options });
      expect(error).toMatchObject({
        code: "ERR_USAGE",
        exitStatus: 2,
        message: expect.stringMatching(message),
        hint: expect.stringContaining("begin anew"),
      });
      expect(made).toBe(0);
      expect(await exported(store)).toEqual(before);
    });

    it("another database", async () => {
      const store = await halfway();
      const target = await bench.emptyDatabase();
      await expect(
        exportDatabase({ source: target, target: store, resume: true }),
      ).rejects.toMatchObject({
        code: "ERR_USAGE",
        message: expect.stringMatching(/database: it was db\d+, now db\d+/),
      });
    });

    it("a database that was made anew under the same name", async () => {
      const store = await halfway();
      const name = "journal/run.json";
      const journal = JSON.parse((await readWhole(store, name)).toString());
      journal.source.globalId = "yanother";
      await writeWhole(store, name, JSON.stringify(journal));
      const { error } = await run(store, new Interruption(), { resume: true });
      expect(error).toMatchObject({
        code: "ERR_USAGE",
        message: expect.stringContaining("its global id was yanother"),
      });
    });

    it("a place that holds something else", async () => {
      const store = new MemoryStore();
      await writeWhole(store, "letter.txt", "Dear");
      const { error } = await run(store, new Interruption(), { resume: true });
      expect(error).toMatchObject({
        code: "ERR_TARGET_NOT_EMPTY",
        message: expect.stringContaining("letter.txt"),
      });
    });

    it("a schema that was changed since", async () => {
      const store = await halfway();
      await source.v10('Function.create({ name: "later", body: "x => x" })');
      try {
        const { error } = await run(store, new Interruption(), { resume: true });
        expect(error).toMatchObject({
          code: "ERR_TRY_AGAIN",
          message: expect.stringContaining("schema was changed after"),
        });
      } finally {
        await source.v10('Function.byName("later")!.delete()');
        await refresh();
      }
    });
  });

  it("is the one that a plain export says can be gone on with", async () => {
    const store = await halfway();
    const { error } = await run(store, new Interruption());
    expect(error).toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("did not finish"),
      hint: expect.stringContaining("--resume"),
    });
  });
});

describe("an encrypted export that is interrupted", () => {
  const both = { ...recipients, ...passphrase };

  it.each([
    ["for recipients", recipients, identity],
    ["with a passphrase", passphrase, { passphrase: PASSPHRASE }],
    ["for both", both, identity],
  ])("%s is gone on with for the same readers", async (_how, encryption, unlock) => {
    const store = new MemoryStore();
    const half = new Interruption(Math.floor(requests / 2));
    expect((await run(store, half, { encryption })).error).toBeDefined();
    const { report, error } = await run(store, new Interruption(), { encryption, resume: true });
    expect(error).toBeUndefined();
    expect(report!.resumed!.segments).toBeGreaterThan(3);
    const { equal, opened } = await verifyArchive({ archive: store, unlock, against: source });
    expect([equal, opened]).toEqual([true, true]);
  });

  it.each<[string, Encryption | undefined, RegExp]>([
    ["no encryption", undefined, /it was encrypted/],
    ["another passphrase", { ...both, passphrase: "x" }, /it had another passphrase/],
    ["no passphrase", recipients, /it had a passphrase/],
    ["fewer recipients", passphrase, /it was encrypted to age1\w+ too/],
    ["a hidden manifest", { ...both, encryptManifest: true }, /its manifest was not hidden/],
  ])("is not gone on with with %s", async (_how, encryption, message) => {
    const store = new MemoryStore();
    const half = new Interruption(Math.floor(requests / 4));
    await run(store, half, { encryption: both });
    const again = await run(store, new Interruption(), { encryption, resume: true });
    expect(again.error).toMatchObject({
      code: "ERR_USAGE",
      message: expect.stringMatching(message),
    });
    expect(JSON.stringify(again.error)).not.toContain(PASSPHRASE);
  });

  it("with its manifest hidden says that it has to begin anew", async () => {
    const store = new MemoryStore();
    const encryption = { ...recipients, encryptManifest: true };
    await run(store, new Interruption(Math.floor(requests / 2)), { encryption });
    const { error } = await run(store, new Interruption(), { encryption, resume: true });
    expect(error).toMatchObject({
      code: "ERR_USAGE",
      message: expect.stringContaining("--encrypt-manifest"),
      hint: expect.stringContaining("begin anew"),
    });
  });
});
