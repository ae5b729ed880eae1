/** History ends: what an export says when its moment has gone, and that its advice works. */
import { expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { contents } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";

const HOUR_US = 3_600_000_000n;

/** A clock that people can set forward. */
class SetForward {
  #ahead = 0n;
  readonly now = (): bigint => BigInt(Date.now()) * 1000n + this.#ahead;

  by(us: bigint): void {
    this.#ahead += us;
  }
}

async function shop(database: Connection): Promise<void> {
  await database.v10('Collection.create({ name: "Order" })');
  await database.v10('Collection.create({ name: "Kept", history_days: 10 })');
  await database.v10(
    "Set.sequence(0, 40).forEach(n => { Order.create({ n: n }); Kept.create({ n: n }) })",
  );
}

/** Exports, and lets an hour pass when the documents are under way. */
async function exportWhile(source: Connection, clock: SetForward, store: MemoryStore) {
  let passed = false;
  return exportDatabase({
    source,
    target: store,
    pageSize: 5,
    window: 1,
    onProgress: ({ phase, done }) => {
      if (passed || phase !== "documents" || done < 5) return;
      passed = true;
      clock.by(HOUR_US);
    },
  });
}

it("an export whose moment leaves the history window says how far it came, and how to make the window longer", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await shop(source);
  const store = new MemoryStore();
  const error = (await exportWhile(source, clock, store).catch((e: unknown) => e)) as {
    message: string;
    hint: string;
    details: Record<string, unknown>;
  };
  expect(error).toMatchObject({
    code: "ERR_SNAPSHOT_EXPIRED",
    exitStatus: 30,
    details: { total: 40, totalGrows: true, collections: 2, historyDays: 1 },
  });
  expect(error.message).toMatch(/of 40 or more documents \(\d+ %\) and [01] of 2 collections/);
  const command = error.details["command"] as string;
  expect(error.hint).toContain(command);
  expect([...(await contents(store)).keys()]).not.toContain("manifest.json");

  // The command as the shell would hand it over.
  const query = /'(.*)'$/s.exec(command)![1]!.replaceAll(String.raw`'\''`, "'");
  expect(command).toContain(`--url ${bench.endpoint}`);
  await source.v10(query);
  const { dataText } = await source.v10(
    '[Collection.byName("Order")!.history_days, Collection.byName("Kept")!.history_days]',
  );
  expect(dataText).toBe('[{"@int":"1"},{"@int":"10"}]');
  const again = await exportWhile(source, clock, new MemoryStore());
  expect(again.documents).toBe(80);
});

it("a window that closes after the last page is noticed before the manifest is written", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await shop(source);
  const store = new MemoryStore();
  const run = exportDatabase({
    source,
    target: store,
    onProgress: ({ phase, item, done }) => {
      if (phase === "documents" && item === "Kept" && done === 40) clock.by(HOUR_US);
    },
  });
  await expect(run).rejects.toMatchObject({ code: "ERR_SNAPSHOT_EXPIRED" });
  expect([...(await contents(store)).keys()]).not.toContain("manifest.json");
});
