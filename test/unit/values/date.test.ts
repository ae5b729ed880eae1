import { describe, expect, it } from "vitest";
import { LocalDate } from "../../../src/values/date.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

describe("a date", () => {
  it("keeps years beyond 9999 and before 0", () => {
    for (const text of [
      "2024-02-29",
      "+10000-01-01",
      "-0044-03-15",
      "0000-02-29",
      "+999999999-12-31",
      "-999999999-01-01",
    ]) {
      expect(LocalDate.parse(text).toString()).toBe(text);
    }
  });

  it("refuses days that do not exist and other spellings", () => {
    for (const text of [
      "2023-02-29",
      "1900-02-29",
      "2024-13-01",
      "2024-00-01",
      "2024-1-1",
      "+2024-01-01",
      "-0000-01-01",
      "20240101",
    ]) {
      expect(() => LocalDate.parse(text), text).toThrow(refused);
    }
  });

  it("counts days as the calendar does", () => {
    expect(LocalDate.parse("1970-01-01").epochDay).toBe(0);
    expect(LocalDate.parse("2000-03-01").epochDay).toBe(11_017);
    expect(LocalDate.parse("1969-12-31").epochDay).toBe(-1);
  });
});
