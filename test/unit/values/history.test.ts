import { describe, expect, it } from "vitest";
import { compareHistory, historySince } from "../../../src/values/history.ts";
import type { DocumentRecord } from "../../../src/values/record.ts";
import { collect, each } from "../../support/generators.ts";

type Told = readonly [id: string, ts: number, action: "create" | "update" | "delete"];

const record = ([id, ts, action]: Told): DocumentRecord =>
  action === "delete"
    ? { id, ts: BigInt(ts), action }
    : { id, ts: BigInt(ts), action, dataText: `{"ts":${ts}}` };

/** What is told since a time, the records coming one a batch. */
async function since(from: number, told: readonly Told[]): Promise<Told[]> {
  const batches = each(told.map((one) => [record(one)]));
  const pages = await collect(historySince(batches, BigInt(from)));
  return pages.flat().map(({ id, ts, action }): Told => [id, Number(ts), action!]);
}

describe("a history told since a time", () => {
  it("begins with the state that each document was in", async () => {
    const told: Told[] = [
      ["1", 1, "create"],
      ["1", 5, "update"],
      ["1", 9, "update"],
      ["2", 7, "create"],
    ];
    expect(await since(5, told)).toEqual([
      ["1", 5, "create"],
      ["1", 9, "update"],
      ["2", 7, "create"],
    ]);
    expect(await since(8, told)).toEqual([
      ["1", 5, "create"],
      ["1", 9, "update"],
      ["2", 7, "create"],
    ]);
    expect(await since(0, told)).toEqual(told);
  });

  it("says nothing of a document that was deleted by then", async () => {
    const told: Told[] = [
      ["1", 1, "create"],
      ["1", 3, "delete"],
      ["2", 1, "create"],
      ["2", 3, "delete"],
      ["2", 6, "create"],
      ["2", 8, "delete"],
    ];
    expect(await since(4, told)).toEqual([
      ["2", 6, "create"],
      ["2", 8, "delete"],
    ]);
  });

  it("keeps a deletion whose document came before all that is told", async () => {
    expect(await since(4, [["1", 6, "delete"]])).toEqual([["1", 6, "delete"]]);
  });
});

describe("the order of a history", () => {
  it("is by ids as numbers, then by time, and a deletion follows the version of its time", () => {
    const told: Told[] = [
      ["9", 8, "create"],
      ["10", -5, "create"],
      ["10", 7, "update"],
      ["10", 7, "delete"],
      ["10", 8, "create"],
    ];
    const shuffled = [3, 0, 4, 2, 1].map((i) => record(told[i]!));
    expect(shuffled.toSorted(compareHistory)).toEqual(told.map(record));
  });
});
