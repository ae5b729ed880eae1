import { describe, expect, it } from "vitest";
import { equalValues } from "../../../src/values/equal.ts";
import { parseJson } from "../../../src/values/json.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { parseTagged, printTagged } from "../../../src/values/tagged.ts";
import { TAGGED_CANNOT_HOLD } from "../../../src/values/v4-to-tagged.ts";
import { parseV4, printV4 } from "../../../src/values/v4.ts";
import * as nasty from "../../support/values.ts";

describe("values", () => {
  it.each(Object.entries(nasty.nastyValues))("v4 text holds %s", (_name, value) => {
    const back = parseV4(parseJson(printV4(value)));
    expect(back).toStrictEqual(value);
    expect(equalValues(back, value)).toBe(true);
  });

  it.each(Object.entries(nasty.holdableInTagged))("tagged text holds %s", (_name, value) => {
    const back = parseTagged(parseJson(printTagged(value)));
    expect(back).toStrictEqual(value);
    expect(equalValues(back, value)).toBe(true);
  });

  it.each([
    ["lambda", nasty.lambdaWithApiVersion, '"[function <lambda>]"'],
    ["index-ref", nasty.indexReference, '"[legacy index ix]"'],
    [
      "native-collection-ref",
      nasty.nativeCollectionReference,
      '{"@ref":{"name":"[new collection]","coll":{"@mod":"Collection"}}}',
    ],
    ["foreign-ref", nasty.foreignReference, '{"@ref":{"id":"1","coll":{"@mod":"C"}}}'],
    ["set", nasty.setReference, '{"@object":{"@set":{"match":"[legacy index ix]","terms":"x"}}}'],
  ] as const)(
    "tagged text refuses a %s, or shows what the server shows and counts it",
    (kind, value, shown) => {
      expect(() => printTagged(value)).toThrow(TAGGED_CANNOT_HOLD[kind]);
      const losses = new LossCount();
      expect(printTagged(value, losses.onLoss)).toBe(shown);
      expect(losses.counts.get(kind)).toBe(1);
    },
  );

  it("are equal only with type, sign and key order", () => {
    expect(equalValues(1n, 1)).toBe(false);
    expect(equalValues(0, -0)).toBe(false);
    expect(equalValues(NaN, NaN)).toBe(true);
    expect(equalValues(NaN, "NaN")).toBe(false);
    expect(
      equalValues(
        new Map([
          ["a", 1n],
          ["b", 2n],
        ]),
        new Map([
          ["b", 2n],
          ["a", 1n],
        ]),
      ),
    ).toBe(false);
  });

  it("are read from refs as older API versions write them", () => {
    const old = '{"@ref":{"id":"1","class":{"@ref":{"id":"C","class":{"@ref":{"id":"classes"}}}}}}';
    expect(parseV4(parseJson(old))).toStrictEqual(nasty.documentReference);
  });
});
