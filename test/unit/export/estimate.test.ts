import { describe, expect, it } from "vitest";
import { exactly, meanOf, over, sumOf, times, whole } from "../../../src/export/estimate.ts";

function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How often the truth is in the interval, over many databases of documents of such sizes. */
function coverage(sizeOf: (random: () => number) => number, documents = 10_000): number {
  const runs = 400;
  let held = 0;
  for (let run = 0; run < runs; run++) {
    const random = numbers(run + 1);
    // Some steps, for near seeds begin alike.
    for (let step = 0; step < 10; step++) random();
    const sizes = Array.from({ length: documents }, () => sizeOf(random));
    const truth = sizes.reduce((sum, size) => sum + size, 0) / documents;
    const samples = Array.from({ length: 16 }, (_, index) => {
      const from = Math.floor((index * documents) / 16);
      const page = sizes.slice(from, from + 25);
      return { documents: page.length, sum: page.reduce((sum, size) => sum + size, 0) };
    });
    const { low, high } = meanOf(samples, (16 * 25) / documents);
    if (low <= truth && truth <= high) held++;
  }
  return held / runs;
}

describe("an interval from samples", () => {
  it("holds the truth nineteen times out of twenty where sizes differ evenly", () => {
    expect(coverage((random) => 100 + 900 * random())).toBeGreaterThan(0.92);
  });

  it("holds it nearly as often where one document in fifty is four hundred times as large", () => {
    expect(coverage((random) => (random() < 0.02 ? 20_000 : 50))).toBeGreaterThan(0.82);
  });

  it("is no wider than it has to be", () => {
    expect(coverage((random) => 100 + 900 * random())).toBeLessThan(0.985);
  });

  it("is exact when everything was looked at, and wide when there was one sample only", () => {
    const samples = [
      { documents: 3, sum: 30 },
      { documents: 1, sum: 50 },
    ];
    expect(meanOf(samples, 1)).toEqual(exactly(20));
    expect(meanOf([{ documents: 2, sum: 20 }], 0.1)).toEqual({ expected: 10, low: 5, high: 20 });
    expect(meanOf([], 0)).toEqual(exactly(0));
  });
});

describe("estimates", () => {
  const a = { expected: 10, low: 8, high: 12 };
  const b = { expected: 2, low: 1, high: 4 };

  it("multiply and divide with the ends that are worst", () => {
    expect(times(a, b)).toEqual({ expected: 20, low: 8, high: 48 });
    expect(over(a, b)).toEqual({ expected: 5, low: 2, high: 12 });
    expect(over(exactly(0), exactly(0))).toEqual(exactly(0));
  });

  it("add up with errors that were made apart", () => {
    const { expected, low, high } = sumOf([a, a, a, a]);
    expect([expected, low, high]).toEqual([40, 36, 44]);
    expect(sumOf([])).toEqual(exactly(0));
  });

  it("never become narrower as whole numbers", () => {
    expect(whole({ expected: 1.5, low: 1.2, high: 1.8 })).toEqual({ expected: 2, low: 1, high: 2 });
  });
});
