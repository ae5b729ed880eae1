import { describe, expect, it } from "vitest";
import { LossCount } from "../../../src/values/loss.ts";
import { parseSimpleDocument } from "../../../src/values/simple-document.ts";

describe("a simple document line", () => {
  it("takes values at their face and names what each may have been", () => {
    const lost = new LossCount();
    const { collection, record } = parseSimpleDocument(
      '{"id":"1","coll":"C","ts":"2020-01-01T00:00:00Z","n":9007199254740993,"d":1.0,"t":"2020-01-01T00:00:00Z",' +
        '"r":{"id":"2","coll":"C"},"nan":"NaN","u":"123e4567-e89b-12d3-a456-426614174000","f":"[function <lambda>]","@x":1,' +
        '"data":{"id":"own"}}',
      lost.onLoss,
    );
    expect(collection).toBe("C");
    expect(record.dataText).toBe(
      '{"@obj":{"n":9007199254740993,"d":1.0,"t":"2020-01-01T00:00:00Z","r":{"id":"2","coll":"C"},"nan":"NaN",' +
        '"u":"123e4567-e89b-12d3-a456-426614174000","f":"[function <lambda>]","@x":1,"id":"own"}}',
    );
    expect([...lost.counts.keys()].toSorted()).toEqual([
      "maybe-double",
      "maybe-lambda",
      "maybe-ref",
      "maybe-time",
      "maybe-uuid",
      "reserved-field-order",
    ]);
  });
});
