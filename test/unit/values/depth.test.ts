import { describe, expect, it } from "vitest";
import { holdsNullInArray } from "../../../src/values/detect.ts";
import { type Json, parseJson, printJson } from "../../../src/values/json.ts";
import { MAX_DEPTH } from "../../../src/values/scan.ts";
import { taggedToV4 } from "../../../src/values/tagged-to-v4.ts";
import { v4ToTagged } from "../../../src/values/v4-to-tagged.ts";
import { parseV4, printV4 } from "../../../src/values/v4.ts";
import { printWriteExpression } from "../../../src/values/write-expression.ts";

const objects = (depth: number, inner: string) => '{"a":'.repeat(depth) + inner + "}".repeat(depth);
const arrays = (depth: number, inner: string) => "[".repeat(depth) + inner + "]".repeat(depth);

describe("the deepest nesting that the scanner lets through", () => {
  const deepest = [objects(MAX_DEPTH - 2, "[null]"), arrays(MAX_DEPTH - 1, "null")];

  it.each([
    ["printing", (json: Json) => printJson(json)],
    ["the record's form", (json: Json) => printV4(parseV4(json))],
    ["the tagged form", (json: Json) => printJson(taggedToV4(v4ToTagged(json)))],
  ])("does not exhaust the stack in %s", (_what, convert) => {
    for (const text of deepest) expect(convert(parseJson(text))).toBe(text);
  });

  it("does not exhaust the stack where records are looked into", () => {
    for (const text of deepest) expect(holdsNullInArray(text)).toBe(true);
    const expression = printWriteExpression(objects(MAX_DEPTH - 2, '{"@double":"NaN"}'));
    expect(expression).toContain('{"to_double":"NaN"}');
  });
});
