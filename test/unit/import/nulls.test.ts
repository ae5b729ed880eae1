import { describe, expect, it } from "vitest";
import { nullsPatch } from "../../../src/import/nulls.ts";

describe("the patch that puts nulls back", () => {
  it.each([
    ['{"a":[null]}', '{"a":[null]}'],
    ['{"a":[1,null],"b":[1],"c":2}', '{"a":[{"@int":"1"},null]}'],
    ['{"deep":{"er":{"a":[null]},"x":1}}', '{"deep":{"er":{"a":[null]}}}'],
    ['{"a":[{"b":[null]}]}', '{"a":[{"b":[null]}]}'],
    ['{"a":[[null],1.0,"null"]}', '{"a":[[null],{"@double":"1.0"},"null"]}'],
    ['{"@obj":{"@odd":[null],"n":1}}', '{"@object":{"@odd":[null]}}'],
  ])("of %s is just the arrays that hold some", (data, patch) => {
    expect(nullsPatch(data)).toBe(patch);
  });

  it("leaves alone what stands beside them, though v10 could not write it", () => {
    const lambda = '{"@query":{"api_version":"4","lambda":"x","expr":null}}';
    expect(nullsPatch(`{"f":${lambda},"a":[null]}`)).toBe('{"a":[null]}');
    expect(nullsPatch(`{"f":${lambda}}`)).toBe("{}");
  });

  it("is refused where an array itself holds what only v4 can write", () => {
    const lambda = '{"@query":{"api_version":"4","lambda":"x","expr":1}}';
    expect(() => nullsPatch(`{"a":[null,${lambda}]}`)).toThrow(
      expect.objectContaining({ code: "ERR_RECORD" }),
    );
  });
});
