import { describe, expect, it } from "vitest";
import { parseBase64, printBase64 } from "../../../src/values/bytes.ts";
import { LocalDate } from "../../../src/values/date.ts";
import { parseDouble, printDouble } from "../../../src/values/double.ts";
import { fitsInt, parseLong } from "../../../src/values/long.ts";
import { Time } from "../../../src/values/time.ts";
import { Uuid } from "../../../src/values/uuid.ts";

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

describe("a UUID", () => {
  it("is checked and lower-cased", () => {
    expect(Uuid.parse("123E4567-E89B-12D3-A456-426614174000").text).toBe(
      "123e4567-e89b-12d3-a456-426614174000",
    );
    expect(() => Uuid.parse("123e4567e89b12d3a456426614174000")).toThrow(refused);
  });
});
