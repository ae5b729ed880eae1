/** Any documents go into a database and come out as they were; what differs between any two sets is found. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import type { DocumentRecord } from "../../src/values/record.ts";
import { collectionRef, documentRef, Lambda, Ref, type Value } from "../../src/values/value.ts";
import { parseJson } from "../../src/values/json.ts";
import { Uuid } from "../../src/values/uuid.ts";
import { printV4 } from "../../src/values/v4.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { writeRecords } from "../support/archives.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { anyTaggedValue, dataOf } from "../support/values.ts";

let bench: Bench;
let folder: string;

beforeAll(async () => {
  bench = await Bench.start();
  folder = await mkdtemp(join(tmpdir(), "fauna-ark-test-"));
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const LAMBDA = new Lambda(
  parseJson('{"api_version":"4","lambda":["a","_"],"expr":{"add":[{"var":"a"},1.0]}}'),
);

/**
 * A value that an import can write: references lead somewhere, text is Unicode (live 17), and no array holds a uuid,
 * which v10 cannot write and v4 not beside a null (facts §3.2, live 11).
 */
function taken(value: Value, inArray = false): Value {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map((item) => taken(item, true));
  if (value instanceof Map) {
    return new Map([...value].map(([key, member]) => [key.toWellFormed(), taken(member, inArray)]));
  }
  if (value instanceof Uuid && inArray) return value.text;
  if (!(value instanceof Ref)) return value;
  return value.collection?.id === "collections" || value.collection === undefined
    ? collectionRef("docs")
    : documentRef("docs", /^\d+$/.test(value.id) ? value.id : "7");
}

const data = fc
  .tuple(dataOf(anyTaggedValue), fc.constantFrom("none", "lambda", "native"))
  .map(([object, more]) => {
    const stored = taken(object) as Map<string, Value>;
    if (more === "lambda") stored.set("aLambda", LAMBDA);
    if (more === "native") stored.set("aNative", new Ref("keys"));
    return printV4(stored);
  });

const document = fc.record({
  id: fc.oneof(fc.bigInt(0n, 60n), fc.bigInt(0n, 2n ** 63n - 1n)),
  ts: fc.bigInt(0n, 1_700_000_000_000_000n),
  ttl: fc.constantFrom(undefined, "2999-01-01T00:00:00.000001Z"),
  dataText: data,
});

const documents = (maxLength: number): fc.Arbitrary<DocumentRecord[]> =>
  fc
    .uniqueArray(document, { selector: ({ id }) => id, minLength: 1, maxLength, size: "max" })
    .map((all) =>
      all
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ id, ttl, ...rest }) => ({
          ...rest,
          id: String(id),
          ...(ttl === undefined ? {} : { ttl }),
        })),
    );

describe("any documents", () => {
  it("come out of import and export as they were", async () => {
    await fc.assert(
      fc.asyncProperty(documents(150), async (records) => {
        const archive = new MemoryStore();
        await writeRecords(archive, [records]);
        const target = await bench.emptyDatabase();
        const { documents: counts, notes } = await importArchive({
          source: archive,
          target,
          batchDocuments: 40,
          deadLetterFile: join(folder, "refused.ndjson"),
        });
        expect(counts.refused, JSON.stringify(notes)).toBe(0);
        const again = new MemoryStore();
        await exportDatabase({ source: target, target: again, pageSize: 30, rangeDocuments: 50 });
        const [before] = await fingerprints(archive);
        const [after] = await fingerprints(again);
        expect(after!.content).toBe(before!.content);
        if (counts.newTs === 0) expect(after!.exact).toBe(before!.exact);
        expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });
});

describe("any two sets of documents", () => {
  const few = documents(20).map((all) => all.filter(({ id }) => id.length < 3));

  it("differ by just the ids that verification names", async () => {
    await fc.assert(
      fc.asyncProperty(few, few, async (mine, theirs) => {
        const archive = new MemoryStore();
        const other = new MemoryStore();
        await writeRecords(archive, [mine], { segmentBytes: 100 });
        await writeRecords(other, [theirs]);
        const target = await bench.emptyDatabase();
        await importArchive({
          source: other,
          target,
          deadLetterFile: join(folder, "refused.ndjson"),
        });
        const { against } = await verifyArchive({ archive, against: target, pageSize: 3 });
        const left = new Map(mine.map((record) => [record.id, record]));
        const right = new Map(theirs.map((record) => [record.id, record]));
        const ids = against!.collections[0]!.ids;
        expect(ids.missing).toEqual([...left.keys()].filter((id) => !right.has(id)));
        expect(ids.extra).toEqual([...right.keys()].filter((id) => !left.has(id)));
        const both = [...left.keys()].filter((id) => right.has(id));
        for (const id of both) {
          const same = left.get(id)!.dataText === right.get(id)!.dataText;
          if (!same) expect(ids.different).toContain(id);
        }
        expect(both).toEqual(expect.arrayContaining([...ids.different, ...ids.newTs]));
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
});
