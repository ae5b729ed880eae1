/** Feeds that are followed while an export goes on. */
import { expect, it } from "vitest";
import { IdSet } from "../../../src/export/catch-up-ids.ts";
import { Following } from "../../../src/export/catch-up-feeds.ts";
import { Spool } from "../../../src/export/catch-up-spool.ts";
import { Feed } from "../../../src/fauna/fauna.ts";
import { MemoryStore } from "../../../src/store/store.ts";
import { cannedDatabase, v10Data } from "../../support/canned-database.ts";
import type { Reply } from "../../support/canned-server.ts";

const page = (ids: readonly number[], hasNext: boolean): Reply => ({
  body: JSON.stringify({
    events: ids.map((id) => ({ type: "update", data: String(id), txn_ts: 1000 + id })),
    cursor: `c${ids.at(-1) ?? 0}`,
    has_next: hasNext,
  }),
});

function following(everyMs: number, onFailure: (error: unknown) => void = () => {}) {
  const { signal } = new AbortController();
  return new Following({ everyMs, timeoutMs: undefined, signal, onFailure });
}

const touched = (): IdSet => new IdSet(new Spool(new MemoryStore()));

it("a feed that never ends is read up to the moment and no further", async () => {
  let next = 0;
  await using at = await cannedDatabase(({ path }) =>
    path === "/feed/1" ? page([next++], true) : v10Data('{"@stream":"t"}'),
  );
  const feeds = following(3_600_000);
  const ids = touched();
  feeds.add(await Feed.open(at.connection, "C"), ids, () => false);
  await feeds.readTo(1005n);
  await feeds.stop();
  expect(next).toBe(7);
  expect(ids.size).toBe(7);
});

it("a failure in between is told at once, and again to who asks next", async () => {
  await using at = await cannedDatabase(({ path }) =>
    path === "/feed/1"
      ? { body: '{"events":[{"type":"error","error":{"code":"permission_loss"}}],"cursor":"c"}' }
      : v10Data('{"@stream":"t"}'),
  );
  let tell: (error: unknown) => void = () => {};
  const told = new Promise<unknown>((resolve) => (tell = resolve));
  const feeds = following(1, (error) => tell(error));
  feeds.add(await Feed.open(at.connection, "C"), touched(), () => false);
  const failure = { code: "ERR_DATABASE", details: { code: "permission_loss" } };
  expect(await told).toMatchObject(failure);
  await expect(feeds.readTo(1n)).rejects.toMatchObject(failure);
  await feeds.stop();
});
