/** Exports of all kinds that are interrupted and gone on with: what is left is what an undisturbed one would have left. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportDatabase, type ExportOptions, type ExportReport } from "../../src/export/export.ts";
import { connect, type Connection, scoped } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { identity, recipients } from "../support/age.ts";
import { contents } from "../support/archives.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { type Ending, Interruption } from "../support/interrupted.ts";

const HOUR_US = 3_600_000_000n;
const LIMITS = { pageSize: 4, window: 2 } as const;

let bench: Bench;
let ahead: bigint;

beforeEach(async () => {
  ahead = 0n;
  bench = await Bench.start({ clock: () => BigInt(Date.now()) * 1000n + ahead });
});

afterEach(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function fill(database: Connection, name: string, documents: number): Promise<void> {
  await database.v10(`Collection.create({ name: "${name}", history_days: 10 })`);
  await database.v10(
    `Set.sequence(0, ${documents}).forEach(n => ${name}.create({ id: (n * 3).toString(), n: n }))`,
  );
}

interface Interrupted {
  /** Which part of its requests, which are those of an export that nobody disturbs, a run makes. */
  readonly share: number;
  readonly ending?: Ending;
}

/** Exports, interrupted once, and gives the report of the run that went on, and that of an undisturbed one. */
async function resumed(
  source: Connection,
  store: Store,
  options: Partial<ExportOptions>,
  { share, ending = "killed" }: Interrupted,
  meanwhile: () => void = () => {},
): Promise<{ undisturbed: ExportReport; report: ExportReport }> {
  const plain = { source, ...LIMITS, ...options };
  const undisturbed = await exportDatabase({ ...plain, target: new MemoryStore() });
  const interruption = new Interruption(Math.floor(undisturbed.requests * share), ending);
  const connection = interruption.connect(bench, source);
  const first = exportDatabase({
    ...plain,
    source: connection,
    target: interruption.store(store),
    signal: interruption.signal,
  });
  await expect(first).rejects.toThrow(/the run was/);
  await connection.close();
  meanwhile();
  return { undisturbed, report: await exportDatabase({ ...plain, target: store, resume: true }) };
}

/** What two exports of one database have to agree in, whatever their moments. */
function told({ documents, definitions, collections, databases, notes, fidelity }: ExportReport) {
  const counts = collections.map(({ history, ...counted }) => [counted, history?.versions]);
  return { documents, definitions, counts, databases, notes, fidelity };
}

