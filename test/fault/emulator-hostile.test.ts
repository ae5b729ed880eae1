/** What a broken or malicious client can send. Each test ends with an ordinary request that is answered. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";

let emulator: Emulator;
const logged: string[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ log: (line) => logged.push(line) });
});
afterEach(async () => {
  expect(await v10("1 + 1")).toMatchObject({ status: 200, answer: { data: 2 } });
  expect(await v4({ add: [1, 1] })).toEqual({ status: 200, answer: { resource: 2 } });
  expect(logged.splice(0)).toEqual([]);
});
afterAll(() => emulator.close());

interface Ended {
  readonly status: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** For what is to be told from what never ends, or takes hours. */
const PATIENT_MS = "20000";
/** For what never ends. */
const BRIEF_MS = "300";

async function send(path: string, body: BodyInit, headers: Record<string, string>): Promise<Ended> {
  const response = await fetch(`${emulator.endpoint}${path}`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${emulator.secret}`, ...headers },
    signal: AbortSignal.timeout(120_000),
  });
  return { status: response.status, answer: (await response.json()) as Ended["answer"] };
}

const v10Body = (body: BodyInit, ms = PATIENT_MS) =>
  send("/query/1", body, { "x-query-timeout-ms": ms });
const v10 = (query: string, ms = PATIENT_MS) => v10Body(JSON.stringify({ query }), ms);
const v4Body = (body: BodyInit, ms = PATIENT_MS) =>
  send("/", body, { "x-query-timeout": ms, "x-faunadb-api-version": "4" });
const v4 = (expression: unknown, ms = PATIENT_MS) => v4Body(JSON.stringify(expression), ms);
/** Queries that are given little time. */
const brief10 = (query: string) => v10(query, BRIEF_MS);
const brief4 = (expression: unknown) => v4(expression, BRIEF_MS);

async function open(): Promise<net.Socket> {
  const socket = net.connect(emulator.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

const v10Error = (status: number, code: string) => ({ status, answer: { error: { code } } });
const v4Error = (status: number, code: string) => ({ status, answer: { errors: [{ code }] } });

const nested = (count: number, before: string, after: string, inner = "") =>
  before.repeat(count) + inner + after.repeat(count);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("bodies", () => {
  test("random bytes are refused by every endpoint", async () => {
    for (const path of ["/", "/query/1", "/feed/1", "/stream/1", "/export/1/x"]) {
      for (const size of [1, 100, 10_000]) {
        // eslint-disable-next-line no-await-in-loop -- one at a time
        const { status } = await send(
          path,
          Buffer.concat([Buffer.of(0xff), randomBytes(size)]),
          {},
        );
        expect({ path, isClientError: status >= 400 && status < 500 }).toEqual({
          path,
          isClientError: true,
        });
      }
    }
  });

  test("JSON that is nested deeper than 1000 levels is refused", async () => {
    const arrays = nested(100_000, "[", "]");
    expect(await v4Body(arrays)).toMatchObject(v4Error(400, "invalid expression"));
    expect(await v10Body(`{"query":"x","arguments":{"x":${arrays}}}`)).toMatchObject(
      v10Error(400, "invalid_request"),
    );
    expect(await v10Body(`{"query":${nested(3000, '{"fql":[', "]}", '"1"')}}`)).toMatchObject(
      v10Error(400, "invalid_request"),
    );
  });

  test("numbers of a million digits are answered", async () => {
    const digits = "9".repeat(1_000_000);
    expect(await v4Body(digits)).toMatchObject(v4Error(400, "invalid expression"));
    expect((await v10(digits)).status).toBe(200);
    expect(await v10Body(`{"query":${digits}}`)).toMatchObject(v10Error(400, "invalid_request"));
    expect((await v10(`"${digits}".parseLong()`)).answer).toMatchObject({ data: null });
  });

  test("a body of more than 8 MiB is refused, and one without an end is cut off", async () => {
    const large = "x".repeat(8_388_609);
    expect(await v4Body(large)).toMatchObject(v4Error(413, "request too large"));
    expect(await v10Body(large)).toMatchObject(v10Error(413, "request_size_exceeded"));
    const socket = await open();
    socket.resume();
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n");
    const megabyte = Buffer.alloc(1_000_000, "x");
    while (!socket.destroyed) {
      socket.write(megabyte);
      // eslint-disable-next-line no-await-in-loop -- as fast as it is taken
      while (!socket.destroyed && socket.writableNeedDrain) await sleep(1);
    }
  });
});

describe("queries that are nested deep", () => {
  test.for([
    ["parentheses", nested(100_000, "(", ")", "1")],
    ["arrays", nested(100_000, "[", "]", "1")],
    ["objects", nested(50_000, "{a:", "}", "1")],
    ["blocks", nested(50_000, "{", "}", "1")],
    ["lambdas", nested(50_000, "(x) => ", "", "1")],
    ["negations", nested(100_000, "!", "", "true")],
    ["conditions", nested(30_000, "if (true) ", "", "1")],
    ["templates", nested(3000, '"#{', '}"', "1")],
    ["projections", `{}${nested(30_000, "{a:", "}", "1")}`],
  ] as const)("v10 refuses %s", async ([, query]) => {
    expect(await v10(query)).toMatchObject(v10Error(400, "invalid_query"));
  });

  test("v10 ends a chain of a hundred thousand operators", async () => {
    expect(await v10(`1${"+1".repeat(100_000)}`)).toMatchObject(v10Error(400, "stack_overflow"));
  });

  test("v4 answers what JSON's own limit lets through", async () => {
    expect(await v4Body(nested(499, '{"add":[1,', "]}", "1"))).toMatchObject({ status: 200 });
    expect(await v4Body(nested(240, '{"let":{"a":1},"in":', "}", "1"))).toMatchObject({
      status: 200,
    });
  });
});

test("a schema file with a type of very many choices is refused", async () => {
  const form = new FormData();
  form.append("main.fsl", `collection Wide2 { a: ${"Int | ".repeat(200_000)}Int }`);
  expect(await send("/schema/1/update", form, {})).toMatchObject({
    status: 400,
    answer: { error: { message: expect.stringMatching(/too deep/) as string } },
  });
});

describe("queries without an end", () => {
  test("recursion ends at the depth that Fauna allows", async () => {
    await v10('Function.create({ name: "Forever", body: "x => Forever(x + 1)" })');
    expect(await v10("Forever(0)")).toMatchObject(v10Error(400, "stack_overflow"));
    const call = { call: { function: "again" }, arguments: { var: "x" } };
    await v4({
      create_function: {
        object: { name: "again", body: { query: { lambda: "x", expr: call } } },
      },
    });
    expect(await v4({ call: { function: "again" }, arguments: 1 })).toMatchObject(
      v4Error(400, "stack overflow"),
    );
  });

  test("computed fields that need themselves end", async () => {
    await v10('Collection.create({ name: "Loop", computed_fields: { x: { body: "d => d.x" } } })');
    expect(await v10("Loop.create({}).x")).toMatchObject(v10Error(400, "stack_overflow"));
  });

  test.for([
    "Array.sequence(0, 16000).map(x => Array.sequence(0, 16000).fold(0, (a, b) => a + b))",
    "Array.sequence(0, 16000).flatMap(x => Array.sequence(0, 16000)).length",
    "Set.sequence(0, 1000000000).where(x => false).first()",
    "Set.sequence(0, 2000000000).count()",
    '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("(a+)+$")',
    '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".replaceAllRegex("(a+)+$", "b")',
    '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".includesRegex("^(a|a)*$")',
  ])("v10 answers 440 or 400 to %s", async (query) => {
    const { status, answer } = await brief10(query);
    const code = (answer["error"] as { code?: string } | undefined)?.code;
    expect([`440 time_out`, "400 value_too_large"]).toContain(`${status} ${code}`);
  });

  test("v4 answers 503 to loops in loops, and to regular expressions that backtrack for ever", async () => {
    const list = numbers(1000);
    const loop = (inner: unknown) => ({ map: { lambda: "_", expr: inner }, collection: list });
    expect(await brief4(loop(loop(loop(1))))).toMatchObject(v4Error(503, "time out"));
    const text = `${"a".repeat(50)}!`;
    expect(await brief4({ findstrregex: text, pattern: "(a+)+$" })).toMatchObject(
      v4Error(503, "time out"),
    );
    expect(await brief4({ replacestrregex: text, pattern: "(a+)+$", replace: "" })).toMatchObject(
      v4Error(503, "time out"),
    );
  });

  test("a backslash before a quantifier hides nothing", async () => {
    const [text, pattern] = ["\\".repeat(2000), "\\\\*".repeat(5)];
    expect(await brief4({ containsstrregex: text, pattern: `${pattern}x` })).toMatchObject(
      v4Error(503, "time out"),
    );
  });

  test("a hash that would take days to check is not checked", async () => {
    const id = 123_456_789n;
    const secret = Buffer.alloc(30);
    secret.set([126, 112]);
    secret.writeBigInt64BE(id, 2);
    const fields = { role: "admin", hashed_secret: `$2a$31$${"a".repeat(53)}` };
    const key = { ref: { keys: null }, id: String(id) };
    expect(await v4({ create: key, params: { object: fields } })).toMatchObject({ status: 201 });
    const authorization = `Bearer ${secret.toString("base64url")}`;
    expect(await send("/", "1", { authorization })).toMatchObject({ status: 401 });
  });

  test("what a query wrote before it was ended is taken back", async () => {
    await v10('Collection.create({ name: "Flood" })');
    const flood = "Array.sequence(0, 16000).forEach(x => Array.sequence(0, 16000)";
    expect(await brief10(`${flood}.forEach(y => Flood.create({ x: x })))`)).toMatchObject(
      v10Error(440, "time_out"),
    );
    expect((await v10("Flood.all().count()")).answer).toMatchObject({ data: 0 });
  });
});

/** A value that holds the same one twice, which does the same, fifty times over; called `name`. */
const doubled = (name: string) => [
  { [`${name}0`]: [1] },
  ...numbers(50).map((i) => ({
    [`${name}${i + 1}`]: [{ var: `${name}${i}` }, { var: `${name}${i}` }],
  })),
];

describe("queries that grow", () => {
  test.for([
    ["compares", { equals: [{ var: "a50" }, { var: "b50" }] }],
    ["orders", { lt: [{ var: "a50" }, { var: "b50" }] }],
    [
      "stores",
      {
        create: { collection: "Grown4" },
        params: { object: { data: { object: { x: { var: "a50" } } } } },
      },
    ],
    ["shows", { var: "a50" }],
    ["opens", { select_all: [], from: { var: "a50" } }],
    ["counts", { distinct: [{ var: "a50" }, { var: "b50" }] }],
  ] as const)("v4 ends a query that %s what is small only as a graph", async ([, query]) => {
    await v4({ create_collection: { object: { name: "Grown4" } } });
    const { status } = await brief4({ let: [...doubled("a"), ...doubled("b")], in: query });
    expect([400, 503]).toContain(status);
  });

  test("v4 ends functions whose arguments are large and many", async () => {
    const long = "ab".repeat(1_000_000);
    const often = (expr: unknown) => ({
      let: [{ s: long }],
      in: { do: numbers(2000).map(() => expr) },
    });
    expect(await brief4(often({ length: { var: "s" } }))).toMatchObject(v4Error(503, "time out"));
    const { status } = await brief4({ ngram: long, min: 500_000, max: 500_001 });
    expect([400, 503]).toContain(status);
  });

  test("v4 takes long arrays for sets without comparing each member with each", async () => {
    const [up, down] = [numbers(50_000), numbers(50_000).map((i) => -i - 1)];
    const lengths = [
      { distinct: [...up, ...up] },
      { union: [up, down] },
      { difference: [up, down] },
    ];
    expect(await v4(lengths.map((count) => ({ count })))).toEqual({
      status: 200,
      answer: { resource: [50_000, 100_000, 50_000] },
    });
  });

  test("an index entry for each of very many values is refused before they are made", async () => {
    const indexes = { byA: { terms: [{ field: ".a", mva: true }] } };
    await v10(`Collection.create({ name: "Wide", indexes: ${JSON.stringify(indexes)} })`);
    const data = { a: numbers(900_000) };
    const wide = await v4({ create: { collection: "Wide" }, params: { quote: { data } } });
    expect(wide).toMatchObject({
      status: 400,
      answer: { errors: [{ description: expect.stringContaining("Index entries") as string }] },
    });
  });

  const times = "Array.sequence(0, 60).fold";

  test.for([
    ["strings", `${times}("ab", (a, b) => a + a)`],
    ["templates", `${times}("ab", (a, b) => "#{a}#{a}")`],
    ["arrays", `${times}([1], (a, b) => a.concat(a))`],
    ["answers", `${times}({ a: 1 }, (a, b) => ({ a: a, b: a }))`],
    ["texts", `${times}([1], (a, b) => [a, a]).toString()`],
    ["comparisons", `let f = () => ${times}([1], (a, b) => [a, a])\nf() == f()`],
    ["documents", `Grown.create({ a: ${times}([1], (a, b) => [a, a]) })`],
    [
      "transactions",
      `Array.sequence(0, 100).forEach(x => Grown.create({ a: Array.sequence(0, 18).fold("ab", (a, b) => a + a) }))`,
    ],
    [
      "logs",
      `Array.sequence(0, 16000).forEach(x => Array.sequence(0, 16000).forEach(y => log("${"a".repeat(100)}")))`,
    ],
  ] as const)("v10 ends %s that grow without bounds", async ([, query]) => {
    await v10('Collection.byName("Grown") ?? Collection.create({ name: "Grown" })');
    const { status, answer } = await brief10(query);
    const code = (answer["error"] as { code?: string } | undefined)?.code;
    expect(["440 time_out", "400 value_too_large", "400 invalid_request"]).toContain(
      `${status} ${code}`,
    );
  });

  test.for([
    ["strings", "ab", { concat: [{ var: "a" }, { var: "a" }] }],
    ["replacements", "a", { replacestr: { var: "a" }, find: "a", replace: "aaaa" }],
    ["arrays", [1], { append: { var: "a" }, collection: { var: "a" } }],
    ["objects", 1, { object: { a: { var: "a" }, b: { var: "a" } } }],
  ] as const)("v4 ends %s that grow without bounds", async ([, initial, expr]) => {
    const { status, answer } = await brief4({
      reduce: { lambda: ["a", "_"], expr },
      initial,
      collection: numbers(60),
    });
    const code = (answer["errors"] as { code: string }[] | undefined)?.[0]?.code;
    expect(["503 time out", "400 value too large"]).toContain(`${status} ${code}`);
  });

  test("v4's padding, precision and repetition have bounds", async () => {
    expect(await v4({ format: "%2000000000d", values: [1] })).toMatchObject({ status: 400 });
    expect(await v4({ format: "%.2000000000f", values: [1.5] })).toMatchObject({ status: 400 });
    expect((await v4({ repeat: "ab", number: 2_000_000_000 })).answer["resource"]).toHaveLength(
      2048,
    );
  });
});

describe("connections", () => {
  test("five hundred connections that stop in the middle of a request hold nobody up", async () => {
    const sockets = await Promise.all(numbers(500).map(open));
    const beginnings = ["", "P", "PRI * HTTP", "POST /query/1 HTTP/1.1\r\nHost: x\r\n"];
    const half = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
    for (const [index, socket] of sockets.entries()) {
      socket.write([...beginnings, half][index % 5] ?? "");
    }
    await sleep(50);
    expect((await v10("2")).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test("headers that drip in hold nobody up", async () => {
    const socket = await open();
    for (const char of "POST / HTTP/1.1\r\nX-Slow: ") {
      socket.write(char);
      // eslint-disable-next-line no-await-in-loop -- slowly
      await sleep(2);
    }
    expect((await v10("2")).status).toBe(200);
    socket.destroy();
  });

  test("headers of a megabyte are refused", async () => {
    const socket = await open();
    socket.setEncoding("utf8");
    let text = "";
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.write(`GET /ping HTTP/1.1\r\nHost: x\r\nX-Large: ${"x".repeat(1_000_000)}\r\n\r\n`);
    await once(socket, "close");
    expect(text).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  });

  test("requests that are aborted halfway leave no trace", async () => {
    for (const size of numbers(50)) {
      const request = http.request(`${emulator.endpoint}/query/1`, { method: "POST" });
      request.on("error", () => {});
      request.write("{".repeat(1000 + size));
      // eslint-disable-next-line no-await-in-loop -- let some of it arrive
      await sleep(1);
      request.destroy();
    }
  });

  test("clients that leave before their answer do no harm", async () => {
    const body = JSON.stringify({ query: "Set.sequence(0, 16000).pageSize(16000)" });
    for (const _ of numbers(20)) {
      const request = http.request(`${emulator.endpoint}/query/1`, {
        method: "POST",
        headers: { authorization: "Bearer secret" },
      });
      request.on("error", () => {});
      request.end(body, () => request.destroy());
    }
    await sleep(50);
  });

  test("HTTP/2 streams that are reset at once by the thousand do no harm", async () => {
    const session = http2.connect(emulator.endpoint);
    session.on("error", () => {});
    for (const _ of numbers(5000)) {
      if (session.destroyed || session.closed) break;
      const stream = session.request({ ":path": "/query/1", ":method": "POST" });
      stream.on("error", () => {});
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    await sleep(100);
    session.destroy();
  });

  test("a flood of HTTP/2 settings and pings does no harm", async () => {
    const socket = await open();
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    socket.resume();
    for (const _ of numbers(200)) {
      if (socket.destroyed) break;
      socket.write(Buffer.concat(numbers(100).flatMap(() => [settings, ping])));
    }
    await sleep(100);
    socket.destroy();
  });

  test("HTTP/2 frames of nonsense end their own connection only", async () => {
    const socket = await open();
    socket.resume();
    const closed = once(socket, "close");
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.alloc(50_000, 0xff));
    await closed;
  });

  test("five hundred requests at once are all answered", async () => {
    const answers = await Promise.all(numbers(500).map((n) => v10(`${n}`)));
    expect(answers.map(({ answer }) => answer["data"])).toEqual(numbers(500));
  });
});
