import { describe, expect, it } from "vitest";
import { fitsInt, parseLong } from "../../../src/values/long.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

describe("a long", () => {
  it("has 64 bits", () => {
    expect(parseLong("9223372036854775807")).toBe(2n ** 63n - 1n);
    expect(parseLong("-9223372036854775808")).toBe(-(2n ** 63n));
    for (const text of ["9223372036854775808", "-9223372036854775809", "", "1.0", "1e3", "0x1"]) {
      expect(() => parseLong(text), text).toThrow(refused);
    }
  });

  it("is an int for v10 when 32 bits hold it", () => {
    expect([2147483647n, -2147483648n, 2147483648n].map(fitsInt)).toEqual([true, true, false]);
  });
});
