import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../../src/values/canonical.ts";
import {
  holdsDoubleTag,
  holdsNullInArray,
  holdsNumberLikeString,
} from "../../../src/values/detect.ts";
import { digestRecord } from "../../../src/values/digest.ts";
import { cutDocument } from "../../../src/values/document.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { cutPage, cutRefPage, cutTextPage } from "../../../src/values/page.ts";
import { compareIds, makeRecord, parseRecord, printRecord } from "../../../src/values/record.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });
const noPage = expect.objectContaining({ code: "ERR_PROTOCOL" });
const sha = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");
const refText = (id: string, collection = "C") =>
  `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"${collection}","collection":{"@ref":{"id":"collections"}}}}}}`;

const document = (id: string) => `{"ref":${refText(id)},"ts":5,"data":{"s":"]}\\","}}`;

describe("cutting a document", () => {
  it("keeps data, numbers and odd keys to the last character", () => {
    const data =
      '{"@obj":{"@x":9007199254740993,"__proto__":1.0E10,"2":-0.0,"1":[null],"":{"@bytes":""}}}';
    expect(cutDocument(`{"ref":${refText("1")},"ts":1795259107540000,"data":${data}}`)).toEqual({
      collection: "C",
      record: { id: "1", ts: 1795259107540000n, dataText: data },
    });
  });

  it("keeps ttl apart and every other member under extra, verbatim", () => {
    const text = `{"ts":5,"permissions":{"read":1.0},"ref":${refText("1")},"ttl":{"@ts":"2999-01-01T00:00:00Z"},"x":null}`;
    const { record } = cutDocument(text);
    expect(printRecord(record)).toBe(
      '{"id":"1","ts":5,"ttl":{"@ts":"2999-01-01T00:00:00Z"},"data":{},"extra":{"permissions":{"read":1.0},"x":null}}',
    );
  });

  it("gives a document without data an empty one, as the server does not tell them apart", () => {
    const bare = cutDocument(`{"ref":${refText("1")},"ts":5}`);
    expect(bare).toEqual(cutDocument(`{"ref":${refText("1")},"ts":5,"data":{}}`));
    expect(bare.record.dataText).toBe("{}");
  });

  it.each([
    ["no ref", '{"ts":5,"data":{}}'],
    ["no ts", `{"ref":${refText("1")},"data":{}}`],
    ["a ts with a fraction", `{"ref":${refText("1")},"ts":5.0}`],
    ["data that is no object", `{"ref":${refText("1")},"ts":5,"data":[]}`],
    ["a ref to a role", '{"ref":{"@ref":{"id":"r","collection":{"@ref":{"id":"roles"}}}},"ts":5}'],
    ["an id that is no number", `{"ref":${refText("abc")},"ts":5}`],
    ["an id beyond 63 bits", `{"ref":${refText("9223372036854775808")},"ts":5}`],
    [
      "a ref into another database",
      '{"ref":{"@ref":{"id":"1","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}},"database":{"@ref":{"id":"d"}}}}}},"ts":5}',
    ],
    ["something behind it", `{"ref":${refText("1")},"ts":5} x`],
  ])("refuses a document with %s", (_what, text) => {
    expect(() => cutDocument(text)).toThrow(refused);
  });

  it("gives up on a ref nested without end", () => {
    expect(() => cutDocument(`{"ref":${'{"@ref":{"collection":'.repeat(50_000)}`)).toThrow(refused);
  });
});

