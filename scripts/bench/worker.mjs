// One measured run in a process of its own: reads its task from argv as JSON, prints one JSON line.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../dist/fauna/fauna.js";
import { HttpTransport } from "../../dist/fauna/http.js";
import { exportDatabase } from "../../dist/export/export.js";
import { createDatabase, importArchive } from "../../dist/import/import.js";
import { readRecording, RecordingTransport, writeRecording } from "./recording.mjs";

const task = JSON.parse(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), "fauna-ark-bench-"));
const started = { wall: 0, cpu: process.cpuUsage() };
let ended;

const begin = () => {
  started.cpu = process.cpuUsage();
  started.wall = performance.now();
};
const end = () => {
  ended = {
    seconds: (performance.now() - started.wall) / 1000,
    cpu: process.cpuUsage(started.cpu),
  };
};

const open = (transport) =>
  connect({ endpoint: task.endpoint, secret: task.secret, ...(transport ? { transport } : {}) });
const http = () => new HttpTransport({ endpoint: new URL(task.endpoint) });

const TASKS = {
  async export() {
    const source = open();
    begin();
    const { documents, plainBytes } = await exportDatabase({
      source,
      target: join(folder, "archive"),
      compression: task.compression,
      window: task.window,
      rangeDocuments: task.rangeDocuments,
    });
    end();
    await source.close();
    return { documents, bytes: plainBytes };
  },
  /** An export whose traffic is kept, for the runs that repeat it. */
  async record() {
    const transport = new RecordingTransport(http());
    const source = open(transport);
    const { documents } = await exportDatabase({
      source,
      target: task.archive,
      window: task.window,
      rangeDocuments: task.rangeDocuments,
    });
    await source.close();
    await writeRecording(task.recording, transport.exchanges);
    return { documents, mostAtOnce: transport.mostAtOnce };
  },
  /** The requests of a recorded run, as many at once as it had, answers thrown away. */
  async repeat() {
    const exchanges = await readRecording(task.recording);
    const requests = exchanges
      .map(({ request }) => request)
      .filter((each) => task.only === undefined || each.body.includes(task.only));
    const transport = http();
    const authorization = `Bearer ${task.secret}`;
    let next = 0;
    let bytes = 0;
    begin();
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
    end();
    await transport.close();
    return { requests: requests.length, bytes };
  },
  async import() {
    const transport = task.recording === undefined ? undefined : new RecordingTransport(http());
    const root = open(transport);
    const target = task.database === undefined ? root : await createDatabase(root, task.database);
    begin();
    const { documents } = await importArchive({
      source: task.archive,
      target,
      window: task.window,
    });
    end();
    await root.close();
    if (transport !== undefined) await writeRecording(task.recording, transport.exchanges);
    return { documents: documents.written, mostAtOnce: transport?.mostAtOnce };
  },
  /** What the vendor's migration guide told people to run: the driver's pages, JSON.stringify of all. */
  async migrationScript() {
    const { Client, fql, Page } = await import("fauna");
    const client = new Client({
      endpoint: new URL(task.endpoint),
      secret: task.secret,
      query_timeout_ms: 120_000,
    });
    begin();
    let documents = 0;
    for (const name of task.collections) {
      const all = [];
      const set = fql`Collection(${name}).all()`;
      const query = task.pageSize === undefined ? set : fql`${set}.pageSize(${task.pageSize})`;
      for await (const page of client.paginate(query)) all.push(...page);
      documents += all.length;
      await writeFile(join(folder, `${name}.json`), JSON.stringify(all, null, 2));
    }
    end();
    client.close();
    return { documents, page: Page.name };
  },
};

try {
  const result = await TASKS[task.kind]();
  const cpuSeconds = ended === undefined ? undefined : (ended.cpu.user + ended.cpu.system) / 1e6;
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ...result, seconds: ended?.seconds, cpuSeconds, peakMiB }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
