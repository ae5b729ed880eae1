/** Fauna's own command line, as published. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanEnvironment, type Ended } from "./installed.ts";

const VERSION = "4.0.0";
const SHA512 =
  "+WRpc68EbUihZHJ/x9WwU1pblBHtgnWYo5FGWdq/OaKIF+cK+b6IvqvuQ0KEhE9zpnh3C1MBBDTw5G+z4pQSjQ==";
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/fauna-shell");
/** All that the command needs: the rest of the package is the same once more as a binary of 110 MB. */
const FILES = [
  "package.json",
  "dist/cli.cjs",
  "dist/cpufeatures-W5E7H5WW.node",
  "dist/sshcrypto-JF2EYTW2.node",
];

const run = promisify(execFile);

/**
 * The path of the command `fauna`, taken from the package registry the first time. It is no dependency
 * of this package: with its own it would double what has to be installed.
 *
 * @throws if the registry does not answer, or gives something else
 */
export async function faunaShell(): Promise<string> {
  const home = join(CACHE, VERSION);
  const command = join(home, "dist/cli.cjs");
  if (existsSync(command)) return command;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "fetching-"));
  try {
    await run(
      "npm",
      ["pack", `fauna-shell@${VERSION}`, "--ignore-scripts", "--pack-destination", folder],
      {
        timeout: 120_000,
      },
    );
    const archive = join(folder, `fauna-shell-${VERSION}.tgz`);
    const digest = createHash("sha512").update(readFileSync(archive)).digest("base64");
    if (digest !== SHA512) throw new Error(`fauna-shell ${VERSION} is not what it was: ${digest}`);
    await run("tar", ["-xzf", archive, "-C", folder, ...FILES.map((file) => `package/${file}`)]);
    rmSync(home, { recursive: true, force: true });
    renameSync(join(folder, "package"), home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return command;
}

/** Runs the command in `folder`, which is its home as well; `input` is what is typed. */
export async function runFauna(
  command: string,
  folder: string,
  words: readonly string[],
  input = "",
): Promise<Ended> {
  const env = { ...cleanEnvironment(), HOME: folder, NO_COLOR: "1", NO_UPDATE_NOTIFIER: "1" };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [command, ...words],
      { cwd: folder, env },
      (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
