import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isArkError } from "../../../src/errors/errors.ts";
import { cutIdPage } from "../../../src/values/id-page.ts";
import { holdsNumberLikeString } from "../../../src/values/detect.ts";
import { fingerprintOf } from "../../../src/values/digest-sums.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { parseJson, printJson, printString } from "../../../src/values/json.ts";
import { packLines } from "../../../src/values/pack-lines.ts";
import { packPage } from "../../../src/values/pack-page.ts";
import { type PackedLines, packRecords } from "../../../src/values/packed-lines.ts";
import { cutPage, cutRefPage } from "../../../src/values/page.ts";
import {
  compareIds,
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

const COLLECTION = 'a "collection" of ours';
const REF_TAIL = `","collection":{"@ref":{"id":${printString(COLLECTION)},"collection":{"@ref":{"id":"collections"}}}}}}`;

/** A document as a server prints it: members in some order, values of every kind, now and then something odd. */
const anyDocument = fc
  .record({
    id: anyDocumentId,
    ts: fc.oneof(
      anyTs.map(String),
      fc.constantFrom("0", "-1", "9007199254740993", "1795259107540000"),
    ),
    data: fc.option(
      fc.oneof(
        { weight: 3, arbitrary: dataOf(anyValue).map(printV4) },
        {
          weight: 1,
          arbitrary: fc
            .dictionary(fc.string({ unit: "binary" }), anyJson)
            .map((members) => printJson(new Map(Object.entries(members)))),
        },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            '{"a":1,"a":2}',
            '{"n":123456789012345678901234567890,"m":-0.0,"e":1.0E-300}',
            '{"s":"a\\"b\\\\c\\/d\\u00e9\\ud800\\n"}',
            '{"x":"NaN"}',
            '{"NaN":"Infinity and more"}',
            '{"@ts":null,"":{"__proto__":[null,[]]}}',
          ),
        },
      ),
      { nil: undefined, freq: 10 },
    ),
    ttl: fc.option(fc.constantFrom("2999-01-01T00:00:00.5Z", "+12999-01-01T00:00:00Z", 'odd \\"'), {
      nil: undefined,
      freq: 3,
    }),
    extra: fc.option(
      fc.constantFrom('"credentials":{"hashed_password":"x"}', '"x":null,"\\u0041":[1]'),
      {
        nil: undefined,
        freq: 6,
      },
    ),
    order: fc.nat(),
  })
  .map(({ id, ts, data, ttl, extra, order }) => {
    const members = [
      `"ts":${ts}`,
      ...(data === undefined ? [] : [`"data":${data}`]),
      ...(ttl === undefined ? [] : [`"ttl":{"@ts":"${ttl}"}`]),
      ...(extra === undefined ? [] : [extra]),
    ];
    const turn = order % members.length;
    const turned = [...members.slice(turn), ...members.slice(0, turn)];
    return { id, text: `{"ref":{"@ref":{"id":"${id}${REF_TAIL},${turned.join(",")}}` };
  });

const anyDocuments = fc
  .uniqueArray(anyDocument, { maxLength: 6, selector: ({ id }) => id })
  .map((documents) => documents.toSorted((a, b) => compareIds(a.id, b.id)).map(({ text }) => text));

const anyPage = fc
  .tuple(
    anyDocuments.chain((texts) =>
      fc
        .array(fc.nat(6), { maxLength: 2 })
        .map((gone) => gone.reduce((list, at) => list.toSpliced(at, 0, "null"), texts)),
    ),
    fc.option(fc.constantFrom('{"@ref":{"id":"5"}}', "[5]"), { nil: undefined }),
    fc.boolean(),
  )
  .map(([elements, after, isFirst]) => {
    const data = `"data":[${elements.join(",")}]`;
    const cursor = after === undefined ? [] : ['"before":[1]', `"after":[${after}]`];
    return `{"resource":{${(isFirst ? [...cursor, data] : [data, ...cursor]).join(",")}}}`;
  });

