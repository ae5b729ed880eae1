import { describe, expect, it } from "vitest";
import { columns, counted, duration, size, some } from "../../../src/cli/words.ts";

describe("words for people", () => {
  it("count things, one and many", () => {
    expect(counted(1, "document")).toBe("1 document");
    expect(counted(12_345, "document")).toBe("12,345 documents");
  });

  it("give sizes in units that fit", () => {
    expect([0, 1, 1023, 1024, 15 * 1024, 64 * 1024 ** 2, 1.5 * 1024 ** 5].map(size)).toEqual([
      "0 bytes",
      "1 byte",
      "1,023 bytes",
      "1.0 KiB",
      "15 KiB",
      "64 MiB",
      "1536 TiB",
    ]);
  });

  it("give durations in seconds or minutes", () => {
    expect([0.04, 12.34, 125].map(duration)).toEqual(["0.0 s", "12.3 s", "2 min 5 s"]);
  });

  it("set columns flush, without blanks at the end of a line", () => {
    const rows = [
      ["a", "1", "x"],
      ["long", "22", ""],
    ];
    expect(columns(rows, { indent: "", right: [1] })).toBe("a      1  x\nlong  22\n");
  });

  it("say how many more there are than are shown", () => {
    expect(some(["1", "2", "3"], 3)).toBe("1, 2, 3");
    expect(some(["1", "2", "3"], 2000, 2)).toBe("1, 2 and 1,998 more");
  });
});
