/**
 * Every kind of value and document, each by name, through export and import: what docs/FIDELITY.md promises of values.
 * Both sides are read by the independent reader, through v4 and v10.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { type RoundTrip, roundTrip } from "../support/round-trip.ts";
import { insert } from "../support/sample-databases.ts";

const ref = (kind: string, name: string) =>
  `{"@ref":{"id":"${name}","collection":{"@ref":{"id":"${kind}"}}}}`;
const documentRef = (collection: string, id: string) =>
  `{"@ref":{"id":"${id}","collection":${ref("collections", collection)}}}`;
const lambda = (version: string) =>
  `{"@query":{"api_version":"${version}","lambda":["a","_"],"expr":{"if":true,"then":{"var":"a"},"else":1.0}}}`;

/** The data of one document each, by what it shows. */
const VALUES: Readonly<Record<string, string>> = {
  "integers beyond 2^53": '{"a":9007199254740993,"b":9223372036854775807,"c":-9223372036854775808}',
  "whole doubles beside integers": '{"a":1.0,"b":1,"c":1.0E10,"d":10000000000}',
  "the smallest and the largest double": '{"a":4.9E-324,"b":1.7976931348623157E308}',
  "minus zero": '{"a":-0.0,"b":0.0,"c":0}',
  "NaN and the infinities":
    '{"a":{"@double":"NaN"},"b":{"@double":"Infinity"},"c":{"@double":"-Infinity"}}',
  "strings that look like NaN and the infinities": '{"a":"NaN","b":"Infinity","c":"-Infinity"}',
  "both in one document":
    '{"a":{"@double":"NaN"},"b":"NaN","c":[{"@double":"Infinity"},"Infinity"]}',
  "times to the nanosecond": '{"a":{"@ts":"2024-01-01T00:00:00.123456789Z"}}',
  "times far in past and future":
    '{"a":{"@ts":"+10000-01-01T00:00:00Z"},"b":{"@ts":"-0044-03-15T00:00:00.000000001Z"}}',
  "dates beyond the year 9999 and before the year 0":
    '{"a":{"@date":"+10000-01-01"},"b":{"@date":"-0044-03-15"},"c":{"@date":"2024-02-29"}}',
  "bytes, none and many": `{"a":{"@bytes":""},"b":{"@bytes":"AP8+Pw=="},"c":{"@bytes":"${Buffer.alloc(300_000, 7).toString("base64")}"}}`,
  uuids: '{"a":{"@uuid":"123e4567-e89b-12d3-a456-426614174000"}}',
  "sets, which Fauna stores as objects": `{"a":{"@set":{"documents":${ref("collections", "C")}}},"b":{"@set":{"match":${ref("indexes", "ix")},"terms":"x"}}}`,
  "lambdas, with the API version they were written in": `{"a":${lambda("4")},"b":[${lambda("2.12")}]}`,
  "a null inside a lambda": '{"a":{"@query":{"api_version":"4","lambda":"x","expr":null}}}',
  "references to indexes": `{"a":${ref("indexes", "ix")}}`,
  "references to collections, functions, roles and access providers": `{"a":${ref("collections", "C")},"b":${ref("functions", "f")},"c":${ref("roles", "r")},"d":${ref("access_providers", "ap")}}`,
  "references to keys, tokens and credentials": `{"a":${ref("keys", "1")},"b":${ref("tokens", "2")},"c":${ref("credentials", "3")}}`,
  "references to native collections":
    '{"a":{"@ref":{"id":"keys"}},"b":{"@ref":{"id":"collections"}}}',
  "references to documents, there or not": `{"a":${documentRef("C", "1")},"b":${documentRef("C", "404")}}`,
  "keys that begin with @": '{"@obj":{"@ref":"x","@ts":5,"@obj":{"@obj":{"@double":"NaN"}}}}',
  "empty keys, keys with dots and spaces, and NUL": '{"":1,"a.b":2," ":3,"\\u0000":"\\u0000"}',
  "keys that JavaScript treats specially":
    '{"__proto__":{"a":1},"constructor":2,"toString":3,"hasOwnProperty":4}',
  "the order of keys, also of those that look like numbers": '{"b":1,"10":2,"2":3,"a":4,"1":5}',
  "empty objects and arrays": '{"a":{},"b":[],"c":[[],{}],"d":""}',
  "strings of every kind": String.raw`{"a":"\"\\\u0001\u001f  é 漢 😀","b":"﻿bom"}`,
  "deep nesting": `{"a":${"[".repeat(80)}${"]".repeat(80)},"b":${'{"a":'.repeat(80)}1${"}".repeat(80)}}`,
  "fields that v10 reserves":
    '{"id":1,"coll":"x","ts":2,"ttl":3,"data":{"data":4},"exists":true,"delete":5,"update":6}',
  "a document with nothing in it": "{}",
};

let bench: Bench;
let trip: RoundTrip;
const idOf = (name: string): string => String(100 + Object.keys(VALUES).indexOf(name));