/** Everything about some records, from the records themselves. */
function described(records: readonly DocumentRecord[]) {
  const fingerprint = new Fingerprint();
  for (const record of records) fingerprint.add(COLLECTION, record);
  const times = records.map(({ ts }) => ts);
  return {
    text: records.map((record) => `${printRecord(record)}\n`).join(""),
    count: records.length,
    firstId: records[0]?.id,
    lastId: records.at(-1)?.id,
    minTs: times.reduce<bigint | undefined>(
      (a, b) => (a === undefined || b < a ? b : a),
      undefined,
    ),
    maxTs: times.reduce<bigint | undefined>(
      (a, b) => (a === undefined || b > a ? b : a),
      undefined,
    ),
    hasExtra: records.some(({ extraText }) => extraText !== undefined),
    fingerprint: fingerprint.toJSON(),
  };
}

/** The same of packed lines. */
function seen(lines: PackedLines | undefined): ReturnType<typeof described> {
  if (lines === undefined) return described([]);
  const text = Buffer.from(lines.bytes).toString("utf8");
  const ends = [...lines.ends];
  expect(ends.map((end) => lines.bytes[end - 1])).toEqual(ends.map(() => 0x0a));
  expect(ends.at(-1)).toBe(lines.bytes.length);
  const { firstId, lastId, minTs, maxTs, hasExtra, sums } = lines;
  const fingerprint = fingerprintOf(sums).toJSON();
  return { text, count: ends.length, firstId, lastId, minTs, maxTs, hasExtra, fingerprint };
}

/** Checks the fast way against the slow one. @returns whether the fast way took the page. */
function checkPage(text: string): boolean {
  const packed = packPage(Buffer.from(text), COLLECTION);
  if (packed === undefined) return false;
  const { items, gone, after } = cutPage(text);
  expect(seen(packed.lines)).toEqual(described(items.map(({ record }) => record)));
  expect([packed.gone, packed.after]).toEqual([gone, after]);
  return true;
}

describe("a page packed from its bytes", () => {
  it("is what its text is cut and printed to, whatever the documents", () => {
    let fast = 0;
    fc.assert(
      fc.property(anyPage, (page) => {
        const isFast = checkPage(page);
        // Such pages are asked about once more, and that is done with records.
        expect(isFast).toBe(!holdsNumberLikeString(page));
        if (isFast) fast++;
      }),
      { numRuns: 1500 },
    );
    expect(fast).toBeGreaterThan(500);
  });

  it("is left to the text when it is spelled in another way, and means the same when it is not", () => {
    fc.assert(
      fc.property(anyPage, fc.array(fc.nat(), { minLength: 1 }), (page, choices) => {
        let i = 0;
        checkPage(respelled(parseJson(page), () => choices[i++ % choices.length] ?? 0));
      }),
      { numRuns: 500 },
    );
  });

  it("is left to the text, which says what is wrong, when it is damaged anywhere", () => {
    const bytes = Array.from('{}[],:"\\ \n-.e0159tnN@/u');
    fc.assert(
      fc.property(
        anyPage,
        fc.nat(),
        fc.constantFrom("", ...bytes),
        fc.boolean(),
        (page, n, by, isCut) => {
          const at = n % page.length;
          const whole = isCut ? page.slice(0, at) : page.slice(0, at) + by + page.slice(at + 1);
          const damaged = whole.toWellFormed();
          let isWhole = true;
          let ids: string[] = [];
          try {
            ids = cutPage(damaged).items.map(({ record }) => record.id);
          } catch (error) {
            expect(isArkError(error)).toBe(true);
            isWhole = false;
          }
          const isAscending = ids.every((id, k) => k === 0 || compareIds(ids[k - 1]!, id) < 0);
          if (!isWhole || !isAscending)
            expect(packPage(Buffer.from(damaged), COLLECTION)).toBeUndefined();
          else checkPage(damaged);
        },
      ),
      { numRuns: 2500 },
    );
  });
});

