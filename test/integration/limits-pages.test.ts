/**
 * Pages of whatever kind are asked for only when their bytes have been set aside: histories, documents that feeds have
 * named, and what only FQL v10 can answer.
 */
import { setMaxListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CatchUpOptions, exportDatabase } from "../../src/export/export.ts";
import { Batch } from "../../src/export/catch-up-changes.ts";
import { entriesInOrder } from "../../src/export/catch-up-in-order.ts";
import { copyDatabase } from "../../src/copy/copy.ts";
import { Counters } from "../../src/fauna/counters.ts";
import {
  bytesToHold,
  connect,
  type Connection,
  documentsById,
  historyPages,
  PageFlow,
  type PageTurn,
  recordPages,
  snapshotTime,
} from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import type { Answer, FaunaRequest, Transport } from "../../src/fauna/transport.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { diffDatabases } from "../../src/verify/diff.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { createCollection, fillSized, MiB, putSized } from "../support/sized-documents.ts";
import { V10Only } from "../support/v10-only.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Nearly the largest document that Fauna takes. */
const LARGE = 7.5 * MiB;
/** The least that may be given: bytes for two large documents, and not for three. */
const MAX_MEMORY = 240 * MiB;

/** Mostly small ones, with some of several megabytes among them. */
const MIXED = Array.from({ length: 500 }, (_, index) =>
  index % 200 === 199 ? 3 * MiB : 50 + ((index * 37) % 900),
);

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

describe("bytes held", () => {
  it("never exceed the limit while several histories of bytes and megabytes are read, and no version is missed", async () => {
    const source = await bench.emptyDatabase();
    await createCollection(source, "Mixed");
    for (let version = 0; version < 3; version++) await putSized(source, "Mixed", MIXED);
    const limit = 12 * MiB;
    const flow = new PageFlow({ underWay: { max: 16, found: true }, bytes: limit });
    const at = await snapshotTime(source);
    let most = 0;
    const read = async (): Promise<number> => {
      let versions = 0;
      for await (const { records } of historyPages(source, { collection: "Mixed", at, flow })) {
        versions += records.length;
        most = Math.max(most, flow.bytes!.held);
        await pause();
      }
      return versions;
    };
    // The versions that hold now are the documents.
    expect(await Promise.all([read(), read(), read()])).toEqual(
      [0, 1, 2].map(() => 2 * MIXED.length),
    );
    expect(flow.bytes!.peak).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThan(3 * MiB);
    expect(flow.bytes!.held).toBe(0);
    for await (const _ of historyPages(source, { collection: "Mixed", at, flow })) break;
    expect(flow.bytes!.held).toBe(0);
  });

  it("never exceed the limit where v4 is switched off, and nothing is missed", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(source, "Mixed", MIXED);
    await using v10 = new V10Only(bench.endpoint, bench.secretOf(source));
    const limit = 12 * MiB;
    const flow = new PageFlow({ underWay: { max: 16, found: true }, bytes: limit });
    const at = await snapshotTime(source);
    let most = 0;
    const read = async (): Promise<string[]> => {
      const ids: string[] = [];
      for await (const { records } of recordPages(v10.connection, {
        collection: "Mixed",
        at,
        flow,
      })) {
        ids.push(...records.map(({ id }) => id));
        most = Math.max(most, flow.bytes!.held);
        await pause();
      }
      return ids;
    };
    const all = MIXED.map((_, index) => String(index + 1));
    expect(await Promise.all([read(), read(), read()])).toEqual([all, all, all]);
    expect(flow.bytes!.peak).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThan(3 * MiB);
    expect(flow.bytes!.held).toBe(0);
  });

  it("never exceed the limit while documents are read by their ids, many requests at once, in the order of the ids", async () => {
    const source = await bench.emptyDatabase();
    await fillSized(source, "Mixed", MIXED);
    const limit = 12 * MiB;
    const flow = new PageFlow({ underWay: { max: 16, found: true }, bytes: limit });
    const at = await snapshotTime(source);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const read = async (stopAfter = Infinity): Promise<readonly string[]> => {
      const turns = flow.stream("Mixed", { most: 500 });
      async function* batches(): AsyncGenerator<Batch> {
        for (let next = 1; next <= MIXED.length;) {
          const batch = new Batch();
          // Every third is known to be none.
          for (; batch.reads < turns.size && next <= MIXED.length; next++)
            batch.add(String(next), next % 3 !== 0);
          yield batch;
        }
      }
      let asked = 0;
      const seen: string[] = [];
      const entries = entriesInOrder(batches(), {
        turns,
        window: 8,
        signal: stop.signal,
        read: (ids: readonly string[], turn: PageTurn) =>
          documentsById(source, ids, { collection: "Mixed", at, turn, signal: stop.signal }),
        onGiven: (count) => (asked += count),
      });
      for await (const page of entries) {
        for (const { id, record } of page) {
          const size = record === undefined ? "none" : String(record.dataText!.length - 11);
          seen.push(`${id} ${size}`);
        }
        if (seen.length >= stopAfter) return seen;
        await pause();
      }
      expect(asked).toBe(seen.filter((each) => !each.endsWith("none")).length);
      return seen;
    };
    const all = MIXED.map((size, index) => `${index + 1} ${(index + 1) % 3 === 0 ? "none" : size}`);
    const [first, second, third] = await Promise.all([read(), read(), read(300)]);
    expect(first).toEqual(all);
    expect(second).toEqual(all);
    expect(all.slice(0, third.length)).toEqual(third);
    expect(flow.bytes!.peak).toBeLessThanOrEqual(limit);
    expect(flow.bytes!.peak).toBeGreaterThan(3 * MiB);
    expect(flow.bytes!.held).toBe(0);
    stop.abort(new Error("enough"));
    await expect(read()).rejects.toThrow("enough");
    expect(flow.bytes!.held).toBe(0);
  });
});

