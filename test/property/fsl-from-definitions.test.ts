/** Schema files made from definitions mean what the definitions say. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  allDefinitions,
  type Connection,
  type Definition,
  pushSchema,
  snapshotTime,
} from "../../src/fauna/fauna.ts";
import { readFsl, rebuildSchema } from "../../src/fsl/fsl.ts";
import { parseJson } from "../../src/values/json.ts";
import { Bench } from "../support/bench.ts";
import { schemaFile } from "../support/random-schema.ts";
import { SAMPLE_DATABASES } from "../support/sample-databases.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function definitionsOf(database: Connection): Promise<Definition[]> {
  const at = await snapshotTime(database);
  return (await allDefinitions(database, { at })).filter(({ kind }) => kind !== "databases");
}

/** Each definition by kind and name, without what a database makes up for itself and what has no order. */
function comparable(definitions: readonly Definition[]): Record<string, unknown> {
  return Object.fromEntries(
    definitions.map(({ kind, name, v10, v4 }) => [`${kind} ${name}`, plain(parseJson(v10 ?? v4!))]),
  );
}

function plain(json: unknown): unknown {
  if (json instanceof Map) {
    const members = [...json].filter(
      ([key]) => !["ts", "audience", "status"].includes(String(key)),
    );
    return Object.fromEntries(members.map(([key, value]) => [key, plain(value)]));
  }
  if (!Array.isArray(json)) return json;
  return json.map(plain).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe("schema files made from definitions", () => {
  it("of random schemas, pushed into an empty database, give the same definitions", async () => {
    await fc.assert(
      fc.asyncProperty(schemaFile, async (content) => {
        const first = await bench.emptyDatabase();
        await pushSchema(first, [{ filename: "a.fsl", content }], { override: true });
        const definitions = await definitionsOf(first);
        const { text, left } = rebuildSchema(definitions, ["Made anew."]);
        expect(left).toEqual([]);
        const second = await bench.emptyDatabase();
        await pushSchema(second, [{ filename: "main.fsl", content: text }], { override: true });
        const again = await definitionsOf(second);
        expect(comparable(again)).toEqual(comparable(definitions));
        expect(rebuildSchema(again, ["Made anew."]).text).toBe(text);
      }),
      { numRuns: 25 },
    );
  });

  it.each(Object.keys(SAMPLE_DATABASES))("of %s say all that its own files say", async (name) => {
    const database = await bench.emptyDatabase();
    await SAMPLE_DATABASES[name]!(database);
    const { text, left } = rebuildSchema(await definitionsOf(database));
    expect(left).toEqual([]);
    const { items, problems } = readFsl(text);
    expect(problems).toEqual([]);
    const own = (await bench.read(database)).files;
    const named = (file: string) =>
      readFsl(file).items.map((item) => `${item.kind} ${item.name.text}`);
    expect(items.map((item) => `${item.kind} ${item.name.text}`).toSorted()).toEqual(
      [...own.values()].flatMap(named).toSorted(),
    );
  });

  it("hold the words that queries used, wherever an expression would end too soon or is an object", async () => {
    const first = await bench.emptyDatabase();
    await first.v10(String.raw`
      Function.create({ name: "a", body: "x => x + 1" })
      Function.create({ name: "b", body: "(x, ...more) => { a: x, \"b c\": more }" })
      Function.create({ name: "c", body: "() => {}" })
      Function.create({ name: "d", body: "(_) => { \"say \#{1}\" }" })
      Function.create({ name: "e", body: "(x) =>\n  x.a\n    .b // at the end" })
      Function.create({ name: "g", body: "(x) => { let y = { a: x }; y }.a" })
      Function.create({ name: "h", body: "(x) => x", signature: "(x: Number) => Number" })
      Collection.create({
        name: "C",
        alias: "CC",
        fields: { n: { signature: "Number", default: "1 +\n  2" }, s: { signature: "String", default: "'x'" } },
        computed_fields: { short: { body: "(.n)" }, long: { body: "c => c\n  .n" } },
        constraints: [{ unique: ["n"] }, { check: { name: "k", body: "(.s == 'x')" } }, { check: { name: "l", body: "c => true // yes" } }],
        indexes: { i: { terms: [{ field: "n" }], values: [{ field: ".s", order: "desc" }] } },
        wildcard: "Any"
      })
      Role.create({ name: "r", privileges: [{ resource: "C", actions: { read: "(.n)", write: true, create: false } }] })`);
    const definitions = await definitionsOf(first);
    const { text, left } = rebuildSchema(definitions);
    expect(left).toEqual([]);
    const second = await bench.emptyDatabase();
    await pushSchema(second, [{ filename: "main.fsl", content: text }], { override: true });
    for (const call of ["a(1)", "b(1, 2)", "c()", "d(0)", "e({ a: { b: 7 } })", "g(3)", "h(4)"]) {
      expect((await second.v10(call)).dataText).toBe((await first.v10(call)).dataText);
    }
    const create = 'CC.create({ id: "1", s: "x" }) { n, short, long }';
    expect((await second.v10(create)).dataText).toBe((await first.v10(create)).dataText);
    expect(comparable(await definitionsOf(second))["roles r"]).toMatchObject({
      "@doc": { privileges: [{ resource: "C", actions: { read: "(.n)", write: true } }] },
    });
  });
});
