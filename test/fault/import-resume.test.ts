/**
 * An import that is large enough to note in its target how far it is, stopped at any request, gone on with, stopped
 * again and gone on with: the copy is the same.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FaultRequest } from "../../src/emulator/emulator.ts";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { Points } from "../support/points.ts";
import { buildMixed } from "../support/sample-databases.ts";

/** Requests are counted while this is on; from the one with this number on, none is answered. */
const fault = { on: false, count: 0, at: Infinity, notes: 0 };

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start({
    faults: ({ body }: FaultRequest) => {
      if (!fault.on) return undefined;
      if (body.includes('"progress"')) fault.notes++;
      return ++fault.count >= fault.at
        ? { cut: fault.count === fault.at && fault.at % 2 === 1 ? "after" : "before" }
        : undefined;
    },
  });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function requestsUntil(at: number, work: () => Promise<unknown>): Promise<number> {
  Object.assign(fault, { on: true, count: 0, at });
  try {
    await work();
    return fault.count;
  } finally {
    fault.on = false;
  }
}

const died = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

async function build(source: Connection): Promise<void> {
  await buildMixed(source);
  await source.v10(
    "Set.sequence(0, 90).forEach(n => Any_.create({ id: (n * 3 + 1000).toString(), n: [n, null] }))",
  );
  for (let n = 0; n < 30; n++) {
    await source.v10(
      `Collection.create({ name: "Small${n}", ttl_days: ${n % 3 === 0 ? 7 : null} })`,
    );
    await source.v10(
      `Set.sequence(0, ${n % 5}).forEach(n => Small${n}.create({ ttl: null, n: n }))`,
      {
        typecheck: false,
      },
    );
  }
}

it("an import that notes how far it is is finished, wherever it was stopped, and stopped again", async () => {
  const source = await bench.emptyDatabase();
  await build(source);
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive });
  const folder = await temporaryFolder();
  const run = (target: Connection, goOn = false) =>
    importArchive({
      source: archive,
      target,
      continue: goOn,
      window: 2,
      batchDocuments: 4,
      deadLetterFile: `${folder}/refused.ndjson`,
    });
  const expected = await bench.emptyDatabase();
  const requests = await requestsUntil(Infinity, () => run(expected));
  expect(fault.notes).toBeGreaterThan(2);
  const whole = await bench.read(expected);
  const withNulls = new Set(
    [...whole.documents].filter(([, text]) => text.includes("null")).map(([key]) => key),
  );
  const points = new Points("import that notes how far it is, stopped twice", 30);
  for (const number of points.numbers(requests)) {
    const target = await bench.emptyDatabase();
    const death = await died(requestsUntil(number + 1, () => run(target)));
    await points.try(`stopped at ${number + 1} of ${requests}`, async () => {
      // The very last request takes the mark away.
      if (death === undefined || (await bench.definitionsOf(target)).length === 0) return;
      const left = Math.max(1, Math.round((requests - number) * points.random()));
      const again = await died(requestsUntil(left, () => run(target, true)));
      if (again !== undefined) await died(run(target, true));
      const { against } = await verifyArchive({ archive, against: target });
      expect({ definitions: against?.definitions, equal: against?.equal }).toEqual({
        definitions: [],
        equal: true,
      });
      expect(differences(whole, await bench.read(target), withNulls)).toEqual([]);
    });
  }
  points.end();
});