describe("cutting a page", () => {
  it("takes its members in any order and keeps cursors as text", () => {
    const data = `"data":[${document("1")},${document("2")}]`;
    const after = `"after":[9007199254740993,${refText("3")}]`;
    for (const members of [`${after},${data}`, `${data},${after}`, `"x":[{}],${data},${after}`]) {
      const page = cutPage(`{"resource":{${members}}}`);
      expect(page.items.map(({ record }) => record.id)).toEqual(["1", "2"]);
      expect(page.after).toBe(`[9007199254740993,${refText("3")}]`);
    }
  });

  it("has no cursor on the last page, and may be empty", () => {
    expect(cutPage('{"resource":{"data":[]}}')).toEqual({ items: [], gone: 0 });
  });

  it("counts documents that were listed but are gone", () => {
    expect(cutPage(`{"resource":{"data":[null,${document("1")},null]}}`)).toMatchObject({
      gone: 2,
    });
  });

  it("reads pages of refs, and of anything", () => {
    expect(cutRefPage(`{"resource":{"data":[${refText("7")}]}}`).items).toEqual([
      { collection: "C", id: "7" },
    ]);
    expect(cutTextPage('{"resource":{"data":[1.0,"x"]}}').items).toEqual(["1.0", '"x"']);
  });

  it.each([
    ["an HTML page", "<html>"],
    ["an empty answer", ""],
    ["an error", '{"errors":[]}'],
    ["no array", '{"resource":{"data":{}}}'],
    ["another shape", '{"resource":5}'],
    ["a second answer behind it", '{"resource":{"data":[]}}{"resource":{"data":[]}}'],
    ["a number that is none", '{"resource":{"data":[],"x":1.}}'],
  ])("refuses %s", (_what, answer) => {
    expect(() => cutPage(answer)).toThrow(noPage);
  });

  it("says where the page breaks off", () => {
    const whole = `{"resource":{"data":[${document("1")}]}}`;
    expect(() => cutPage(whole.slice(0, -3))).toThrow(
      expect.objectContaining({ details: { offset: whole.length - 3, length: whole.length - 3 } }),
    );
  });
});

describe("a record's line", () => {
  it("prints a deletion and a line of history with their action", () => {
    const deletion = makeRecord("1", "5", { action: "delete" });
    expect(printRecord(deletion)).toBe('{"id":"1","ts":5,"action":"delete"}');
    expect(parseRecord(printRecord(deletion))).toEqual(deletion);
    const line = '{"id":"1","ts":5,"action":"update","data":{"a":1.0}}';
    expect(printRecord(parseRecord(line))).toBe(line);
  });

  it("reads members in any order and any white space, and keeps canonical text", () => {
    expect(
      parseRecord(' { "data" : { "a\\u0062" : [ 1.0 , 2 ] } , "ts" : 5 , "id" : "1" } '),
    ).toEqual({
      id: "1",
      ts: 5n,
      dataText: '{"ab":[1.0,2]}',
    });
  });

  it.each([
    ["nothing", ""],
    ["another type", "[]"],
    ["an unknown member", '{"id":"1","ts":5,"data":{},"new":1}'],
    ["a member twice", '{"id":"1","id":"2","ts":5,"data":{}}'],
    ["no id", '{"ts":5,"data":{}}'],
    ["an id with a leading zero", '{"id":"01","ts":5,"data":{}}'],
    ["no ts", '{"id":"1","data":{}}'],
    ["an unknown action", '{"id":"1","ts":5,"action":"drop"}'],
    ["a deletion with data", '{"id":"1","ts":5,"action":"delete","data":{}}'],
    ["a ttl that is no time tag", '{"id":"1","ts":5,"ttl":"2024-01-01","data":{}}'],
    ["an empty ttl", '{"id":"1","ts":5,"ttl":{},"data":{}}'],
    ["data that is no object", '{"id":"1","ts":5,"data":"x"}'],
  ])("is refused with %s", (_what, line) => {
    expect(() => parseRecord(line, "data/C/1.ndjson:7")).toThrow(
      expect.objectContaining({ code: "ERR_RECORD", place: "data/C/1.ndjson:7" }),
    );
  });

  it("orders ids by number", () => {
    expect(["10", "9", "0", "100", "9"].toSorted(compareIds)).toEqual(["0", "9", "9", "10", "100"]);
  });
});

describe("canonical text", () => {
  it("is the very same string when nothing needs another spelling", () => {
    const text = '{"a":[1.0,"\\ud800\\u001f\\n\\"é😀"],"b":{}}';
    expect(canonicalText(text)).toBe(text);
  });

  it("respells white space and escapes, and nothing else", () => {
    expect(
      canonicalText('{ "b" : [ 1.0E10 , -0 ] ,\n"a":"\\/\\u0041\\u001F\\ud83d\\ude00 x","a":1}'),
    ).toBe('{"b":[1.0E10,-0],"a":"/A\\u001f😀 x","a":1}');
  });

  it("escapes half pairs that UTF-8 would destroy", () => {
    expect(canonicalText('"a\ud800"')).toBe('"a\\ud800"');
  });
});

