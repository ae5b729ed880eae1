import * as fc from "fast-check";
import { expect, it } from "vitest";
import { IdTable } from "../../../src/import/present.ts";
import { parseProgress } from "../../../src/import/progress.ts";

const id = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 63n - 1n));

it("a table of ids has just the ids that were put into it, however they were paged", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 200 }),
      fc.array(id),
      fc.integer({ min: 1, max: 20 }),
      (held, others, pageSize) => {
        const sorted = held.toSorted((a, b) => (a < b ? -1 : 1)).map(String);
        const table = new IdTable();
        for (let at = 0; at < sorted.length; at += pageSize)
          table.add(sorted.slice(at, at + pageSize));
        table.add([]);
        for (const each of [...held, ...others])
          expect(table.has(String(each))).toBe(held.includes(each));
      },
    ),
  );
});

it.each([
  "",
  "what?",
  "null",
  "{}",
  "[1]",
  '[["[]"]]',
  '[["[]",{"phase":"done","written":1,"again":[],"proved":0}]]',
  '[["[]",{"phase":"closing","written":-1,"again":[],"proved":0}]]',
  '[["[]",{"phase":"closing","written":1,"again":["x"],"proved":0}]]',
])("a mark whose progress is %j says nothing of it, so that all is looked at again", (text) => {
  expect([...parseProgress(text)]).toEqual([]);
});
