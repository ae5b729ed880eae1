import http2 from "node:http2";
import { afterEach, expect, test } from "vitest";
import { type Emulator, type Fault, startEmulator } from "../../../../src/emulator/emulator.ts";

let emulator: Emulator | undefined;

afterEach(async () => {
  await emulator?.close();
  emulator = undefined;
});

async function ask(
  path: string,
  init: { method?: string; body?: string; headers?: Record<string, string>; secret?: string } = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  emulator ??= await startEmulator();
  const { method = "POST", body, headers, secret = emulator.secret } = init;
  const answer = await fetch(`${emulator.endpoint}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const v10 = (query: string, headers?: Record<string, string>): ReturnType<typeof ask> =>
  ask("/query/1", {
    body: JSON.stringify({ query }),
    ...(headers === undefined ? {} : { headers }),
  });

test("a v4 answer tells its time and costs in headers", async () => {
  const answer = await ask("/", { body: '{"add":[1,2]}', headers: { "x-fauna-tags": "a=b" } });
  expect(answer.text).toBe('{"resource":3}');
  expect(answer.headers.get("x-fauna-tags")).toBe("a=b");
  for (const name of [
    "x-txn-time",
    "x-compute-ops",
    "x-byte-read-ops",
    "x-byte-write-ops",
    "x-query-time",
    "x-query-bytes-in",
    "x-query-bytes-out",
    "x-storage-bytes-read",
    "x-storage-bytes-write",
    "x-txn-retries",
  ]) {
    expect(answer.headers.get(name), name).toMatch(/^\d+$/);
  }
});

test("GET / evaluates its parameter and refuses to write", async () => {
  expect((await ask(`/?q=${encodeURIComponent('{"add":[1,2]}')}`, { method: "GET" })).text).toBe(
    '{"resource":3}',
  );
  const write = encodeURIComponent('{"create_collection":{"object":{"name":"c"}}}');
  expect((await ask(`/?q=${write}`, { method: "GET" })).status).toBe(400);
});

test("an old path leads nowhere only if its collection is not there, whatever a document holds", async () => {
  await v10('Collection.create({ name: "Said" })');
  await v10('Said.create({ id: "1", code: "invalid ref" })');
  expect((await ask("/classes/Said/1", { method: "GET" })).status).toBe(200);
  expect((await ask("/classes/Unsaid/1", { method: "GET" })).status).toBe(404);
});

test("a v10 answer carries statistics and the request's tags", async () => {
  const answer = await v10("1 + 1", { "x-query-tags": "a=b,c=d" });
  const body: unknown = JSON.parse(answer.text);
  expect(body).toMatchObject({
    data: 2,
    summary: "",
    query_tags: "c=d,a=b",
    stats: { compute_ops: 1, read_ops: 0, write_ops: 0, contention_retries: 0 },
  });
});

test("a body of 8 MiB is accepted, a byte more is refused in the words of each API", async () => {
  const limit = 8_388_608;
  const query = `{"length":"${"x".repeat(limit - 13)}"}`;
  expect(query).toHaveLength(limit);
  expect((await ask("/", { body: query })).text).toBe(`{"resource":${String(limit - 13)}}`);
  const longer = `${query} `;
  const texts = await Promise.all(
    ["/", "/query/1", "/schema/1/update", "/feed/1"].map(async (path) => {
      const { status, text } = await ask(path, { body: longer });
      expect(status).toBe(413);
      return text;
    }),
  );
  expect(texts).toEqual([
    '{"errors":[{"code":"request too large","description":"Request entity is too large"}]}',
    '{"error":{"code":"request_size_exceeded","message":"Request entity is too large"}}',
    '{"error":{"message":"Request entity is too large"}}',
    '{"error":{"code":"request_size_exceeded","message":"Request entity is too large"}}',
  ]);
});

test("a transaction is later than the last one that its client has seen", async () => {
  const first = await v10("1");
  const { txn_ts: seen } = JSON.parse(first.text) as { txn_ts: number };
  const ahead = String(seen + 1_000_000);
  const next = await v10("1", { "x-last-txn-ts": ahead });
  expect((JSON.parse(next.text) as { txn_ts: number }).txn_ts).toBeGreaterThan(Number(ahead));
});

test("headers and body are looked at before the secret", async () => {
  const secret = "nobody";
  const answers = await Promise.all([
    ask("/query/1", { secret, body: "no JSON" }),
    ask("/query/1", { secret, body: "{}", headers: { "x-format": "xml" } }),
    ask("/query/1", { secret, body: '{"query":"1"}' }),
    ask("/", { secret, body: "no JSON", headers: { "x-query-timeout": "0" } }),
    ask("/", { secret, body: "no JSON" }),
    ask("/schema/1/update", {
      secret,
      headers: { "content-type": "multipart/form-data" },
      body: "x",
    }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 401, 400, 401, 400]);
});

test("a failed query leaves nothing behind", async () => {
  await v10('Collection.create({ name: "C" })');
  await v10('C.create({ id: "1" }); abort("no")');
  await ask("/", {
    body: '[{"create":{"collection":"C"},"params":{"object":{}}},{"abort":"no"}]',
    headers: { "x-faunadb-api-version": "4" },
  });
  expect(JSON.parse((await v10("C.all().count()")).text)).toMatchObject({ data: 0 });
});

test("a page of another origin may ask, and read every header", async () => {
  const origin = { origin: "https://app.example" };
  const preflight = await ask("/query/1", { method: "OPTIONS", headers: origin });
  expect(preflight.status).toBe(200);
  expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  const answer = await v10("1", origin);
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect((await ask("/", { method: "OPTIONS" })).status).toBe(405);
});

test("the time can be set, and only grows even if the clock does not", async () => {
  const start = 1_600_000_000_000_000n;
  emulator = await startEmulator({ clock: () => start });
  const times: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    // eslint-disable-next-line no-await-in-loop -- one transaction after the other
    times.push((JSON.parse((await v10("1")).text) as { txn_ts: number }).txn_ts);
  }
  expect(times[0]).toBeGreaterThan(Number(start));
  expect(times[0]).toBeLessThan(Number(start) + 1000);
  expect(new Set(times).size).toBe(3);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("a connection cut after a request leaves its effect, cut before it none", async () => {
  let fault: Fault | undefined;
  emulator = await startEmulator({ faults: () => fault });
  await v10('Collection.create({ name: "C" })');
  fault = { cut: "before" };
  await expect(v10('C.create({ id: "1" })')).rejects.toThrow("fetch failed");
  fault = { cut: "after" };
  await expect(v10('C.create({ id: "2" })')).rejects.toThrow("fetch failed");
  fault = undefined;
  expect(JSON.parse((await v10("C.all().map(.id).toArray()")).text)).toMatchObject({ data: ["2"] });
});

test("over HTTP/2 a cut ends the session", async () => {
  emulator = await startEmulator({ faults: () => ({ cut: "before" }) });
  const session = http2.connect(emulator.endpoint);
  session.on("error", () => {});
  const closed = new Promise((resolve) => session.once("close", resolve));
  const stream = session.request({ ":path": "/ping" });
  const failed = new Promise((resolve) => {
    stream.once("error", resolve);
    stream.once("close", resolve);
  });
  await failed;
  await closed;
});

test("what goes wrong inside is logged, and answered with 500", async () => {
  const lines: string[] = [];
  let armed = false;
  emulator = await startEmulator({
    clock: () => {
      if (lines.length === 0 && armed) throw new Error("the clock has stopped");
      return 1_600_000_000_000_000n;
    },
    log: (line) => lines.push(line),
  });
  expect((await v10("1")).status).toBe(200);
  armed = true;
  const answer = await v10("1");
  expect(answer.status).toBe(500);
  expect(lines.join("\n")).toContain("the clock has stopped");
  expect(lines.join("\n")).not.toContain(emulator.secret);
});
