import { describe, expect, it } from "vitest";
import {
  holdsDoubleTag,
  holdsNullInArray,
  holdsNumberLikeString,
} from "../../../src/values/detect.ts";

describe("the detectors", () => {
  it("see NaN and its like as values only", () => {
    expect(holdsNumberLikeString('{"a":"NaN"}')).toBe(true);
    expect(holdsNumberLikeString('["-Infinity"]')).toBe(true);
    expect(holdsNumberLikeString('{"NaN":1,"Infinity" :2}')).toBe(false);
    expect(holdsNumberLikeString('{"a":"say \\"NaN\\"","b":"say \\"NaN"}')).toBe(false);
    expect(holdsNumberLikeString('{"NaN":"NaN"}')).toBe(true);
  });

  it("see nulls in arrays of data, not those of code", () => {
    expect(holdsNullInArray('{"a":[1,[null]]}')).toBe(true);
    expect(holdsNullInArray('{"a":"[null]","b":{"c":[1]}}')).toBe(false);
    expect(
      holdsNullInArray('{"f":{"@query":{"lambda":"x","expr":{"do":[null,{"now":null}]}}}}'),
    ).toBe(false);
    expect(holdsNullInArray('{"f":{"@obj":{"@query":[null]}}}')).toBe(true);
    expect(holdsNullInArray('{"f":[{"@query":{"expr":[null]}},null]}')).toBe(true);
  });

  it("see our own tag", () => {
    expect(holdsDoubleTag('{"a":{"@double":"NaN"}}')).toBe(true);
    expect(holdsDoubleTag('{"a":"{\\"@double\\":\\"NaN\\"}"}')).toBe(false);
  });
});
