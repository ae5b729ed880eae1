// The bench: every figure is a ratio within this run, or stands beside the one it is to be compared with.
import { execFile, fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { connect } from "../../dist/fauna/fauna.js";
import { createDatabase } from "../../dist/import/import.js";

const { values: flags } = parseArgs({
  options: {
    documents: { type: "string", default: "200000" },
    small: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
  },
});
const LARGE = Number(flags.documents);
const SMALL = Number(flags.small);
const ROUNDS = Number(flags.rounds);
const SECRET = "secret";
const WINDOW = 4;
const folder = await mkdtemp(join(tmpdir(), "fauna-ark-bench-"));
const children = [];

async function server(...words) {
  const child = fork(new URL("server.mjs", import.meta.url), words, {
    execArgv: ["--max-old-space-size=8192"],
  });
  children.push(child);
  const endpoint = await new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message.endpoint));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { child, endpoint };
}

async function worker(task) {
  const script = new URL("worker.mjs", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(task)], {
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Runs two tasks by turns and gives the medians and their ratio. */
async function pair(name, ours, theirs) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      ours: await worker(await ours(round)),
      theirs: await worker(await theirs(round)),
    });
  }
  const seconds = {
    ours: median(rounds.map((each) => each.ours.seconds)),
    theirs: median(rounds.map((each) => each.theirs.seconds)),
  };
  const ratios = rounds.map((each) => each.ours.seconds / each.theirs.seconds);
  const result = {
    name,
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    seconds,
    documents: rounds[0].ours.documents,
    perSecond: Math.round(rounds[0].ours.documents / seconds.ours),
    cpuSeconds: median(rounds.map((each) => each.ours.cpuSeconds)),
    megabytesPerSecond:
      rounds[0].ours.bytes === undefined ? undefined : rounds[0].ours.bytes / 1e6 / seconds.ours,
  };
  say(
    `${name}: ${result.ratio.toFixed(2)} (${result.lowest.toFixed(2)} to ${result.highest.toFixed(2)}); ${result.perSecond} documents/s, ${seconds.ours.toFixed(2)} s against ${seconds.theirs.toFixed(2)} s`,
  );
  return result;
}

const say = (line) => console.error(line);

/** A database of small documents, about 150 bytes each. */
async function fill(root, name, count) {
  const database = await createDatabase(root, name);
  await database.v4('{"create_collection":{"object":{"name":"Flight"}}}');
  for (let start = 0; start < count; start += 1000) {
    const quoted = Array.from({ length: Math.min(1000, count - start) }, (_, n) =>
      flight(start + n),
    ).join(",");
    const create =
      '{"create":{"ref":{"collection":"Flight"},"id":{"select":"id","from":{"var":"r"}}},"params":{"select":"params","from":{"var":"r"}}}';
    await database.v4(
      `{"do":[{"foreach":{"lambda":"r","expr":${create}},"collection":{"quote":[${quoted}]}},null]}`,
    );
  }
  return database;
}

function flight(n) {
  const data = `{"date":{"@ts":"2001-01-${String(1 + (n % 28)).padStart(2, "0")}T12:34:00Z"},"delay":${(n * 7919) % 240},"distance":${300 + ((n * 104_729) % 2400)}.5,"origin":"SAT","destination":"HOU","carrier":{"code":"WN","fleet":[1,2,${n}]}}`;
  return `{"id":"${1_000_000 + n * 3}","params":{"data":${data}}}`;
}

