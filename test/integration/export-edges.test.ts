/** What can happen to a database while it is exported, and what an export must not call a success. */
import { expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { fingerprints } from "../support/bench.ts";
import { emulatorTarget } from "../support/emulator.ts";

async function withDatabase(
  work: (database: Connection) => Promise<void>,
  clock?: () => bigint,
): Promise<void> {
  const emulator = await emulatorTarget(clock === undefined ? {} : { clock });
  const database = connect({ ...emulator, retry: { attempts: 1 } });
  try {
    await work(database);
  } finally {
    await database.close();
    await emulator.close();
  }
}

const MINUTE = 60_000_000n;

/** Does something once, between the schema and the documents of an export. */
class InterruptedStore extends MemoryStore {
  #interrupt: (() => Promise<unknown>) | undefined;

  constructor(interrupt: () => Promise<unknown>) {
    super();
    this.#interrupt = interrupt;
  }

  override async write(...args: Parameters<MemoryStore["write"]>): Promise<{ bytes: number }> {
    const interrupt = args[0].startsWith("schema/collections") ? this.#interrupt : undefined;
    await interrupt?.();
    return super.write(...args);
  }
}

it("counts a document as expired that expires between listing and reading", async () => {
  let now = 1_790_000_000_000_000n;
  await withDatabase(
    async (database) => {
      await database.v10('Collection.create({ name: "C" })');
      await database.v10(
        'Set.sequence(0, 20).forEach(i => C.create({ id: 100 + i, ttl: if (i < 5) Time.now().add(6, "minutes") else null }))',
      );
      now += 5n * MINUTE;
      let jumped = false;
      const report = await exportDatabase({
        source: database,
        target: new MemoryStore(),
        onProgress: ({ phase, done, totalGrows }) => {
          if (phase !== "documents" || done > 0 || totalGrows === true || jumped) return;
          jumped = true;
          now += 13n * MINUTE;
        },
      });
      expect(jumped).toBe(true);
      expect(report.collections).toMatchObject([{ name: "C", documents: 15, expired: 5 }]);
    },
    () => ++now,
  );
});

it("does not take an empty collection of the same name for the one that was there", async () => {
  await withDatabase(async (database) => {
    await database.v10('Collection.create({ name: "C" })');
    await database.v10('C.create({ id: "1" })');
    const target = new InterruptedStore(() =>
      database
        .v10('Collection.byName("C")!.delete()')
        .then(() => database.v10('Collection.create({ name: "C" })')),
    );
    await expect(exportDatabase({ source: database, target })).rejects.toMatchObject({
      code: "ERR_TRY_AGAIN",
      details: { collections: ["C"] },
    });
  });
});

it("refuses a glob that no collection matches", async () => {
  await withDatabase(async (database) => {
    await database.v10('Collection.create({ name: "Order" })');
    const attempt = exportDatabase({
      source: database,
      target: new MemoryStore(),
      collections: ["Order", "Ordre*"],
    });
    await expect(attempt).rejects.toMatchObject({ code: "ERR_USAGE", place: "Ordre*" });
  });
});

it("says which child databases are not in the archive", async () => {
  await withDatabase(async (database) => {
    await database.v10('Database.create({ name: "child" })');
    const { notes } = await exportDatabase({ source: database, target: new MemoryStore() });
    expect(notes).toMatchObject([{ code: "child_databases", count: 1, examples: ["child"] }]);
  });
});

const V4_OFF = {
  status: 410,
  headers: {},
  text: '{"errors":[{"position":[],"code":"forbidden","description":"FQL v4 is switched off."}]}',
  bytes: 0,
};

it("reads through v10 a database that has v4 switched off, and says what that may have lost", async () => {
  await withDatabase(async (database) => {
    await database.v10('Collection.create({ name: "C" })');
    await database.v10(
      'Set.sequence(0, 25).forEach(i => C.create({ id: 8 + i, n: i, x: 1.0, list: [null], t: Time.fromString("2024-01-01T00:00:00Z") }))',
    );
    await database.v10('C.create({ id: "7", shown: "[function <lambda>]" })');
    const wire = new HttpTransport({ endpoint: new URL(database.endpoint) });
    const v10Only = connect({
      endpoint: database.endpoint,
      secret: "secret",
      transport: {
        send: (request) => (request.path === "/" ? Promise.resolve(V4_OFF) : wire.send(request)),
        close: () => wire.close(),
      },
    });
    const archives = { v4: new MemoryStore(), v10: new MemoryStore() };
    await exportDatabase({ source: database, target: archives.v4 });
    const limits = { pageSize: 4, rangeDocuments: 10 };
    const report = await exportDatabase({ source: v10Only, target: archives.v10, ...limits });
    await v10Only.close();
    expect(report.documents).toBe(26);
    expect(report.notes).toMatchObject([
      { code: "v4_off" },
      { code: "lost", collection: "C", count: 1 },
    ]);
    const [one, other] = await Promise.all([fingerprints(archives.v4), fingerprints(archives.v10)]);
    expect(other).toEqual(one);
  });
});
