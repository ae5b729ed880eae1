import { describe, expect, it } from "vitest";
import { JsonNumber, parseJson, printJson, printString } from "../../../src/values/json.ts";
import { MAX_DEPTH } from "../../../src/values/scan.ts";

const again = (text: string) => printJson(parseJson(text));
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("lossless JSON", () => {
  it("keeps the text of numbers", () => {
    for (const text of ["9007199254740993", "1.0", "1.0E10", "-0.0", "-0", "1e400", "0.10"]) {
      expect(parseJson(text)).toStrictEqual(new JsonNumber(text));
      expect(again(text)).toBe(text);
    }
  });

  it("keeps keys in their order, whatever they look like", () => {
    const text = '{"10":1,"b":2,"2":3,"":4,"__proto__":{"a":5},"constructor":6,"@ref":7}';
    expect(again(text)).toBe(text);
  });

  it("takes the first of duplicate keys, as the server does", () => {
    expect(again('{"a":1,"b":2,"a":3}')).toBe('{"a":1,"b":2}');
  });

  it("prints lone surrogates as escapes and other characters as they are", () => {
    expect(printString('\ud800é\u2028😀\u0001"\\\n')).toBe('"\\ud800é\u2028😀\\u0001\\"\\\\\\n"');
    expect(parseJson('"\\ud83d\\ude00"')).toBe("😀");
  });

  it("says at which offset a text stops being JSON, and what was expected", () => {
    const cases: [string, number][] = [
      ["", 0],
      ["nul", 0],
      ['{"a":1,}', 7],
      ["[1 2]", 3],
      ['{"a" 1}', 5],
      ['"\\x"', 1],
      ['"a\nb"', 2],
      ["01", 1],
      ["1.", 2],
      ["-", 1],
      ["[1]x", 3],
      ['{"a":"b', 7],
      ['"\\u12g4"', 1],
    ];
    for (const [text, offset] of cases) {
      expect(() => parseJson(text), text).toThrow(
        expect.objectContaining({ code: "ERR_RECORD", details: { offset } }),
      );
    }
  });

  it("reads deep nesting and gives up on absurd nesting with an error, not a crash", () => {
    expect(again(nested(MAX_DEPTH))).toBe(nested(MAX_DEPTH));
    expect(() => parseJson(nested(100_000))).toThrow(/nesting/);
    expect(() => parseJson('{"a":'.repeat(100_000))).toThrow(/nesting/);
  });
});
