/** An import with history that dies at any request is finished by --continue, and the past of the copy is the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { events } from "../support/independent-history.ts";
import { Points } from "../support/points.ts";

/** Requests are counted while this is on; the one with this number is cut, before or after it took effect. */
const fault = { on: false, count: 0, at: Infinity, when: "before" as "before" | "after" };

let bench: Bench;
let source: Connection;
const archive = new MemoryStore();

beforeAll(async () => {
  bench = await Bench.start({
    faults: () => {
      if (!fault.on) return undefined;
      return ++fault.count === fault.at ? { cut: fault.when } : undefined;
    },
  });
  source = await bench.emptyDatabase();
  for (const query of [
    'Collection.create({ name: "C", history_days: 30 })',
    "Set.sequence(0, 12).forEach(i => C.create({ id: i.toString(), v: 0 }))",
    "C.all().forEach(d => d.update({ v: 1 }))",
    'C.byId("3")!.delete()',
    'C.byId("4")!.delete()',
    'C.create({ id: "4", again: true })',
    'C.byId("5")!.update({ nan: Math.NaN })',
    'C.byId("5")!.update({ v: 2 })',
    "C.all().forEach(d => d.update({ v: 3 }))",
    'C.byId("6")!.delete()',
  ])
    await source.v10(query);
  await exportDatabase({ source, target: archive, history: true });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Runs `work` with the fault, and gives how many requests it made. */
async function counted(
  at: number,
  when: "before" | "after",
  work: () => Promise<unknown>,
): Promise<number> {
  Object.assign(fault, { on: true, count: 0, at, when });
  try {
    await work();
  } finally {
    fault.on = false;
  }
  return fault.count;
}

const pastOf = async (database: Connection): Promise<string[]> => {
  const asked = { endpoint: bench.endpoint, secret: bench.secretOf(database) };
  const all: string[] = [];
  for (let id = 0; id < 12; id++)
    all.push(...(await events(asked, { ref: { collection: "C" }, id: String(id) })));
  return all;
};

describe("an import with history", () => {
  it("is finished whichever request was cut, and tells the same past", async () => {
    const past = await pastOf(source);
    expect(past.length).toBeGreaterThan(30);
    const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
    const limits = { source: archive, window: 1, batchDocuments: 3, deadLetterFile };
    const run = (target: Connection, goOn = false) =>
      importArchive({ ...limits, target, continue: goOn });
    const requests = await counted(Infinity, "before", async () =>
      run(await bench.emptyDatabase()),
    );
    expect(requests).toBeGreaterThan(20);
    const points = new Points("import of a past, a request is cut", 4);
    for (const n of points.numbers(requests)) {
      const at = n + 1;
      const when = at % 2 === 0 ? "before" : "after";
      const target = await bench.emptyDatabase();
      const died = await counted(at, when, () => run(target)).then(
        () => false,
        () => true,
      );
      await points.try(`request ${at}, ${when}`, async () => {
        // Of the mark that was taken away in the last request nobody was told.
        if (died && !(at === requests && when === "after"))
          await run(target, (await bench.definitionsOf(target)).length > 0);
        expect(await pastOf(target)).toEqual(past);
        const { equal, against } = await verifyArchive({ archive, against: target });
        expect(against!.histories).toMatchObject([{ name: "C", equal: true }]);
        expect(equal).toBe(true);
      });
    }
    points.end();
  });
});
