import { describe, expect, it } from "vitest";
import type { PartJournal } from "../../../src/archive/archive.ts";
import { leftOver } from "../../../src/export/left-over.ts";
import { LAST_ID } from "../../../src/fauna/fauna.ts";

interface Done {
  /** The range that it is of, and how many were listed there. */
  readonly range: readonly [from: number, to: number, documents: number];
  readonly done: readonly [from: number, to: number];
  /** Records of its segment; without it, there is none. */
  readonly records?: number;
  readonly expired?: number;
}

function part({ range: [from, to, documents], done, records, expired = 0 }: Done): PartJournal {
  const empty = { records: 0, exact: "", content: "" };
  const segment = {
    file: `data/c/${done[0]}.ndjson`,
    firstId: String(done[0]),
    lastId: String(done[1]),
    minTs: "0",
    maxTs: "0",
    records: records ?? 0,
    plainBytes: 1,
    storedBytes: 1,
    sha256: "",
    fingerprint: empty,
    frames: [],
  };
  return {
    database: [],
    collection: "C",
    segment: records === undefined ? null : segment,
    part: {
      range: { from: String(from), to: String(to), documents },
      done: { from: String(done[0]), to: String(done[1]) },
      counted: { expired, lost: 0, credentials: 1 },
    },
  };
}

const left = (...parts: Done[]) => {
  const { ranges, unlisted, account } = leftOver("C", parts.map(part));
  return {
    ranges: ranges.map(({ from, to, documents }) => [from, to, documents]),
    unlisted: unlisted.map(({ from, to }) => [from, to]),
    account,
  };
};

describe("what an interrupted run has left of a collection", () => {
  it("is all of it when nothing is durable", () => {
    expect(left()).toMatchObject({ ranges: [], unlisted: [["0", LAST_ID]] });
  });

  it("is what no range covers, to be listed, and what no segment covers, to be read", () => {
    expect(
      left(
        { range: [0, 99, 10], done: [0, 99], records: 10 },
        { range: [200, 299, 20], done: [200, 240], records: 5 },
      ),
    ).toEqual({
      ranges: [["241", "299", 15]],
      unlisted: [
        ["100", "199"],
        ["300", LAST_ID],
      ],
      account: { listed: 30, read: 15, expired: 0, lost: 0 },
    });
  });

  it("counts a range once that was split, and sees between its parts", () => {
    expect(
      left(
        { range: [0, 99, 100], done: [0, 9], records: 10 },
        { range: [50, 99, 50], done: [50, 59], records: 10 },
        { range: [75, 99, 25], done: [75, 99], records: 25 },
      ),
    ).toMatchObject({
      ranges: [
        ["10", "49", 28],
        ["60", "74", 28],
      ],
      account: { listed: 100, read: 45 },
    });
  });

  it("is nothing where all that was listed is read", () => {
    expect(
      left(
        { range: [0, 99, 10], done: [0, 50], records: 7 },
        { range: [0, 99, 10], done: [51, 99], records: 3 },
        { range: [100, Number.MAX_SAFE_INTEGER, 0], done: [100, Number.MAX_SAFE_INTEGER] },
      ),
    ).toMatchObject({ ranges: [], account: { listed: 10, read: 10, expired: 0 } });
  });

  it("is read to its end although documents that had expired were counted by two runs", () => {
    expect(
      left(
        { range: [0, 99, 1000], done: [0, 39], records: 400, expired: 100 },
        { range: [0, 99, 1000], done: [40, 79], records: 400, expired: 100 },
      ).ranges,
    ).toMatchObject([["80", "99", 200]]);
  });

  it("adds up what the journal counts beside records", () => {
    const some = { range: [0, 9, 5], done: [0, 4], records: 1 } as const;
    expect(leftOver("C", [part(some), part({ ...some, done: [5, 9] })]).credentials).toBe(2);
  });
});
