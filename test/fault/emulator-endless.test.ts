/** FQL that never ends, wherever a database can hold it: the request that meets it ends with its time. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";

const ENDLESS = "Set.sequence(0, 2000000000).every(x => x >= 0)";
/** For what is to be told from what never ends. */
const PATIENT_MS = "20000";
/** For what never ends. */
const BRIEF_MS = "300";

let emulator: Emulator;
const logged: string[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ log: (line) => logged.push(line) });
  await v10(`
    Collection.create({ name: "Checked", constraints: [{ check: { name: "endless", body: "d => ${ENDLESS}" } }] })
    Collection.create({ name: "Computed", computed_fields: { x: { body: "d => if (d.slow == true) ${ENDLESS} else true" } },
      indexes: { byX: { terms: [{ field: ".x" }] } } })
    Collection.create({ name: "Bare" })
    Function.create({ name: "Endless", body: "() => ${ENDLESS}" })
    Collection.create({ name: "Guarded" })
    Role.create({ name: "guard", privileges: [{ resource: "Guarded", actions: { read: "d => ${ENDLESS}", create: "d => ${ENDLESS}" } }] })`);
  await v10('Guarded.create({ id: "1" })');
  await v10('Bare.create({ id: "1" })');
});
afterEach(async () => {
  expect(await v10("1 + 1")).toMatchObject({ status: 200, answer: { data: 2 } });
  expect(logged.splice(0)).toEqual([]);
});
afterAll(() => emulator.close());

