import { describe, expect, it } from "vitest";
import { type CountedNote, fidelityOf } from "../../../src/archive/archive.ts";
import { fidelitySummary } from "../../../src/cli/fidelity.ts";

const EXACT = { documents: 40, definitions: 3, secrets: 0 };

const note = (code: string, count = 1, examples: readonly string[] = []): CountedNote => ({
  code,
  collection: "C",
  count,
  examples,
});

const counts = (entries: readonly { code: string; count: number }[]) =>
  Object.fromEntries(
    entries.filter(({ count }) => count > 0).map((each) => [each.code, each.count]),
  );

describe("the fidelity report", () => {
  it("has every category, also when nothing falls into it", () => {
    const { exact, natural, left, failed } = fidelityOf(EXACT, []);
    expect(exact).toEqual(EXACT);
    expect(natural.map(({ code }) => code)).toEqual([
      "new_ts",
      "expired",
      "tokens",
      "lost_references",
      "audience",
      "fsl_reconstructed",
      "deleted_since",
      "deleted_refs",
      "history",
      "definition_ids",
    ]);
    expect(left.map(({ code }) => code)).toEqual([
      "kept",
      "deleted",
      "secrets",
      "child_databases",
      "history",
      "staged_schema",
    ]);
    expect(failed.map(({ code }) => code)).toEqual([
      "refused",
      "history_refused",
      "secrets_refused",
      "lost",
      "lost_members",
      "other",
    ]);
    expect([...natural, ...left, ...failed].every(({ count }) => count === 0)).toBe(true);
  });

  it("counts what differs by Fauna's nature apart from what failed, with examples", () => {
    const { natural, left, failed } = fidelityOf(
      EXACT,
      [
        note("new_ts", 2, ["5", "7"]),
        note("as_of_now", 1, ["9"]),
        note("keys_expired", 4),
        note("kept", 3),
        note("refused", 6, ["8"]),
        note("deleted_refs_refused", 6, ["8"]),
      ],
      3,
    );
    expect(counts(natural)).toEqual({ new_ts: 3, expired: 4, definition_ids: 3 });
    expect(natural[0]!.examples).toEqual(["C 5", "C 7", "C 9"]);
    expect(counts(left)).toEqual({ kept: 3 });
    expect(counts(failed)).toEqual({ refused: 6 });
  });

  it("takes a note of a kind that it does not know for a failure, so that none is passed over", () => {
    expect(counts(fidelityOf(EXACT, [note("something_new", 5)]).failed)).toEqual({ other: 5 });
  });

  it("says on screen what there is nothing of", () => {
    const text = fidelitySummary(fidelityOf(EXACT, [note("new_ts", 2, ["5", "7"])]));
    expect(text).toContain("Exactly as it was: 40 documents, 3 definitions, 0 secrets.");
    expect(text).toContain("2 documents with another ts (C 5, C 7)");
    expect(text).toContain("Failed: nothing (no documents that the target refused,");
  });
});
