import { describe, expect, it } from "vitest";
import { Uuid } from "../../../src/values/uuid.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

describe("a UUID", () => {
  it("is checked and lower-cased", () => {
    expect(Uuid.parse("123E4567-E89B-12D3-A456-426614174000").text).toBe(
      "123e4567-e89b-12d3-a456-426614174000",
    );
    expect(() => Uuid.parse("123e4567e89b12d3a456426614174000")).toThrow(refused);
  });
});
