import { describe, expect, it } from "vitest";
import { parseRates } from "../../../src/cli/rate.ts";

describe("--max-rate", () => {
  it.each([
    [["500docs/s"], { documents: 500 }],
    [["1document/s"], { documents: 1 }],
    [["5MiB/s"], { bytes: 5 * 1024 * 1024 }],
    [["1.5 kB/s"], { bytes: 1500 }],
    [["1000ops/s"], { ops: 1000 }],
    [["500docs/s", "5MB/s", "20 Ops/s"], { documents: 500, bytes: 5_000_000, ops: 20 }],
    [[], {}],
  ])("reads %j", (written, rates) => {
    expect(parseRates(written)).toEqual(rates);
  });

  it.each([
    "500",
    "docs/s",
    "5MiB",
    "5MiB/min",
    "0docs/s",
    "-1ops/s",
    "5 pages/s",
    "1e3docs/s",
    "5/s",
    "5constructor/s",
  ])("refuses %j, and says how one is written", (written) => {
    expect(() => parseRates([written])).toThrow(
      expect.objectContaining({
        code: "ERR_USAGE",
        place: "--max-rate",
        hint: expect.stringContaining("500docs/s") as string,
      }),
    );
  });

  it("refuses two for one unit", () => {
    expect(() => parseRates(["5MiB/s", "6kB/s"])).toThrow(/one for bytes already/);
  });
});
