// The emulator by itself: what it takes to write, keep and read small documents. Every figure is of a process of its own.
import { fork } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { built } from "./built.mjs";
import { median } from "./table.mjs";

const { connect } = await built("fauna/fauna.js");

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "10000,100000,1000000" },
    batch: { type: "string", default: "1000" },
    page: { type: "string", default: "1000" },
  },
});
const SIZES = flags.sizes.split(",").map(Number);
const BATCH = Number(flags.batch);
const PAGE = Number(flags.page);
const PAGES_TIMED = 100;

const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const ask = (child, question) =>
  new Promise((resolve) => {
    child.once("message", resolve);
    child.send(question);
  });

const document = (n) =>
  `{"id":"${1_000_000 + n}","params":{"data":{"name":"customer ${n}","city":"Oslo","points":${n % 1000},"ratio":${n % 7}.5}}}`;
const CREATE =
  '{"create":{"ref":{"collection":"C"},"id":{"select":"id","from":{"var":"r"}}},"params":{"select":"params","from":{"var":"r"}}}';

async function write(database, from, to) {
  for (let start = from; start < to; start += BATCH) {
    const quoted = Array.from({ length: Math.min(BATCH, to - start) }, (_, n) =>
      document(start + n),
    ).join(",");
    await database.v4(
      `{"do":[{"foreach":{"lambda":"r","expr":${CREATE}},"collection":{"quote":[${quoted}]}},null]}`,
    );
  }
}

/** Times pages of refs and documents from evenly spread places, in ms a page. */
async function timePages(database, count) {
  const pages = Math.min(PAGES_TIMED, Math.ceil(count / PAGE));
  const times = [];
  for (let page = 0; page < pages; page++) {
    const id = 1_000_000 + Math.floor((page * Math.max(0, count - PAGE)) / Math.max(1, pages - 1));
    const paginate = `{"paginate":{"documents":{"collection":"C"}},"size":${PAGE},"after":[{"ref":{"collection":"C"},"id":"${id}"}]}`;
    times.push(
      1000 *
        (await seconds(() =>
          database.v4(`{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":${paginate}}`),
        )),
    );
  }
  return median(times);
}

async function readAll(database, count) {
  for (let from = 0; from < count; from += PAGE) {
    const after = `{"ref":{"collection":"C"},"id":"${1_000_000 + from}"}`;
    await database.v4(
      `{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":{"paginate":{"documents":{"collection":"C"}},"size":${PAGE},"after":[${after}]}}`,
    );
  }
}

async function measure(size) {
  const child = fork(new URL("server.mjs", import.meta.url), ["emulator"], {
    execArgv: ["--max-old-space-size=8192", "--expose-gc"],
  });
  try {
    const { endpoint } = await new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const database = connect({ endpoint, secret: "secret" });
    await database.v4('{"create_collection":{"object":{"name":"C"}}}');
    const { heap: before } = await ask(child, "memory");
    const writing = await seconds(() => write(database, 0, size));
    const { heap: after, rss } = await ask(child, "memory");
    const reading = await seconds(() => readAll(database, size));
    const page = await timePages(database, size);
    await database.close();
    return { size, writing, reading, page, bytes: (after - before) / size, rss };
  } finally {
    child.disconnect();
  }
}

console.error(
  `Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; batches of ${BATCH}, pages of ${PAGE}`,
);
const rows = [];
for (const size of SIZES) {
  const found = await measure(size);
  console.error(`${size} documents: done`);
  rows.push([
    size.toLocaleString("en"),
    Math.round(size / found.writing).toLocaleString("en"),
    Math.round(size / found.reading).toLocaleString("en"),
    Math.round(found.bytes).toLocaleString("en"),
    `${Math.round(found.rss / 2 ** 20).toLocaleString("en")} MiB`,
    `${found.page.toFixed(1)} ms`,
  ]);
}
const header = [
  "documents",
  "written /s",
  "read /s",
  "bytes of heap a document",
  "process",
  `page of ${PAGE}`,
];
for (const row of [header, header.map(() => "---:"), ...rows]) {
  console.log(`| ${row.join(" | ")} |`);
}
