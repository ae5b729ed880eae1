/**
 * Runs the fault suites whole, one after the other, and adds up their points and losses.
 *
 *     --only NAME,…   some of them: operations, resumed, archive, network, killed
 *     --seed N        the seed of everything that is chosen by chance; printed at the end
 *     --minutes N     stop each suite when its part of so many minutes is over
 *     --share N       1 tries every point, 0.1 every tenth; 1 by default
 *     --report FILE   keep the suites' reports, one line of JSON each
 *     --sum FILE      only add up the reports of an earlier run
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dirname, "..");

/** Test files by what they break, and how many suites of points each has at least. */
const SUITES = {
  operations: { files: ["every-operation", "extend-history-killed"], suites: 55 },
  resumed: { files: ["import-continues", "import-resume", "history-continues"], suites: 5 },
  archive: { files: ["hostile-archive", "archive-encrypted"], suites: 12 },
  network: { files: ["hostile-network"], suites: 18 },
  killed: { files: ["killed"], suites: 4 },
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seed: { type: "string" },
    minutes: { type: "string" },
    share: { type: "string", default: "1" },
    report: { type: "string" },
    sum: { type: "string" },
  },
});

if (values.sum !== undefined) process.exit(conclude(linesOf(values.sum), []));

const names = values.only?.split(",") ?? Object.keys(SUITES);
const unknown = names.filter((name) => !Object.hasOwn(SUITES, name));
if (values.seed !== undefined && !/^\d{1,9}$/.test(values.seed))
  usage("--seed takes a number of up to nine digits");
for (const name of ["minutes", "share"]) {
  if (values[name] !== undefined && !(Number(values[name]) > 0))
    usage(`--${name} takes a number above 0`);
}
if (unknown.length > 0)
  usage(`there is no ${unknown.join(", ")}; there are ${Object.keys(SUITES).join(", ")}`);

const seed = values.seed ?? String(Math.floor(Math.random() * 1_000_000));
const folder = mkdtempSync(join(tmpdir(), "fauna-ark-torture-"));
const report = values.report ?? join(folder, "report.ndjson");
/** What the file holds of earlier runs is kept, and does not count. */
const earlier = linesOf(report).length;
const broken = [];
let child;
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    isStopped = true;
    child?.kill(signal);
  });
}
for (const name of names) {
  const isPassed = !isStopped && (await runSuites(SUITES[name])) === 0;
  if (!isPassed) broken.push(name);
}
const status = conclude(linesOf(report).slice(earlier), broken);
rmSync(folder, { recursive: true, force: true });
process.exit(status);

/** Runs test files with vitest, printing each suite's report as it comes. Gives the exit status. */
async function runSuites({ files, suites }) {
  const minutes = values.minutes === undefined ? "" : values.minutes / names.length / suites;
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const paths = files.map((file) => `test/fault/${file}.test.ts`);
  const words = ["run", "--project", "fault", "--no-file-parallelism", ...paths];
  const limits = ["--testTimeout", "14400000", "--hookTimeout", "600000"];
  child = spawn(process.execPath, [vitest, ...words, ...limits], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      TORTURE_SHARE: values.share,
      TEST_SEED: seed,
      TORTURE_MINUTES: String(minutes),
      TORTURE_REPORT: report,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output = (output + String(chunk)).slice(-100_000)));
  let shown = linesOf(report).length;
  const show = () => {
    for (const line of linesOf(report).slice(shown)) {
      shown++;
      console.log(told(line));
    }
  };
  const timer = setInterval(show, 500);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  show();
  if (code !== 0) console.error(output);
  return code;
}

function linesOf(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

function told({ suite, points, losses, stride, stopped }) {
  const part = `${stride === 1 ? "" : `, one in ${stride}`}${stopped ? ", until the time was over" : ""}`;
  return `${String(points).padStart(7)} points${part}, ${losses.length} losses: ${suite}`;
}

/** Prints the sum, and what was lost. Gives the status to end with. */
function conclude(reports, failed) {
  const losses = reports.flatMap(({ suite, losses: lost }) =>
    lost.map((each) => `${suite}: ${each}`),
  );
  for (const loss of losses) console.error(`lost: ${loss}`);
  for (const name of failed) console.error(`not passed: ${name}`);
  const points = reports.reduce((sum, each) => sum + each.points, 0);
  const seeds = [...new Set(reports.map((each) => each.seed))].join(", ");
  console.log(
    `${points} points tried in ${reports.length} suites, ${losses.length} losses (seed ${seeds})`,
  );
  return losses.length > 0 || failed.length > 0 || points === 0 ? 1 : 0;
}

function usage(message) {
  console.error(`torture: ${message}`);
  process.exit(2);
}
