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
/** While it is on requests are recorded, and the one that takes the mark away is not answered. */
const fault = { on: false, bodies: [] as string[] };

beforeAll(async () => {
  bench = await Bench.start(
    {
      faults: ({ body }: FaultRequest) => {
        if (!fault.on) return undefined;
        fault.bodies.push(body);
        return body.includes('"delete":{"function":') ? { cut: "before" } : undefined;
      },
    },
    // What goes on right behind a cut may find the connection going away.
    { retry: { attempts: 3, baseMs: 1 } },
  );
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** An import of 200 documents into a collection that only v4 can make, of which only the last request is missing. */
async function allButTheMark() {
  const source = await bench.emptyDatabase();
  await source.v4('{"do":[{"create_collection":{"object":{"name":"audit-log"}}},null]}');
  await source.v10('Collection.create({ name: "Session", ttl_days: 30, history_days: 0 })');
  const ids = Array.from({ length: 200 }, (_, n) => `"${1000 + n}"`);
  const create =
    '{"create":{"ref":{"collection":"audit-log"},"id":{"var":"i"}},"params":{"object":{"data":{"object":{"i":{"var":"i"}}}}}}';
  await source.v4(
    `{"do":[{"foreach":{"lambda":"i","expr":${create}},"collection":[${ids.join(",")}]},null]}`,
  );
  await source.v4(
    '{"do":[{"create_index":{"object":{"name":"all-logs","source":{"collection":"audit-log"},"terms":[{"object":{"field":["data","i"]}}]}}},null]}',
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
  const target = await bench.emptyDatabase();
  Object.assign(fault, { on: true, bodies: [] });
  await expect(run(target)).rejects.toMatchObject({
    code: expect.stringMatching(/ERR_TRY_AGAIN|ERR_ENDPOINT/) as string,
  });
  fault.on = false;
  const isClosing = (body: string): boolean => body.includes('\\"phase\\":\\"closing\\"');
  expect(fault.bodies.some(isClosing)).toBe(true);
  return { target, goOn: () => run(target, true), expected: await bench.read(source) };
}

it("a collection that only v4 can make keeps its documents when the import dies after them and goes on", async () => {
  const { target, goOn, expected } = await allButTheMark();
  const { documents } = await goOn();
  expect(documents).toMatchObject({ read: 200, there: 200, written: 0, refused: 0 });
  expect(differences(expected, await bench.read(target))).toEqual([]);
  const match = '{"paginate":{"match":{"index":"all-logs"},"terms":["1007"]}}';
  expect((await target.v4(match)).text).toContain('"id":"1007"');
});

it("a collection that was deleted before the import goes on is made again, with its documents", async () => {
  const { target, goOn, expected } = await allButTheMark();
  await target.v4('{"do":[{"delete":{"collection":"audit-log"}},null]}');
  const { documents } = await goOn();
  expect(documents).toMatchObject({ read: 200, there: 0, written: 200, refused: 0 });
  expect(differences(expected, await bench.read(target))).toEqual([]);
});
