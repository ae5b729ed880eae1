import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isArkError } from "../../../src/errors/errors.ts";
import { canonicalText } from "../../../src/values/canonical.ts";
import { holdsNullInArray, holdsNumberLikeString } from "../../../src/values/detect.ts";
import { cutDocument } from "../../../src/values/document.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../../../src/values/json.ts";
import { cutPage, cutTextPage } from "../../../src/values/page.ts";
import {
  type DocumentRecord,
  makeRecord,
  parseRecord,
  printRecord,
} from "../../../src/values/record.ts";
import { printV4 } from "../../../src/values/v4.ts";
import {
  anyDocumentId,
  anyJson,
  anyTs,
  anyValue,
  dataOf,
  respelled,
} from "../../support/values.ts";

const anyRecord: fc.Arbitrary<DocumentRecord> = fc
  .tuple(
    anyDocumentId,
    anyTs,
    dataOf(anyValue).map(printV4),
    fc.option(fc.constantFrom("create" as const, "update" as const), { nil: undefined }),
    fc.option(fc.constant("2999-01-01T00:00:00.5Z"), { nil: undefined }),
    fc.option(fc.constant('{"permissions":{"read":1.0}}'), { nil: undefined }),
  )
  .map(([id, ts, dataText, action, ttl, extraText]) =>
    makeRecord(id, String(ts), { action, ttl, dataText, extraText }),
  );

/** Anything that chooses, repeatably: fast-check shrinks and replays the list it draws from. */
const anyChoices = fc.array(fc.nat(), { minLength: 1 }).map((list) => {
  let i = 0;
  return () => list[i++ % list.length] ?? 0;
});

describe("canonical text", () => {
  it("does not depend on white space or on how characters are escaped", () => {
    fc.assert(
      fc.property(anyJson, anyChoices, (json, choose) => {
        expect(canonicalText(respelled(json, choose))).toBe(printJson(json));
      }),
      { numRuns: 500 },
    );
  });

  it("is its own canonical text", () => {
    fc.assert(
      fc.property(anyJson, (json) => {
        const text = printJson(json);
        expect(canonicalText(text)).toBe(text);
      }),
    );
  });
});

describe("a record", () => {
  it("reads back from its line, and its line reads the same again", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const line = printRecord(record);
        expect(line).not.toContain("\n");
        expect(parseRecord(line)).toStrictEqual(record);
        expect(printRecord(parseRecord(line))).toBe(line);
      }),
    );
  });

  it("is refused when its line ends early, at whatever character", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), (record, at) => {
        const line = printRecord(record);
        expect(() => parseRecord(line.slice(0, at % line.length))).toThrow();
      }),
    );
  });
});

const documentOf = (record: DocumentRecord) =>
  `{"ref":{"@ref":{"id":"${record.id}","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}}},` +
  `"ts":${record.ts},"data":${record.dataText},"ttl":{"@ts":"2999-01-01T00:00:00Z"}}`;

const anyPage = fc
  .tuple(
    fc.array(anyRecord, { maxLength: 5 }),
    fc.option(anyJson, { nil: undefined }),
    fc.boolean(),
  )
  .map(([records, after, cursorFirst]) => {
    const data = `"data":[${records.map(documentOf).join(",")}]`;
    const cursor = after === undefined ? [] : [`"after":[${printJson(after)}]`];
    return `{"resource":{${(cursorFirst ? [...cursor, data] : [data, ...cursor]).join(",")}}}`;
  });

