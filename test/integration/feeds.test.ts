/** Feeds and streams of the emulator over HTTP, as clients read them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Client, fql, type StreamToken } from "fauna";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";

let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator();
});

afterEach(() => emulator.close());

interface FeedAnswer {
  readonly events: readonly { readonly type: string; readonly data: unknown }[];
  readonly cursor: string;
  readonly has_next: boolean;
}

async function query<T>(text: string): Promise<T> {
  const answer = await fetch(`${emulator.endpoint}/query/1`, {
    method: "POST",
    headers: { authorization: `Bearer ${emulator.secret}`, "x-format": "simple" },
    body: JSON.stringify({ query: text }),
  });
  const body = (await answer.json()) as { data: T; summary: string };
  expect(answer.status, body.summary).toBe(200);
  return body.data;
}

async function feed(body: object, secret = emulator.secret): Promise<FeedAnswer> {
  const answer = await fetch(`${emulator.endpoint}/feed/1`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as FeedAnswer;
}

const typesOf = ({ events }: FeedAnswer): string[] => events.map(({ type }) => type);

test("pages of a feed, one after the other, tell everything once", async () => {
  await query('Collection.create({ name: "C" })');
  const token = await query<string>("C.all().eventSource()");
  await query("Set.sequence(0, 50).forEach(n => C.create({ id: 100 + n, n: n }))");
  await query("Set.sequence(0, 50).forEach(n => C.byId(100 + n)!.update({ n: -n }))");
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let hasNext = true; hasNext;) {
    // eslint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const page = await feed({ token, page_size: 7, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.events.map(({ type, data }) => `${type} ${JSON.stringify(data)}`));
    ({ cursor, has_next: hasNext } = page);
  }
  expect(seen).toHaveLength(100);
  expect(new Set(seen).size).toBe(100);
  expect(await feed({ token, cursor })).toMatchObject({ events: [], has_next: false });
});

test("a filter makes comings and goings of updates", async () => {
  await query('Collection.create({ name: "C" })');
  const token = await query<string>("C.where(.open == true).eventSource()");
  await query('C.create({ id: "1", open: false })');
  await query('C.byId("1")!.update({ open: true })');
  await query('C.byId("1")!.update({ note: "still" })');
  await query('C.byId("1")!.update({ open: false })');
  await query('C.byId("1")!.delete()');
  expect(typesOf(await feed({ token }))).toEqual(["add", "update", "remove"]);
});

test("a function of the source that fails ends the feed with an error event", async () => {
  await query('Collection.create({ name: "C" })');
  const token = await query<string>(
    "C.all().map(d => if (d.n == 2) abort({ no: 2 }) else d.n).eventSource()",
  );
  await query("C.create({ n: 1 })");
  await query("C.create({ n: 2 })");
  await query("C.create({ n: 3 })");
  const page = await feed({ token });
  expect(typesOf(page)).toEqual(["add", "error"]);
  expect(page.events[1]).toMatchObject({
    error: { code: "abort", abort: { no: { "@int": "2" } } },
  });
});

test("events of documents that may not be read are left out", async () => {
  await query('Collection.create({ name: "C" })');
  await query(
    'Role.create({ name: "even", privileges: [{ resource: "C", actions: { read: "d => d.n % 2 == 0" } }] })',
  );
  const token = await query<string>("C.all().eventSource()");
  await query("Set.sequence(0, 4).forEach(n => C.create({ id: 10 + n, n: n }))");
  const seen = await feed({ token }, `${emulator.secret}:@role/even`);
  expect(seen.events.map(({ data }) => (data as { "@doc": { id: string } })["@doc"].id)).toEqual([
    "10",
    "12",
  ]);
  expect(await feed({ token }, `${emulator.secret}:client`)).toMatchObject({
    error: { code: "invalid_request" },
  });
});

test("a stream tells what happened since its source was made, then what happens", async () => {
  await query('Collection.create({ name: "C" })');
  const client = new Client({
    endpoint: new URL(emulator.endpoint),
    secret: emulator.secret,
  });
  try {
    const { data: token } = await client.query<StreamToken>(fql`C.all().eventSource()`);
    await query('C.create({ id: "1" })');
    const stream = client.stream<{ id: string }>(token);
    const seen: string[] = [];
    for await (const event of stream) {
      if (event.type === "status") continue;
      seen.push(`${event.type} ${event.data.id}`);
      if (seen.length === 1) await query('C.create({ id: "2" }); C.create({ id: "3" })');
      if (seen.length === 3) await query('C.byId("2")!.delete()');
      if (seen.length === 4) break;
    }
    stream.close();
    expect(seen).toEqual(["add 1", "add 2", "add 3", "remove 2"]);
  } finally {
    client.close();
  }
});

test("an emulator with an open stream closes at once", async () => {
  await query('Collection.create({ name: "C" })');
  const token = await query<string>("C.all().eventSource()");
  const answer = await fetch(`${emulator.endpoint}/stream/1`, {
    method: "POST",
    headers: { authorization: `Bearer ${emulator.secret}` },
    body: JSON.stringify({ token }),
  });
  expect(answer.status).toBe(200);
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^\{"type":"status","txn_ts":\d+,/);
  await emulator.close();
  await expect(reader?.read()).rejects.toThrow();
});
