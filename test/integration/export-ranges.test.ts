/** How an export goes about reading: while it lists, in few ranges, and with no reader idle. */
import { describe, expect, it } from "vitest";
import { exportDatabase, type ExportOptions } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import type { Answer, FaunaRequest } from "../../src/fauna/transport.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";

const V4_OFF = {
  status: 410,
  headers: {},
  text: '{"errors":[{"code":"gone","description":"v4 is off."}]}',
  bytes: 51,
};

/** A connection that notes what is asked for: `l`ists and pages of `d`ocuments, in order, and how many at once. */
class Watched {
  order = "";
  most = 0;
  readonly connection: Connection;
  #now = 0;

  constructor(bench: Bench, database: Connection, hasV4 = true) {
    const { endpoint } = bench;
    const wire = new HttpTransport({ endpoint: new URL(endpoint) });
    const send = async (request: FaunaRequest): Promise<Answer> => {
      if (!hasV4 && request.path === "/") return V4_OFF;
      const body = Buffer.from(request.body ?? "").toString();
      if (body.includes('"documents"')) this.order += body.includes('"get"') ? "d" : "l";
      this.most = Math.max(this.most, ++this.#now);
      try {
        return await wire.send(request);
      } finally {
        this.#now--;
      }
    };
    const transport = { send, close: () => wire.close() };
    this.connection = connect({ endpoint, secret: bench.secretOf(database), transport });
  }

  async export(options: Partial<ExportOptions>) {
    const store = new MemoryStore();
    const report = await exportDatabase({ source: this.connection, target: store, ...options });
    await this.connection.close();
    return { report, store };
  }
}

/** A database with one collection of so many documents. */
async function filled(bench: Bench, documents: number): Promise<Connection> {
  const database = await bench.emptyDatabase();
  await database.v10('Collection.create({ name: "C" })');
  for (let from = 0; from < documents; from += 4_000) {
    const to = Math.min(documents, from + 4_000);
    await database.v10(
      `Set.sequence(${from}, ${to}).forEach(n => C.create({ id: (n * 5 + 1).toString(), n: n }))`,
    );
  }
  return database;
}

describe("an export", () => {
  it("reads documents while it still lists refs", async () => {
    await using bench = await Bench.start();
    const database = await filled(bench, 25_000);
    const watched = new Watched(bench, database);
    const { report } = await watched.export({ window: 2 });
    expect(report.documents).toBe(25_000);
    expect(watched.order).toMatch(/^l+d.*l.*d/);
  });

  it("splits the range that is left over when others have nothing to read", async () => {
    await using bench = await Bench.start({ faults: () => ({ delayMs: 2 }) });
    const database = await filled(bench, 800);
    const watched = new Watched(bench, database);
    const options = { window: 4, pageSize: 10, rangeDocuments: 800 };
    const { report, store } = await watched.export(options);
    expect(report).toMatchObject({ documents: 800 });
    expect(report.segments).toBeGreaterThan(3);
    expect(report.segments).toBeLessThanOrEqual(16);
    expect(watched.most).toBeGreaterThan(3);
    expect((await verifyArchive({ archive: store, against: database })).equal).toBe(true);
  });

  it("writes no more segments than its ranges and their splitting allow, whatever their number", async () => {
    await using bench = await Bench.start();
    for (const [documents, pageSize, window] of [
      [0, 10, 4],
      [9, 10, 4],
      [700, 2, 3],
      [4000, 5, 2],
    ] as const) {
      const watched = new Watched(bench, await filled(bench, documents));
      const { report } = await watched.export({ pageSize, window });
      const pages = documents / (16 * window * pageSize);
      const most = 16 * window * (2 + Math.log(Math.max(1, pages))) + 1;
      expect(report.documents).toBe(documents);
      expect(report.segments).toBeLessThanOrEqual(most);
      expect(report.segments).toBeLessThanOrEqual(Math.ceil(documents / pageSize));
    }
  });

  it("reads a collection once where v4 is off, however many ranges it may read at once", async () => {
    await using bench = await Bench.start();
    const watched = new Watched(bench, await filled(bench, 600), false);
    const { report } = await watched.export({ pageSize: 10, window: 4 });
    expect(report).toMatchObject({ documents: 600, segments: 1 });
    expect(report.requests).toBeLessThan(60 + 60);
  });
});