describe.each([0.2, 0.5, 0.8])(
  "an export that is interrupted after %d of its requests",
  (share) => {
    it("of a tree of databases is gone on with in every one of them", async () => {
      const source = await bench.emptyDatabase();
      await source.v10('Database.create({ name: "kid" })');
      const kid = await scoped(source, "kid");
      await kid.v10('Database.create({ name: "grandkid" })');
      await fill(source, "A", 60);
      await fill(kid, "A", 80);
      await fill(await scoped(kid, "grandkid"), "B", 100);
      const store = new MemoryStore();
      const options = { recursive: true };
      const { undisturbed, report } = await resumed(source, store, options, { share });
      expect(told(report)).toEqual(told(undisturbed));
      expect((await verifyArchive({ archive: store, against: source })).equal).toBe(true);
    });

    it("of documents that expire meanwhile counts each of them once", async () => {
      const source = await bench.emptyDatabase();
      await fill(source, "C", 120);
      await source.v10(
        'C.where(.n! % 10 == 0).forEach(d => d.update({ ttl: Time.now().add(30, "minutes") }))',
      );
      const store = new MemoryStore();
      const { report } = await resumed(source, store, {}, { share }, () => void (ahead += HOUR_US));
      const [collection] = report.collections;
      // Of those that are listed only after they have expired, nobody knows any more.
      expect(collection!.documents + collection!.expired).toBeLessThanOrEqual(120);
      expect(collection!.documents).toBeGreaterThanOrEqual(108);
      const noted = report.notes.filter(({ code }) => code === "expired");
      expect(noted.map(({ count }) => count)).toEqual([collection!.expired].filter((n) => n > 0));
      expect((await verifyArchive({ archive: store })).problems).toEqual([]);
    });

    it("of a database that has v4 switched off counts what that has lost once", async () => {
      const database = await bench.emptyDatabase();
      await fill(database, "C", 100);
      await database.v10(
        'Set.sequence(0, 5).forEach(n => C.create({ id: (n * 39 + 1).toString(), f: "[function <lambda>]" }))',
      );
      const wire = new HttpTransport({ endpoint: new URL(bench.endpoint) });
      const off = { status: 410, headers: {}, bytes: 2, text: '{"errors":[{"code":"gone"}]}' };
      let left = Infinity;
      const source = connect({
        endpoint: bench.endpoint,
        secret: bench.secretOf(database),
        retry: { attempts: 1 },
        transport: {
          send: (request) => {
            if (left-- <= 0) throw new Error("the run was cut off");
            return request.path === "/" ? Promise.resolve(off) : wire.send(request);
          },
          close: () => wire.close(),
        },
      });
      const plain = { source, ...LIMITS };
      const undisturbed = await exportDatabase({ ...plain, target: new MemoryStore() });
      const store = new MemoryStore();
      left = Math.floor(undisturbed.requests * share);
      await expect(exportDatabase({ ...plain, target: store })).rejects.toThrow("cut off");
      left = Infinity;
      const report = await exportDatabase({ ...plain, target: store, resume: true });
      await source.close();
      expect(told(report)).toEqual(told(undisturbed));
      expect(report.notes.filter(({ code }) => code === "lost")).toMatchObject([{ count: 5 }]);
      expect((await verifyArchive({ archive: store })).problems).toEqual([]);
    });

    it("with history has all of the past in the end", async () => {
      const source = await bench.emptyDatabase();
      await fill(source, "C", 60);
      await source.v10("C.all().forEach(d => d.update({ again: true }))");
      await source.v10("C.where(.n! > 50).forEach(d => d.delete())");
      const store = new MemoryStore();
      const { undisturbed, report } = await resumed(source, store, { history: true }, { share });
      expect(told(report)).toEqual(told(undisturbed));
      expect(report.history!.versions).toBe(undisturbed.history!.versions);
      expect((await verifyArchive({ archive: store })).problems).toEqual([]);
    });
  },
);

describe("an export with secrets that is gone on with after an hour", () => {
  it("has the secrets of its moment, which Fauna has forgotten by then", async () => {
    const source = await bench.emptyDatabase();
    await fill(source, "C", 200);
    await source.v4(
      '{"do":[{"create":{"ref":{"credentials":null},"id":"601"},"params":{"object":{"instance":{"ref":{"collection":"C"},"id":"3"},"password":"open"}}},null]}',
    );
    await source.v4('{"do":[{"create_key":{"object":{"role":"server"}}},null]}');
    const options = { secrets: true, encryption: recipients };
    const store = new MemoryStore();
    const { undisturbed, report } = await resumed(source, store, options, { share: 0.6 }, () => {
      ahead += HOUR_US;
    });
    expect(told(report)).toEqual(told(undisturbed));
    const check = { archive: store, unlock: identity };
    expect((await verifyArchive(check)).problems).toEqual([]);
    const names = [...(await contents(store)).keys()];
    for (const kind of ["credentials", "keys", "tokens"])
      expect(names).toContain(`schema/${kind}.ndjson.age`);
  });
});

describe("an export of very many small collections", () => {
  it("asks nothing of those again that were done, not even of the empty ones", async () => {
    const source = await bench.emptyDatabase();
    await source.v10(
      'Set.sequence(0, 60).forEach(n => Collection.create({ name: "C" + n.toString() }))',
    );
    for (let n = 0; n < 60; n += 2) await source.v10(`C${n}.create({ id: "7" })`);
    const store = new MemoryStore();
    const { undisturbed, report } = await resumed(source, store, {}, { share: 0.75 });
    expect(await fingerprints(store)).toHaveLength(60);
    expect(told(report)).toEqual(told(undisturbed));
    // Each collection is looked at once more at the end, listed, and read if it holds any.
    expect(report.requests).toBeLessThan(undisturbed.requests - 45);
  });
});