describe("the detectors", () => {
  it("see NaN and its like as values only", () => {
    expect(holdsNumberLikeString('{"a":"NaN"}')).toBe(true);
    expect(holdsNumberLikeString('["-Infinity"]')).toBe(true);
    expect(holdsNumberLikeString('{"NaN":1,"Infinity" :2}')).toBe(false);
    expect(holdsNumberLikeString('{"a":"say \\"NaN\\"","b":"say \\"NaN"}')).toBe(false);
    expect(holdsNumberLikeString('{"NaN":"NaN"}')).toBe(true);
  });

  it("see nulls in arrays of data, not those of code", () => {
    expect(holdsNullInArray('{"a":[1,[null]]}')).toBe(true);
    expect(holdsNullInArray('{"a":"[null]","b":{"c":[1]}}')).toBe(false);
    expect(
      holdsNullInArray('{"f":{"@query":{"lambda":"x","expr":{"do":[null,{"now":null}]}}}}'),
    ).toBe(false);
    expect(holdsNullInArray('{"f":{"@obj":{"@query":[null]}}}')).toBe(true);
    expect(holdsNullInArray('{"f":[{"@query":{"expr":[null]}},null]}')).toBe(true);
  });

  it("see our own tag", () => {
    expect(holdsDoubleTag('{"a":{"@double":"NaN"}}')).toBe(true);
    expect(holdsDoubleTag('{"a":"{\\"@double\\":\\"NaN\\"}"}')).toBe(false);
  });
});

describe("digest and fingerprint", () => {
  const record = makeRecord("1", "5", { dataText: '{"a":1}' });

  it("follow the framing of docs/ARCHIVE_FORMAT.md", () => {
    const content = sha('2:é1:1--7:{"a":1}-');
    expect(digestRecord("é", record)).toEqual({ content, exact: sha(`${content}:5`) });
  });

  it("tell apart what only looks alike when strung together", () => {
    const digests = [
      digestRecord("C", record),
      digestRecord("C1", makeRecord("1", "5", { dataText: '{"a":1}' })),
      digestRecord("C", makeRecord("11", "5", { dataText: '{"a":1}' })),
      digestRecord("C", makeRecord("1", "5", { dataText: '{"a":1}', action: "create" })),
      digestRecord("C", makeRecord("1", "5", { dataText: '{"a":1}', ttl: "2999-01-01T00:00:00Z" })),
      digestRecord("C", makeRecord("1", "5", { dataText: "{}", extraText: '{"a":1}' })),
      digestRecord("C", makeRecord("1", "5", { dataText: '{"a":1.0}' })),
      digestRecord("C", makeRecord("1", "5", { action: "delete" })),
    ];
    expect(new Set(digests.map(({ content }) => content)).size).toBe(digests.length);
    expect(new Set(digests.map(({ exact }) => exact)).size).toBe(digests.length);
  });

  it("tell the time of writing apart in one sum and not in the other", () => {
    const [a, b] = [new Fingerprint(), new Fingerprint()];
    a.add("C", record);
    b.add("C", { ...record, ts: 6n });
    expect(a.equals(b)).toBe(false);
    expect(a.equalsContent(b)).toBe(true);
  });

  it("count a record as often as it is there: two equal records do not cancel out", () => {
    const twice = new Fingerprint();
    twice.add("C", record);
    twice.add("C", record);
    expect(twice.records).toBe(2);
    expect(twice.equals(new Fingerprint())).toBe(false);
  });

  it("read back from what manifests hold, and refuse what is no fingerprint", () => {
    const fingerprint = new Fingerprint();
    fingerprint.add("C", record);
    expect(Fingerprint.parse(fingerprint.toJSON()).equals(fingerprint)).toBe(true);
    expect(() => Fingerprint.parse({ records: 1, exact: "x", content: "" })).toThrow(refused);
  });
});
