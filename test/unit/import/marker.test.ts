/** The mark of an import in its target, where another run of the same import takes it away. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../src/fauna/fauna.ts";
import { readMarker, removeMarker, setMarker, updateMarker } from "../../../src/import/marker.ts";
import { Bench } from "../../support/bench.ts";

const { signal } = new AbortController();
let bench: Bench;
let target: Connection;

beforeAll(async () => {
  bench = await Bench.start();
  target = await bench.emptyDatabase();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe("the mark of an import", () => {
  it("takes how far the import is while it is there, and says so when another run has taken it away", async () => {
    const marked = { source: "s", started: "2026-01-01T00:00:00Z", database: "y", asked: "" };
    await setMarker(target, marked, signal);
    await updateMarker(target, "half", signal);
    await updateMarker(target, "half", signal);
    expect(await readMarker(target, signal)).toMatchObject({ ...marked, progress: "half" });
    await removeMarker(target, signal);
    await expect(updateMarker(target, "more", signal)).rejects.toMatchObject({
      code: "ERR_BUSY",
      hint: expect.stringContaining("verify ARCHIVE --against") as string,
    });
    expect(await readMarker(target, signal)).toBeUndefined();
  });
});
