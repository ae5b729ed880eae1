import { describe, expect, it } from "vitest";
import { batch } from "../../../src/flow/flow.ts";
import { collect, counting, each } from "../../support/generators.ts";

describe("batch", () => {
  it("groups by count, the last batch shorter", async () => {
    expect(await collect(batch(each([1, 2, 3, 4, 5]), { countMax: 2 }))).toEqual([
      [1, 2],
      [3, 4],
      [5],
    ]);
  });

  it("yields nothing for nothing", async () => {
    expect(await collect(batch(each([]), { countMax: 2 }))).toEqual([]);
  });

  it("stays within the bytes and lets a giant travel alone", async () => {
    const words = each(["aa", "bb", "c", "giant", "d"]);
    const limits = { countMax: 9, bytesMax: 4, sizeOf: (word: string) => word.length };
    expect(await collect(batch(words, limits))).toEqual([["aa", "bb"], ["c"], ["giant"], ["d"]]);
  });

  it("refuses a count that would never fill", async () => {
    await expect(collect(batch(each([1]), { countMax: 0 }))).rejects.toThrow(RangeError);
  });

  it("closes its source when the consumer leaves early", async () => {
    const source = counting(10);
    for await (const items of batch(source.items, { countMax: 3 })) {
      expect(items).toEqual([0, 1, 2]);
      break;
    }
    expect(source).toMatchObject({ read: 3, closed: true });
  });
});
