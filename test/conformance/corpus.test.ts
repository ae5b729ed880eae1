/**
 * The recorded conversations of a Fauna node, held against the emulator. `ledger.json` lists where
 * they are known to differ; write it again, after looking, with
 *
 *     UPDATE_LEDGER=1 npx vitest run --project conformance test/conformance/corpus.test.ts
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { CLASSES, type DifferenceClass } from "./corpus/lib/compare.mjs";
import { closeConnections } from "./corpus/lib/http.mjs";
import { runScenario } from "./corpus/lib/run.mjs";
import { loadScenarios, type Scenario, scenarioId } from "./corpus/lib/scenario.mjs";
import {
  describeDifference,
  type LedgerEntry,
  readLedger,
  type Severity,
  writeLedger,
} from "./ledger.ts";
import { pageFor, writePage } from "./page.ts";

const CORPUS = fileURLToPath(new URL("corpus", import.meta.url));
const AT_ONCE = 4;

/** Least share of the scenarios of each area without a difference that a program would see. */
const LEAST_SHARE = 0.9;
const AREAS = [
  "errors-limits",
  "export",
  "feeds",
  "fsl",
  "interplay",
  "v10-schema",
  "v10-sets",
  "v10-values",
  "v4-read",
  "v4-schema",
  "v4-secrets",
  "v4-values",
  "v4-write",
  "whole-database",
];

interface Result {
  readonly id: string;
  readonly area: string;
  readonly severity: Severity | "ok" | "skipped";
  readonly first: string;
}

let emulator: Emulator;
let exportPath: string;
let results: Result[];

beforeAll(async () => {
  exportPath = await mkdtemp(join(tmpdir(), "corpus-exports-"));
  emulator = await startEmulator({ exportPath });
  results = await runAll(await loadScenarios(`${CORPUS}/scenarios`));
  console.log(table(results));
});

afterAll(async () => {
  closeConnections();
  await emulator.close();
  await rm(exportPath, { recursive: true, force: true });
});

test("the corpus' own tests pass", async () => {
  await promisify(execFile)(process.execPath, ["--test", "replay.test.mjs"], { cwd: CORPUS });
});

test("the areas are those of the corpus", () => {
  expect([...new Set(results.map(({ area }) => area))].toSorted()).toEqual(AREAS);
});

test.for(AREAS)("enough of %s is answered like Fauna", (area) => {
  const ran = results.filter((result) => result.area === area);
  expect(ran.filter(agrees).length / ran.length).toBeGreaterThanOrEqual(LEAST_SHARE);
});

test("no scenario is passed over", () => {
  expect(results.filter(({ severity }) => severity === "skipped")).toEqual([]);
});

test("exactly the scenarios of the ledger differ", async () => {
  const differing = new Map<string, Omit<LedgerEntry, "reason">>();
  for (const { id, severity, first } of results) {
    if (severity !== "ok" && severity !== "skipped") differing.set(id, { severity, first });
  }
  const ledger = await readLedger();
  if (process.env["UPDATE_LEDGER"] !== undefined) {
    await writeLedger(differing, ledger);
    return;
  }
  const found = Object.fromEntries([...differing].map(([id, { severity }]) => [id, severity]));
  const known = Object.fromEntries(
    Object.entries(ledger).map(([id, entry]) => [id, entry.severity]),
  );
  const surprises = [...differing]
    .filter(([id, { severity }]) => known[id] !== severity)
    .map(([id, { severity, first }]) => `${id} (${severity}): ${first}`);
  expect(found, surprises.join("\n")).toEqual(known);
});

test("docs/EMULATOR.md says how much agrees, and why the rest does not", async () => {
  const { found, wanted } = await pageFor(results, await readLedger());
  if (process.env["UPDATE_LEDGER"] === undefined) expect(found).toBe(wanted);
  else await writePage(wanted);
});

async function runAll(scenarios: readonly Scenario[]): Promise<Result[]> {
  const queue = [...scenarios];
  const found: Result[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      // eslint-disable-next-line no-await-in-loop -- each worker runs one scenario at a time
      found.push(await runOne(next));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function runOne(scenario: Scenario): Promise<Result> {
  const { area } = scenario;
  const id = scenarioId(scenario);
  try {
    const { skipped, steps } = await runScenario(scenario, emulator);
    if (skipped !== undefined) return { id, area, severity: "skipped", first: skipped };
    const differences = steps.flatMap((step, index) =>
      step.differences.map((difference) => ({ step: index + 1, difference })),
    );
    const severity = CLASSES.find((kind) =>
      differences.some((item) => item.difference.class === kind),
    );
    const worst = differences.find((item) => item.difference.class === severity);
    if (severity === undefined || worst === undefined)
      return { id, area, severity: "ok", first: "" };
    return { id, area, severity, first: describeDifference(worst.step, worst.difference) };
  } catch (error) {
    return {
      id,
      area,
      severity: "failed",
      first: error instanceof Error ? error.message : String(error),
    };
  }
}

/** No difference that a program would see. */
function agrees(result: Result): boolean {
  return result.severity !== "failed" && result.severity !== "structure";
}

function table(all: readonly Result[]): string {
  const columns: readonly (DifferenceClass | "ok" | "failed" | "skipped")[] = [
    "ok",
    ...CLASSES.toReversed(),
    "failed",
    "skipped",
  ];
  const areas = [...new Set(all.map((result) => result.area))].toSorted();
  const rows = areas.map((area) => {
    const own = all.filter((result) => result.area === area);
    const share = own.filter(agrees).length / own.length;
    const counts = columns.map(
      (severity) => own.filter((result) => result.severity === severity).length,
    );
    return [area, String(own.length), ...counts.map(String), `${(100 * share).toFixed(0)} %`];
  });
  return [["area", "scenarios", ...columns, "agree"], ...rows]
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(10))).join(""))
    .join("\n");
}