describe("ids cut from the bytes of a page of refs", () => {
  it("are those that its text names, and what is wrong with it is said by the text", () => {
    const anyRef = anyDocumentId.map((id) => `{"@ref":{"id":"${id}${REF_TAIL}`);
    const odd = '{"@ref":{"id":"7","collection":{"@ref":{"id":"keys"}}}}';
    const anyElement = fc.oneof(
      { weight: 30, arbitrary: anyRef },
      fc.constantFrom("null", odd, "1"),
    );
    fc.assert(
      fc.property(
        fc.array(anyElement, { maxLength: 6 }),
        fc.boolean(),
        fc.nat(),
        (refs, goesOn, n) => {
          const after = goesOn ? '"after":[{"@ref":{"id":"5"}}],' : "";
          const whole = `{"resource":{${after}"data":[${refs.join(",")}]}}`;
          for (const text of [whole, whole.slice(0, n % whole.length)]) {
            let expected: unknown;
            try {
              const page = cutRefPage(text);
              const ids = page.items.map(({ id }) => id);
              expected = page.after === undefined ? { ids } : { ids, after: page.after };
            } catch (error) {
              expected = String(error);
            }
            let found: unknown;
            try {
              const page = cutIdPage(Buffer.from(text));
              found = { ...page, ids: [...page.ids] };
            } catch (error) {
              found = String(error);
            }
            expect(found).toEqual(expected);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

const anyRecords = fc
  .uniqueArray(
    fc
      .record({
        id: anyDocumentId,
        ts: anyTs.map(String),
        dataText: dataOf(anyValue).map(printV4),
        ttl: fc.option(fc.constantFrom("2999-01-01T00:00:00Z", "odd\n"), { nil: undefined }),
        action: fc.option(fc.constantFrom("create" as const, "update" as const), {
          nil: undefined,
          freq: 8,
        }),
        extraText: fc.option(fc.constant('{"permissions":{"read":1.0}}'), { nil: undefined }),
      })
      .map(({ id, ts, ...parts }) => makeRecord(id, ts, parts)),
    { minLength: 1, maxLength: 8, selector: ({ id }) => id },
  )
  .map((records) => records.toSorted((a, b) => compareIds(a.id, b.id)));

describe("lines read back from their bytes", () => {
  it("are the records that were packed", () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const packed = packRecords(COLLECTION, records);
        expect(seen(packed)).toEqual(described(records));
        // What is told of the past is read as text.
        const tells = records.some(({ action }) => action !== undefined);
        const read = packLines(packed!.bytes, COLLECTION);
        if (tells) expect(read).toBeUndefined();
        else expect(seen(read)).toEqual(described(records));
      }),
      { numRuns: 500 },
    );
  });

  it("are left to the text when a line is damaged anywhere, or out of order", () => {
    const bytes = Array.from('{}[],:"\\ \n-.e0159tnN@/u');
    fc.assert(
      fc.property(anyRecords, fc.nat(), fc.constantFrom("", ...bytes), (records, n, by) => {
        const text = described(records).text;
        const at = n % text.length;
        const damaged = (text.slice(0, at) + by + text.slice(at + 1)).toWellFormed();
        let read: DocumentRecord[] | undefined;
        try {
          read = damaged.endsWith("\n")
            ? damaged
                .slice(0, -1)
                .split("\n")
                .map((line) => parseRecord(line))
            : undefined;
        } catch {
          read = undefined;
        }
        const isAscending = read?.every(
          ({ id }, k) => k === 0 || compareIds(read[k - 1]!.id, id) < 0,
        );
        const packed = packLines(Uint8Array.from(Buffer.from(damaged)), COLLECTION);
        const tells = read?.some(({ action }) => action !== undefined);
        if (isAscending !== true || tells === true) expect(packed).toBeUndefined();
        else {
          const { text: _, ...known } = described(read!);
          expect(seen(packed)).toMatchObject(known);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
