/** The official drivers, as they are published, against the emulator. */
import {
  AbortError,
  AuthenticationError,
  Client,
  ConstraintFailureError,
  DateStub,
  DocumentReference,
  fql,
  InvalidRequestError,
  Page,
  QueryCheckError,
  QueryRuntimeError,
  QueryTimeoutError,
  type QueryValueObject,
  ThrottlingError,
  TimeStub,
} from "fauna";
import faunadb from "faunadb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Emulator, type Fault, startEmulator } from "../../src/emulator/emulator.ts";

let emulator: Emulator;
let fault: Fault | undefined;

beforeAll(async () => {
  emulator = await startEmulator({
    faults: () => {
      const once = fault;
      fault = undefined;
      return once;
    },
  });
});

afterAll(() => emulator.close());

describe("the driver of FQL v10", () => {
  let client: Client;

  beforeAll(async () => {
    client = clientFor(emulator.secret);
    await client.query(
      fql`Collection.create({ name: "Item", constraints: [{ unique: ["name"] }] })`,
    );
    await client.query(
      fql`Set.sequence(0, 40).forEach(n => Item.create({ id: 1000 + n, name: "item #{n}", n: n }))`,
    );
  });

  afterAll(() => {
    client.close();
  });

  test("creates, updates and deletes documents with every kind of value", async () => {
    const value = {
      name: "all kinds",
      text: "ä€😀",
      int: 5,
      long: 2n ** 60n,
      double: 1.5,
      yes: true,
      time: TimeStub.from("2024-02-29T12:00:00.123456Z"),
      date: DateStub.from("2024-02-29"),
      list: [1, "two", null, { three: 3 }],
      item: new DocumentReference({ coll: "Item", id: "1001" }),
    };
    const created = await client.query<{ id: string }>(fql`Item.create(${value})`);
    const { id } = created.data;
    const read = await client.query<QueryValueObject>(fql`Item.byId(${id})!`);
    expect(read.data).toMatchObject({ ...value, list: [1, "two", null, { three: 3 }], item: {} });
    const updated = await client.query<QueryValueObject>(
      fql`Item.byId(${id})!.update({ int: 6, text: null })`,
    );
    expect(updated.data["int"]).toBe(6);
    expect("text" in updated.data).toBe(false);
    await client.query(fql`Item.byId(${id})!.delete()`);
    const gone = await client.query(fql`Item.byId(${id}) == null`);
    expect(gone.data).toBe(true);
  });

  test("pages through a collection from first to last", async () => {
    const first = await client.query<Page<{ n: number }>>(fql`Item.all().order(.n)`);
    expect(first.data).toBeInstanceOf(Page);
    expect(first.data.data).toHaveLength(16);
    const seen: number[] = [];
    for await (const page of client.paginate<{ n: number }>(fql`Item.all().order(.n)`)) {
      seen.push(...page.map((item) => item.n));
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  test("reads its own writes, with times that only grow", async () => {
    const before = client.lastTxnTs ?? 0;
    const { txn_ts: written } = await client.query(
      fql`Item.byId("1000")!.update({ touched: true })`,
    );
    const { txn_ts: read, data } = await client.query(fql`Item.byId("1000")!.touched`);
    expect(data).toBe(true);
    expect(Number(written)).toBeGreaterThan(before);
    expect(Number(read)).toBeGreaterThan(Number(written));
  });

  test("sees failures as the classes that it has for them", async () => {
    await expect(client.query(fql`abort({ why: "not today" })`)).rejects.toSatisfy(
      (error: unknown) => error instanceof AbortError && isWhy(error.abort),
    );
    await expect(client.query(fql`Item.create({ name: "item 1" })`)).rejects.toBeInstanceOf(
      ConstraintFailureError,
    );
    await expect(client.query(fql`1 +`)).rejects.toBeInstanceOf(QueryCheckError);
    await expect(client.query(fql`Item.byId("1")!`)).rejects.toMatchObject({
      constructor: QueryRuntimeError,
      code: "document_not_found",
    });
    await expect(client.query(fql`1`, { query_timeout_ms: 10_000_000 })).rejects.toBeInstanceOf(
      InvalidRequestError,
    );
    const stranger = clientFor("not a secret");
    await expect(stranger.query(fql`1`)).rejects.toBeInstanceOf(AuthenticationError);
    stranger.close();
  });

  test("sees injected faults as the classes that it has for them", async () => {
    fault = { status: 429 };
    await expect(client.query(fql`1`)).rejects.toBeInstanceOf(ThrottlingError);
    fault = { status: 440 };
    await expect(client.query(fql`1`)).rejects.toBeInstanceOf(QueryTimeoutError);
    fault = { delayMs: 5 };
    expect((await client.query(fql`1`)).data).toBe(1);
  });

  test("a key's secret works, with the rights of its role only", async () => {
    const key = await client.query<{ secret: string }>(
      fql`Key.create({ role: "server-readonly" })`,
    );
    const reader = clientFor(key.data.secret);
    expect((await reader.query(fql`Item.byId("1001")!.n`)).data).toBe(1);
    await expect(reader.query(fql`Item.create({ name: "forbidden" })`)).rejects.toMatchObject({
      code: "permission_denied",
    });
    reader.close();
  });

  test("follows a collection through its event feed", async () => {
    const feed = client.feed<{ id: string; n?: number }>(fql`Item.all().eventSource()`);
    const seen: string[] = [];
    await expect(collect(feed, seen)).resolves.toBeUndefined();
    expect(seen).toEqual([]);
    const source = await client.query(fql`Item.all().eventSource()`);
    await client.query(fql`Item.create({ id: 77, name: "seventy-seven" })`);
    await client.query(fql`Item.byId(77)!.update({ n: 77 })`);
    await client.query(fql`Item.byId(77)!.delete()`);
    await collect(client.feed<{ id: string }>(source.data as never), seen);
    expect(seen).toEqual(["add 77", "update 77", "remove 77"]);
  });

  async function collect(
    feed: ReturnType<typeof client.feed<{ id: string }>>,
    into: string[],
  ): Promise<void> {
    for await (const page of feed) {
      for (const event of page.events) into.push(`${event.type} ${event.data.id}`);
      if (!page.hasNext) return;
    }
  }
});

function clientFor(secret: string): Client {
  return new Client({
    endpoint: new URL(emulator.endpoint),
    secret,
    max_attempts: 1,
    query_timeout_ms: 20_000,
    long_type: "bigint",
  });
}

function isWhy(value: unknown): boolean {
  return typeof value === "object" && value !== null && "why" in value && value.why === "not today";
}

describe("the driver of FQL v4", () => {
  const { query: q, errors } = faunadb;
  let client: faunadb.Client;

  beforeAll(async () => {
    const { hostname, port } = new URL(emulator.endpoint);
    client = new faunadb.Client({
      secret: emulator.secret,
      scheme: "http",
      domain: hostname,
      port: Number(port),
    });
    await client.query(q.CreateCollection({ name: "things" }));
    await client.query(
      q.CreateIndex({
        name: "things_by_n",
        source: q.Collection("things"),
        terms: [{ field: ["data", "kind"] }],
        values: [{ field: ["data", "n"] }, { field: ["ref"] }],
      }),
    );
  });

  afterAll(() => client.close());

  test("creates, reads, updates and deletes documents", async () => {
    const ref = q.Ref(q.Collection("things"), "1");
    const created = await client.query<{ ts: number }>(
      q.Create(ref, {
        data: {
          kind: "a",
          n: 1,
          at: q.Time("2024-01-01T00:00:00Z"),
          bytes: q.Select(0, [new Uint8Array([1, 2])]),
        },
      }),
    );
    expect(created.ts).toBeGreaterThan(1_600_000_000_000_000);
    const updated = await client.query<{ data: object }>(q.Update(ref, { data: { n: 2 } }));
    expect(updated.data).toMatchObject({ kind: "a", n: 2 });
    expect(await client.query(q.Exists(ref))).toBe(true);
    await client.query(q.Delete(ref));
    expect(await client.query(q.Exists(ref))).toBe(false);
  });

  test("pages through an index and through a collection", async () => {
    await client.query(
      q.Map(
        Array.from({ length: 150 }, (_, n) => n),
        q.Lambda("n", q.Create(q.Collection("things"), { data: { kind: "b", n: q.Var("n") } })),
      ),
    );
    const page = await client.query<{ data: [number, unknown][]; after?: unknown }>(
      q.Paginate(q.Match(q.Index("things_by_n"), "b"), { size: 100 }),
    );
    expect(page.data.map(([n]) => n)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(page.after).toBeDefined();
    let count = 0;
    await client.paginate(q.Documents(q.Collection("things")), { size: 64 }).each((refs) => {
      count += (refs as unknown[]).length;
    });
    expect(count).toBe(150);
  });

  test("sees failures as the classes that it has for them", async () => {
    const missing = q.Get(q.Ref(q.Collection("things"), "404"));
    await expect(client.query(missing)).rejects.toBeInstanceOf(errors.NotFound);
    await expect(client.query(q.Divide(1, 0))).rejects.toBeInstanceOf(errors.BadRequest);
    const stranger = new faunadb.Client({
      secret: "not-a-secret",
      scheme: "http",
      domain: "127.0.0.1",
      port: emulator.port,
    });
    await expect(stranger.query(q.Now())).rejects.toBeInstanceOf(errors.Unauthorized);
    await stranger.close();
    fault = { status: 429 };
    await expect(client.query(q.Now())).rejects.toBeInstanceOf(errors.TooManyRequests);
    fault = { status: 503 };
    await expect(client.query(q.Now())).rejects.toBeInstanceOf(errors.UnavailableError);
  });

  test("sends requests side by side over one HTTP/2 session", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => client.query<number>(q.Add(n, 1))),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });
});
