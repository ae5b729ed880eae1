/** docs/RELIABILITY.md promises nothing that no test holds: the tests that it names are there. */
import { describe, expect, it } from "vitest";
import { expectNamed, rowsOf } from "../support/named-tests.ts";

const rows = rowsOf("docs/RELIABILITY.md");

describe("docs/RELIABILITY.md", () => {
  it("has tables of promises, failures and hostile archives", () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((cells) => cells.length !== 3)).toEqual([]);
  });

  it.each(rows.map((cells) => [cells[0]!, cells[2]!]))("names a test for: %s", (_, cell) =>
    expectNamed(cell),
  );
});
