/** Queries that do what they say only while a condition holds, in one transaction with it. */
import { fql } from "fauna";
import faunadb from "faunadb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import type { Connection, Fence } from "../../../src/fauna/fauna.ts";
import { scoped } from "../../../src/fauna/fauna.ts";
import { Bench } from "../../support/bench.ts";

const { query: q } = faunadb;
let bench: Bench;
let database: Connection;

beforeAll(async () => {
  bench = await Bench.start();
  database = await bench.emptyDatabase();
  await database.v10('Collection.create({ name: "Gate" })\nCollection.create({ name: "Item" })');
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const ONE = '{"ref":{"collection":"Gate"},"id":"1"}';

/** Holds while the document `Gate/1` is there. */
const gate: Fence = {
  v4: `{"if":{"exists":${ONE}},"then":null,"else":{"abort":"shut"}}`,
  v10: 'if (!Gate.byId("1").exists()) { abort("shut") }',
  word: "shut",
  failed: (place, cause) => new ArkError("ERR_BUSY", "The gate is shut.", { place, cause }),
};

const ways: Record<string, (connection: Connection) => Promise<unknown>> = {
  "a v4 text": (connection) =>
    connection.v4('{"do":[{"create":{"collection":"Item"}},"done"]}').then(({ text }) => text),
  "v4 bytes": (connection) =>
    connection
      .v4(Buffer.from('{"do":[{"create":{"collection":"Item"}},"done"]}'))
      .then(({ text }) => text),
  "an expression of the v4 driver": (connection) =>
    connection.v4(q.Do(q.Create(q.Collection("Item"), {}), "done")).then(({ text }) => text),
  "a v10 text": (connection) =>
    connection.v10('Item.create({})\n"done"').then(({ dataText }) => dataText),
  "a v10 text with arguments": (connection) =>
    connection
      .v10("Item.create(body)\ndone", { arguments: { body: "{}", done: '"done"' } })
      .then(({ dataText }) => dataText),
  "a query of the v10 driver": (connection) =>
    connection.v10(fql`Item.create(${{}})\n"done"`).then(({ dataText }) => dataText),
};

async function items(): Promise<number> {
  const { dataText } = await database.v10("Item.all().count()");
  return Number(/\d+/.exec(dataText)![0]);
}

describe.each(Object.entries(ways))("behind a fence, %s", (_, run) => {
  it("does and says what it does without while the condition holds, and nothing when it does not", async () => {
    const fenced = database.fenced(gate);
    await database.v10('if (Gate.byId("1").exists()) { Gate.byId("1")!.delete() }\n0');
    const before = await items();
    await expect(run(fenced)).rejects.toMatchObject({
      code: "ERR_BUSY",
      message: "The gate is shut.",
      place: database.place,
    });
    expect(await items()).toBe(before);
    await database.v10('Gate.create({ id: "1" })\n0');
    expect(await run(fenced)).toEqual(await run(database));
    expect(await items()).toBe(before + 2);
  });
});

describe("a fence", () => {
  it("is of its database in every role, and of no other database", async () => {
    await database.v10('if (Gate.byId("1").exists()) { Gate.byId("1")!.delete() }\n0');
    await database.v10('Database.create({ name: "below" })\n0');
    const fenced = database.fenced(gate);
    const other = fenced.withScope({ path: [...fenced.scope.path, "below"], role: "admin" });
    expect((await other.v10("1")).dataText).toContain("1");
    const server = await scoped(fenced, "", "server");
    await expect(server.v4("1")).rejects.toMatchObject({ code: "ERR_BUSY" });
  });

  it("leaves other refusals as they are", async () => {
    const fenced = database.fenced(gate);
    await database.v10('if (!Gate.byId("1").exists()) { Gate.create({ id: "1" }) }\n0');
    await expect(fenced.v4('{"abort":"another word"}')).rejects.toMatchObject({
      code: "ERR_DATABASE",
    });
    await expect(fenced.v10("abort(1)")).rejects.toMatchObject({ code: "ERR_DATABASE" });
  });
});
