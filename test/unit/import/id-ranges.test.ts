import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdRanges } from "../../../src/import/id-ranges.ts";
import { IdSet } from "../../../src/import/id-set.ts";
import { compareIds, type DocumentRecord, makeRecord } from "../../../src/values/record.ts";

const anyId = fc.oneof(fc.bigInt(0n, 500n), fc.bigInt(0n, 2n ** 63n - 1n)).map(String);
const pages = fc.array(fc.uniqueArray(anyId, { maxLength: 20 }), { maxLength: 12 });

const record = (id: string): DocumentRecord => makeRecord(id, "1", { dataText: "{}" });
const setOf = (ids: readonly string[]): IdSet => {
  const set = new IdSet();
  for (const id of ids) set.add(id);
  return set;
};

/** Ranges that saw pages of ids, and took those of each some pages later, as an import does. */
function rangesOf(all: readonly (readonly string[])[], size: number, later: number): IdRanges {
  const ranges = new IdRanges(size);
  const add = (ids: readonly string[]): void => ids.forEach((id) => ranges.add(id));
  for (const [index, ids] of all.entries()) {
    ranges.saw(ids.map(record));
    add(all[index - later] ?? []);
  }
  for (const ids of all.slice(Math.max(0, all.length - later))) add(ids);
  return ranges;
}

describe("ranges of ids", () => {
  it("cover every id once, and each holds those that fall into it, in whatever order they come", () => {
    fc.assert(
      fc.property(
        pages,
        fc.integer({ min: 1, max: 30 }),
        fc.nat(3),
        fc.boolean(),
        (all, size, later, sort) => {
          const unique = [...new Set(all.flat())];
          const order = sort ? unique.toSorted(compareIds) : unique;
          const read = all.map((_, i) => order.filter((__, at) => at % all.length === i));
          const inOrder = sort
            ? Array.from({ length: Math.ceil(order.length / 7) }, (_, i) =>
                order.slice(i * 7, i * 7 + 7),
              )
            : read;
          const { ranges } = rangesOf(inOrder, size, later);
          expect(ranges[0]!.from).toBeUndefined();
          expect(ranges.at(-1)!.to).toBeUndefined();
          for (const [index, { from, to, ids }] of ranges.entries()) {
            const next = ranges[index + 1];
            if (next !== undefined) expect(BigInt(next.from!)).toBe(BigInt(to!) + 1n);
            const inside = order.filter(
              (id) =>
                (from === undefined || compareIds(from, id) <= 0) &&
                (to === undefined || compareIds(id, to) <= 0),
            );
            expect(ids.equals(setOf(inside))).toBe(true);
          }
        },
      ),
    );
  });

  it("are about as many as the ids need, where they ascend", () => {
    const ids = Array.from({ length: 1000 }, (_, n) => String(n * 3));
    const read = Array.from({ length: 100 }, (_, n) => ids.slice(n * 10, n * 10 + 10));
    expect(rangesOf(read, 100, 2).ranges).toHaveLength(10);
    expect(rangesOf(read.toReversed(), 100, 2).ranges).toHaveLength(1);
  });
});
