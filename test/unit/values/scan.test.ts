import { describe, expect, it } from "vitest";
import {
  MAX_DEPTH,
  skipValue,
  walkArray,
  walkObject,
  walkWhole,
} from "../../../src/values/scan.ts";

describe("the scanner", () => {
  it("says where a value ends without looking at what follows", () => {
    for (const value of ['{"a":[1,{"b":"]}"}]}', "[]", "{ }", '"\\""', "-1.5e-3", "true", "null"]) {
      expect(skipValue(`${value},tail`, 0), value).toBe(value.length);
    }
  });

  it("refuses what only looks closed", () => {
    for (const text of ["[1}", '{"a":1]', "[,]", "[1,]", '{"a"}', "{1:2}", '{"a":}', "[[]"]) {
      expect(() => skipValue(text, 0), text).toThrow(/Not well-formed/);
    }
  });

  it("gives up on absurd nesting", () => {
    expect(() => skipValue("[".repeat(MAX_DEPTH + 2), 0)).toThrow(/nesting/);
  });

  it("walks members with decoded names and elements in order, in one pass", () => {
    const text = '{ "\\u0061" : [1, "x"] , "b":{} }';
    const seen: string[] = [];
    walkWhole(text, (start) =>
      walkObject(text, start, (name, at) => {
        seen.push(name);
        if (name === "b") return skipValue(text, at);
        return walkArray(text, at, (element) => {
          const end = skipValue(text, element);
          seen.push(text.slice(element, end));
          return end;
        });
      }),
    );
    expect(seen).toEqual(["a", "1", '"x"', "b"]);
  });

  it("refuses text behind the value", () => {
    expect(() => walkWhole("{} {}", (start) => skipValue("{} {}", start))).toThrow(
      /the end expected at offset 3/,
    );
  });
});
