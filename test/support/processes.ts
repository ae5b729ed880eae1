/** The command line in real processes, against an emulator in a process of its own, through a proxy that counts. */
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { createDatabase } from "../../src/import/import.ts";
import { FolderStore } from "../../src/store/store.ts";
import { diffDatabases, type DiffPlace } from "../../src/verify/diff.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { identity, TEST_IDENTITY_FILE, TEST_RECIPIENT } from "./age.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { buildEverything } from "./everything.ts";
import {
  cleanEnvironment,
  type Ended,
  ended,
  type Installed,
  installPackage,
  printed,
} from "./installed.ts";

const EXIT_CODE = join(import.meta.dirname, "../fixtures/exit-code.cjs");

export class Processes implements AsyncDisposable {
  readonly root: Connection;
  /** The database `source`: every kind of definition, a child, and some documents. */
  readonly source: Connection;
  /** Where the tests may write; gone in the end. */
  readonly folder: string;
  /** An archive of the source that nobody disturbed. */
  readonly archive: string;
  readonly #installed: Installed;
  readonly #emulator: ChildProcess;
  readonly #proxy: ChaosProxy;
  readonly #watch: { onPiece: () => void };
  #databases = 0;

  private constructor(
    parts: Pick<Processes, "root" | "source"> & {
      readonly installed: Installed;
      readonly emulator: ChildProcess;
      readonly proxy: ChaosProxy;
      readonly watch: { onPiece: () => void };
    },
  ) {
    this.root = parts.root;
    this.source = parts.source;
    this.#installed = parts.installed;
    this.#emulator = parts.emulator;
    this.#proxy = parts.proxy;
    this.#watch = parts.watch;
    this.folder = `${parts.installed.project}-work`;
    this.archive = join(this.folder, "archive");
  }

