import { describe, expect, it } from "vitest";
import { cutDocument } from "../../../src/values/document.ts";
import { printRecord } from "../../../src/values/record.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

const refText = (id: string, collection = "C") =>
  `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"${collection}","collection":{"@ref":{"id":"collections"}}}}}}`;

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
