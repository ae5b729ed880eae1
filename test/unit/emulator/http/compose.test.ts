/** Where one language calls the other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../../src/emulator/emulator.ts";

let emulator: Emulator;
const logged: string[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ log: (line) => logged.push(line) });
  await v10(`
    Collection.create({ name: "C" })
    Function.create({ name: "MakeRole", body: "(res) => { log(res); Role.create({ name: 'r', privileges: { resource: res, actions: { read: true } } }); 1 }" })
    Function.create({ name: "LookBack", body: "_ => at(Time.epoch(0, 'seconds')) { C.all().count() }" })`);
  const body = {
    query: { lambda: "x", expr: { call: { function: "MakeRole" }, arguments: { var: "x" } } },
  };
  await v4({ create_function: { object: { name: "Legacy", body } } });
});
afterAll(() => emulator.close());

async function send(path: string, body: unknown) {
  const response = await fetch(`${emulator.endpoint}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${emulator.secret}`, "x-faunadb-api-version": "4" },
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  return { status: response.status, answer };
}

const v10 = (query: string) => send("/query/1", { query });
const v4 = (expression: unknown) => send("/", expression);
const call = (name: string, argument: unknown) =>
  v4({ call: { function: name }, arguments: argument });

describe("a v10 function that v4 calls", () => {
  it("cannot leave a schema that does not hold together", async () => {
    expect(await call("MakeRole", "Nowhere")).toMatchObject({
      status: 400,
      answer: { errors: [{ code: "transaction aborted" }] },
    });
    expect(await v10("Role.all().count()")).toMatchObject({ answer: { data: 0 } });
    expect(await v10('Collection.create({ name: "D" })')).toMatchObject({ status: 200 });
  });

  it("looks no further back than v4 does", async () => {
    const { status, answer } = await call("LookBack", 1);
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      errors: [
        {
          code: "bad request",
          description: expect.stringMatching(/^Requested timestamp 1970-01-01T00:00:00Z less than/),
        },
      ],
    });
    expect(logged).toEqual([]);
  });
});

describe("a v4 function between two of v10", () => {
  it("loses neither log nor checks", async () => {
    expect(await v10('Legacy("Nowhere")')).toMatchObject({ status: 400 });
    expect(await v10('Legacy("C")')).toMatchObject({
      status: 200,
      answer: { data: 1, summary: expect.stringContaining("C") },
    });
  });
});

describe("child databases", () => {
  it("have names that can be written bare, or keep those they have", async () => {
    const refused = {
      error: { constraint_failures: [{ paths: [["name"]], message: "Invalid identifier." }] },
    };
    for (const name of ["a/b", "", "a b", "a-b"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await v10(`Database.create({ name: "${name}" })`)).answer).toMatchObject(refused);
    }
    await v4({ create_database: { object: { name: "a-b" } } });
    expect(await v10('Database.byName("a-b")!.update({ priority: 5 }).name')).toMatchObject({
      answer: { data: "a-b" },
    });
  });
});
