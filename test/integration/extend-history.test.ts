/** An export that keeps the history window open for itself, and leaves everything as it was. */
import { expect, it } from "vitest";
import { openArchive, readRaisedHistory } from "../../src/archive/archive.ts";
import { exportDatabase, restoreHistory } from "../../src/export/export.ts";
import {
  type Connection,
  pushSchema,
  scoped,
  snapshotTime,
  stagedStatus,
} from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore, writeWhole } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { differences } from "../support/independent-reader.ts";
import { buildMixed } from "../support/sample-databases.ts";

const HOUR_US = 3_600_000_000n;

/** A clock that people can set forward. */
class SetForward {
  #ahead = 0n;
  readonly now = (): bigint => BigInt(Date.now()) * 1000n + this.#ahead;

  by(us: bigint): void {
    this.#ahead += us;
  }
}

async function historyDays(database: Connection): Promise<Record<string, number | null>> {
  const { dataText } = await database.v10(
    "Collection.all().toArray().map(c => [c.name, c.history_days])",
  );
  const pairs = JSON.parse(dataText) as [string, { "@int": string } | null][];
  return Object.fromEntries(
    pairs.map(([name, days]) => [name, days === null ? null : Number(days["@int"])]),
  );
}

async function shop(database: Connection): Promise<void> {
  const content =
    "// Kept.\ncollection Order { n: Int; history_days 0 /* none */ }\ncollection Kept { history_days 2 }\n";
  await pushSchema(database, [{ filename: "shop.fsl", content }], { override: true });
  await database.v4('{"create_collection":{"object":{"name":"my-old"}}}');
  await database.v10('Collection.create({ name: "Ever" })');
  await database.v10('Collection.byName("Ever")!.update({ history_days: null })');
  await database.v10(
    'Set.sequence(0, 40).forEach(n => { Order.create({ n: n }); Kept.create({ n: n }); Collection("my-old").create({ n: n }) })',
  );
}

/** What a file says of it. */
const EVER = "9223372036854775807";
const BEFORE = { Ever: null, Kept: 2, Order: 0, "my-old": 0 };

it("an export with extendHistory outlives the window, and the archive holds history_days as they were", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await shop(source);
  const before = await bench.read(source);
  const store = new MemoryStore();
  const during: unknown[] = [];
  const report = await exportDatabase({
    source,
    target: store,
    pageSize: 5,
    window: 1,
    extendHistory: 3,
    onProgress: ({ phase, done }) => {
      if (during.length > 0 || phase !== "documents" || done < 5) return;
      clock.by(30n * HOUR_US);
      during.push(historyDays(source));
    },
  });
  expect(report.documents).toBe(120);
  expect(await during[0]).toEqual({ Ever: null, Kept: 3, Order: 3, "my-old": 3 });
  expect(await historyDays(source)).toEqual(BEFORE);
  expect([...(await contents(store)).keys()]).not.toContain("raised-history.json");
  const { manifest } = await openArchive(store);
  expect(
    Object.fromEntries(
      manifest.databases[0]!.collections.map(({ name, historyDays: days }) => [name, days]),
    ),
  ).toEqual(BEFORE);
  expect(manifest.options).toMatchObject({ "extend-history": true });
  // Neither the database nor what is restored of it shows that anything was raised.
  const target = await bench.emptyDatabase();
  const newTs = withNewTs(await importArchive({ source: store, target }));
  const copy = await bench.read(target);
  // For ever is said in full in a copy, as always, and in its file with the days that are counted with.
  const said = [...copy.files].map(([name, text]) => [name, text.replace("106751", EVER)] as const);
  const others = differences(before, { ...copy, files: new Map(said) }, newTs);
  expect(others.filter((line) => !/^definitions \w+\/Ever:/.test(line))).toEqual([]);
  const after = differences(before, await bench.read(source));
  expect(after).toEqual([]);
  const verified = await verifyArchive({ archive: store, against: source });
  expect(verified.against?.definitions).toEqual([]);
  expect(verified.equal).toBe(true);
});

it("without it the same export fails", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await shop(source);
  let passed = false;
  const failed = exportDatabase({
    source,
    target: new MemoryStore(),
    pageSize: 5,
    window: 1,
    onProgress: ({ phase, done }) => {
      if (passed || phase !== "documents" || done < 5) return;
      passed = true;
      clock.by(30n * HOUR_US);
    },
  });
  await expect(failed).rejects.toMatchObject({
    code: "ERR_SNAPSHOT_EXPIRED",
    hint: expect.stringContaining("--extend-history"),
  });
});