async function build(database: Connection): Promise<void> {
  await database.v10(`
    Collection.create({ name: "C" })
    Collection.create({ name: "V" })
    Collection.create({ name: "W", computed_fields: { double: { body: "d => d.n * 2" } } })
    Function.create({ name: "f", body: "x => x" })`);
  const create = (what: string, params: string) =>
    database.v4(`{"do":[{"create_${what}":{"quote":${params}}},null]}`);
  const c = ref("collections", "C");
  await create("index", `{"name":"ix","source":${c},"terms":[{"field":["data","k"]}]}`);
  await create("role", `{"name":"r","privileges":[{"resource":${c},"actions":{"read":true}}]}`);
  await create(
    "access_provider",
    `{"name":"ap","issuer":"https://a.example/","jwks_uri":"https://a.example/j","roles":[${ref("roles", "r")}]}`,
  );
  await insert(database, "C", "1", "{}");
  for (const [name, data] of Object.entries(VALUES)) await insert(database, "V", idOf(name), data);
  await insert(database, "W", "0", '{"n":1}', { ts: 1n });
  await insert(database, "W", "9223372036854775807", '{"n":2}', { ts: 1_795_000_000_000_001n });
  await insert(database, "W", "7", '{"n":3}', { ttl: "2999-01-01T00:00:00.123456Z" });
  await database.v10(
    'W.create({ id: "9", n: 1, holes: [null, 1, [null], { a: [null] }], none: null })',
  );
  await database.v4(
    `{"do":[{"update":{"ref":{"collection":"W"},"id":"9"},"params":{"quote":{"data":{"fn":${lambda("4")},"u":{"@uuid":"123e4567-e89b-12d3-a456-426614174000"}}}}},null]}`,
  );
}

beforeAll(async () => {
  bench = await Bench.start();
  trip = await roundTrip(bench, build);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A document as both protocols print it, which is not to have changed. */
function expectSame(key: string): string {
  const text = trip.before.documents.get(key);
  expect(text).toBeDefined();
  expect(trip.after.documents.get(key)).toBe(text);
  return text!;
}

describe("values come back as they were:", () => {
  it.each(Object.keys(VALUES))("%s", (name) => {
    const text = expectSame(`V/${idOf(name)}`);
    // What was built is what is there, so that the row shows what it says.
    expect(text).not.toContain("not in v4");
  });
});

it("every value of this page was imported, none refused, and verification agrees", () => {
  expect(trip.imported.documents).toMatchObject({ refused: 0, expired: 0, newTs: 1 });
  expect(trip.differences).toEqual([]);
  expect(trip.verified.equal).toBe(true);
});

describe("of a document come back as they were:", () => {
  it("the smallest and the largest id", () => {
    expectSame("W/0");
    expectSame("W/9223372036854775807");
  });

  it("its ts, to the microsecond and from 1970 on", () => {
    expect(expectSame("W/0")).toContain('"ts":1,');
    expect(expectSame("W/9223372036854775807")).toContain('"ts":1795000000000001');
  });

  it("its ttl", () => {
    expect(expectSame("W/7")).toContain("2999-01-01T00:00:00.123456Z");
  });

  it("fields that are computed, because they are computed again", () => {
    expect(expectSame("W/7")).toContain('"double":{"@int":"6"}');
  });
});

it("nulls in arrays come back beside lambdas and uuids, and the new ts is counted and named", () => {
  const withoutTs = (text: string | undefined) =>
    text?.replaceAll(/"ts":(\d+|\{"@time":"[^"]*"\})/g, '"ts":…');
  const before = withoutTs(trip.before.documents.get("W/9"));
  expect(before).toContain('"holes":[null,{"@int":"1"},[null]');
  expect(withoutTs(trip.after.documents.get("W/9"))).toBe(before);
  expect(trip.imported.notes).toContainEqual(
    expect.objectContaining({ code: "new_ts", collection: "W", count: 1, examples: ["9"] }),
  );
});

it("a null member of an object is no member at all, for Fauna too", () => {
  expect(trip.before.documents.get("W/9")).not.toContain('"none"');
});

it("a lone surrogate never gets into a database: Fauna makes a question mark of it", async () => {
  await trip.source.v4(
    String.raw`{"do":[{"insert":{"ref":{"collection":"C"},"id":"77"},"ts":5,"action":"create","params":{"object":{"data":{"object":{"a":"x\ud800y"}}}}},null]}`,
  );
  const { text } = await trip.source.v4('{"get":{"ref":{"collection":"C"},"id":"77"}}');
  expect(text).toContain('"a":"x?y"');
});

it("of two members of one name Fauna keeps the first, so that no archive can hold both", async () => {
  await trip.source.v4(
    '{"do":[{"insert":{"ref":{"collection":"C"},"id":"78"},"ts":5,"action":"create","params":{"quote":{"data":{"a":1,"a":2}}}},null]}',
  );
  const { text } = await trip.source.v4('{"get":{"ref":{"collection":"C"},"id":"78"}}');
  expect(text).toContain('"data":{"a":1}');
});

it("1e400 is stored as Infinity, and comes out of an export as that", async () => {
  const database = await bench.emptyDatabase();
  await database.v10('Collection.create({ name: "C" })');
  await database.v4(
    '{"do":[{"create":{"ref":{"collection":"C"},"id":"1"},"params":{"object":{"data":{"object":{"a":1e400}}}}},null]}',
  );
  const store = new MemoryStore();
  await exportDatabase({ source: database, target: store, compression: "none" });
  let lines = "";
  for await (const { name } of store.list("data/")) {
    for await (const bytes of store.read(name)) lines += Buffer.from(bytes).toString();
  }
  expect(lines).toContain('"data":{"a":{"@double":"Infinity"}}');
});

it("references into other databases cannot be written, so that no document holds one", async () => {
  const child = ref("databases", "child");
  const foreign = `{"@ref":{"id":"1","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections","database":${child}}}}}}}`;
  await trip.source.v10('Database.create({ name: "child" })');
  const write = trip.source.v4(
    `{"insert":{"ref":{"collection":"C"},"id":"79"},"ts":5,"action":"create","params":{"quote":{"data":{"a":${foreign}}}}}`,
  );
  await expect(write).rejects.toMatchObject({ code: "ERR_DATABASE" });
});
