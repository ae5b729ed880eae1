/** A plan's intervals hold what an export then does, and finding them out is cheap. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { type Estimate, type ExportPlan, planExport } from "../../src/export/plan.ts";
import { type Connection, scoped } from "../../src/fauna/fauna.ts";
import { createDatabase } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Pseudo-random numbers in [0, 1), the same every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Fills a collection with documents of such sizes, under the ids that `idOf` gives them. */
async function fill(
  database: Connection,
  collection: string,
  sizes: readonly number[],
  idOf: (index: number) => bigint = (index) => BigInt(index + 1),
): Promise<void> {
  await database.v10(`Collection.create({ name: ${JSON.stringify(collection)} })`);
  const words = numbers(7);
  for (let at = 0; at < sizes.length; at += 500) {
    const rows = sizes.slice(at, at + 500).map((size, index) => {
      const text = Array.from({ length: Math.ceil(size / 8) }, () =>
        Math.floor(words() * 1e8),
      ).join("");
      return `{"id":"${idOf(at + index)}","text":${JSON.stringify(text.slice(0, size))}}`;
    });
    await database.v10(
      `documents.forEach(d => Collection(name).create({ id: d.id, text: d.text }))`,
      { arguments: { documents: `[${rows.join(",")}]`, name: JSON.stringify(collection) } },
    );
  }
}

function expectWithin(actual: number, { expected, low, high }: Estimate, what: string): void {
  expect(low, what).toBeLessThanOrEqual(expected);
  expect(high, what).toBeGreaterThanOrEqual(expected);
  expect(actual, what).toBeGreaterThanOrEqual(low);
  expect(actual, what).toBeLessThanOrEqual(high);
}

/** Exports for real, and compares with what was planned. */
async function expectTrue(plan: ExportPlan, source: Connection): Promise<void> {
  const before = source.counters;
  const report = await exportDatabase({ source, target: new MemoryStore(), recursive: true });
  const { readOps, requests } = source.counters;
  expectWithin(report.documents, plan.documents, "documents");
  expectWithin(report.plainBytes, plan.plainBytes, "plain bytes");
  expectWithin(report.storedBytes, plan.storedBytes, "stored bytes");
  expectWithin(readOps - before.readOps, plan.readOps, "read ops");
  expectWithin(requests - before.requests, plan.requests, "requests");
  for (const { database, name, documents } of report.collections) {
    const planned = plan.collections.find(
      (each) => each.database === database && each.name === name,
    )!;
    expectWithin(documents, planned.documents, name);
  }
}

