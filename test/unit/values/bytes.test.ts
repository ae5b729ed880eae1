import { describe, expect, it } from "vitest";
import { parseBase64, printBase64 } from "../../../src/values/bytes.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

describe("bytes", () => {
  it("are read from both alphabets of base64 and written in the standard one", () => {
    expect(printBase64(parseBase64("-_8="))).toBe("+/8=");
    expect(printBase64(parseBase64("+/8"))).toBe("+/8=");
    expect(printBase64(new Uint8Array())).toBe("");
    expect(parseBase64("").length).toBe(0);
  });

  it("are refused when they are not base64", () => {
    for (const text of ["!", "A", "AAAAA", "AA=", "A===", "AA==AA=="])
      expect(() => parseBase64(text), text).toThrow(refused);
  });
});
