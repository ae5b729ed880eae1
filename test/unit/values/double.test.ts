import { describe, expect, it } from "vitest";
import { parseDouble, printDouble } from "../../../src/values/double.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

describe("a double", () => {
  it("is printed as Java prints it", () => {
    const cases: [number, string][] = [
      [1, "1.0"],
      [100, "100.0"],
      [-0, "-0.0"],
      [0, "0.0"],
      [1e10, "1.0E10"],
      [1e7, "1.0E7"],
      [9_999_999, "9999999.0"],
      [0.001, "0.001"],
      [0.0001, "1.0E-4"],
      [123.456, "123.456"],
      [5e-324, "4.9E-324"],
      [2e-323, "2.0E-323"],
      [1e23, "1.0E23"],
      [Number.MAX_VALUE, "1.7976931348623157E308"],
      [NaN, "NaN"],
      [-Infinity, "-Infinity"],
    ];
    for (const [n, text] of cases) {
      expect(printDouble(n)).toBe(text);
      expect(parseDouble(text)).toBe(n);
    }
  });

  it("is refused when its text is none", () => {
    for (const text of ["", "one", "0x10", "∞", "1.0f"])
      expect(() => parseDouble(text), text).toThrow(refused);
  });
});
