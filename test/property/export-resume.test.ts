/** However often, whenever and however an export is interrupted, going on with it makes the archive of an undisturbed one. */
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { type Ending, Interruption } from "../support/interrupted.ts";

let bench: Bench;
let source: Connection;
let expected: Awaited<ReturnType<typeof fingerprints>>;

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  for (const [name, documents] of Object.entries({ A: 130, B: 40, C: 1, D: 0 })) {
    await source.v10(`Collection.create({ name: "${name}" })`);
    await source.v10(
      `Set.sequence(0, ${documents}).forEach(n => ${name}.create({ id: (n * n).toString(), n: n }))`,
    );
  }
  const store = new MemoryStore();
  await exportDatabase({ source, target: store });
  expected = await fingerprints(store);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const interruptions = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 130 }),
    ending: fc.constantFrom<Ending>("stopped", "cut off", "killed"),
    /** May be others in each run: they change no record. */
    pageSize: fc.integer({ min: 1, max: 40 }),
    window: fc.integer({ min: 1, max: 5 }),
    rangeDocuments: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    segmentBytes: fc.constantFrom(60, 500, 64 * 1024),
  }),
  { minLength: 1, maxLength: 4 },
);

it("an export that is interrupted at any requests is whole once it is gone on with to the end", async () => {
  let interrupted = 0;
  await fc.assert(
    fc.asyncProperty(interruptions, async (all) => {
      const store = new MemoryStore();
      for (const { at, ending, ...limits } of [...all, { ...all[0]!, at: Infinity }]) {
        const interruption = new Interruption(at, ending);
        const connection = interruption.connect(bench, source);
        const target = interruption.store(store);
        const { signal } = interruption;
        const run = exportDatabase({ ...limits, source: connection, target, signal, resume: true });
        const failed = await run.then(
          () => false,
          (error: { code: string }) => {
            expect(error.code).toMatch(/^ERR_(?:INTERRUPTED|TRY_AGAIN|ENDPOINT)$/);
            return true;
          },
        );
        await connection.close();
        const hasManifest = (await contents(store)).has("manifest.json");
        expect(hasManifest).toBe(!failed);
        if (hasManifest) break;
        interrupted++;
      }
      expect(await fingerprints(store)).toEqual(expected);
      const { equal, notes } = await verifyArchive({ archive: store, against: source });
      expect({ equal, notes }).toEqual({ equal: true, notes: [] });
    }),
    { numRuns: 15 },
  );
  expect(interrupted).toBeGreaterThan(5);
});
