import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Compiled, compileSource } from "../support/compiled.ts";

const SCRIPT = join(import.meta.dirname, "../../scripts/bench/bench.mjs");

let compiled: Compiled;
beforeAll(() => {
  compiled = compileSource();
});
afterAll(() => compiled.remove());

interface Run {
  readonly documents?: number;
  readonly bytes?: number;
}

interface Row {
  readonly name: string;
  readonly figure: number;
  readonly rounds: readonly { readonly ours?: Run; readonly theirs?: Run }[];
}

/** Runs the bench at its smallest. How fast anything is depends on the machine, and is not looked at. */
async function bench(...args: readonly string[]): Promise<{ rows: readonly Row[]; table: string }> {
  const json = join(compiled.folder, "bench.json");
  const env = { ...process.env, FAUNA_ARK_BUILD: compiled.folder };
  const words = [SCRIPT, "--documents", "300", "--sizes", "50,100,200", "--rounds", "1", ...args];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...words, "--quick", "--json", json],
    { env, timeout: 170_000 },
  );
  const { rows } = JSON.parse(readFileSync(json, "utf8")) as { rows: readonly Row[] };
  rmSync(json);
  return { rows, table: stdout };
}

describe("the bench", () => {
  it("holds exports and imports against the same requests, others' ways and the size of a database, in one run", async () => {
    const { rows, table } = await bench();
    const names = rows.map(({ name }) => name);
    for (const expected of [
      "export ÷ fetch-and-discard, emulator",
      "export of four ranges ÷ of one, emulator",
      "import ÷ posting the same bodies, emulator",
      "export ÷ fetch-and-discard, canned server, none",
      "MB a second of the main thread, export ÷ JSON.parse + JSON.stringify, fetching included",
      "documents a second of the main thread, export ÷ the vendor's migration script, page 1000",
      "documents a second of the main thread, export ÷ fauna-dump's way, page 1000",
      "peak memory, export of 200",
      "peak memory, export of 50 with 8 of 8 MB among them",
      "growth exponent of the export's CPU time, 50 to 200",
      "verify ÷ (zcat | sha256sum), 200",
    ])
      expect(names).toContain(expected);
    for (const { name, figure } of rows) {
      expect(figure, name).toBeGreaterThan(-1);
      expect(table).toContain(name.replaceAll("|", "\\|"));
    }
    // Everybody has read everything.
    const documents = rows.flatMap(({ rounds }) =>
      rounds.flatMap(({ ours, theirs }) => [ours?.documents ?? [], theirs?.documents ?? []].flat()),
    );
    expect(new Set(documents)).toEqual(new Set([300, 200]));
    // What is fetched and thrown away is what an export fetches.
    const fetched = rows.filter(({ name }) => name.includes("fetch-and-discard"));
    expect(fetched).toHaveLength(3);
    for (const { ours, theirs } of fetched.flatMap(({ rounds }) => rounds))
      expect(Math.abs(ours!.bytes! / theirs!.bytes! - 1)).toBeLessThan(0.05);
  }, 175_000);
});