async function send(path: string, body: BodyInit, headers: Record<string, string>, role = "") {
  const response = await fetch(`${emulator.endpoint}${path}`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${emulator.secret}${role}`, ...headers },
    signal: AbortSignal.timeout(120_000),
  });
  return {
    status: response.status,
    answer: (await response.json()) as Readonly<Record<string, unknown>>,
  };
}

const v10 = (query: string, role = "", ms = PATIENT_MS) =>
  send("/query/1", JSON.stringify({ query }), { "x-query-timeout-ms": ms }, role);
const v4 = (expression: unknown, role = "", ms = PATIENT_MS) =>
  send(
    "/",
    JSON.stringify(expression),
    { "x-query-timeout": ms, "x-faunadb-api-version": "4" },
    role,
  );

const late10 = { status: 440, answer: { error: { code: "time_out" } } };
const late4 = { status: 503, answer: { errors: [{ code: "time out" }] } };
const asGuard = ":@role/guard";
const created = (name: string, data = {}) => ({
  create: { collection: name },
  params: { object: { data: { object: data } } },
});

describe("v4 answers 503 where", () => {
  test.for([
    ["a check constraint never ends", created("Checked"), ""],
    ["a computed field never ends while it is indexed", created("Computed", { slow: true }), ""],
    ["it calls a v10 function that never ends", { call: { function: "Endless" } }, ""],
    [
      "a role's predicate for reading never ends",
      { get: { ref: { collection: "Guarded" }, id: "1" } },
      asGuard,
    ],
    ["a role's predicate for creating never ends", created("Guarded"), asGuard],
  ] as const)("%s", async ([, expression, role]) => {
    expect(await v4(expression, role, BRIEF_MS)).toMatchObject(late4);
  });
});

describe("v10 answers 440 where", () => {
  test.for([
    ["a check constraint never ends", "Checked.create({})", ""],
    ["a computed field never ends while it is indexed", "Computed.create({ slow: true })", ""],
    ["a role's predicate never ends", 'Guarded.byId("1")!', asGuard],
  ] as const)("%s", async ([, query, role]) => {
    expect(await v10(query, role, BRIEF_MS)).toMatchObject(late10);
  });

  test("a v4 function calls a v10 function that never ends", async () => {
    const body = { query: { lambda: "_", expr: { call: { function: "Endless" } } } };
    await v4({ create_function: { object: { name: "Legacy", body } } });
    expect(await v10("Legacy(1)", "", BRIEF_MS)).toMatchObject(late10);
  });
});

test("v10 answers 503 to a query that had a second and more", async () => {
  expect(await v10(ENDLESS, "", "1200")).toEqual({
    status: 503,
    answer: { error: { code: "time_out", message: expect.stringMatching(/^Read timed out/) } },
  });
});

const push = (content: string) => {
  const form = new FormData();
  form.set("main.fsl", content);
  return send("/schema/1/validate?force=true", form, {});
};

describe("in no time at all is refused or answered", () => {
  test("an object that has one key fifty thousand times", async () => {
    const keys = Array.from({ length: 50_000 }, () => "a: 1").join(", ");
    const { status, answer } = await v10(`{ ${keys} }`);
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      error: { code: "invalid_query", message: "The query failed 49999 validation checks" },
    });
  });

  test("a schema file that has one field fifty thousand times", async () => {
    const fields = Array.from({ length: 50_000 }, () => "a: Int").join("\n");
    expect(await push(`collection A {\n${fields}\n}`)).toMatchObject({ status: 400 });
  });

  test("a type in a hundred parentheses", async () => {
    const type = `${"(".repeat(100)}Int${")".repeat(100)}`;
    expect(await push(`collection A {\n  a: ${type}\n}`)).toMatchObject({ status: 200 });
  });

  test("interpolated text where a key could stand, a hundred deep", async () => {
    const query = `${'{ "#{'.repeat(100)}1${'}" }'.repeat(100)}`;
    expect(await v10(query)).toMatchObject({ status: 200, answer: { data: "1" } });
  });

  test("the difference of two files of a hundred thousand lines", async () => {
    const lines = (word: string) =>
      Array.from({ length: 100_000 }, (_, line) => `// ${word} ${line}\n`).join("");
    const update = (path: string, content: string) => {
      const form = new FormData();
      form.set("more.fsl", content);
      return send(`/schema/1/${path}&override=false&force=true`, form, {});
    };
    await update("update?", `${lines("old")}collection More {}`);
    const { status, answer } = await update(
      "validate?format=textual",
      `${lines("new")}collection More {}`,
    );
    expect(status).toBe(200);
    expect(answer["diff"]).toMatch(/- \/\/ old 99999\r?\n\+ \/\/ new 0\r?\n/);
    expect(answer["diff"]).toMatch(/\+ \/\/ new 99999\r?\n {2}collection More \{\}\n$/);
    await v10('Collection.byName("More")!.delete()');
  });

  test("a log of millions of lines", async () => {
    expect(
      await v10('Set.sequence(0, 20000000).forEach(x => log("a"))', "", "60000"),
    ).toMatchObject({
      status: 400,
      answer: { error: { code: "value_too_large" } },
    });
  });
});

describe("what nests too deep for a later reader is not stored:", () => {
  test.for([
    ["types", `collection A { a: ${"[".repeat(5000)}Int${"]".repeat(5000)} }`],
    ["expressions", `collection A { compute a = (x => ${"(".repeat(900)}1${")".repeat(900)}) }`],
    [
      "text in text",
      `collection A { compute a = (x => ${'"#{'.repeat(2000)}1${'}"'.repeat(2000)}) }`,
    ],
  ] as const)("%s", async ([, content]) => {
    const { status, answer } = await push(content);
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      error: { message: expect.stringMatching(/nested too deeply/i) },
    });
  });

  test("bodies of functions", async () => {
    const body = `x => ${"(".repeat(900)}1${")".repeat(900)}`;
    expect(await v10(`Function.create({ name: "Deep", body: "${body}" })`)).toMatchObject({
      status: 400,
      answer: { error: { code: "constraint_failure" } },
    });
  });
});

test("a query that aborts with what cannot be read fails of that", async () => {
  expect(await v10("abort([1].toSet().map(x => x.foo.bar))")).toMatchObject({
    status: 400,
    answer: { error: { code: "invalid_null_access" } },
  });
});

test("what ended is not there", async () => {
  expect(await v10("[Checked.all().count(), Computed.all().count()]")).toMatchObject({
    answer: { data: [0, 0] },
  });
});
