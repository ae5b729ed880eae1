/** Documents that expire while they are copied or compared are no difference. */
import { expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";

const MINUTE = 60_000_000n;

/** A bench whose clock leaps ten minutes before it answers the next listing of documents. */
async function leapingBench() {
  let now = 1_790_000_000_000_000n;
  const leap = { armed: false };
  const bench = await Bench.start({
    clock: () => ++now,
    faults: ({ body }) => {
      if (!leap.armed || !body.includes('{"documents":')) return undefined;
      leap.armed = false;
      now += 10n * MINUTE;
      return undefined;
    },
  });
  return { bench, leap };
}

/** An archive of 20 documents, of which 5 expire in six minutes. */
async function archiveOf(source: Connection): Promise<MemoryStore> {
  await source.v10('Collection.create({ name: "C" })');
  await source.v10(
    'Set.sequence(0, 20).forEach(i => C.create({ id: 100 + i, ttl: if (i < 5) Time.now().add(6, "minutes") else null }))',
  );
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive, compression: "none" });
  return archive;
}

it("an import whose documents expire before they are listed ends well", async () => {
  const { bench, leap } = await leapingBench();
  await using _ = bench;
  const archive = await archiveOf(await bench.emptyDatabase());
  const report = await importArchive({
    source: archive,
    target: await bench.emptyDatabase(),
    onProgress: ({ phase, done }) => {
      if (phase === "documents" && done === 20) leap.armed = true;
    },
  });
  expect(leap.armed).toBe(false);
  expect(report.documents).toMatchObject({ read: 20, written: 20, refused: 0 });
});

it("a verification counts what expires under it as expired and not as missing", async () => {
  const { bench, leap } = await leapingBench();
  await using _ = bench;
  const source = await bench.emptyDatabase();
  const archive = await archiveOf(source);
  leap.armed = true;
  const { equal, against } = await verifyArchive({ archive, against: source });
  expect(leap.armed).toBe(false);
  expect(against?.collections[0]?.counts).toMatchObject({ expired: 5, missing: 0, extra: 0 });
  expect(equal).toBe(true);
});
