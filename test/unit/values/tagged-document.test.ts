import { describe, expect, it } from "vitest";
import { LossCount } from "../../../src/values/loss.ts";
import { makeRecord } from "../../../src/values/record.ts";
import { parseTaggedDocument, printTaggedDocument } from "../../../src/values/tagged-document.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

const documentOf = (dataText: string) => ({
  collection: "c",
  record: makeRecord("1", "1577836800000000", { dataText }),
});

const HEAD = '"id":"1","coll":{"@mod":"c"},"ts":{"@time":"2020-01-01T00:00:00Z"}';

describe("a tagged document line", () => {
  it("nests fields with reserved names under data", () => {
    const document = documentOf('{"ref":"z","id":"own","ts":1,"data":{"data":1},"exists":true}');
    const line = `{${HEAD},"ref":"z","data":{"id":"own","ts":{"@int":"1"},"data":{"data":{"@int":"1"}},"exists":true}}`;
    expect(printTaggedDocument(document)).toBe(line);
    expect(parseTaggedDocument(line)).toEqual(document);
  });

  it("is wrapped when a key begins with @", () => {
    const document = documentOf('{"@obj":{"@foo":1,"nested":{"@obj":{"@bar":{"a":1}}}}}');
    const line = `{"@object":{${HEAD},"@foo":{"@int":"1"},"nested":{"@object":{"@bar":{"a":{"@int":"1"}}}}}}`;
    expect(printTaggedDocument(document)).toBe(line);
    expect(parseTaggedDocument(line)).toEqual(document);
    expect(parseTaggedDocument(`{"@doc":${line}}`)).toEqual(document);
  });

  it("says when it cannot keep the place of reserved names", () => {
    const losses = new LossCount();
    printTaggedDocument(documentOf('{"id":1,"a":2}'), losses.onLoss);
    expect([...losses.counts]).toEqual([["reserved-field-order", 1]]);
    expect(() => printTaggedDocument(documentOf('{"id":1,"a":2}'))).toThrow(/reserved names/);
  });

  it("does not exist for deletions, and holds nothing beside the data", () => {
    const losses = new LossCount();
    const deletion = { collection: "c", record: makeRecord("1", "5", { action: "delete" }) };
    expect(printTaggedDocument(deletion, losses.onLoss)).toBeUndefined();
    const extra = {
      collection: "c",
      record: makeRecord("1", "5", { extraText: '{"permissions":{}}' }),
    };
    printTaggedDocument(extra, losses.onLoss);
    expect([...losses.counts.keys()]).toEqual(["action", "extra"]);
  });

  it("drops fields that are null, as the server does, but not nulls in arrays", () => {
    expect(parseTaggedDocument(`{${HEAD},"a":null,"b":{"c":null,"d":[null]}}`)).toEqual(
      documentOf('{"b":{"d":[null]}}'),
    );
  });

  it.each([
    ["no collection", '{"id":"1","ts":{"@time":"2020-01-01T00:00:00Z"}}'],
    ["no id", '{"coll":{"@mod":"c"},"ts":{"@time":"2020-01-01T00:00:00Z"}}'],
    ["no ts", '{"id":"1","coll":{"@mod":"c"}}'],
    [
      "a ts finer than a microsecond",
      '{"id":"1","coll":{"@mod":"c"},"ts":{"@time":"2020-01-01T00:00:00.000000001Z"}}',
    ],
    ["an ordinary name under data", `{${HEAD},"data":{"name":"x"}}`],
    ["a bare number", `{${HEAD},"a":1}`],
    ["another type", "[]"],
  ])("is refused with %s", (_what, line) => {
    expect(() => parseTaggedDocument(line)).toThrow(refused);
  });
});