it("only collections whose documents are wanted are raised, and none that keeps enough", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await shop(source);
  const during: unknown[] = [];
  await exportDatabase({
    source,
    target: new MemoryStore(),
    extendHistory: 2,
    exclude: ["my-old"],
    onProgress: ({ phase }) => {
      if (phase === "documents" && during.length === 0) during.push(historyDays(source));
    },
  });
  expect(await during[0]).toEqual({ ...BEFORE, Order: 2 });
  expect(await historyDays(source)).toEqual(BEFORE);
});

it("a past moment stays readable, and is put back to what is there now and not to what was then", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await shop(source);
  const at = await snapshotTime(source);
  await source.v10('Collection.byName("Order")!.update({ history_days: 1, name: "Purchase" })');
  await source.v10("Purchase.all().forEach(.delete())");
  const store = new MemoryStore();
  let passed = false;
  const report = await exportDatabase({
    source,
    target: store,
    at,
    pageSize: 5,
    window: 1,
    extendHistory: 3,
    onProgress: ({ phase, done }) => {
      if (passed || phase !== "documents" || done < 5) return;
      passed = true;
      clock.by(60n * HOUR_US);
    },
  });
  expect(report.documents).toBe(120);
  const { manifest } = await openArchive(store);
  const order = manifest.databases[0]!.collections.find(({ name }) => name === "Order");
  expect(order).toMatchObject({ historyDays: 0, documents: 40 });
  expect(await historyDays(source)).toEqual({ Ever: null, Kept: 2, Purchase: 1, "my-old": 0 });
});

it("the databases below are raised and put back, too", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10('Database.create({ name: "below" })');
  const below = await scoped(source, "below");
  await buildMixed(below);
  const before = await historyDays(below);
  const store = new MemoryStore();
  const during: unknown[] = [];
  await exportDatabase({
    source,
    target: store,
    recursive: true,
    extendHistory: 9,
    onProgress: ({ phase }) => {
      if (phase === "documents" && during.length === 0) during.push(historyDays(below));
    },
  });
  expect(Object.values((await during[0]) as Record<string, number>)).toEqual(
    Object.values(before).map((days) => (days === null ? null : Math.max(9, days))),
  );
  expect(await historyDays(below)).toEqual(before);
});

it("a protected database is refused, other ways named, and nothing changed", async () => {
  await using bench = await Bench.start();
  await bench.root.v10('Database.create({ name: "p", protected: true })');
  const source = await scoped(bench.root, "p");
  await source.v10('Collection.create({ name: "Order" })');
  const before = await bench.read(source);
  const store = new MemoryStore();
  await expect(exportDatabase({ source, target: store, extendHistory: 3 })).rejects.toMatchObject({
    code: "ERR_USAGE",
    message: expect.stringContaining("protected"),
    hint: expect.stringMatching(/Nothing was changed.*--catch-up/),
  });
  expect(differences(before, await bench.read(source))).toEqual([]);
  const { dataText } = await source.v10('Collection.byName("Order")!.ts');
  expect(String(before.definitions.get("Collection/Order"))).toBeDefined();
  expect(dataText).toContain("@time");
  expect([...(await contents(store)).keys()]).toEqual([]);
});

it("a database with a staged schema is refused, other ways named, and nothing changed", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await pushSchema(source, [{ filename: "a.fsl", content: "collection Order {}" }], {
    override: true,
  });
  await pushSchema(
    source,
    [{ filename: "a.fsl", content: "collection Order {}\ncollection New {}" }],
    {
      override: true,
      staged: true,
    },
  );
  const before = await stagedStatus(source);
  const store = new MemoryStore();
  await expect(exportDatabase({ source, target: store, extendHistory: 3 })).rejects.toMatchObject({
    code: "ERR_USAGE",
    message: expect.stringContaining("staged"),
    hint: expect.stringMatching(/Commit or abandon.*--catch-up/),
  });
  expect(await stagedStatus(source)).toEqual(before);
  expect([...(await contents(store)).keys()]).toEqual([]);
});

