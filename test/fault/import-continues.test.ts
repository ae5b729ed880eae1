/** An import that dies at any request is finished by --continue, and the copy is the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { Points } from "../support/points.ts";
import { SAMPLE_DATABASES } from "../support/sample-databases.ts";

/** Requests are counted while this is on; the one with this number is cut, before or after it took effect. */
const fault = { on: false, count: 0, at: Infinity, when: "before" as "before" | "after" };

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start({
    faults: () => {
      if (!fault.on) return undefined;
      return ++fault.count === fault.at ? { cut: fault.when } : undefined;
    },
  });
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
    const requests = await counted(Infinity, "before", () => run(whole));
    expect(requests).toBeGreaterThan(20);
    const points = new Points(`import of ${name}, a request is cut`, 4);
    let deaths = 0;
    for (const n of points.numbers(requests)) {
      const at = n + 1;
      const when = at % 2 === 0 ? "before" : "after";
      const target = await bench.emptyDatabase();
      const death = await counted(at, when, () => run(target)).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (death !== undefined) deaths++;
      await points.try(`request ${at}, ${when}`, async () => {
        // A schema push that was cut is tried again by the import itself; whatever else is cut ends it.
        if (death !== undefined) {
          expect(death).toMatchObject({
            code: expect.stringMatching(/ERR_TRY_AGAIN|ERR_ENDPOINT/) as string,
          });
          const goOn = run(target, hasBegun(await bench.definitionsOf(target)));
          // The mark was taken away, and only nobody was told.
          if (at === requests && when === "after") {
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
      });
    }
    points.end();
    expect(deaths).toBeGreaterThan(0);
  });
});
