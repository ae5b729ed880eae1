/**
 * Any sequence of writes, of both languages, at any times: what a database answers about it at any time, its copy
 * answers too.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { type Asked, events, timesOf, v4, v10 } from "../support/independent-history.ts";

const DAY = 86_400_000_000n;
let bench: Bench;
let ahead = 0n;

beforeAll(async () => {
  bench = await Bench.start({ clock: () => BigInt(Date.now()) * 1000n + ahead });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

interface Write {
  readonly kind: "put" | "replace" | "delete" | "insert" | "insert-deletion" | "wait";
  readonly id: string;
  readonly value: number;
  /** Days before now. */
  readonly daysAgo: number;
  readonly ttl: boolean;
}

const IDS = ["0", "1", "7", "10", "9223372036854775807"];

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("put", "put", "replace", "delete", "insert", "insert-deletion", "wait"),
    id: fc.constantFrom(...IDS),
    value: fc.integer({ min: 0, max: 3 }),
    daysAgo: fc.integer({ min: 1, max: 40 }),
    ttl: fc.boolean(),
  }),
  { maxLength: 25 },
);

/** What one write is, as FQL v10 or v4. Whatever does not apply does nothing. */
async function perform(asked: Asked, { kind, id, value, daysAgo, ttl }: Write): Promise<void> {
  const document = `C.byId("${id}")`;
  const fields = `v: ${value}${ttl ? ', ttl: Time.now().add(100, "days")' : ""}`;
  const ref = { ref: { collection: "C" }, id };
  const now = BigInt(Date.now()) * 1000n + ahead;
  const ts = Number(now - BigInt(daysAgo) * DAY + BigInt(value));
  switch (kind) {
    case "wait":
      ahead += BigInt(daysAgo) * (DAY / 4n);
      return;
    case "put":
      await v10(
        asked,
        `if (${document}.exists()) ${document}!.update({ ${fields} }) else C.create({ id: "${id}", ${fields} })`,
      );
      return;
    case "replace":
      await v10(asked, `if (${document}.exists()) ${document}!.replace({ w: ${value} }) else null`);
      return;
    case "delete":
      await v10(asked, `if (${document}.exists()) ${document}!.delete() else null`);
      return;
    case "insert":
      await v4(asked, {
        insert: ref,
        ts,
        action: "create",
        params: { quote: { data: { old: value } } },
      });
      return;
    case "insert-deletion":
      await v4(asked, { insert: ref, ts, action: "delete" });
  }
}

/** All that is told of the past, and all documents at times around everything that is told. */
async function answers(asked: Asked, times?: readonly bigint[]) {
  const histories = new Map<string, string[]>();
  for (const id of IDS) {
    const told = await events(asked, { ref: { collection: "C" }, id });
    // That something was deleted that never was, no list tells.
    if (told.some((event) => !event.includes('"action":"delete"'))) histories.set(id, told);
  }
  const around =
    times ?? [...histories.values()].flatMap(timesOf).flatMap((ts) => [ts, ts + 1n, ts + 1000n]);
  const seen = new Map<bigint, string>();
  const page = { paginate: { documents: { collection: "C" } } };
  const read = JSON.stringify({
    map: { lambda: "r", expr: { get: { var: "r" } } },
    collection: page,
  });
  const [oldest] = await readableFrom(asked);
  for (const ts of around)
    if (ts > oldest) seen.set(ts, await v4(asked, `{"at":${ts},"expr":${read}}`));
  const set = await events(asked, { documents: { collection: "C" } });
  return { histories, seen, set, around };
}

/** How far back a collection of 30 days can be read, with an hour to spare. */
async function readableFrom(asked: Asked): Promise<readonly [bigint]> {
  const now = BigInt(JSON.parse(await v4(asked, { to_micros: { time: "now" } })));
  return [now - 30n * DAY + DAY / 24n];
}

async function copyOf(source: Connection): Promise<{ archive: MemoryStore; copy: Connection }> {
  const archive = new MemoryStore();
  const limits = { segmentBytes: 400, compression: "none" } as const;
  await exportDatabase({ source, target: archive, history: true, ...limits });
  const copy = await bench.emptyDatabase();
  await importArchive({ source: archive, target: copy, batchDocuments: 2 });
  return { archive, copy };
}

describe("a past of any writes", () => {
  it("is told by the copy as by the database itself", async () => {
    await fc.assert(
      fc.asyncProperty(writes, async (sequence) => {
        const source = await bench.emptyDatabase();
        const asked = { endpoint: bench.endpoint, secret: bench.secretOf(source) };
        await v10(asked, 'Collection.create({ name: "C", history_days: 30 })');
        for (const each of sequence) await perform(asked, each);
        const { archive, copy } = await copyOf(source);
        const before = await answers(asked);
        const there = { endpoint: bench.endpoint, secret: bench.secretOf(copy) };
        expect(await answers(there, before.around)).toEqual(before);
        const { equal, against } = await verifyArchive({ archive, against: copy });
        expect(against!.histories.filter((each) => !each.equal)).toEqual([]);
        expect(equal).toBe(true);
      }),
      { numRuns: 25 },
    );
  }, 180_000);
});