describe("cutting a page", () => {
  it("sees what the lossless parser sees, however the page is spelled", () => {
    fc.assert(
      fc.property(anyPage, anyChoices, (page, choose) => {
        const resource = member(parseJson(page), "resource");
        const spelled = respelled(parseJson(page), choose);
        const cut = cutPage(spelled);
        const documents = member(resource, "data");
        expect(cut.items.map(({ record }) => record.dataText)).toEqual(
          Array.isArray(documents)
            ? documents.map((document) => printJson(member(document, "data")))
            : [],
        );
        expect(cutTextPage(spelled).items.map(canonicalText)).toEqual(
          Array.isArray(documents) ? documents.map(printJson) : [],
        );
        const after = isJsonObject(resource) ? resource.get("after") : undefined;
        expect(cut.after && canonicalText(cut.after)).toBe(after && printJson(after));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses a page that ends early, at whatever character", () => {
    fc.assert(
      fc.property(anyPage, (page) => {
        for (let length = 0; length < page.length; length += 1) {
          expect(codeOf(() => cutPage(page.slice(0, length)))).toBe("ERR_PROTOCOL");
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("the detectors", () => {
  it("find a string that v4 also prints for a double wherever it is a value", () => {
    fc.assert(
      fc.property(anyJson, (json) => {
        expect(holdsNumberLikeString(printJson(json))).toBe(some(json, isNumberLike));
      }),
      { numRuns: 500 },
    );
  });

  it("find a null in an array of the data and in nothing else", () => {
    fc.assert(
      fc.property(dataOf(anyValue), (data) => {
        const found = some(data, (value) => Array.isArray(value) && value.includes(null));
        expect(holdsNullInArray(printV4(data))).toBe(found);
      }),
      { numRuns: 500 },
    );
  });
});

const sumOf = (records: readonly DocumentRecord[]) => {
  const fingerprint = new Fingerprint();
  for (const record of records) fingerprint.add("C", record);
  return fingerprint;
};

describe("a fingerprint", () => {
  it("does not depend on the order of records or on how they are chunked", () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 8 }),
        fc.nat(8),
        anyChoices,
        (records, at, choose) => {
          const shuffled = records
            .map((record) => [choose(), record] as const)
            .toSorted(([a], [b]) => a - b);
          const merged = sumOf(shuffled.slice(0, at).map(([, record]) => record));
          merged.merge(sumOf(shuffled.slice(at).map(([, record]) => record)));
          expect(merged.toJSON()).toEqual(sumOf(records).toJSON());
          expect(merged.equals(sumOf(records))).toBe(true);
        },
      ),
    );
  });

  it("less a part is the fingerprint of the rest", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.nat(8), (records, at) => {
        const rest = sumOf(records);
        rest.subtract(sumOf(records.slice(0, at)));
        expect(rest.toJSON()).toEqual(sumOf(records.slice(at)).toJSON());
      }),
    );
  });

  it("is the sum of digests modulo 2^256", () => {
    const max = 2n ** 256n;
    const hex = fc.bigInt({ min: 0n, max: max - 1n }).map((n) => n.toString(16).padStart(64, "0"));
    fc.assert(
      fc.property(hex, hex, (a, b) => {
        const sum = Fingerprint.parse({ records: 1, exact: a, content: b });
        sum.merge(Fingerprint.parse({ records: 1, exact: b, content: b }));
        const expected = (BigInt(`0x${a}`) + BigInt(`0x${b}`)) % max;
        expect(BigInt(`0x${sum.toJSON().exact}`)).toBe(expected);
      }),
    );
  });
});

describe("a document", () => {
  it("gives the same record and fingerprint however the server spells it", () => {
    fc.assert(
      fc.property(anyRecord, anyChoices, (record, choose) => {
        const text = documentOf(record);
        expect(cutDocument(respelled(parseJson(text), choose))).toStrictEqual(cutDocument(text));
      }),
    );
  });
});

function member(json: Json, name: string): Json {
  return isJsonObject(json) ? (json.get(name) ?? null) : null;
}

function isNumberLike(value: unknown): boolean {
  return value === "NaN" || value === "Infinity" || value === "-Infinity";
}

/** Whether `is` holds for anything in a tree of arrays and maps. */
function some(tree: unknown, is: (value: unknown) => boolean): boolean {
  if (is(tree)) return true;
  if (Array.isArray(tree)) return tree.some((item) => some(item, is));
  return tree instanceof Map && [...tree.values()].some((item) => some(item, is));
}

function codeOf(read: () => unknown): string {
  try {
    read();
    return "none";
  } catch (error) {
    return isArkError(error) ? error.code : String(error);
  }
}
