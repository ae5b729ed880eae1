import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { ServerFailures } from "../../../src/import/server-failures.ts";
import { newCollectionTally, requireAccounted, skipped } from "../../../src/import/tally.ts";

const tally = (counts: Partial<ReturnType<typeof newCollectionTally>>) => ({
  ...newCollectionTally("C"),
  ...counts,
});

describe("documents of which some are neither written, nor refused, nor skipped", () => {
  it.each([
    { read: 3, written: 2 },
    { read: 3, written: 2, refused: 2 },
    { read: 0, there: 1 },
    { read: 5, written: 1, refused: 1, there: 1, expired: 1 },
  ])("are an error that names the collection: %j", (counts) => {
    const good = tally({ read: 4, written: 1, refused: 1, there: 1, kept: 1 });
    expect(() => requireAccounted([good, tally(counts)], "here")).toThrow(
      expect.objectContaining({
        code: "ERR_UNEXPECTED",
        message: expect.stringContaining("Of C ") as string,
      }),
    );
  });

  it("are none when all are counted", () => {
    const all = tally({ read: 10, written: 4, refused: 3, there: 1, expired: 1, kept: 1 });
    expect(skipped(all)).toBe(3);
    expect(() => requireAccounted([all, tally({})], "here")).not.toThrow();
  });
});

describe("a server's failures", () => {
  const answered = (status: number) => new ArkError("ERR_DATABASE", "No.", { details: { status } });
  const blame = (failures: ServerFailures, status: number, times: number) => {
    for (let n = 0; n < times; n++) failures.refused(answered(status), "here");
  };

  it("are no longer blamed on documents when there are 25 in a row", () => {
    const failures = new ServerFailures();
    blame(failures, 500, 24);
    expect(() => blame(failures, 503, 1)).toThrow(
      expect.objectContaining({ code: "ERR_TRY_AGAIN", place: "here" }),
    );
  });

  it("are blamed on documents as long as others are written or refused for a reason", () => {
    const failures = new ServerFailures();
    blame(failures, 500, 24);
    failures.worked();
    blame(failures, 500, 24);
    blame(failures, 400, 1);
    blame(failures, 500, 24);
    expect(() => blame(failures, 500, 1)).toThrow("25 documents in a row");
  });
});
