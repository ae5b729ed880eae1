/** Exports of one database by the installed command, in real processes, from an emulator that tells of each request. */
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { expect, onTestFinished } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench, type CollectionFingerprint, fingerprints } from "./bench.ts";
import { type Ended, type Installed, installPackage } from "./installed.ts";

/** Small pages, so that there are many requests. */
const LIMITS = { pageSize: 5, window: 3 } as const;
const LIMIT_WORDS = ["--page-size", `${LIMITS.pageSize}`, "--window", `${LIMITS.window}`];

export class Exporting implements AsyncDisposable {
  readonly source: Connection;
  readonly limits = LIMITS;
  /** Of an export that nobody disturbs. */
  readonly requests: number;
  readonly expected: readonly CollectionFingerprint[];
  /** Told of each request that reaches the emulator. */
  onRequest: (() => void) | undefined;
  readonly #installed: Installed;
  readonly #bench: Bench;

  private constructor(
    installed: Installed,
    bench: Bench,
    source: Connection,
    undisturbed: { readonly requests: number; readonly expected: readonly CollectionFingerprint[] },
  ) {
    this.#installed = installed;
    this.#bench = bench;
    this.source = source;
    this.requests = undisturbed.requests;
    this.expected = undisturbed.expected;
  }

  /** @param queries what makes the database, in FQL v10. */
  static async start(queries: readonly string[]): Promise<Exporting> {
    const installed = installPackage();
    let running: Exporting | undefined;
    const bench = await Bench.start({
      faults: () => {
        running?.onRequest?.();
        return undefined;
      },
    });
    const source = await bench.emptyDatabase();
    for (const query of queries) await source.v10(query);
    const target = new MemoryStore();
    const { requests } = await exportDatabase({ source, target, ...LIMITS });
    const expected = await fingerprints(target);
    return (running = new Exporting(installed, bench, source, { requests, expected }));
  }

  /** Exports by the command line. The process ends with the test at the latest. */
  start(folder: string, words: readonly string[]): { child: ChildProcess; end: Promise<Ended> } {
    const { endpoint } = this.#bench;
    const env = { FAUNA_ENDPOINT: endpoint, FAUNA_SECRET: this.#bench.secretOf(this.source) };
    const child = this.#installed.start(["export", folder, ...LIMIT_WORDS, ...words], { env });
    onTestFinished(() => void child.kill("SIGKILL"));
    let [stdout, stderr] = ["", ""];
    child.stdout!.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const end = once(child, "close").then(([status]): Ended => ({ status, stdout, stderr }));
    return { child, end };
  }

  /** That an archive is what an undisturbed export gives, equal to its source, with nothing left over beside it. */
  async expectWhole(folder: string): Promise<void> {
    expect(await fingerprints(folder)).toEqual(this.expected);
    const { equal, notes } = await verifyArchive({ archive: folder, against: this.source });
    expect({ equal, notes }).toEqual({ equal: true, notes: [] });
    const names = await readdir(folder, { recursive: true });
    expect(names.filter((name) => /\.tmp$|^journal/.test(name))).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bench[Symbol.asyncDispose]();
    this.#installed.remove();
  }
}
