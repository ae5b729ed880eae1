import { describe, expect, it } from "vitest";
import { printWriteExpression } from "../../../src/values/write-expression.ts";

describe("a write expression", () => {
  it("is the data itself, quoted, nearly always", () => {
    const data = '{"a":{"@obj":{"@double":"NaN"}},"b":1.0}';
    expect(printWriteExpression(data)).toBe(`{"quote":${data}}`);
    expect(printWriteExpression('{"a":"x"}')).toBe('{"quote":{"a":"x"}}');
  });

  it("computes NaN and the infinities, and quotes all around them", () => {
    expect(
      printWriteExpression(
        '{"a":{"@double":"NaN"},"b":{"c":[1,{"@double":"-Infinity"},{"d":1.0}],"e":{}},"f":{"@ts":"2020-01-01T00:00:00Z"}}',
      ),
    ).toBe(
      '{"object":{"a":{"to_double":"NaN"},"b":{"object":{"c":[1,{"to_double":"-∞"},{"quote":{"d":1.0}}],"e":{"quote":{}}}},' +
        '"f":{"quote":{"@ts":"2020-01-01T00:00:00Z"}}}}',
    );
  });

  it("names keys like tags through to_object", () => {
    expect(printWriteExpression('{"@obj":{"@ref":{"@double":"Infinity"},"b":1}}')).toBe(
      '{"to_object":[["@ref",{"to_double":"∞"}],["b",1]]}',
    );
  });
});
