import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createArchive } from "../../src/archive/archive.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { compareIds, type DocumentRecord, makeRecord } from "../../src/values/record.ts";
import { type RecordBatch, RecordLines } from "../../src/values/record-lines.ts";
import { printV4 } from "../../src/values/v4.ts";
import { each } from "../support/generators.ts";
import { anyDocumentId, anyTs, anyValue, dataOf } from "../support/values.ts";

const anyRecords = fc
  .uniqueArray(
    fc
      .tuple(anyDocumentId, anyTs, dataOf(anyValue).map(printV4))
      .map(([id, ts, dataText]) => makeRecord(id, String(ts), { dataText })),
    { minLength: 1, maxLength: 20, selector: ({ id }) => id },
  )
  .map((records) => records.toSorted((a, b) => compareIds(a.id, b.id)));

/** Every file of an archive with one collection, but for the manifest's digest and date. */
async function written(
  batches: readonly RecordBatch[],
  options: { segmentBytes: number; frameBytes: number; compression: "none" | "gzip" },
): Promise<Map<string, string>> {
  const store = new MemoryStore();
  const archive = await createArchive(store, {
    tool: { name: "test", version: "0" },
    source: { endpoint: "http://localhost", database: null, globalId: null },
    snapshotTs: 5n,
    now: () => new Date(0),
    ...options,
  });
  const collection = archive.database().collection("C");
  await collection.write(each(batches));
  await archive.finish();
  const files = new Map<string, string>();
  for await (const { name } of store.list()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.read(name)) chunks.push(chunk);
    files.set(name, Buffer.concat(chunks).toString("base64"));
  }
  return files;
}

/** The records in batches of the given sizes, over and over. */
function batched(records: readonly DocumentRecord[], sizes: readonly number[]) {
  const batches: (readonly DocumentRecord[])[] = [];
  for (let at = 0, i = 0; at < records.length; i++) {
    const size = sizes[i % sizes.length]!;
    batches.push(records.slice(at, at + size));
    at += size;
  }
  return batches;
}

describe("an archive written from packed lines", () => {
  it("is byte for byte the one written from records, however both come and wherever segments end", async () => {
    const anySizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        anyRecords,
        anySizes,
        anySizes,
        fc.record({
          segmentBytes: fc.constantFrom(1, 200, 1000, 1 << 20),
          frameBytes: fc.constantFrom(1, 150, 700, 1 << 20),
          compression: fc.constantFrom("none" as const, "gzip" as const),
        }),
        async (records, sizes, others, options) => {
          const slow = await written(batched(records, sizes), options);
          const fast = await written(
            batched(records, others).map((batch, i) =>
              i % 3 === 2 ? batch : RecordLines.of("C", batch)!,
            ),
            options,
          );
          expect(fast).toEqual(slow);
          const one = await written(
            records.map((record) => [record]),
            options,
          );
          expect(fast).toEqual(one);
        },
      ),
      { numRuns: 200 },
    );
  });
});
