/** An import that dies at any request is finished by --continue, and the copy is the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { Cuts, isDoneUnheard } from "../support/cuts.ts";
import { temporaryFolder } from "../support/folders.ts";
import { Points } from "../support/points.ts";
import { SAMPLE_DATABASES } from "../support/sample-databases.ts";

const cuts = new Cuts();
let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start({ faults: cuts.faults });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const hasBegun = (definitions: readonly string[]) => definitions.length > 0;

describe.each(Object.entries(SAMPLE_DATABASES))("%s", (name, build) => {
  it("is finished whichever request was cut", async () => {
    const folder = await temporaryFolder();
    const source = await bench.emptyDatabase();
    await build(source);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive, compression: "none" });
    const run = (target: Connection, goOn = false) =>
      importArchive({
        source: archive,
        target,
        continue: goOn,
        window: 1,
        batchDocuments: 40,
        deadLetterFile: `${folder}/refused.ndjson`,
      });
    const whole = await bench.emptyDatabase();
    const requests = await cuts.count(() => run(whole));
    expect(requests).toBeGreaterThan(20);
    const points = new Points(`import of ${name}, a request is cut`, 4);
    let deaths = 0;
    await cuts.each(points, requests, {
      make: () => bench.emptyDatabase(),
      run,
      judge: async (target, cut) => {
        // A schema push that was cut is tried again by the import itself; whatever else is cut ends it.
        if (cut.error !== undefined) {
          deaths++;
          expect(cut.error).toMatchObject({
            code: expect.stringMatching(/ERR_TRY_AGAIN|ERR_ENDPOINT/) as string,
          });
          const goOn = run(target, hasBegun(await bench.definitionsOf(target)));
          if (isDoneUnheard(cut)) {
            await expect(goOn).rejects.toMatchObject({
              code: "ERR_TARGET_NOT_EMPTY",
              hint: expect.stringContaining("verify") as string,
            });
          } else await goOn;
        }
        const { against } = await verifyArchive({ archive, against: target });
        expect({ definitions: against?.definitions, equal: against?.equal }).toEqual({
          definitions: [],
          equal: true,
        });
      },
    });
    expect(deaths).toBeGreaterThan(0);
  });
});
