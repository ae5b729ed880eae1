/** Bodies of an import made of bytes, against those made of parsed records. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isArkError } from "../../src/errors/errors.ts";
import { insertQuoted, kindOf, sizeInRequest } from "../../src/import/write.ts";
import { LineRecord, readLines } from "../../src/values/line-record.ts";
import { parseJson, printJson } from "../../src/values/json.ts";
import {
  type DocumentRecord,
  makeRecord,
  parseRecord,
  printRecord,
} from "../../src/values/record.ts";
import { printV4 } from "../../src/values/v4.ts";
import { anyDocumentId, anyJson, anyTs, anyValue, dataOf, respelled } from "../support/values.ts";

const COLLECTION = 'a "collection" of ours';

const anyRecord: fc.Arbitrary<DocumentRecord> = fc
  .tuple(
    anyDocumentId,
    anyTs,
    fc.oneof(
      { weight: 3, arbitrary: dataOf(anyValue).map(printV4) },
      {
        weight: 1,
        arbitrary: fc
          .dictionary(fc.string({ unit: "binary" }), anyJson)
          .map((members) => printJson(new Map(Object.entries(members)))),
      },
      fc.constantFrom(
        "{}",
        '{"null":"null","a":"[null]"}',
        '{"a":[1,null]}',
        '{"n":null}',
        '{"@query":{"lambda":"x","expr":[null]}}',
        '{"a":{"@query":{"lambda":"x","expr":[null]}}}',
        '{"d":{"@double":"NaN"}}',
        '{"s":"{\\"@double\\":\\"NaN\\"}"}',
        '{"n":123456789012345678901234567890,"m":-0.0,"e":1.0E-300}',
        '{"s":"ä\\"b\\\\c\\n\\ud800😀"}',
        '{"data":{"extra":{"ttl":{"@ts":"2000-01-01T00:00:00Z"}}}}',
      ),
    ),
    fc.option(fc.constantFrom("2999-01-01T00:00:00.5Z", 'odd \\"', "é"), { nil: undefined }),
    fc.option(fc.constantFrom('{"credentials":{}}', '{"x":null}'), { nil: undefined, freq: 6 }),
  )
  .map(([id, ts, dataText, ttl, extraText]) =>
    makeRecord(id, String(ts), { ttl, dataText, extraText }),
  );

const linesOf = (lines: readonly string[]): Buffer =>
  Buffer.from(lines.map((line) => `${line}\n`).join(""));

const plainOf = (record: DocumentRecord) => {
  const { id, ts, ttl, dataText, extraText } = record;
  return { id, ts, ttl, dataText, extraText };
};

describe("records that stay bytes", () => {
  it("are the records that their lines stand for, and sent as the same bytes", () => {
    fc.assert(
      fc.property(fc.array(anyRecord), (records) => {
        const parsed = records.map((record) => parseRecord(printRecord(record)));
        const fast = readLines(linesOf(records.map(printRecord)), "lines");
        expect(fast.map(plainOf)).toEqual(parsed.map(plainOf));
        expect(fast.map(kindOf)).toEqual(parsed.map(kindOf));
        expect(fast.map(printRecord)).toEqual(parsed.map(printRecord));
        for (const asOfNow of [false, true]) {
          const body = (all: readonly DocumentRecord[]) =>
            Buffer.from(insertQuoted(COLLECTION, all, asOfNow)).toString("utf8");
          expect(body(fast)).toBe(body(parsed));
          expect(() => parseJson(body(fast))).not.toThrow();
        }
      }),
    );
  });

  it("are the same however their lines are spelled", () => {
    fc.assert(
      fc.property(anyRecord, fc.array(fc.nat(), { minLength: 1 }), (record, choices) => {
        let at = 0;
        const choose = () => choices[at++ % choices.length]!;
        const line = respelled(parseJson(printRecord(record)), choose).replaceAll("\n", " ");
        const [fast] = readLines(linesOf([line]), "lines");
        expect(plainOf(fast!)).toEqual(plainOf(record));
      }),
    );
  });

  it("are as large as they are counted", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const [fast] = readLines(linesOf([printRecord(record)]), "lines");
        if (!(fast instanceof LineRecord)) return;
        const one = insertQuoted(COLLECTION, [fast], false).byteLength;
        const none = insertQuoted(COLLECTION, [], false).byteLength;
        expect(Math.abs(one - none - sizeInRequest(fast))).toBeLessThan(100);
      }),
    );
  });

  it("that are cut anywhere are refused, or are those that are whole", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 3 }), fc.nat(), (records, cut) => {
        const whole = linesOf(records.map(printRecord));
        const some = whole.subarray(0, cut % whole.length);
        let read: DocumentRecord[];
        try {
          read = readLines(some, "lines");
        } catch (error) {
          expect(isArkError(error, "ERR_RECORD")).toBe(true);
          return;
        }
        expect(read.map(plainOf)).toEqual(records.slice(0, read.length).map(plainOf));
      }),
    );
  });
});
