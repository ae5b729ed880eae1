/** The package as a user has it: built, in a `node_modules`, run in processes of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { compileSource } from "./compiled.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface Installed {
  /** A project folder with `fauna-ark` in its `node_modules`. */
  readonly project: string;
  readonly package: string;
  /** A PATH on which `fauna-ark` is found first. */
  readonly path: string;
  run(words: readonly string[], options?: RunOptions): Promise<Ended>;
  start(words: readonly string[], options?: RunOptions): ChildProcess;
  remove(): void;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds the sources into a project of the test's own; for a `beforeAll`. Give it back with `remove`. */
export function installPackage(): Installed {
  const { folder } = compileSource();
  const project = `${folder}-installed`;
  const home = join(project, "node_modules/fauna-ark");
  rmSync(project, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  renameSync(folder, join(home, "dist"));
  cpSync(join(ROOT, "package.json"), join(home, "package.json"));
  // Without one of its own the project would be part of this package, whose name means the `dist` beside the sources.
  writeFileSync(join(project, "package.json"), '{ "name": "a-project", "private": true }\n');
  const main = join(home, "dist/cli/main.js");
  const bin = join(project, "node_modules/.bin");
  mkdirSync(bin);
  chmodSync(main, 0o755);
  symlinkSync(main, join(bin, "fauna-ark"));
  const start: Installed["start"] = (words, { cwd = project, env = {} } = {}) =>
    spawn(process.execPath, [main, ...words], { cwd, env: { ...cleanEnvironment(), ...env } });
  return {
    project,
    package: home,
    path: `${bin}${delimiter}${process.env["PATH"]}`,
    start,
    run: (words, options) => ended(start(words, options)),
    remove: () => rmSync(project, { recursive: true, force: true }),
  };
}

/** This process's environment without what would steer the command line. */
export function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !name.startsWith("FAUNA_"),
  ) as [string, string][];
  return Object.fromEntries(entries);
}

/** Gathers what a process prints until it ends. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, ...output };
}

/** Resolves when the process has printed `text` on stdout or stderr; rejects if it ends before. */
export async function printed(child: ChildProcess, text: string): Promise<string> {
  let seen = "";
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer | string) => {
      seen += String(chunk);
      if (seen.includes(text)) resolve(seen);
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    child.once("close", () => reject(new Error(`the process ended without «${text}»:\n${seen}`)));
  });
}
