// The bench: every figure is a ratio within this run, or stands beside the one it is to be compared with.
import { execFile, fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { built } from "./built.mjs";
import { COLLECTION, dataText, idOf, LARGE_BYTES, written } from "./documents.mjs";
import { exponent, median, printTable } from "./table.mjs";

const { connect } = await built("fauna/fauna.js");
const { createDatabase } = await built("import/import.js");

const { values: flags } = parseArgs({
  options: {
    documents: { type: "string" },
    sizes: { type: "string" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    endpoint: { type: "string", default: process.env.FAUNA_ENDPOINT },
    json: { type: "string" },
  },
});
const pick = (name, usual, quick) => flags[name] ?? (flags.quick ? quick : usual);
/** On the emulator: what a run does once is a small part of it, as it is of any that takes long. */
const DOCUMENTS = Number(pick("documents", "1000000", "2000"));
/** On the canned server, where others' ways take minutes. */
const CANNED = Number(pick("documents", "400000", "2000"));
const SIZES = pick("sizes", "10000,100000,1000000", "200,600,2000").split(",").map(Number);
const ROUNDS = Number(pick("rounds", "3", "1"));
/** One document in so many is of 8 MB. */
const LARGE_EVERY = Math.ceil(SIZES[0] / 8);
const SECRET = "secret";
const WINDOW = 4;
const folder = await mkdtemp(join(tmpdir(), "fauna-ark-bench-"));
const children = [];
const rows = [];
/** Whether a part is wanted: `emulator`, `canned`, `sizes`. */
const isAsked = (part) => flags.only === undefined || flags.only.split(",").includes(part);
const say = (line) => console.error(line);

async function server(...words) {
  const child = fork(new URL("server.mjs", import.meta.url), words.map(String), {
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

/** Adds a row: what came of each round, as one figure, and what is aimed at. */
function row(name, aim, figures, rounds, unit = "") {
  const found = { name, aim, figure: median(figures), unit, rounds };
  found.lowest = Math.min(...figures);
  found.highest = Math.max(...figures);
  rows.push(found);
  const range = `${found.lowest.toFixed(2)} to ${found.highest.toFixed(2)}`;
  say(`${name}: ${found.figure.toFixed(2)}${unit} (${range}); aim ${aim}`);
}

/** Runs two tasks by turns: ours first in the first round, the other one in the second, and so on. */
async function byTurns(ours, theirs, rounds = ROUNDS) {
  const found = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0 ? undefined : await worker(await theirs());
    const own = await worker(await ours());
    found.push({ ours: own, theirs: first ?? (await worker(await theirs())) });
  }
  return found;
}

const seconds = ({ ours, theirs }) => ours.seconds / theirs.seconds;
/** How much more is done in a second of the main thread; of the process where the thread's is not known. */
const perMainSecond = (of) => (each) => speed(each.ours, of) / speed(each.theirs, of);
const speed = (run, of) => run[of] / mainOf(run);
/** How long each phase of a run took, in seconds. */
const phasesOf = ({ phases }) =>
  Object.entries(phases)
    .map(([name, taken]) => `${name} ${taken.toFixed(2)}`)
    .join(", ");
const mainOf = (run) => run.mainSeconds ?? run.cpuSeconds;

async function fill(root, name, count) {
  const database = await createDatabase(root, name);
  await database.v4(`{"create_collection":{"object":{"name":"${COLLECTION}"}}}`);
  const create = `{"create":{"ref":{"collection":"${COLLECTION}"},"id":{"select":"id","from":{"var":"r"}}},"params":{"select":"params","from":{"var":"r"}}}`;
  for (let start = 0; start < count; start += 1000) {
    const size = Math.min(1000, count - start);
    const quoted = Array.from({ length: size }, (_, n) => written(start + n)).join(",");
    await database.v4(
      `{"do":[{"foreach":{"lambda":"r","expr":${create}},"collection":{"quote":[${quoted}]}},null]}`,
    );
  }
}

/** Export against sending the requests of one and throwing the answers away. */
async function againstFetching(name, aim, at, compression) {
  const recording = join(folder, `${rows.length}.recording`);
  const archive = join(folder, `recorded-${rows.length}`);
  const task = { kind: "record", ...at, compression, archive, recording };
  const { mostAtOnce, idleShare } = await worker(task);
  const found = await byTurns(
    () => ({ kind: "export", ...at, compression }),
    () => ({ kind: "repeat", ...at, recording, atOnce: mostAtOnce }),
  );
  row(name, aim, found.map(seconds), found);
  return { archive, found, idleShare };
}

async function rangesAgainstOne(name, at) {
  const one = { window: 1, rangeDocuments: 1e9 };
  const found = await byTurns(
    () => ({ kind: "export", ...at, compression: "gzip", window: 4 }),
    () => ({ kind: "export", ...at, compression: "gzip", ...one }),
  );
  row(name, "below 1", found.map(seconds), found);
}

async function onEmulator() {
  const emulator = await server("emulator");
  const root = connect({ endpoint: emulator.endpoint, secret: SECRET });
  const databaseAt = (name) => ({
    endpoint: emulator.endpoint,
    secret: `${SECRET}:${name}:admin`,
  });
  // What a run asks for besides pages is the same however many documents there are.
  await fill(root, "some", 10);
  const schema = join(folder, "schema.recording");
  const some = { ...databaseAt("some"), archive: join(folder, "some"), recording: schema };
  await worker({ kind: "record", ...some, window: WINDOW, compression: "none" });
  if (isAsked("emulator")) await compareOn(root, databaseAt);
  if (isAsked("sizes")) await withHistory(root, databaseAt("past"));
  await root.close();
  emulator.child.kill();
  return schema;
}

/** A past of large versions, which only the emulator can tell. */
async function withHistory(root, at) {
  const database = await createDatabase(root, "past");
  await database.v10(`Collection.create({ name: "${COLLECTION}", history_days: 1 })`);
  for (let version = 0; version < 3; version++) {
    for (let n = 0; n < 4; n++) {
      const ref = `{"ref":{"collection":"${COLLECTION}"},"id":"${idOf(n)}"}`;
      const write = `{"${version === 0 ? "create" : "update"}":${ref},"params":{"quote":{"data":${dataText(n + version, LARGE_BYTES)}}}}`;
      await database.v4(`{"do":[${write},null]}`);
    }
  }
  const found = [await worker({ kind: "export", ...at, history: true, compression: "gzip" })];
  row(
    "peak memory, export with --history of 4 documents of 8 MB in 3 versions each",
    "≤ 256 MiB",
    found.map((each) => each.peakMiB),
    found,
    " MiB",
  );
}

async function compareOn(root, databaseAt) {
  say(`filling a database with ${DOCUMENTS} documents`);
  await fill(root, "full", DOCUMENTS);
  const at = { ...databaseAt("full"), window: WINDOW };
  const name = "export ÷ fetch-and-discard, emulator";
  const { archive, idleShare } = await againstFetching(name, "≤ 1.10", at, "gzip");
  row("share of an export in which nothing is under way, emulator", "0", [idleShare], []);
  await rangesAgainstOne("export of four ranges ÷ of one, emulator", at);

  let own;
  /** A database on an emulator of its own: with what others have left there, the later ones would take longer. */
  const fresh = async (hasCollection) => {
    own?.kill();
    const { endpoint, child } = await server("emulator");
    own = child;
    const connection = connect({ endpoint, secret: SECRET });
    const database = await createDatabase(connection, "copy");
    if (hasCollection)
      await database.v4(`{"create_collection":{"object":{"name":"${COLLECTION}"}}}`);
    await connection.close();
    return { endpoint, secret: `${SECRET}:copy:admin` };
  };
  const recording = join(folder, "import.recording");
  const into = { endpoint: at.endpoint, secret: SECRET, database: "recorded" };
  const posted = await worker({ kind: "import", ...into, archive, window: WINDOW, recording });
  const only = '"foreach"';
  const imports = await byTurns(
    async () => ({ kind: "import", ...(await fresh(false)), archive, window: WINDOW }),
    async () => ({
      kind: "repeat",
      ...(await fresh(true)),
      recording,
      only,
      atOnce: posted.mostAtOnce,
    }),
  );
  own?.kill();
  row("import ÷ posting the same bodies, emulator", "≤ 1.10", imports.map(seconds), imports);
  for (const { ours } of imports) say(`  ${phasesOf(ours)}`);
}

async function onCanned(schema) {
  const { endpoint, child } = await server("canned", CANNED, schema);
  const at = { endpoint, secret: `${SECRET}:some:admin`, window: WINDOW };
  const against = (compression) => {
    const name = `export ÷ fetch-and-discard, canned server, ${compression}`;
    return againstFetching(name, "(toolkit's own cost)", at, compression);
  };
  await against("gzip");
  const { found: fetched } = await against("none");
  const ours = () => ({ kind: "export", ...at, compression: "none" });
  const plain = { kind: "parseAndStringify", ...at, count: CANNED, pageSize: 4000 };
  const parsed = await byTurns(ours, () => plain);
  // The same pages on both sides, so that bytes are as many as documents are.
  const what = "MB a second of the main thread, export ÷ JSON.parse + JSON.stringify";
  row(`${what}, fetching included`, "≥ 3", parsed.map(perMainSecond("documents")), parsed, "×");
  const own = fetched.map((each) => mainOf(each.ours) - mainOf(each.theirs));
  const alone = parsed.map(({ theirs }, round) => mainOf(theirs) / own[round]);
  row(`${what}, cut, digest and write alone`, "≥ 3", alone, parsed, "×");
  const rate = parsed.map(({ theirs }, round) => theirs.bytes / 1e6 / own[round]);
  row("the same in MB of pages a second", "", rate, parsed, " MB/s");
  for (const { kind, title, sizes } of [
    {
      kind: "migrationScript",
      title: "the vendor's migration script",
      sizes: flags.quick ? [1000] : [undefined, 1000, 4000, 16_000],
    },
    {
      kind: "faunaDump",
      title: "fauna-dump's way",
      sizes: flags.quick ? [1000] : [1000, 4000, 16_000],
    },
  ]) {
    for (const pageSize of sizes) {
      const found = await byTurns(ours, () => ({ kind, ...at, pageSize }));
      const page = pageSize === undefined ? "as published" : `page ${pageSize}`;
      const pair = `export ÷ ${title}, ${page}`;
      const ratios = found.map(perMainSecond("documents"));
      row(`documents a second of the main thread, ${pair}`, "≥ 5", ratios, found, "×");
    }
  }
  child.kill();
}

async function bySize(schema) {
  const runs = [];
  for (const count of SIZES) {
    const { endpoint, child } = await server("canned", count, schema);
    const task = { kind: "export", endpoint, secret: `${SECRET}:some:admin`, compression: "gzip" };
    const archive = join(folder, `size-${count}`);
    const found = [];
    for (let round = 0; round < ROUNDS; round++) {
      await rm(archive, { recursive: true, force: true });
      found.push(await worker({ ...task, archive }));
    }
    child.kill();
    runs.push({ count, found, archive });
    row(
      `peak memory, export of ${count}`,
      "≤ 256 MiB",
      found.map((each) => each.peakMiB),
      found,
      " MiB",
    );
  }
  const { endpoint, child } = await server("canned", SIZES[0], schema, LARGE_EVERY);
  const task = { kind: "export", endpoint, secret: `${SECRET}:some:admin`, compression: "gzip" };
  const large = [await worker(task)];
  child.kill();
  const title = `peak memory, export of ${SIZES[0]} with 8 of 8 MB among them`;
  row(
    title,
    "≤ 256 MiB",
    large.map((each) => each.peakMiB),
    large,
    " MiB",
  );
  const grown = Array.from({ length: ROUNDS }, (_, round) =>
    exponent(runs.map(({ count, found }) => [count, found[round].cpuSeconds])),
  );
  const span = `${SIZES[0]} to ${SIZES.at(-1)}`;
  row(`growth exponent of the export's CPU time, ${span}`, "≤ 1.05", grown, []);
  const steep = Array.from({ length: ROUNDS }, (_, round) =>
    exponent(runs.slice(-2).map(({ count, found }) => [count, found[round].cpuSeconds])),
  );
  row(`the same, ${SIZES.at(-2)} to ${SIZES.at(-1)}`, "≤ 1.05", steep, []);
  const { archive, count } = runs.at(-1);
  const verified = await byTurns(
    () => ({ kind: "verify", archive }),
    () => ({ kind: "zcat", archive }),
  );
  row(`verify ÷ (zcat | sha256sum), ${count}`, "≤ 1.3", verified.map(seconds), verified);
  const peaks = verified.map(({ ours }) => ours.peakMiB);
  row(`peak memory, verify of ${count}`, "≤ 256 MiB", peaks, verified, " MiB");
}

/** What can be measured by reading alone, of a database that is there. */
async function onEndpoint(endpoint) {
  const secret = process.env.FAUNA_SECRET;
  if (secret === undefined) throw new Error("FAUNA_SECRET has to hold the secret of the database");
  const at = { endpoint, secret, window: WINDOW };
  await againstFetching(`export ÷ fetch-and-discard, ${endpoint}`, "≤ 1.10", at, "gzip");
  await rangesAgainstOne(`export of four ranges ÷ of one, ${endpoint}`, at);
}

try {
  const machine = `Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  say(
    `${machine}; ${DOCUMENTS} and ${CANNED} documents, sizes ${SIZES.join(", ")}, ${ROUNDS} rounds`,
  );
  if (flags.endpoint === undefined) {
    const schema = await onEmulator();
    if (isAsked("canned")) await onCanned(schema);
    if (isAsked("sizes")) await bySize(schema);
  } else await onEndpoint(flags.endpoint);
  const report = { machine, documents: DOCUMENTS, sizes: SIZES, rounds: ROUNDS, rows };
  if (flags.json !== undefined) await writeFile(flags.json, JSON.stringify(report, null, 2));
  printTable(rows);
} finally {
  for (const child of children) child.kill();
  await rm(folder, { recursive: true, force: true });
}