try {
  say(
    `Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${LARGE} and ${SMALL} documents, ${ROUNDS} rounds`,
  );
  const emulator = await server("emulator");
  const root = connect({ endpoint: emulator.endpoint, secret: SECRET });
  for (const [name, count] of [
    ["large", LARGE],
    ["small", SMALL],
  ]) {
    say(`filling ${name} with ${count} documents`);
    await fill(root, name, count);
  }
  const at = (name) => ({
    endpoint: emulator.endpoint,
    secret: `${SECRET}:${name}:admin`,
    window: WINDOW,
  });
  const archive = join(folder, "archive");
  const recording = join(folder, "export.recording");
  const recorded = await worker({ kind: "record", ...at("large"), archive, recording });
  const smallArchive = join(folder, "small");
  await worker({
    kind: "record",
    ...at("small"),
    archive: smallArchive,
    recording: join(folder, "small.recording"),
  });
  const results = [];

  results.push(
    await pair(
      "export / fetch-and-discard, emulator",
      () => ({ kind: "export", ...at("large"), compression: "gzip" }),
      () => ({ kind: "repeat", ...at("large"), recording, atOnce: recorded.mostAtOnce }),
    ),
  );
  const canned = await server("canned", recording);
  const cannedAt = { endpoint: canned.endpoint, secret: `${SECRET}:large:admin`, window: WINDOW };
  for (const compression of ["none", "gzip"]) {
    results.push(
      await pair(
        `export / fetch-and-discard, canned server, ${compression}`,
        () => ({ kind: "export", ...cannedAt, compression }),
        () => ({ kind: "repeat", ...cannedAt, recording, atOnce: recorded.mostAtOnce }),
      ),
    );
  }

  const inserts = join(folder, "import.recording");
  const posted = await worker({
    kind: "import",
    endpoint: emulator.endpoint,
    secret: SECRET,
    database: "recorded",
    archive,
    window: WINDOW,
    recording: inserts,
  });
  let number = 0;
  const fresh = async (withCollection) => {
    const name = `copy${number++}`;
    const database = await createDatabase(root, name);
    if (withCollection) await database.v4('{"create_collection":{"object":{"name":"Flight"}}}');
    return { endpoint: emulator.endpoint, secret: `${SECRET}:${name}:admin` };
  };
  results.push(
    await pair(
      "import / posting the same bodies, emulator",
      async () => ({ kind: "import", ...(await fresh(false)), archive, window: WINDOW }),
      async () => ({
        kind: "repeat",
        ...(await fresh(true)),
        recording: inserts,
        only: '"foreach"',
        atOnce: posted.mostAtOnce,
      }),
    ),
  );

  const memory = [];
  const comparisons = {
    export: [
      { kind: "export", ...at("small") },
      { kind: "export", ...at("large") },
    ],
    import: [
      { kind: "import", ...(await fresh(false)), archive: smallArchive, window: WINDOW },
      { kind: "import", ...(await fresh(false)), archive, window: WINDOW },
    ],
  };
  for (const [kind, tasks] of Object.entries(comparisons)) {
    const few = await worker(tasks[0]);
    const many = await worker(tasks[1]);
    const ratio = many.peakMiB / few.peakMiB;
    memory.push({ kind, few: few.peakMiB, many: many.peakMiB, ratio });
    const [less, more] = [few.peakMiB.toFixed(0), many.peakMiB.toFixed(0)];
    say(
      `peak memory, ${kind}: ${less} MiB at ${few.documents}, ${more} MiB at ${many.documents}: ${ratio.toFixed(2)}`,
    );
  }

  const scripts = [];
  for (const pageSize of [undefined, 1000]) {
    const task = { kind: "migrationScript", ...at("small"), collections: ["Flight"], pageSize };
    const result = await pair(
      `our export / the migration script${pageSize === undefined ? " as published" : `, page ${pageSize}`}, ${SMALL} documents`,
      () => ({ kind: "export", ...at("small"), compression: "gzip" }),
      () => task,
    );
    scripts.push(result);
  }
  const report = {
    node: process.version,
    cores: cpus().length,
    documents: LARGE,
    small: SMALL,
    rounds: ROUNDS,
    results,
    memory,
    scripts,
  };
  if (flags.json !== undefined) await writeFile(flags.json, JSON.stringify(report, null, 2));
  print(report);
  await root.close();
} finally {
  for (const child of children) child.kill();
  await rm(folder, { recursive: true, force: true });
}

function print({ results, memory, scripts }) {
  console.log(
    "| what | ratio (median) | lowest to highest | documents/s | s, ours / theirs | CPU s |",
  );
  console.log("|---|---|---|---|---|---|");
  for (const each of [...results, ...scripts]) {
    console.log(
      `| ${each.name} | ${each.ratio.toFixed(2)} | ${each.lowest.toFixed(2)} to ${each.highest.toFixed(2)} | ${each.perSecond} | ${each.seconds.ours.toFixed(2)} / ${each.seconds.theirs.toFixed(2)} | ${each.cpuSeconds.toFixed(2)} |`,
    );
  }
  console.log("\n| peak memory | few documents | many documents | ratio |\n|---|---|---|---|");
  for (const each of memory) {
    console.log(
      `| ${each.kind} | ${each.few.toFixed(0)} MiB | ${each.many.toFixed(0)} MiB | ${each.ratio.toFixed(2)} |`,
    );
  }
}
