import { describe, expect, it } from "vitest";
import { compareIds, makeRecord, parseRecord, printRecord } from "../../../src/values/record.ts";

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
