/** docs/FIDELITY.md promises nothing that no test shows: the tests that it names are there. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/FIDELITY.md"), "utf8");

/** The rows of its tables, each as its cells. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:What |-)/.test(line))
  .map((line) => line.slice(1, -1).split(" | "))
  .map((cells) => cells.map((cell) => cell.trim()));

/** The texts of test files by their names; where two folders have one of a name, both. */
const files = new Map<string, string>();
for (const name of readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })) {
  if (!/(?:\.test|-contract)\.ts$/.test(name)) continue;
  const key = basename(name, ".ts").replace(/\.test$/, "");
  files.set(key, (files.get(key) ?? "") + readFileSync(join(ROOT, "test", name), "utf8"));
}

describe("docs/FIDELITY.md", () => {
  it("has tables of values, documents, schema, secrets and targets", () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter((cells) => cells.length !== 3)).toEqual([]);
  });

  it.each(rows.map((cells) => [cells[0]!, cells[2]!]))("names a test for: %s", (_, cell) => {
    const [, file, title] = /^`([\w-]+)`: (.+)$/.exec(cell) ?? [];
    expect(file, cell).toBeDefined();
    const tests = files.get(file!);
    expect(tests, `a file ${file}.test.ts`).toBeDefined();
    expect(tests).toContain(title);
  });
});
