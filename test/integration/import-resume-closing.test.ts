/** An import that dies when its documents are written already, and its schema is being finished. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FaultRequest } from "../../src/emulator/emulator.ts";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";

let bench: Bench;
/** While it is on requests are recorded; from the first one for which `cut` holds on, none is answered. */
const fault = {
  on: false,
  bodies: [] as string[],
  cut: (_index: number): boolean => false,
};

beforeAll(async () => {
  bench = await Bench.start(
    {
      faults: ({ body }: FaultRequest) => {
        if (!fault.on) return undefined;
        fault.bodies.push(body);
        return fault.cut(fault.bodies.length - 1) ? { cut: "before" } : undefined;
      },
    },
    { retry: { attempts: 2, baseMs: 1 } },
  );
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

it("a collection that only v4 can make keeps its documents when the import dies after them and goes on", async () => {
  const source = await bench.emptyDatabase();
  await source.v4('{"do":[{"create_collection":{"object":{"name":"audit-log"}}},null]}');
  await source.v10('Collection.create({ name: "Session", ttl_days: 30, history_days: 0 })');
  const ids = Array.from({ length: 200 }, (_, n) => `"${1000 + n}"`);
  const create =
    '{"create":{"ref":{"collection":"audit-log"},"id":{"var":"i"}},"params":{"object":{"data":{"object":{"i":{"var":"i"}}}}}}';
  await source.v4(
    `{"do":[{"foreach":{"lambda":"i","expr":${create}},"collection":[${ids.join(",")}]},null]}`,
  );
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive });
  const folder = await temporaryFolder();
  const run = (target: Connection, goOn = false) =>
    importArchive({
      source: archive,
      target,
      continue: goOn,
      window: 2,
      batchDocuments: 5,
      deadLetterFile: `${folder}/refused.ndjson`,
    });
  const whole = await bench.emptyDatabase();
  Object.assign(fault, { on: true, bodies: [], cut: () => false });
  await run(whole);
  fault.on = false;
  const { bodies } = fault;
  const closing = bodies.findLastIndex((body) => body.includes('\\"phase\\":\\"closing\\"'));
  expect(closing).toBeGreaterThan(0);
  const expected = await bench.read(source);
  expect(differences(expected, await bench.read(whole))).toEqual([]);
  const target = await bench.emptyDatabase();
  // All is there but the last request, which takes the mark away.
  const last = bodies.length - 1;
  expect(last).toBeGreaterThan(closing);
  Object.assign(fault, { on: true, bodies: [], cut: (index: number) => index >= last });
  await expect(run(target)).rejects.toMatchObject({
    code: expect.stringMatching(/ERR_TRY_AGAIN|ERR_ENDPOINT/) as string,
  });
  fault.on = false;
  const { documents } = await run(target, true);
  expect(documents).toMatchObject({ read: 200, refused: 0 });
  expect(differences(expected, await bench.read(target))).toEqual([]);
});
