import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export interface Compiled {
  /** Where the JavaScript is: below the repository, where dependencies resolve. */
  readonly folder: string;
  readonly remove: () => void;
}

/** Compiles `src/` for tests that run it in a process of its own; for a `beforeAll`. */
export function compileSource(): Compiled {
  const folder = join(ROOT, ".build", `test-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const project = join(ROOT, "tsconfig.build.json");
  // The types are checked by `npm run check`; here only what is emitted counts.
  const args = [
    compiler,
    "-p",
    project,
    "--noCheck",
    "--declaration",
    "false",
    "--declarationMap",
    "false",
    "--outDir",
    folder,
  ];
  execFileSync(process.execPath, args, { stdio: "inherit" });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