it("one protected database in a tree is found before anything is raised in the others", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "Top" })');
  await source.v10('Database.create({ name: "p", protected: true })');
  await (await scoped(source, "p")).v10('Collection.create({ name: "Below" })');
  await expect(
    exportDatabase({ source, target: new MemoryStore(), recursive: true, extendHistory: 3 }),
  ).rejects.toMatchObject({ code: "ERR_USAGE" });
  const { dataText } = await source
    .v4('{"paginate":{"collection":"Top"},"events":true}')
    .then(({ text }) => ({ dataText: text }));
  expect(dataText.match(/"action":/g)).toHaveLength(1);
});

it("whatever ends an export, history_days are put back and the journal is removed", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await shop(source);
  const before = await bench.read(source);
  const stop = new AbortController();
  const store = new MemoryStore();
  const notices: string[] = [];
  await expect(
    exportDatabase({
      source,
      target: store,
      extendHistory: 3,
      signal: stop.signal,
      onNotice: (text) => notices.push(text),
      onProgress: ({ phase }) => {
        if (phase === "documents") stop.abort(new Error("stopped"));
      },
    }),
  ).rejects.toThrow("stopped");
  expect(await historyDays(source)).toEqual(BEFORE);
  expect(await readRaisedHistory(store)).toBeUndefined();
  expect(notices).toEqual([
    expect.stringContaining("are what they were again: Order, Kept, my-old"),
  ]);
  expect(differences(before, await bench.read(source))).toEqual([]);
});

it("that schema files could not be laid out as they were is said, and is not taken for history_days still raised", async () => {
  const notices: string[] = [];
  const isBack = () => notices.some((text) => text.includes("are what they were again"));
  await using bench = await Bench.start(
    {
      faults: ({ path }) =>
        isBack() && path.startsWith("/schema/") ? { cut: "before" } : undefined,
    },
    { retry: { attempts: 1 } },
  );
  const source = await bench.emptyDatabase();
  await shop(source);
  await exportDatabase({
    source,
    target: new MemoryStore(),
    extendHistory: 3,
    onNotice: (text) => notices.push(text),
  });
  expect(await historyDays(source)).toEqual(BEFORE);
  expect(notices).toEqual([
    expect.stringContaining("are what they were again"),
    expect.stringContaining("Schema files may be laid out anew"),
  ]);
});

it("what somebody else has changed meanwhile is left alone, and said", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await shop(source);
  const notices: string[] = [];
  let changed: Promise<unknown> | undefined;
  await exportDatabase({
    source,
    target: new MemoryStore(),
    extendHistory: 3,
    pageSize: 5,
    window: 1,
    exclude: ["my-old"],
    onNotice: (text) => notices.push(text),
    onProgress: ({ phase, done }) => {
      if (phase !== "documents" || done < 5) return;
      changed ??= source.v10('Collection.byName("Order")!.update({ history_days: 20 })');
    },
  });
  await changed;
  expect(await historyDays(source)).toEqual({ ...BEFORE, Order: 20 });
  expect(notices.join()).toContain("Left alone, for they were changed or deleted since: Order");
});

it("a place that is not empty is refused before anything is raised", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await shop(source);
  const store = new MemoryStore();
  await exportDatabase({ source, target: store });
  const before = await bench.read(source);
  await expect(exportDatabase({ source, target: store, extendHistory: 3 })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
  });
  expect(differences(before, await bench.read(source))).toEqual([]);
});

it("another database's raised history_days are not put back here", async () => {
  await using bench = await Bench.start();
  const [source, other] = [await bench.emptyDatabase(), await bench.emptyDatabase()];
  await shop(source);
  await shop(other);
  const store = new MemoryStore();
  const left = {
    format: "fauna-ark",
    version: 1,
    started: new Date().toISOString(),
    source: { endpoint: bench.endpoint, database: "elsewhere", globalId: "zzz" },
    collections: [{ database: [], name: "Kept", madeBy: "v10", was: 0, raised: 2 }],
  };
  await writeWhole(store, "raised-history.json", JSON.stringify(left));
  await expect(restoreHistory({ source: other, archive: store })).rejects.toMatchObject({
    code: "ERR_USAGE",
    message: expect.stringContaining("database elsewhere"),
  });
  expect(await historyDays(other)).toEqual(BEFORE);
  expect(await readRaisedHistory(store)).toBeDefined();
});
