import { describe, expect, it } from "vitest";
import { merge } from "../../../src/flow/flow.ts";
import { collect, counting, each } from "../../support/generators.ts";

describe("merge", () => {
  it("yields every item of every source, each source in its own order", async () => {
    const all = await collect(
      merge([each(["a1", "a2", "a3"]), each(["b1"]), each([]), each(["c1", "c2"])]),
    );
    expect(all.toSorted()).toEqual(["a1", "a2", "a3", "b1", "c1", "c2"]);
    expect(all.filter((item) => item.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  });

  it("lets no source starve the others", async () => {
    const all = await collect(merge([each(["a", "a", "a", "a"]), each(["b", "b", "b", "b"])]));
    expect(all.slice(0, 4).toSorted()).toEqual(["a", "a", "b", "b"]);
  });

  it("goes on with the others while one is silent", async () => {
    let speak!: () => void;
    const silent = (async function* () {
      await new Promise<void>((resolve) => (speak = resolve));
      yield "late";
    })();
    const seen: string[] = [];
    for await (const item of merge([silent, each(["x", "y"])])) {
      seen.push(item);
      if (seen.length === 2) speak();
    }
    expect(seen).toEqual(["x", "y", "late"]);
  });

  it("ends at once without sources", async () => {
    expect(await collect(merge([]))).toEqual([]);
  });

  it("closes every source when the consumer leaves", async () => {
    const sources = [counting(5), counting(5)];
    for await (const _ of merge(sources.map((source) => source.items))) break;
    expect(sources.map((source) => source.closed)).toEqual([true, true]);
  });

  it("closes every source when one fails, and throws that failure", async () => {
    const other = counting(1000);
    const failing = (async function* (): AsyncGenerator<number, void, undefined> {
      yield 1;
      throw new Error("broken");
    })();
    await expect(collect(merge([other.items, failing]))).rejects.toThrow("broken");
    expect(other.closed).toBe(true);
  });
});
