/** Documents that name the test of each promise: their tables, and whether the tests are there. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** The rows of a document's tables, each as its cells. */
export function rowsOf(document: string): string[][] {
  return readFileSync(join(ROOT, document), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:What |-)/.test(line))
    .map((line) => line.slice(1, -1).split(" | "))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** The texts of test files by their names; where two folders have one of a name, both. */
const files = new Map<string, string>();
for (const name of readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })) {
  if (!/(?:\.test|-contract)\.ts$/.test(name)) continue;
  const key = basename(name, ".ts").replace(/\.test$/, "");
  files.set(key, (files.get(key) ?? "") + readFileSync(join(ROOT, "test", name), "utf8"));
}

/** Makes sure that there is the test which a cell names as `` `file`: title ``. */
export function expectNamed(cell: string): void {
  const [, file, title] = /^`([\w-]+)`: (.+)$/.exec(cell) ?? [];
  expect(file, cell).toBeDefined();
  const tests = files.get(file!);
  expect(tests, `a file ${file}.test.ts`).toBeDefined();
  expect(tests).toContain(title);
}
