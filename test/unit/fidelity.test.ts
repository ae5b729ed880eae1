/** docs/FIDELITY.md promises nothing that no test shows: the tests that it names are there. */
import { describe, expect, it } from "vitest";
import { expectNamed, rowsOf } from "../support/named-tests.ts";

const rows = rowsOf("docs/FIDELITY.md");

describe("docs/FIDELITY.md", () => {
  it("has tables of values, documents, schema, secrets and targets", () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter((cells) => cells.length !== 3)).toEqual([]);
  });

  it.each(rows.map((cells) => [cells[0]!, cells[2]!]))("names a test for: %s", (_, cell) =>
    expectNamed(cell),
  );
});
