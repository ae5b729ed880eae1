import { describe, expect, it } from "vitest";
import { DocRef } from "../../../../src/emulator/data/data.ts";
import { Exhausted, withDeadline } from "../../../../src/emulator/limits/budget.ts";
import { Bench, document, field } from "./bench.ts";

const LONG_AGO = 0;
const MANY = 10_000;

/** A collection with an index over values that are compared member by member. */
function withPairs(): { bench: Bench; c: number; index: bigint } {
  const bench = new Bench();
  const c = bench.collection("c");
  const index = bench.index({
    sources: new Set([c]),
    terms: [],
    values: [field("pair", { explode: false })],
  });
  return { bench, c, index };
}

const pair = (i: number) => document({ pair: [BigInt(i % 7), BigInt(i)] });

describe("a deadline that has passed", () => {
  it("ends reading of documents and of rows", () => {
    const { bench, c, index } = withPairs();
    bench.run((t) => {
      for (let i = 0; i < MANY; i++) t.create(new DocRef(c, BigInt(i)), pair(i));
    });
    const reading = (read: () => Iterable<unknown>) => () =>
      withDeadline(LONG_AGO, () => [...read()].length);
    bench.run((t) => {
      expect(reading(() => t.documents(c))).toThrow(Exhausted);
      expect(reading(() => t.rows(index, []))).toThrow(Exhausted);
    });
  });

  it("does not keep anything from being taken back", () => {
    const { bench, c, index } = withPairs();
    const transaction = bench.cluster.begin();
    for (let i = 0; i < MANY; i++) transaction.create(new DocRef(c, BigInt(i)), pair(i));
    withDeadline(LONG_AGO, () => transaction.rollback());
    const left = bench.run((t) => [[...t.documents(c)].length, [...t.rows(index, [])].length]);
    expect(left).toEqual([0, 0]);
  });

  it("takes back the one write that it ends, in the documents as in the index", () => {
    const { bench, c, index } = withPairs();
    bench.run((t) => {
      let ended = 0;
      for (let i = 0; i < MANY; i++) {
        try {
          withDeadline(LONG_AGO, () => t.create(new DocRef(c, BigInt(i)), pair(i)));
        } catch (error) {
          if (!(error instanceof Exhausted)) throw error;
          ended++;
        }
      }
      const kept = MANY - ended;
      expect(ended).toBeGreaterThan(0);
      expect([[...t.documents(c)].length, [...t.rows(index, [])].length]).toEqual([kept, kept]);
    });
  });
});

describe("a transaction that is hopelessly too large", () => {
  it("is refused while it is written, before it takes all memory", () => {
    const { bench, c } = withPairs();
    const text = "x".repeat(1_000_000);
    const flood = () =>
      bench.run((t) => {
        for (let i = 0; i < 1000; i++) t.create(new DocRef(c, BigInt(i)), document({ text }));
      });
    expect(flood).toThrow(/Transaction exceeded limit: got 6\d{7} bytes, limit 16777216 bytes/);
  });
});