describe("a plan", () => {
  it("holds the truth of documents of about equal size, and reads a fiftieth of them", async () => {
    const source = await bench.emptyDatabase();
    const random = numbers(1);
    await fill(
      source,
      "Even",
      Array.from({ length: 20_000 }, () => 100 + Math.floor(random() * 100)),
    );
    const plan = await planExport({ source });
    expect(plan.documents).toEqual({ expected: 20_000, low: 20_000, high: 20_000 });
    expect(plan.used.documents).toBeLessThanOrEqual(20_000 * 0.025);
    // The tree and schema, one page of refs and a last one, sixteen looks.
    expect(plan.used.requests).toBeLessThanOrEqual(40);
    const { expected, low, high } = plan.plainBytes;
    expect((high - low) / expected).toBeLessThan(0.1);
    await expectTrue(plan, source);
    expect(plan.used.readOps).toBeLessThan(0.05 * plan.readOps.expected);
  });

  it("holds the truth where a few documents are most of the bytes, and says how little it knows", async () => {
    const source = await bench.emptyDatabase();
    const random = numbers(2);
    const sizes = Array.from({ length: 8_000 }, () => (random() < 0.02 ? 20_000 : 50));
    await fill(source, "Skewed", sizes);
    const plan = await planExport({ source });
    const { expected, low, high } = plan.plainBytes;
    expect((high - low) / expected).toBeGreaterThan(0.2);
    await expectTrue(plan, source);
  });

  it("holds the truth where documents grow along their ids", async () => {
    const source = await bench.emptyDatabase();
    await fill(
      source,
      "Growing",
      Array.from({ length: 6_000 }, (_, index) => 20 + Math.floor(index / 10)),
    );
    await expectTrue(await planExport({ source }), source);
  });

  it("knows small databases exactly, and empty ones", async () => {
    const source = await bench.emptyDatabase();
    await fill(source, "Few", [10, 20, 30, 4_000]);
    await fill(source, "None", []);
    const plan = await planExport({ source, compression: "none" });
    const { plainBytes } = await exportDatabase({ source, target: new MemoryStore() });
    expect(plan.plainBytes).toEqual({ expected: plainBytes, low: plainBytes, high: plainBytes });
    expect(plan.storedBytes).toEqual(plan.plainBytes);
    expect(plan.collections.map(({ name, sampled }) => [name, sampled])).toEqual([
      ["Few", 4],
      ["None", 0],
    ]);
    expect(plan.collections[1]!.chunks).toEqual({ ranges: 0, documentsPerRange: 0, segments: 0 });
    const empty = await planExport({ source: await bench.emptyDatabase() });
    expect(empty).toMatchObject({ documents: { expected: 0, high: 0 }, historySeconds: null });
    expect(empty.formula.k).toBe(1);
  });

  it("counts by a few looks when it is to be quick, wherever the ids lie", async () => {
    const source = await bench.emptyDatabase();
    const random = numbers(3);
    const sizes = Array.from({ length: 12_000 }, () => 30 + Math.floor(random() * 20));
    // As Fauna gives them: a moment and a counter.
    await fill(
      source,
      "Clocked",
      sizes,
      (index) => 400_000_000_000_000_000n + BigInt(index) * 65_536_000n + BigInt(index % 3),
    );
    // One dense block below, another above.
    await fill(source, "Blocks", sizes, (index) =>
      index < 9_000 ? BigInt(index + 1) : 300_000_000_000_000_000n + BigInt(index) * 1_000_000n,
    );
    await fill(source, "Small", sizes.slice(0, 700));
    const quick = await planExport({ source, quick: true });
    expect(quick.counted).toBe("by looks");
    const truth = { Clocked: 12_000, Blocks: 12_000, Small: 700 };
    for (const { name, documents } of quick.collections)
      expectWithin(truth[name as keyof typeof truth], documents, name);
    expect(quick.collections.find(({ name }) => name === "Small")!.documents.low).toBe(700);
    const { expected, low, high } = quick.collections.find(
      ({ name }) => name === "Clocked",
    )!.documents;
    expect((high - low) / expected).toBeLessThan(0.5);
    expect(quick.used.requests).toBeLessThan(3 * (32 + 16) + 30);
  });

  it("counts exactly by few looks what they see whole, also where ids are too close for floating numbers", async () => {
    const source = await bench.emptyDatabase();
    const sizes = Array.from({ length: 2_500 }, () => 30);
    await fill(source, "Close", sizes, (index) => 400_000_000_000_000_000n + BigInt(index) * 64n);
    await fill(source, "Last", sizes, (index) => 2n ** 63n - 2_500n + BigInt(index));
    const { collections } = await planExport({ source, quick: true });
    for (const { documents } of collections)
      expect(documents).toEqual({ expected: 2_500, low: 2_500, high: 2_500 });
  });

  it("covers the databases below, and leaves out what is not asked for", async () => {
    const source = await bench.emptyDatabase();
    await fill(
      source,
      "Top",
      Array.from({ length: 300 }, () => 50),
    );
    await fill(
      source,
      "Log",
      Array.from({ length: 300 }, () => 50),
    );
    await createDatabase(source, "below");
    await fill(
      await scoped(source, "below", "admin"),
      "Inner",
      Array.from({ length: 250 }, () => 80),
    );
    const plan = await planExport({ source, recursive: true });
    expect(plan.collections.map(({ database, name }) => `${database}/${name}`).toSorted()).toEqual([
      "/Log",
      "/Top",
      "below/Inner",
    ]);
    await expectTrue(plan, source);
    const one = await planExport({ source, exclude: ["Log"] });
    expect(one.collections.map(({ name }) => name)).toEqual(["Top"]);
  });

  it("writes nothing", async () => {
    const source = await bench.emptyDatabase();
    await fill(source, "Few", [10, 20]);
    const { writeOps } = source.counters;
    const before = await bench.read(source);
    await planExport({ source });
    expect(source.counters.writeOps).toBe(writeOps);
    expect(await bench.read(source)).toEqual(before);
  });
});
