import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson, printJson } from "../../../src/values/json.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { makeRecord } from "../../../src/values/record.ts";
import { parseTaggedDocument, printTaggedDocument } from "../../../src/values/tagged-document.ts";
import { parseTagged, printTagged } from "../../../src/values/tagged.ts";
import { taggedToV4 } from "../../../src/values/tagged-to-v4.ts";
import { v4ToTagged } from "../../../src/values/v4-to-tagged.ts";
import { parseV4, printV4 } from "../../../src/values/v4.ts";
import {
  anyDocumentId,
  anyJson,
  anyTaggedValue,
  anyTs,
  anyValue,
  dataOf,
} from "../../support/values.ts";

describe("lossless JSON", () => {
  it("reads back what it prints", () => {
    fc.assert(
      fc.property(anyJson, (json) => {
        const text = printJson(json);
        expect(parseJson(text)).toStrictEqual(json);
        expect(printJson(parseJson(text))).toBe(text);
      }),
    );
  });

  it("accepts what JSON.parse accepts and refuses what it refuses", () => {
    const hostile = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'{}[]",:0123.eE+-\\untrfalsd \n'.split("")) }),
      fc
        .tuple(anyJson.map(printJson), fc.nat(), fc.string({ maxLength: 2 }))
        .map(([text, at, noise]) => {
          const cut = at % (text.length + 1);
          return text.slice(0, cut) + noise + text.slice(cut + 1);
        }),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        expect(accepts(() => parseJson(text))).toBe(accepts(() => JSON.parse(text) as unknown));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the record's form", () => {
  it("holds every value", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = printV4(value);
        const back = parseV4(parseJson(text));
        expect(back).toStrictEqual(value);
        expect(printV4(back)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the tagged form", () => {
  it("holds every value that it does not declare impossible", () => {
    fc.assert(
      fc.property(anyTaggedValue, (value) => {
        const text = printTagged(value);
        const back = parseTagged(parseJson(text));
        expect(back).toStrictEqual(value);
        expect(printTagged(back)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps the text of v4 to the last character on the way there and back", () => {
    fc.assert(
      fc.property(anyTaggedValue, (value) => {
        const text = printV4(value);
        expect(printJson(taggedToV4(v4ToTagged(parseJson(text))))).toBe(text);
      }),
    );
  });

  it("either carries a value or names what it could not carry", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const losses = new LossCount();
        const back = parseTagged(parseJson(printTagged(value, losses.onLoss)));
        expect(losses.total > 0 || printV4(back) === printV4(value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a tagged document line", () => {
  it("holds a document, or names what it could not hold", () => {
    fc.assert(
      fc.property(dataOf(anyValue), anyDocumentId, anyTs, fc.boolean(), (data, id, ts, expires) => {
        const ttl = expires ? "2999-01-01T00:00:00Z" : undefined;
        const record = makeRecord(id, String(ts), { ttl, dataText: printV4(data) });
        const losses = new LossCount();
        const line = printTaggedDocument({ collection: "C", record }, losses.onLoss);
        const back = parseTaggedDocument(line ?? "");
        expect(back.collection).toBe("C");
        expect({ ...back.record, dataText: "" }).toStrictEqual({ ...record, dataText: "" });
        if (losses.total === 0) expect(back.record).toStrictEqual(record);
      }),
      { numRuns: 500 },
    );
  });
});

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
