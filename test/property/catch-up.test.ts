/**
 * Whatever is written at whatever moments of an export that catches up, and however its pages, ranges and rounds fall:
 * the archive holds what the database held at the archive's moment.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { documentsIn, documentsOf, MINUTE_US, OutlivingBench } from "../support/outliving.ts";

let outliving: OutlivingBench;

beforeAll(async () => {
  outliving = await OutlivingBench.start();
});

afterAll(async () => {
  await outliving?.[Symbol.asyncDispose]();
});

const COLLECTIONS = ["A", "B"] as const;

/** A write to a document, whatever has become of it by then. */
const WRITES: Readonly<Record<string, (collection: string, id: string, n: number) => string>> = {
  put: (collection, id, n) => `
    let d = ${collection}.byId("${id}")
    if (d.exists()) d!.replace({ n: ${n} }) else ${collection}.create({ id: "${id}", n: ${n} })`,
  delete: (collection, id) => `
    let d = ${collection}.byId("${id}")
    if (d.exists()) d!.delete()`,
  again: (collection, id, n) => `
    let d = ${collection}.byId("${id}")
    if (d.exists()) d!.delete()
    ${collection}.create({ id: "${id}", again: ${n} })`,
  expiring: (collection, id) => `
    let d = ${collection}.byId("${id}")
    if (d.exists()) d!.update({ ttl: Time.now().add(6, "minutes") })`,
  swap: (collection, id, n) => `
    let here = ${collection}.byId("${id}")
    let there = ${collection === "A" ? "B" : "A"}.byId("${id}")
    if (here.exists() && !there.exists()) {
      here!.delete()
      ${collection === "A" ? "B" : "A"}.create({ id: "${id}", moved: ${n} })
    }`,
};

const write = fc.record({
  /** Before which request of the export, counted from the first. */
  before: fc.integer({ min: 0, max: 70 }),
  what: fc.constantFrom(...Object.keys(WRITES)),
  collection: fc.constantFrom(...COLLECTIONS),
  id: fc.integer({ min: 1, max: 14 }).map(String),
});

const scenario = fc.record({
  documents: fc.integer({ min: 0, max: 14 }),
  writes: fc.array(write, { maxLength: 40 }),
  pageSize: fc.integer({ min: 1, max: 4 }),
  rangeDocuments: fc.integer({ min: 1, max: 6 }),
  window: fc.integer({ min: 1, max: 3 }),
  rounds: fc.integer({ min: 0, max: 3 }),
});

async function database(documents: number): Promise<Connection> {
  const source = await outliving.bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "A" }); Collection.create({ name: "B", history_days: 1 })',
  );
  await source.v10(
    `Set.sequence(0, ${documents}).forEach(n => { A.create({ id: n + 1, n: n }); B.create({ id: n + 2, n: n }) })`,
  );
  return source;
}

it("the archive is the database at its moment, for any writes at any moments", async () => {
  let caughtUp = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ documents, writes, rounds, ...sizes }) => {
      const source = await database(documents);
      const waiting = writes.toSorted((a, b) => a.before - b.before);
      let requests = 0;
      let isWriting = false;
      outliving.pageTakes = 2n * MINUTE_US;
      outliving.onRequest = async ({ path }) => {
        // Feeds are read all the time; they say nothing of how far the export is.
        if (isWriting || path === "/feed/1") return;
        const now = requests++;
        isWriting = true;
        try {
          while (waiting[0] !== undefined && waiting[0].before <= now) {
            const { what, collection, id } = waiting.shift()!;
            await source.v10(`${WRITES[what]!(collection, id, now)}\n0`, { typecheck: false });
          }
        } finally {
          isWriting = false;
        }
      };
      const store = new MemoryStore();
      let report;
      try {
        report = await exportDatabase({
          source,
          target: store,
          catchUp: { feedEveryMs: 1, lastLookSeconds: 0, rounds },
          ...sizes,
        });
      } finally {
        outliving.forget();
      }
      const archived = await documentsIn(store);
      const there = await documentsOf(outliving.bench, source, COLLECTIONS, archived.ts);
      expect(archived.documents).toEqual(there);
      expect(report.documents).toBe(there.size);
      caughtUp += report.caughtUp?.documents ?? 0;
      runs++;
    }),
    { numRuns: 25, endOnFailure: true },
  );
  console.log(`${runs} exports, ${caughtUp} documents caught up`);
  expect(caughtUp).toBeGreaterThan(0);
});