/** Notes how many bytes of answers were let in at once, and answers that nobody had set a limit to. */
class Weighed implements Transport {
  most = 0;
  /** Answers of more than a megabyte that were let in without a limit. */
  unlimited = 0;
  largest = 0;
  #underWay = 0;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  async send(request: FaunaRequest): Promise<Answer> {
    const { maxAnswerBytes = 0 } = request;
    this.#underWay += maxAnswerBytes;
    this.most = Math.max(this.most, this.#underWay);
    try {
      const answer = await this.#inner.send(request);
      this.largest = Math.max(this.largest, answer.bytes);
      if (maxAnswerBytes === 0 && answer.bytes > MiB) this.unlimited++;
      return answer;
    } finally {
      this.#underWay -= maxAnswerBytes;
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function weighed(database: Connection): { transport: Weighed; connection: Connection } {
  const endpoint = new URL(bench.endpoint);
  const transport = new Weighed(new HttpTransport({ endpoint, counters: new Counters() }));
  const secret = bench.secretOf(database);
  return { transport, connection: connect({ endpoint: bench.endpoint, secret, transport }) };
}

/** Notes how many segments are read at once. */
class Watched extends MemoryStore {
  most = 0;
  #open = 0;

  override async *read(...wish: Parameters<MemoryStore["read"]>) {
    const isSegment = wish[0].startsWith("data/");
    if (isSegment) this.most = Math.max(this.most, ++this.#open);
    try {
      yield* super.read(...wish);
    } finally {
      if (isSegment) this.#open--;
    }
  }
}

/** Makes sure that large answers came, and none that was not counted. */
function expectCounted({ most, unlimited, largest }: Weighed, limit: number): void {
  expect(largest).toBeGreaterThan(7 * MiB);
  expect(unlimited).toBe(0);
  expect(most).toBeLessThanOrEqual(limit);
}

describe("a page that is too much for the server", () => {
  it("is asked for again, smaller: 40 documents of 8 MB are read, although nothing was known of them", async () => {
    const source = await bench.emptyDatabase();
    await createCollection(source, "Large");
    await putSized(
      source,
      "Large",
      Array.from({ length: 40 }, () => LARGE),
    );
    const flow = new PageFlow({ bytes: bytesToHold(MAX_MEMORY) });
    const at = await snapshotTime(source);
    let documents = 0;
    for await (const { records } of recordPages(source, { collection: "Large", at, flow }))
      documents += records.length;
    expect(documents).toBe(40);
  });
});

describe("what a whole run asks for at once", () => {
  it("stays within --max-memory with a history of large versions: export, verify, copy and import", async () => {
    const source = await bench.emptyDatabase();
    for (const name of ["A", "B"]) {
      await createCollection(source, name);
      for (let version = 0; version < 2; version++)
        await putSized(
          source,
          name,
          name === "A" ? [LARGE, 10 + version, LARGE] : [LARGE - version],
        );
    }
    const limit = bytesToHold(MAX_MEMORY);
    const archive = new MemoryStore();
    const reading = weighed(source);
    const options = { history: true, maxMemory: MAX_MEMORY, compression: "none" } as const;
    await exportDatabase({ source: reading.connection, target: archive, ...options });
    expectCounted(reading.transport, limit);

    const checking = weighed(source);
    const against = checking.connection;
    const report = await verifyArchive({ archive, against, maxMemory: MAX_MEMORY });
    expect(report).toMatchObject({ equal: true, documents: 4, versions: 4 });
    expectCounted(checking.transport, limit);

    const target = weighed(await bench.emptyDatabase());
    const { documents } = await importArchive({
      source: archive,
      target: target.connection,
      maxMemory: MAX_MEMORY,
    });
    expect(documents.written).toBe(4);
    expectCounted(target.transport, limit);

    const [from, to] = [weighed(source), weighed(await bench.emptyDatabase())];
    const copied = { history: true, maxMemory: 2 * MAX_MEMORY };
    await copyDatabase({ source: from.connection, target: to.connection, ...copied });
    expectCounted(from.transport, bytesToHold(2 * MAX_MEMORY) / 2);
    expectCounted(to.transport, bytesToHold(2 * MAX_MEMORY) / 2);
    for (const { connection } of [reading, checking, target, from, to]) await connection.close();
  });

  it("stays within --max-memory when two databases with large documents are compared, and finds what differs", async () => {
    const names = ["A", "B", "C", "D"];
    const source = await bench.emptyDatabase();
    for (const name of names) {
      await fillSized(source, name, [10, LARGE, 20, LARGE, 30]);
    }
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive, compression: "none" });
    const other = await bench.emptyDatabase();
    await importArchive({ source: archive, target: other });
    await other.v10('C.byId("4")!.update({ more: 1 })');
    await other.v10('D.byId("5")!.delete()');
    await other.v10('D.create({ id: "6", text: "" })');
    const [a, b] = [weighed(source), weighed(other)];
    const { collections } = await diffDatabases({
      a: a.connection,
      b: b.connection,
      maxMemory: MAX_MEMORY,
      rangeDocuments: 2,
    });
    expect(
      collections.map(({ name, a: left, b: right, removed, added, changed }) => ({
        name,
        documents: [left, right],
        removed: removed.ids,
        added: added.ids,
        changed: changed.documents.map(({ id }) => id),
      })),
    ).toEqual(
      names.map((name) => ({
        name,
        documents: [5, 5],
        removed: name === "D" ? ["5"] : [],
        added: name === "D" ? ["6"] : [],
        changed: name === "C" ? ["4"] : [],
      })),
    );
    expectCounted(a.transport, bytesToHold(MAX_MEMORY));
    expectCounted(b.transport, bytesToHold(MAX_MEMORY));
    for (const { connection } of [a, b]) await connection.close();
  });

  it("is few segments when archives with large documents are compared, and finds what differs", async () => {
    const names = ["A", "B", "C"];
    const source = await bench.emptyDatabase();
    for (const name of names) {
      await fillSized(source, name, [LARGE, LARGE, 10]);
    }
    const [before, after] = [new Watched(), new Watched()];
    await exportDatabase({ source, target: before, compression: "none" });
    for (const name of names) await putSized(source, name, [10]);
    await exportDatabase({ source, target: after, compression: "none" });
    [before.most, after.most] = [0, 0];
    const { collections } = await diffDatabases({ a: before, b: after, maxMemory: MAX_MEMORY });
    expect(collections.map(({ changed }) => changed.count)).toEqual([1, 1, 1]);
    expect([before.most, after.most]).toEqual([1, 1]);
  });

  it("stays within --max-memory over large documents that are there, and brings the target to the source's state", async () => {
    const source = await bench.emptyDatabase();
    const target = await bench.emptyDatabase();
    for (const database of [source, target]) await createCollection(database, "A");
    await putSized(source, "A", [LARGE, 10, LARGE]);
    await putSized(target, "A", [LARGE, 11, LARGE - 1, 10]);
    const archive = new MemoryStore();
    await exportDatabase({ source, target: archive, compression: "none" });
    const writing = weighed(target);
    const { conflicts } = await importArchive({
      source: archive,
      target: writing.connection,
      onConflict: "replace",
      deleteExtra: true,
      confirmDelete: 1,
      maxMemory: MAX_MEMORY,
    });
    expect(conflicts).toMatchObject({ same: 1, otherTs: 1, created: 0, replaced: 2, deleted: 1 });
    expectCounted(writing.transport, bytesToHold(MAX_MEMORY));
    const { collections } = await diffDatabases({ a: archive, b: target, ignoreTs: true });
    expect(collections.every(({ equal }) => equal)).toBe(true);
    await writing.connection.close();
  });

  it("stays within --max-memory with --catch-up and large documents that are written meanwhile", async () => {
    const source = await bench.emptyDatabase();
    const names = ["A", "B", "C"];
    for (const name of names) {
      await fillSized(source, name, [LARGE, 10, LARGE, 10]);
    }
    const { transport, connection } = weighed(source);
    const archive = new MemoryStore();
    let isChanged = false;
    const changing = async (): Promise<void> => {
      for (const name of names) await putSized(source, name, [LARGE - 1, 10, LARGE - 1, 11, LARGE]);
    };
    let changed: Promise<void> | undefined;
    const catchUp: CatchUpOptions = { feedEveryMs: 1, lastLookSeconds: 0, rounds: 2 };
    const report = await exportDatabase({
      source: connection,
      target: archive,
      catchUp,
      maxMemory: MAX_MEMORY,
      compression: "none",
      onProgress: ({ phase }) => {
        if (phase !== "documents" || isChanged) return;
        isChanged = true;
        changed = changing();
      },
    });
    await changed;
    expect(report.documents).toBeGreaterThanOrEqual(12);
    expectCounted(transport, bytesToHold(MAX_MEMORY));
    await connection.close();
  });

  it("stays within --max-memory where v4 is switched off", async () => {
    const source = await bench.emptyDatabase();
    for (const name of ["A", "B", "C"]) {
      await fillSized(source, name, [10, LARGE, 10, LARGE, 20]);
    }
    const endpoint = new URL(bench.endpoint);
    await using v10 = new V10Only(bench.endpoint, bench.secretOf(source));
    const transport = new Weighed({
      send: (request) => v10.transport.send(request),
      close: () => Promise.resolve(),
    });
    const connection = connect({
      endpoint: endpoint.origin,
      secret: bench.secretOf(source),
      transport,
    });
    const target = new MemoryStore();
    const report = await exportDatabase({ source: connection, target, maxMemory: MAX_MEMORY });
    expect(report.documents).toBe(15);
    expectCounted(transport, bytesToHold(MAX_MEMORY));
    await connection.close();
  });
});
