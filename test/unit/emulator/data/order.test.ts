import { describe, expect, it } from "vitest";
import { DocRef, StoredSet, compareData, type Data } from "../../../../src/emulator/data/data.ts";
import { LocalDate } from "../../../../src/values/date.ts";
import { Time } from "../../../../src/values/time.ts";
import { Uuid } from "../../../../src/values/uuid.ts";

/** Values in Fauna's order. */
const ASCENDING: readonly Data[] = [
  -Infinity,
  -1n,
  -0,
  0,
  1.5,
  10n,
  2n ** 53n,
  2n ** 53n + 1n,
  Infinity,
  Number.NaN,
  Uint8Array.of(),
  Uint8Array.of(1),
  Uint8Array.of(1, 0),
  "",
  "-",
  "1",
  "a",
  "A",
  "ab",
  "aB",
  "b",
  "é",
  "f",
  [],
  [1n],
  [1n, 2n],
  [2n],
  new Map<string, Data>([["a", 1n]]),
  new Map<string, Data>([["b", 0n]]),
  new StoredSet("x"),
  new DocRef(1024, 9n),
  new DocRef(1024, 10n),
  new DocRef(1, 1024n),
  Time.parse("2020-01-01T00:00:00Z"),
  Time.parse("2020-01-01T00:00:00.000000001Z"),
  LocalDate.parse("2019-12-31"),
  LocalDate.parse("2020-01-01"),
  Uuid.parse("123e4567-e89b-12d3-a456-426614174000"),
  false,
  true,
  null,
];

describe("the order of values", () => {
  it("ranks kinds as Fauna's indexes do, and values within a kind", () => {
    for (const [i, a] of ASCENDING.entries()) {
      for (const [j, b] of ASCENDING.entries()) {
        expect(Math.sign(compareData(a, b)), `${i} and ${j}`).toBe(Math.sign(i - j));
      }
    }
  });

  it("puts longs and doubles of one value together", () => {
    expect(compareData(1n, 1)).toBe(0);
    expect(compareData(0n, 0)).toBe(0);
    expect(compareData(2n ** 53n + 1n, 2 ** 53)).toBe(1);
  });
});
