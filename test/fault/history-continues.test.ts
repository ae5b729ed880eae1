/** An import with history that dies at any request is finished by --continue, and the past of the copy is the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkArchive, openArchive } from "../../src/archive/archive.ts";
import { copyDatabase } from "../../src/copy/copy.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { printRecord } from "../../src/values/record.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { type Cut, Cuts, isDoneUnheard } from "../support/cuts.ts";
import { temporaryFolder } from "../support/folders.ts";
import { events } from "../support/independent-history.ts";
import { Points } from "../support/points.ts";

const cuts = new Cuts();

let bench: Bench;
let source: Connection;
const archive = new MemoryStore();

beforeAll(async () => {
  bench = await Bench.start({ faults: cuts.faults });
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

const pastOf = async (database: Connection): Promise<string[]> => {
  const asked = { endpoint: bench.endpoint, secret: bench.secretOf(database) };
  const all: string[] = [];
  for (let id = 0; id < 12; id++)
    all.push(...(await events(asked, { ref: { collection: "C" }, id: String(id) })));
  return all;
};

/** Goes on with a run that was cut, unless it had done all. */
async function finished(
  target: Connection,
  cut: Cut,
  run: (target: Connection, goOn: boolean) => Promise<unknown>,
): Promise<void> {
  if (cut.error === undefined || isDoneUnheard(cut)) return;
  await run(target, (await bench.definitionsOf(target)).length > 0);
}

describe("an import with history", () => {
  it("is finished whichever request was cut, and tells the same past", async () => {
    const past = await pastOf(source);
    expect(past.length).toBeGreaterThan(30);
    const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
    const limits = { source: archive, window: 1, batchDocuments: 3, deadLetterFile };
    const run = (target: Connection, goOn = false) =>
      importArchive({ ...limits, target, continue: goOn });
    const first = await bench.emptyDatabase();
    const requests = await cuts.count(() => run(first));
    expect(requests).toBeGreaterThan(20);
    const points = new Points("import of a past, a request is cut", 4);
    await cuts.each(points, requests, {
      make: () => bench.emptyDatabase(),
      run,
      judge: async (target, cut) => {
        await finished(target, cut, run);
        expect(await pastOf(target)).toEqual(past);
        const { equal, against } = await verifyArchive({ archive, against: target });
        expect(against!.histories).toMatchObject([{ name: "C", equal: true }]);
        expect(equal).toBe(true);
      },
    });
  });
});

describe("a copy with history", () => {
  it("is finished whichever request was cut, on either side, and tells the same past", async () => {
    const past = await pastOf(source);
    const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
    const limits = { source, window: 1, batchDocuments: 3, deadLetterFile, history: true };
    const run = (target: Connection, goOn = false) =>
      copyDatabase({ ...limits, target, continue: goOn });
    const first = await bench.emptyDatabase();
    const requests = await cuts.count(() => run(first));
    const points = new Points("copy of a past, a request is cut", 8);
    // The last ones always: behind the end of a copy nothing may fail it.
    const last = [requests - 3, requests - 2, requests - 1];
    await cuts.each(points, requests, {
      make: () => bench.emptyDatabase(),
      run,
      judge: async (target, cut) => {
        await finished(target, cut, run);
        expect(await pastOf(target)).toEqual(past);
      },
      numbers: new Set([...points.numbers(requests - 3), ...last]),
    });
  });
});

describe("an export with history", () => {
  it("goes on with resume whichever request was cut, and holds the same past", async () => {
    const limits = { source, history: true, compression: "none", segmentBytes: 300 } as const;
    const linesOf = async (store: MemoryStore): Promise<string[]> => {
      const opened = await openArchive(store);
      const lines: string[] = [];
      for await (const { records } of opened.history(opened.collection("C")))
        lines.push(...records.map(printRecord));
      return lines;
    };
    const expected = await linesOf(archive);
    const requests = await cuts.count(() =>
      exportDatabase({ ...limits, target: new MemoryStore() }),
    );
    const points = new Points("export of a past, a request is cut", 3);
    await cuts.each(points, requests, {
      make: () => new MemoryStore(),
      run: (target) => exportDatabase({ ...limits, target }),
      judge: async (target, { error }) => {
        if (error !== undefined) {
          // The connection that was cut is not gone in the same moment for all requests that are under way.
          const again = connect({ endpoint: bench.endpoint, secret: bench.secretOf(source) });
          try {
            await exportDatabase({ ...limits, source: again, target, resume: true });
          } finally {
            await again.close();
          }
        }
        expect(await linesOf(target)).toEqual(expected);
        const report = await checkArchive(target);
        expect(report).toMatchObject({ problems: [], notes: [], versions: expected.length });
      },
    });
  });
});
