import { describe, expect, it } from "vitest";
import { parseRecord } from "../../../src/values/record.ts";
import { changedFields } from "../../../src/verify/changed-fields.ts";

const record = (data: string, more = "") => parseRecord(`{"id":"1","ts":5${more},"data":${data}}`);

function changes(left: string, right: string): string[] {
  return changedFields(record(left), record(right)).map(({ path, how }) => `${how} ${path}`);
}

describe("the fields that differ", () => {
  it.each<[string, string, string, string[]]>([
    ["nothing", '{"a":[1,{"b":null}]}', '{"a":[1,{"b":null}]}', []],
    ["a value", '{"a":1,"b":2}', '{"a":1,"b":3}', ["changed data.b"]],
    ["a number's own spelling", '{"a":1}', '{"a":1.0}', ["changed data.a"]],
    [
      "a long beyond doubles",
      '{"a":9007199254740993}',
      '{"a":9007199254740992}',
      ["changed data.a"],
    ],
    [
      "a value deep inside",
      '{"a":{"b":[{"c":1}]}}',
      '{"a":{"b":[{"c":2}]}}',
      ["changed data.a.b[0].c"],
    ],
    [
      "a member more and one less",
      '{"a":1,"b":2}',
      '{"a":1,"c":2}',
      ["removed data.b", "added data.c"],
    ],
    ["an array's end", '{"a":[1,2]}', '{"a":[1]}', ["removed data.a[1]"]],
    ["another kind of value", '{"a":[1]}', '{"a":{"0":1}}', ["changed data.a"]],
    [
      "odd names",
      '{"a b":{"":1,"__proto__":1}}',
      '{"a b":{"":2,"__proto__":2}}',
      ['changed data["a b"][""]', 'changed data["a b"].__proto__'],
    ],
    [
      "a time, as a whole",
      '{"a":{"@ts":"2020-01-01T00:00:00Z"}}',
      '{"a":{"@ts":"2021-01-01T00:00:00Z"}}',
      ["changed data.a"],
    ],
    [
      "a reference, as a whole",
      '{"a":{"@ref":{"id":"1"}}}',
      '{"a":{"@ref":{"id":"2"}}}',
      ["changed data.a"],
    ],
    [
      "an object that looks like a tag",
      '{"a":{"@obj":{"@ref":1}}}',
      '{"a":{"@obj":{"@ref":2}}}',
      ['changed data.a["@ref"]'],
    ],
    [
      "such an object and a plain one",
      '{"a":{"@obj":{"@b":1,"c":1}}}',
      '{"a":{"c":1}}',
      ['removed data.a["@b"]'],
    ],
    [
      "the order of members",
      '{"a":1,"b":{"c":1,"d":1}}',
      '{"a":1,"b":{"d":1,"c":1}}',
      ["order data.b"],
    ],
    ["a null and no member", '{"a":null}', "{}", ["removed data.a"]],
  ])("are named for %s", (_, left, right, expected) => {
    expect(changes(left, right)).toEqual(expected);
  });

  it("include ts, ttl and what stands outside the data", () => {
    const ttl = ',"ttl":{"@ts":"2999-01-01T00:00:00Z"}';
    const left = parseRecord('{"id":"1","ts":5,"data":{},"extra":{"delegates":{"a":1}}}');
    const right = parseRecord(`{"id":"1","ts":6${ttl},"data":{},"extra":{"delegates":{"a":2}}}`);
    expect(changedFields(left, right)).toEqual([
      { path: "ts", how: "changed" },
      { path: "ttl", how: "added" },
      { path: "extra.delegates.a", how: "changed" },
    ]);
    expect(changedFields(left, right, { ignoreTs: true }).map(({ path }) => path)).toEqual([
      "ttl",
      "extra.delegates.a",
    ]);
    expect(changedFields(right, left)[1]).toEqual({ path: "ttl", how: "removed" });
  });

  it("are never none where texts differ", () => {
    expect(changes('{"a":1,"a":2}', '{"a":1}')).toEqual(["changed data"]);
  });
});
