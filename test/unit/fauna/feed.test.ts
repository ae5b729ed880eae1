/** The event feed as the toolkit reads it, and the documents that it names. */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Connection,
  documentsById,
  Feed,
  isFeedGone,
  snapshotTime,
} from "../../../src/fauna/fauna.ts";
import { printRecord } from "../../../src/values/record.ts";
import { Bench } from "../../support/bench.ts";
import { cannedDatabase, v10Data } from "../../support/canned-database.ts";
import { V10Only } from "../../support/v10-only.ts";

const HOUR_US = 3_600_000_000n;

let ahead = 0n;
let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start({ clock: () => BigInt(Date.now()) * 1000n + ahead });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A database with a collection `C` whose documents cannot be shown through v10: a computed field fails. */
async function database(): Promise<Connection> {
  const source = await bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "C", computed_fields: { x: { body: "d => abort(1)" } } })',
  );
  return source;
}

async function everything(feed: Feed, pageSize?: number): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const { ids, hasNext } = await feed.read({ pageSize });
    seen.push(...ids);
    if (!hasNext) return seen;
  }
}

it("a feed names what was made, changed and deleted since it was opened, in order and once, whatever the page size", async () => {
  const source = await database();
  await source.v10('C.create({ id: "1" }).id');
  const feed = await Feed.open(source, "C");
  expect(feed.openedAt).toBeLessThanOrEqual(await snapshotTime(source));
  expect(await feed.read()).toEqual({ ids: [], lastTs: undefined, hasNext: false });
  await source.v10('C.create({ id: "7" }).id');
  await source.v10('C.byId("1")!.update({ a: 1 }).id');
  const { txnTs } = await source.v10('C.byId("7")!.delete()');
  const again = await Feed.open(source, "C");
  expect(await feed.read()).toEqual({ ids: ["7", "1", "7"], lastTs: txnTs, hasNext: false });
  expect(await feed.read()).toEqual({ ids: [], lastTs: undefined, hasNext: false });
  await source.v10("Set.sequence(0, 25).forEach(n => C.create({ id: 100 + n }))");
  const wanted = Array.from({ length: 25 }, (_, n) => String(100 + n));
  expect(await everything(feed, 7)).toEqual(wanted);
  expect(await everything(again)).toEqual(wanted);
});

it("a feed names documents with a data field of the name id, and those that have expired, by their own ids", async () => {
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "C" })');
  const feed = await Feed.open(source, "C");
  await source.v4(
    '{"create":{"ref":{"collection":"C"},"id":"5"},"params":{"object":{"data":{"object":{"id":"other"}}}}}',
  );
  await source.v10('C.create({ id: "6", ttl: Time("2020-01-01T00:00:00Z") })');
  expect(await everything(feed)).toEqual(["5", "6"]);
});

it("a feed follows collections whose names v10 has no words for", async () => {
  const source = await bench.emptyDatabase();
  await source.v4('{"create_collection":{"object":{"name":"my-coll.#1"}}}').catch(() => {});
  await source.v4('{"create_collection":{"object":{"name":"my-coll"}}}');
  const feed = await Feed.open(source, "my-coll");
  await source.v4('{"create":{"ref":{"collection":"my-coll"},"id":"5"},"params":{"object":{}}}');
  expect(await everything(feed)).toEqual(["5"]);
});

it("a feed that was left alone for longer than the window says so", async () => {
  const source = await database();
  const feed = await Feed.open(source, "C");
  await feed.read();
  ahead += HOUR_US;
  await expect(feed.read()).rejects.toMatchObject({ code: "ERR_SNAPSHOT_EXPIRED" });
});

it("the feed of a collection that was deleted is told from other failures", async () => {
  const source = await database();
  const feed = await Feed.open(source, "C");
  await source.v10('Collection.byName("C")!.delete()');
  const error: unknown = await feed.read().catch((e: unknown) => e);
  expect(isFeedGone(error)).toBe(true);
  const none: unknown = await Feed.open(source, "None").catch((e: unknown) => e);
  expect(isFeedGone(none)).toBe(false);
  expect(none).toMatchObject({ code: "ERR_DATABASE" });
});

it("each request says the newest transaction that was seen, so that a node that is behind waits", async () => {
  const seen: (string | undefined)[] = [];
  await using at = await cannedDatabase(({ path, headers }) => {
    if (path !== "/feed/1") return v10Data('{"@stream":"token"}');
    seen.push(headers["x-last-txn-ts"]);
    return { body: '{"events":[],"cursor":"c","has_next":false,"stats":{}}' };
  });
  const feed = await Feed.open(at.connection, "C");
  await feed.read();
  expect(seen).toEqual([String(feed.openedAt)]);
});

it.each([
  ["no page", '{"events":5,"cursor":"c","has_next":false}'],
  ["an unknown event", '{"events":[{"type":"moved","data":"1"}],"cursor":"c","has_next":false}'],
  ["an event without id", '{"events":[{"type":"add","data":{"@doc":{}},"txn_ts":1}],"cursor":"c"}'],
  ["no cursor", '{"events":[],"has_next":false}'],
])("an answer that is no feed is refused: %s", async (_, body) => {
  await using at = await cannedDatabase(({ path }) =>
    path === "/feed/1" ? { body } : v10Data('{"@stream":"token"}'),
  );
  const feed = await Feed.open(at.connection, "C");
  await expect(feed.read()).rejects.toMatchObject({ code: "ERR_PROTOCOL" });
});

it("documents are read by their ids at a time, exactly; those that are not there are passed over", async () => {
  const source = await database();
  await source.v4(
    '{"create":{"ref":{"collection":"C"},"id":"5"},"params":{"object":{"data":{"quote":{"n":1.0,"l":{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}}}}}}',
  );
  await source.v10('C.create({ id: "6", n: 0.0/0.0, s: "NaN" }).id');
  const at = await snapshotTime(source);
  await source.v10('C.byId("5")!.delete()');
  await source.v10('C.byId("6")!.update({ n: 1 }).id');
  const { records } = await documentsById(source, ["1", "5", "6", "70"], { collection: "C", at });
  expect(records.map((record) => printRecord({ ...record, ts: 0n }))).toEqual([
    '{"id":"5","ts":0,"data":{"n":1.0,"l":{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}}}',
    '{"id":"6","ts":0,"data":{"n":{"@double":"NaN"},"s":"NaN"}}',
  ]);
  const now = await snapshotTime(source);
  const later = await documentsById(source, ["5", "6"], { collection: "C", at: now });
  expect(later.records.map(({ id }) => id)).toEqual(["6"]);
});

it("documents are read by their ids through v10 where v4 is switched off", async () => {
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "C" })');
  await source.v10(
    'C.create({ id: "5", n: 1 }); C.create({ id: "6", ttl: Time("2999-01-01T00:00:00Z") })',
  );
  const at = await snapshotTime(source);
  await source.v10('C.byId("5")!.delete()');
  const { endpoint } = bench;
  await using v10 = new V10Only(endpoint, bench.secretOf(source));
  const { records } = await documentsById(v10.connection, ["4", "5", "6"], { collection: "C", at });
  expect(records.map((record) => printRecord({ ...record, ts: 0n }))).toEqual([
    '{"id":"5","ts":0,"data":{"n":1}}',
    '{"id":"6","ts":0,"ttl":{"@ts":"2999-01-01T00:00:00Z"},"data":{}}',
  ]);
});
