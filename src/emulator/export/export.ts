/**
 * Fauna's export to the disk of its own node, as a task that runs beside the queries: asked for, it
 * waits a moment, as a node's task does for its turn, reads everything at the time it was asked for, slice
 * by slice, and is complete when its metadata file is there.
 */
import { randomUUID } from "node:crypto";
import { Time } from "../../values/time.ts";
import type { PredicateTester } from "../auth/roles.ts";
import type { Cluster } from "../data/cluster.ts";
import type { Database } from "../data/database.ts";
import type { CollectionId } from "../data/ids.ts";
import { readSlice } from "./documents.ts";
import {
  exportFolder,
  extensionOf,
  type FileOptions,
  writeCollection,
  writeMetadata,
} from "./layout.ts";

/** How long a task waits for its turn. */
const TURN_MS = 500;
const DOCUMENTS_AT_ONCE = 500;

export interface ExportRequest extends FileOptions {
  readonly exportId: string;
  readonly docFormat: "tagged" | "simple";
  /** Name and number of each collection, in the order that answers list them. */
  readonly collections: readonly (readonly [string, CollectionId])[];
}

/** One run of an export. */
export interface ExportTask {
  readonly request: ExportRequest;
  readonly taskId: string;
  readonly database: Database;
  /** The time that is exported, µs. */
  readonly at: bigint;
  state: "pending" | "complete" | "failed" | "cancelled";
  error: string | undefined;
}

export class Exports {
  readonly #cluster: Cluster;
  readonly #folder: string;
  readonly #tester: PredicateTester;
  readonly #hostId = randomUUID();
  readonly #tasks: ExportTask[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  /** Exports the databases of `cluster` into `folder`. */
  constructor(cluster: Cluster, folder: string, tester: PredicateTester) {
    this.#cluster = cluster;
    this.#folder = folder;
    this.#tester = tester;
  }

  /** The running export with this id, else the last that ran to its end. Ids are the account's, not a database's (live 37). */
  find(exportId: string): ExportTask | undefined {
    const named = this.#tasks.filter(({ request }) => request.exportId === exportId);
    return (
      named.findLast(({ state }) => state === "pending") ??
      named.findLast(({ state }) => state === "complete" || state === "failed")
    );
  }

  /** Begins an export of `database` as it is at `at`, µs. */
  begin(database: Database, taskId: bigint, at: bigint, request: ExportRequest): ExportTask {
    const task: ExportTask = {
      request,
      taskId: String(taskId),
      database,
      at,
      state: "pending",
      error: undefined,
    };
    this.#tasks.push(task);
    const running = this.#run(task).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return task;
  }

  /** Ends a running export; one that has ended stays as it is. */
  cancel(task: ExportTask): void {
    if (task.state === "pending") task.state = "cancelled";
  }

  /** Ends all exports and waits until nothing is written any more. */
  async close(): Promise<void> {
    for (const task of this.#tasks) this.cancel(task);
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #run(task: ExportTask): Promise<void> {
    await this.#turn();
    try {
      if (task.state === "pending") await this.#write(task);
    } catch (error) {
      if (task.state !== "pending") return;
      task.state = "failed";
      task.error = error instanceof Error ? error.message : String(error);
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, TURN_MS);
      timer.unref();
      this.#stop.signal.addEventListener("abort", () => resolve(), { once: true });
      if (this.#stop.signal.aborted) resolve();
    });
  }

  async #write(task: ExportTask): Promise<void> {
    const { request, taskId } = task;
    const folder = exportFolder(this.#folder, request.exportId, taskId);
    let files = 0;
    let bytes = 0;
    for (const [name, collection] of request.collections) {
      // eslint-disable-next-line no-await-in-loop -- one collection after the other
      const written = await writeCollection(folder, name, this.#lines(task, collection), request);
      files += written.files;
      bytes += written.bytes;
    }
    if (task.state !== "pending") return;
    await writeMetadata(folder, {
      host_id: this.#hostId,
      account_id: "0",
      export_id: request.exportId,
      task_id: taskId,
      collections: request.collections.map(([name]) => name),
      snapshot_ts: Time.fromMicros(task.at).toString(),
      doc_format: request.docFormat,
      datafile_format: request.format,
      datafile_compression: request.compressed,
      datafile_ext: extensionOf(request),
      part: 0,
      total_parts: 1,
      files_count: files,
      files_bytes: bytes,
    });
    task.state = "complete";
  }

  async *#lines(task: ExportTask, collection: CollectionId): AsyncGenerator<string, undefined> {
    const { request, database, at } = task;
    for (let from: bigint | undefined = 0n; from !== undefined;) {
      if (task.state !== "pending") throw new Error("cancelled");
      const slice: ReturnType<typeof readSlice> = readSlice(
        this.#cluster,
        database,
        { collection, from, at, format: request.docFormat, limit: DOCUMENTS_AT_ONCE },
        this.#tester,
      );
      yield* slice.lines;
      from = slice.next;
      // Queries have their turn between slices.
      // eslint-disable-next-line no-await-in-loop -- one slice after the other
      await new Promise((resolve) => setImmediate(resolve));
    }
    return undefined;
  }
}
