// One measured run in a process of its own: reads its task from argv as JSON, prints one JSON line.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { built } from "./built.mjs";
import { Clock } from "./clock.mjs";
import { COLLECTION, idOf } from "./documents.mjs";
import { readRecording, RecordingTransport, writeRecording } from "./recording.mjs";
import { faunaDump, migrationScript, parseAndStringify } from "./theirs.mjs";

const { connect } = await built("fauna/fauna.js");
const { HttpTransport } = await built("fauna/http.js");
const task = JSON.parse(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), "fauna-ark-bench-"));
const clock = new Clock();

const open = (transport) =>
  connect({ endpoint: task.endpoint, secret: task.secret, ...(transport ? { transport } : {}) });
const http = () => new HttpTransport({ endpoint: new URL(task.endpoint) });

const { exportDatabase } = await built("export/export.js");

async function exported(source, target) {
  const { compression, window, rangeDocuments, maxMemory, history } = task;
  const options = { compression, window, rangeDocuments, maxMemory, history };
  return await exportDatabase({ source, target, ...options });
}

/**
 * A write without what an import asks before each: whether it still owns the target. In no other target that holds; and
 * whoever only posts has nothing to ask.
 */
function bare({ body }) {
  const start = body.indexOf(`{"do":[{${task.only}`);
  return start > 0 ? body.slice(start, -"]}".length) : body;
}

const TASKS = {
  async export() {
    const source = open();
    clock.begin();
    const { documents, plainBytes } = await exported(
      source,
      task.archive ?? join(folder, "archive"),
    );
    clock.end();
    const { bytesIn, requests } = source.counters;
    await source.close();
    return { documents, bytes: bytesIn, plainBytes, requests };
  },
  /** An export whose traffic is kept, for the runs that repeat it. */
  async record() {
    const transport = new RecordingTransport(http());
    const source = open(transport);
    const { documents } = await exported(source, task.archive);
    await source.close();
    await writeRecording(task.recording, transport.exchanges);
    return { documents, mostAtOnce: transport.mostAtOnce, idleShare: transport.idleShare };
  },
  /** The requests of a recorded run, as many at once as it had, answers thrown away. */
  async repeat() {
    const exchanges = await readRecording(task.recording);
    const requests = exchanges
      .map(({ request }) => request)
      .filter(({ body }) => task.only === undefined || body.includes(task.only))
      .map((request) => (task.only === undefined ? request : { ...request, body: bare(request) }));
    const transport = http();
    const authorization = `Bearer ${task.secret}`;
    let next = 0;
    let bytes = 0;
    clock.begin();
    const lane = async () => {
      while (next < requests.length) {
        const { method, path, headers, body } = requests[next++];
        const answer = await transport.send({
          method,
          path,
          headers: { ...headers, authorization },
          ...(body === "" ? {} : { body }),
          idempotent: true,
          timeoutMs: 120_000,
        });
        if (answer.status >= 300)
          throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
        bytes += answer.bytes;
      }
    };
    await Promise.all(Array.from({ length: task.atOnce }, lane));
    clock.end();
    await transport.close();
    return { requests: requests.length, bytes };
  },
  async import() {
    const { createDatabase, importArchive } = await built("import/import.js");
    const transport = task.recording === undefined ? undefined : new RecordingTransport(http());
    const root = open(transport);
    const target = task.database === undefined ? root : await createDatabase(root, task.database);
    clock.begin();
    clock.phase("check");
    const { documents } = await importArchive({
      source: task.archive,
      target,
      window: task.window,
      onProgress: ({ phase }) => clock.phase(phase),
    });
    clock.end();
    await root.close();
    if (transport !== undefined) await writeRecording(task.recording, transport.exchanges);
    return { documents: documents.written, mostAtOnce: transport?.mostAtOnce };
  },
  async verify() {
    const { verifyArchive } = await built("verify/verify.js");
    clock.begin();
    const report = await verifyArchive({ archive: task.archive });
    clock.end();
    return { documents: report.documents };
  },
  /** What a shell needs to read every byte of an archive's data once and sum it up. */
  async zcat() {
    const command = `find "$1" -path '*/data/*' -name '*.ndjson.gz' -print0 | sort -z | xargs -0 zcat | sha256sum`;
    clock.begin();
    await promisify(execFile)("bash", ["-c", command, "bash", task.archive]);
    clock.end();
    return {};
  },
  migrationScript: () => migrationScript({ ...task, folder }, clock),
  faunaDump: () => faunaDump({ ...task, folder }, clock),
  /** Of the pages of a collection, in the sizes that an export asks for. */
  async parseAndStringify() {
    const source = open();
    const texts = [];
    for (let start = 0; start < task.count; start += task.pageSize) {
      const after = `[{"ref":{"collection":"${COLLECTION}"},"id":"${idOf(start)}"}]`;
      const page = `{"paginate":{"documents":{"collection":"${COLLECTION}"}},"size":${task.pageSize},"after":${after}}`;
      const query = `{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":${page}}`;
      texts.push((await source.v4(query)).text);
    }
    await source.close();
    return { documents: task.count, ...(await parseAndStringify(texts, clock)) };
  },
};

try {
  const result = await TASKS[task.kind]();
  console.log(JSON.stringify({ ...result, ...clock.found }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
