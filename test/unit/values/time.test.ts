import { describe, expect, it } from "vitest";
import { Time } from "../../../src/values/time.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

describe("a time", () => {
  it("keeps nanoseconds and years of any size", () => {
    for (const text of [
      "2024-01-01T00:00:00.123456789Z",
      "1970-01-01T00:00:00Z",
      "+10000-01-01T00:00:00Z",
      "-0001-12-31T23:59:59.999999999Z",
      "+999999999-12-31T23:59:59.999999999Z",
      "-999999999-01-01T00:00:00Z",
    ]) {
      expect(Time.parse(text).toString()).toBe(text);
    }
  });

  it("prints fractions in groups of three digits, as the server does", () => {
    const cases = [
      ["2024-01-01T00:00:00.1Z", "2024-01-01T00:00:00.100Z"],
      ["2024-01-01T00:00:00.1234Z", "2024-01-01T00:00:00.123400Z"],
      ["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z"],
      ["2024-01-01T00:00Z", "2024-01-01T00:00:00Z"],
    ] as const;
    for (const [read, printed] of cases) expect(Time.parse(read).toString()).toBe(printed);
  });

  it("accepts offsets and prints UTC", () => {
    expect(Time.parse("2024-01-01T01:30:00+02:00").toString()).toBe("2023-12-31T23:30:00Z");
  });

  it("counts microseconds, rounding down before 1970 too", () => {
    expect(Time.fromMicros(1795259107540000n).toString()).toBe("2026-11-21T11:05:07.540Z");
    expect(Time.parse("1969-12-31T23:59:59.999999999Z").toMicros()).toBe(-1n);
    expect(Time.fromMicros(-1n).toMicros()).toBe(-1n);
  });

  it("refuses what is no time", () => {
    for (const text of [
      "",
      "2024-01-01",
      "2024-02-30T00:00:00Z",
      "2024-01-01T24:00:00Z",
      "2024-01-01T00:60:00Z",
      "2024-01-01T00:00:00",
      "2024-01-01T00:00:00.1234567890Z",
      "10000-01-01T00:00:00Z",
    ]) {
      expect(() => Time.parse(text), text).toThrow(refused);
    }
  });
});
