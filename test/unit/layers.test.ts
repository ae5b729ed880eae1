import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../../src");

/** The folders of src/, lowest first. A folder imports only from rows above its own, never from its own row. */
const LAYERS = [
  ["errors", "flow"],
  ["values"],
  ["store", "fsl"],
  ["archive", "fauna", "emulator"],
  ["export", "import", "verify", "convert"],
  ["backup", "copy"],
  ["server"],
  ["cli", "index.ts"],
];

/** Static, type-only, side-effect and dynamic imports, and re-exports. */
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    file,
    from: folder(file),
    to: folder(relative(SOURCE, join(SOURCE, dirname(file), match[1]!))),
  }));
}

function folder(file: string): string {
  return file.split(sep)[0]!;
}

function level(name: string): number {
  const found = LAYERS.findIndex((folders) => folders.includes(name));
  expect(found, `${name} has no place in LAYERS`).not.toBe(-1);
  return found;
}

const upward = (imports: readonly Import[]) =>
  imports.filter(({ from, to }) => from !== to && level(to) >= level(from));

describe("src", () => {
  it("imports only downward, dynamic and side-effect imports included", () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    expect(files.length).toBeGreaterThan(0);
    const imports = files.flatMap((file) =>
      importsOf(file, readFileSync(join(SOURCE, file), "utf8")),
    );
    expect(upward(imports)).toEqual([]);
  });

  it("would notice each kind of import", () => {
    const text = [
      'import { a } from "../cli/a.ts";',
      'import "../cli/b.ts";',
      'await import("../cli/c.ts");',
      'export type { D } from "../cli/d.ts";',
      'import { fine } from "../errors/errors.ts";',
    ].join("\n");
    expect(upward(importsOf(join("archive", "x.ts"), text))).toHaveLength(4);
  });

  it("has no folder for leftovers", () => {
    const names = readdirSync(SOURCE, { recursive: true, encoding: "utf8" });
    expect(
      names.filter((name) => /(^|[\\/])(utils|helpers|common|types)([\\/]|$)/.test(name)),
    ).toEqual([]);
  });
});