  static async start(): Promise<Processes> {
    const installed = installPackage();
    const late = ["--faults", "delay:0-2"];
    const emulator = installed.start(["emulator", "--port", "0", "--json", "--quiet", ...late]);
    const told = await printed(emulator, '"port"');
    const endpoint = /"endpoint": "([^"]+)"/.exec(told)![1]!;
    const watch = { onPiece: () => {} };
    const proxy = await ChaosProxy.start({ endpoint, onPiece: () => watch.onPiece() });
    const root = connect({ endpoint, secret: "secret" });
    const source = await createDatabase(root, "source");
    await buildEverything(source);
    await source.v10('Collection.create({ name: "Many" })');
    await source.v10(
      "Set.sequence(0, 60).forEach(n => Many.create({ id: (n * 3).toString(), n: n }))",
    );
    return new Processes({ installed, emulator, proxy, root, source, watch });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]();
    await this.root.close();
    if (this.#emulator.exitCode === null) {
      const closed = once(this.#emulator, "close");
      this.#emulator.kill("SIGKILL");
      await closed;
    }
    this.#installed.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** An empty database of a name that no other has. */
  async emptyDatabase(): Promise<{ readonly name: string; readonly target: Connection }> {
    const name = `target${++this.#databases}`;
    return { name, target: await createDatabase(this.root, name) };
  }

  exportWords(to: string): string[] {
    const words = `--database source --recursive --secrets --encrypt-to ${TEST_RECIPIENT} --segment-size 1KiB --page-size 7 --quiet`;
    return ["export", to, ...words.split(" ")];
  }

  importWords(to: string, archive = this.archive): string[] {
    const words = `--database ${to} --identity ${TEST_IDENTITY_FILE} --batch-size 5 --quiet`;
    return ["import", archive, ...words.split(" ")];
  }

  /** Starts the command line: by a shell that first sets limits, or in a terminal. */
  start(words: readonly string[], options: StartOptions = {}): ChildProcess {
    const { limits, terminal, ...rest } = options;
    const main = join(this.#installed.package, "dist/cli/main.js");
    const env = {
      ...cleanEnvironment(),
      FAUNA_ENDPOINT: this.#proxy.endpoint,
      FAUNA_SECRET: "secret",
    };
    const all = { cwd: this.#installed.project, env, ...rest };
    if (terminal !== undefined) {
      const command = [process.execPath, main, ...words].map((word) => `'${word}'`).join(" ");
      // As shells do: they are told that the terminal is gone, and tell what runs in it.
      const script = `${command} & trap "kill -HUP $!" HUP; wait $!; wait $!; echo $? > '${terminal.statusFile}'`;
      const noted = { NODE_OPTIONS: `--require ${EXIT_CODE}`, EXIT_CODE_FILE: terminal.codeFile };
      const inTerminal = { ...all, env: { ...env, ...noted, SHELL: "/bin/sh" } };
      return spawn("script", ["--quiet", "--command", script, "/dev/null"], inTerminal);
    }
    if (limits === undefined) return spawn(process.execPath, [main, ...words], all);
    const command = `${limits}; exec "$0" "$@"`;
    return spawn("sh", ["-c", command, process.execPath, main, ...words], all);
  }

  run(words: readonly string[], options: Parameters<Processes["start"]>[1] = {}): Promise<Ended> {
    return ended(this.start(words, options));
  }

  /** Runs a command that nothing disturbs. */
  async whole(words: readonly string[]): Promise<void> {
    const { status, stderr } = await this.run(words);
    expect(status, stderr).toBe(0);
  }

  /** How many pieces pass between the command line and the emulator during `work`. */
  async passing(work: () => Promise<void>): Promise<number> {
    let count = 0;
    this.#watch.onPiece = () => void count++;
    await work();
    this.#watch.onPiece = () => {};
    return count;
  }

  /** Runs a command and does something to it when the n-th piece has passed. */
  async disturbedAt(
    n: number,
    words: readonly string[],
    disturb: (child: ChildProcess) => void,
    options: StartOptions = {},
  ): Promise<Ended> {
    const child = this.start(words, options);
    let count = 0;
    this.#watch.onPiece = () => {
      if (++count === n) disturb(child);
    };
    if (n === 0) disturb(child);
    const end = await ended(child);
    this.#watch.onPiece = () => {};
    await this.#answered();
    return end;
  }

  /** Waits until the emulator has done all that was on its way to it when the command line ended. */
  async #answered(): Promise<void> {
    await this.#proxy.deserted();
    // A request that came before it is begun within two milliseconds (`--faults`), as this one is; those are over then.
    for (let n = 0; n < 3; n++) await this.root.v10("0", { idempotent: true });
  }
}

interface StartOptions extends SpawnOptions {
  /** What a shell is told before, such as `ulimit`. */
  readonly limits?: string;
  /**
   * Runs in a terminal of its own, which is gone when the process that is given back is. Files take the code that it
   * ends with, and then the status that its shell sees.
   */
  readonly terminal?: { readonly codeFile: string; readonly statusFile: string };
}

/** Whether an archive is whole; one without a manifest says that it is none. */
export async function isWhole(place: string): Promise<boolean> {
  try {
    const archive = new FolderStore(place);
    const { equal, opened } = await verifyArchive({ archive, unlock: identity });
    expect({ equal, opened }).toEqual({ equal: true, opened: true });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_ARCHIVE_INCOMPLETE" });
    return false;
  }
}

/** Makes sure that `diff` finds nothing. */
export async function expectEqual(a: DiffPlace, b: DiffPlace): Promise<void> {
  const { equal, definitions, collections } = await diffDatabases({
    a,
    b,
    recursive: true,
    unlock: identity,
  });
  const unequal = collections.filter((each) => !each.equal);
  expect({ equal, definitions, unequal }).toEqual({ equal: true, definitions: [], unequal: [] });
}

/** Whether a target has the mark of an import that is not finished. */
export async function isBegun(target: Connection): Promise<boolean> {
  const query = '{"exists":{"function":"fauna_ark_import"}}';
  const { text } = await target.v4(query, { idempotent: true });
  return text.includes("true");
}

/** Whether a database has any collection. */
export async function holdsAnything(target: Connection): Promise<boolean> {
  const { dataText } = await target.v10("Collection.all().count()", { idempotent: true });
  return !dataText.includes('"0"');
}
