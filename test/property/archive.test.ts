import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkArchive, type Manifest, openArchive } from "../../src/archive/archive.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Fingerprint } from "../../src/values/fingerprint.ts";
import type { DocumentRecord } from "../../src/values/record.ts";
import { type Way, ways } from "../support/age.ts";
import { contents, writeRecords } from "../support/archives.ts";
import { collect } from "../support/generators.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ maxLength: 400 }));

/** Records of a collection: any ids in their order, any times, small and large data. */
const records: fc.Arbitrary<DocumentRecord[]> = fc
  .uniqueArray(
    fc.record({
      id: fc.oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, 2n ** 63n - 1n)),
      ts: fc.bigInt(-(10n ** 15n), 10n ** 16n),
      data: fc.dictionary(text, text, { noNullPrototype: true, maxKeys: 4 }),
      ttl: fc.boolean(),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 60 },
  )
  .map((items) =>
    items
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, ts, data, ttl }) => ({
        id: String(id),
        ts,
        ...(ttl ? { ttl: "2099-01-01T00:00:00Z" } : {}),
        dataText: JSON.stringify(data),
      })),
  );

const sizes = fc.record({
  segmentBytes: fc.integer({ min: 100, max: 5000 }),
  frameBytes: fc.integer({ min: 1, max: 2000 }),
  compression: fc.constantFrom("none" as const, "gzip" as const),
});

function chunked<T>(items: readonly T[], lengths: readonly number[]): T[][] {
  const batches: T[][] = [];
  for (let at = 0, i = 0; at < items.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    batches.push(items.slice(at, at + length));
    at += length;
  }
  return batches;
}
/** Lengths of batches, empty ones too. */
const lengths = fc.array(fc.nat(20), { minLength: 1 }).filter((all) => all.some((n) => n > 0));
const collectionOf = (manifest: Manifest) => manifest.databases[0]!.collections[0]!;

describe("an archive, for any records", () => {
  it("is the same to the last byte however the records were chunked on the way in", async () => {
    await fc.assert(
      fc.asyncProperty(records, lengths, sizes, async (all, cuts, options) => {
        const one = new MemoryStore();
        const other = new MemoryStore();
        await writeRecords(one, [all], options);
        await writeRecords(other, chunked(all, cuts), options);
        expect(await contents(other)).toEqual(await contents(one));
      }),
    );
  });

  it("has the same records and fingerprint however large segments and frames are", async () => {
    await fc.assert(
      fc.asyncProperty(records, sizes, async (all, options) => {
        const store = new MemoryStore();
        const manifest = await writeRecords(store, [all], options);
        const expected = new Fingerprint();
        for (const record of all) expected.add("docs", record);
        expect(collectionOf(manifest).fingerprint).toEqual(expected.toJSON());
        const archive = await openArchive(store);
        const frames = await collect(archive.records(archive.collection("docs")));
        expect(frames.flatMap((frame) => frame.records)).toEqual(all);
        expect((await checkArchive(store)).problems).toEqual([]);
      }),
    );
  });

  it("gives them back when it is encrypted, one by one too, and shows none of them", async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        sizes,
        fc.constantFrom<Way>(...ways),
        async (all, options, { encryption, unlock }) => {
          const store = new MemoryStore();
          await writeRecords(store, [all], { ...options, segmentBytes: 20_000, encryption });
          const archive = await openArchive(store, unlock);
          const docs = archive.collection("docs");
          const frames = await collect(archive.records(docs));
          expect(frames.flatMap((frame) => frame.records)).toEqual(all);
          const some = all[all.length >> 1]!;
          expect(await archive.record(docs, some.id)).toEqual(some);
          expect((await checkArchive(store, { unlock })).problems).toEqual([]);
          for (const [name, bytes] of await contents(store))
            if (name.includes("data/")) expect(bytes.includes(`"id":"${some.id}"`)).toBe(false);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("gives back every record by its id, and nothing for any other id", async () => {
    await fc.assert(
      fc.asyncProperty(records, sizes, fc.bigInt(0n, 60n), async (all, options, other) => {
        const store = new MemoryStore();
        await writeRecords(store, [all], options);
        const archive = await openArchive(store);
        const docs = archive.collection("docs");
        for (const record of all) expect(await archive.record(docs, record.id)).toEqual(record);
        const expected = all.find(({ id }) => id === String(other));
        expect(await archive.record(docs, String(other))).toEqual(expected);
      }),
    );
  });
});
