import { describe, expect, it } from "vitest";
import { parseJson, printJson } from "../../../src/values/json.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { taggedToV4 } from "../../../src/values/tagged-to-v4.ts";
import { v4ToTagged } from "../../../src/values/v4-to-tagged.ts";
import { parseV4 } from "../../../src/values/v4.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

const toTagged = (v4: string) => printJson(v4ToTagged(parseJson(v4)));

const toV4 = (tagged: string) => printJson(taggedToV4(parseJson(tagged)));

/** The same value in both forms, as a node shows it. */
const SAME: readonly (readonly [v4: string, tagged: string])[] = [
  ["1", '{"@int":"1"}'],
  ["9007199254740993", '{"@long":"9007199254740993"}'],
  ["1.0", '{"@double":"1.0"}'],
  ["1.0E10", '{"@double":"1.0E10"}'],
  ["-0.0", '{"@double":"-0.0"}'],
  ['{"@double":"NaN"}', '{"@double":"NaN"}'],
  ['{"@double":"-Infinity"}', '{"@double":"-Infinity"}'],
  ['"NaN"', '"NaN"'],
  ['{"@ts":"2024-01-01T00:00:00.123456789Z"}', '{"@time":"2024-01-01T00:00:00.123456789Z"}'],
  ['{"@date":"+10000-01-01"}', '{"@date":"+10000-01-01"}'],
  ['{"@bytes":""}', '{"@bytes":""}'],
  [
    '{"@uuid":"123e4567-e89b-12d3-a456-426614174000"}',
    '{"@uuid":"123e4567-e89b-12d3-a456-426614174000"}',
  ],
  ['[null,1,[null],{"a":[]}]', '[null,{"@int":"1"},[null],{"a":[]}]'],
  ['{"@obj":{"@x":1,"deep":{}}}', '{"@object":{"@x":{"@int":"1"},"deep":{}}}'],
  ['{"@obj":{"@set":{"documents":1}}}', '{"@object":{"@set":{"documents":{"@int":"1"}}}}'],
  [
    '{"@ref":{"id":"1","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}}}',
    '{"@ref":{"id":"1","coll":{"@mod":"C"}}}',
  ],
  [
    '{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}',
    '{"@ref":{"name":"c","coll":{"@mod":"Collection"}}}',
  ],
  [
    '{"@ref":{"id":"f","collection":{"@ref":{"id":"functions"}}}}',
    '{"@ref":{"name":"f","coll":{"@mod":"Function"}}}',
  ],
  [
    '{"@ref":{"id":"5","collection":{"@ref":{"id":"keys"}}}}',
    '{"@ref":{"id":"5","coll":{"@mod":"Key"}}}',
  ],
];

describe("v4 and tagged", () => {
  it.each(SAME)("%s is %s in v10, and back", (v4, tagged) => {
    expect(toTagged(v4)).toBe(tagged);
    expect(toV4(tagged)).toBe(v4);
  });

  it("leave remarks about a ref aside, and take a document for its ref", () => {
    const ref =
      '{"@ref":{"id":"1","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}}}';
    expect(toV4('{"@ref":{"id":"1","coll":{"@mod":"C"},"exists":false,"cause":"not found"}}')).toBe(
      ref,
    );
    expect(
      toV4('{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"2024-01-01T00:00:00Z"},"a":1}}'),
    ).toBe(ref);
    expect(toV4('{"@doc":{"@object":{"id":"1","coll":{"@mod":"C"},"@a":1}}}')).toBe(ref);
  });

  it("make a module a ref: to a collection, or to a native one", () => {
    expect(toV4('{"@mod":"C"}')).toBe(
      '{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}',
    );
    expect(toV4('{"@mod":"Role"}')).toBe('{"@ref":{"id":"roles"}}');
  });

  it("keep a double a double when a driver wrote it without a point", () => {
    expect(toV4('{"@double":"3"}')).toBe("3.0");
    expect(toV4('{"@double":"1e5"}')).toBe("100000.0");
  });

  it.each([
    ["a bare number in tagged text", "1", '{"a":1}'],
    ["a tag beside other members", "", '{"@int":"1","a":"b"}'],
    ["a page of a set", "", '{"@set":{"data":[]}}'],
    ["an unknown tag", "", '{"@foo":"x"}'],
    ["a tag with a body of the wrong type", "", '{"@int":1}'],
    ["an integer beyond 64 bits", "", '{"@long":"9223372036854775808"}'],
    ["a ref without a collection", "", '{"@ref":{"id":"1"}}'],
  ])("refuse %s", (_what, _empty, tagged) => {
    expect(() => toV4(tagged)).toThrow(refused);
  });

  it.each([
    ["an unknown tag", '{"@foo":1}'],
    ["a tag beside other members", '{"@ts":"2024-01-01T00:00:00Z","a":1}'],
    ["a bad time", '{"@ts":"bad"}'],
    ["a finite @double", '{"@double":"1.0"}'],
    ["an integer beyond 64 bits", "9223372036854775808"],
    ["a ref without an id", '{"@ref":{}}'],
  ])("refuse %s in v4 text", (_what, v4) => {
    expect(() => parseV4(parseJson(v4))).toThrow(refused);
    expect(() => toTagged(v4)).toThrow(refused);
  });

  it("says what tagged text has lost already, and where", () => {
    const lost = new LossCount();
    taggedToV4(
      parseJson(
        '{"a":{"@ref":{"id":"7","coll":{"@mod":"Deleted"}}},"b":["[function <lambda>]"],"c":"[legacy index ix]",' +
          '"d":{"@ref":{"name":"[new collection]","coll":{"@mod":"Collection"}}}}',
      ),
      lost.onLoss,
    );
    expect([...lost.counts.keys()]).toEqual([
      "deleted-collection",
      "maybe-lambda",
      "maybe-index-ref",
      "native-collection-ref",
    ]);
    expect(lost.example("maybe-lambda")).toBe("/b/0");
  });
});
