// When the schema of the manifest changes on purpose: npm run build, then
//   node -e 'import("./dist/archive/manifest.js").then((m) => console.log(JSON.stringify(m.manifestJsonSchema())))' \
//     > docs/archive-manifest.schema.json && npx oxfmt docs/archive-manifest.schema.json
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifestJsonSchema } from "../../../src/archive/manifest.ts";

const DOCS = join(import.meta.dirname, "../../../docs");

/** The names of all members that a JSON Schema knows, however deep. */
function members(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === "properties" ? Object.keys(value) : []),
    ...members(value),
  ]);
}

describe("the documents about the manifest", () => {
  it("hold the JSON Schema that the code checks by", () => {
    const text = readFileSync(join(DOCS, "archive-manifest.schema.json"), "utf8");
    expect(JSON.parse(text)).toEqual(manifestJsonSchema());
  });

  it("explain every member of it", () => {
    const text = readFileSync(join(DOCS, "ARCHIVE_FORMAT.md"), "utf8");
    const names = new Set(members(manifestJsonSchema()));
    expect(names.size).toBeGreaterThan(40);
    expect([...names].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
