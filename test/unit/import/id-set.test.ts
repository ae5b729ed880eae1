import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdSet } from "../../../src/import/id-set.ts";
import { cutIdPage } from "../../../src/values/id-page.ts";

const setOf = (ids: readonly string[]): IdSet => {
  const set = new IdSet();
  for (const id of ids) set.add(id);
  return set;
};

const ids = fc.uniqueArray(fc.bigInt(0n, 2n ** 63n - 1n).map(String), { minLength: 1 });

describe("a set of ids", () => {
  it("is equal to one of the same ids in any order", () => {
    fc.assert(
      fc.property(ids, (all) => {
        expect(setOf(all).equals(setOf(all.toReversed()))).toBe(true);
      }),
    );
  });

  it("differs from one with an id more, less, or another", () => {
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        const same = one.length === other.length && one.every((id) => other.includes(id));
        expect(setOf(one).equals(setOf(other))).toBe(same);
        expect(setOf(one).equals(setOf(one.slice(1)))).toBe(false);
      }),
    );
  });

  it("counts an id that comes twice as two", () => {
    expect(setOf(["1", "1"]).equals(setOf(["1"]))).toBe(false);
    expect(setOf(["1", "1"]).count).toBe(2);
  });

  it("is the same, whether its ids are texts or lie in a page", () => {
    fc.assert(
      fc.property(ids, (all) => {
        const refs = all.map(
          (id) =>
            `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}}}`,
        );
        const page = cutIdPage(Buffer.from(`{"resource":{"data":[${refs.join(",")}]}}`));
        const set = new IdSet();
        set.addAll(page.ids);
        expect([...page.ids]).toEqual(all);
        expect(set.equals(setOf(all))).toBe(true);
        expect(set.equals(setOf(all.slice(1)))).toBe(false);
      }),
    );
  });
});
