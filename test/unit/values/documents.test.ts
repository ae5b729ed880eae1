import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cutDocument } from "../../../src/values/document.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../../../src/values/json.ts";
import { LossCount } from "../../../src/values/loss.ts";
import { cutPage, cutTextPage } from "../../../src/values/page.ts";
import { makeRecord } from "../../../src/values/record.ts";
import { restoreDoubles } from "../../../src/values/restore-doubles.ts";
import { parseSimpleDocument } from "../../../src/values/simple-document.ts";
import { parseTaggedDocument, printTaggedDocument } from "../../../src/values/tagged-document.ts";
import {
  documentsToRecords,
  recordsToTagged,
  simpleToDocuments,
  taggedToDocuments,
} from "../../../src/values/transcode.ts";
import { printWriteExpression } from "../../../src/values/write-expression.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });
const real = (name: string) =>
  readFileSync(join(import.meta.dirname, "../../fixtures/real/third-party", name), "utf8");
const documentOf = (dataText: string) => ({
  collection: "c",
  record: makeRecord("1", "1577836800000000", { dataText }),
});
const HEAD = '"id":"1","coll":{"@mod":"c"},"ts":{"@time":"2020-01-01T00:00:00Z"}';

async function listOf(source: AsyncIterable<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of source) items.push(item);
  return items;
}

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

describe("real answers", () => {
  it.each(["Customer", "Order"])("of both protocols about %s give the same records", (name) => {
    const v4 = cutPage(real(`v4-wire-${name}.json`)).items;
    const answer = parseJson(real(`eval-json-tagged-${name}.json`));
    const lines = taggedPage(answer);
    expect(v4.length).toBeGreaterThan(0);
    expect(lines.length).toBe(v4.length);
    expect(lines.map((line) => parseTaggedDocument(line))).toEqual(v4);
    expect(v4.map((document) => `{"@doc":${printTaggedDocument(document)}}`)).toEqual(lines);
  });

  it("in the simple format differ from v4's, and every difference is counted", () => {
    const v4 = cutPage(real("v4-wire-Customer.json")).items;
    const answer = parseJson(real("eval-json-simple-Customer.json"));
    const lost = new LossCount();
    const items = member(answer, "data");
    const simple = (Array.isArray(items) ? items : []).map((item) =>
      parseSimpleDocument(printJson(item), lost.onLoss),
    );
    expect(simple.map(({ record }) => record.id)).toEqual(v4.map(({ record }) => record.id));
    expect(lost.counts).toEqual(
      new Map([
        ["maybe-date", simple.length],
        ["maybe-bytes", simple.length],
        ["maybe-time", simple.length],
      ]),
    );
  });
});

function member(json: Json, name: string): Json | undefined {
  return isJsonObject(json) ? json.get(name) : undefined;
}

function taggedPage(answer: Json): string[] {
  const items = member(member(answer, "@set") ?? null, "data");
  return Array.isArray(items) ? items.map(printJson) : [];
}

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

describe("restoring doubles", () => {
  const v4 = documentOf(
    '{"nan":"NaN","real":"NaN","list":["-Infinity",{"@obj":{"@x":"Infinity"}}],"id":"NaN"}',
  );
  const tagged =
    `{"@doc":{${HEAD},"nan":{"@double":"NaN"},"real":"NaN",` +
    '"list":[{"@double":"-Infinity"},{"@object":{"@x":{"@double":"Infinity"}}}],"data":{"id":{"@double":"NaN"}}}}';

  it("puts back doubles where v10 shows them, and leaves strings strings", () => {
    expect(restoreDoubles(v4, parseJson(tagged)).record.dataText).toBe(
      '{"nan":{"@double":"NaN"},"real":"NaN","list":[{"@double":"-Infinity"},{"@obj":{"@x":{"@double":"Infinity"}}}],' +
        '"id":{"@double":"NaN"}}',
    );
  });

  it("works in documents whose own keys begin with @", () => {
    const document = documentOf('{"@obj":{"@x":"NaN"}}');
    expect(
      restoreDoubles(document, parseJson(`{"@doc":{"@object":{${HEAD},"@x":{"@double":"NaN"}}}}`))
        .record.dataText,
    ).toBe('{"@obj":{"@x":{"@double":"NaN"}}}');
  });

  it("refuses another version, and a document that is not the same", () => {
    const another = tagged.replace("2020-01-01", "2021-01-01");
    expect(() => restoreDoubles(v4, parseJson(another))).toThrow(
      expect.objectContaining({ code: "ERR_PROTOCOL" }),
    );
    const without = `{"@doc":{${HEAD}}}`;
    expect(() => restoreDoubles(v4, parseJson(without))).toThrow(
      expect.objectContaining({ code: "ERR_PROTOCOL" }),
    );
  });
});

describe("a write expression", () => {
  it("is the data itself, quoted, nearly always", () => {
    const data = '{"a":{"@obj":{"@double":"NaN"}},"b":1.0}';
    expect(printWriteExpression(data)).toBe(`{"quote":${data}}`);
    expect(printWriteExpression('{"a":"x"}')).toBe('{"quote":{"a":"x"}}');
  });

  it("computes NaN and the infinities, and quotes all around them", () => {
    expect(
      printWriteExpression(
        '{"a":{"@double":"NaN"},"b":{"c":[1,{"@double":"-Infinity"},{"d":1.0}],"e":{}},"f":{"@ts":"2020-01-01T00:00:00Z"}}',
      ),
    ).toBe(
      '{"object":{"a":{"to_double":"NaN"},"b":{"object":{"c":[1,{"to_double":"-∞"},{"quote":{"d":1.0}}],"e":{"quote":{}}}},' +
        '"f":{"quote":{"@ts":"2020-01-01T00:00:00Z"}}}}',
    );
  });

  it("names keys like tags through to_object", () => {
    expect(printWriteExpression('{"@obj":{"@ref":{"@double":"Infinity"},"b":1}}')).toBe(
      '{"to_object":[["@ref",{"to_double":"∞"}],["b",1]]}',
    );
  });
});

describe("streams of lines", () => {
  it("go from records to tagged lines and back", async () => {
    const lines = cutTextPage(real("v4-wire-Order.json")).items.map((text) => cutDocument(text));
    const records = await listOf(documentsToRecords(lines));
    const tagged = await listOf(recordsToTagged("Order", records));
    expect(await listOf(documentsToRecords(taggedToDocuments(tagged)))).toEqual(records);
  });

  it("name the file and line where one is malformed", async () => {
    await expect(
      listOf(documentsToRecords(taggedToDocuments(["", "{"], { place: "C.jsonl" }))),
    ).rejects.toThrow(expect.objectContaining({ code: "ERR_RECORD", place: "C.jsonl:2" }));
  });

  it("say on which line something was lost", async () => {
    const lost = new LossCount();
    const line = '{"id":"1","coll":"C","ts":"2020-01-01T00:00:00Z","when":"2020-01-01"}';
    await listOf(documentsToRecords(simpleToDocuments([line], { onLoss: lost.onLoss })));
    expect(lost.example("maybe-date")).toBe("1#/when");
  });
});
