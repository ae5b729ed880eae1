/**
 * Every operation fails once: each file operation and each request of an export and of an import, n = 0, 1, 2 … until
 * the run meets no failure any more. No archive passes for whole that is not, and every import can be finished.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection, pushSchema } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { Bench, fingerprints } from "../support/bench.ts";
import { type FailureMode, FailingStore } from "../support/failing-store.ts";
import { FailingTransport, type TransportFailure } from "../support/failing-transport.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;
let source: Connection;
const archive = new MemoryStore();
let expected: Awaited<ReturnType<typeof fingerprints>>;

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  await small(source);
  await exportDatabase({ source, target: archive });
  expected = await fingerprints(archive);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Every kind of definition, each once, and a few documents. */
async function small(database: Connection): Promise<void> {
  const content = `collection C {
  unique [.email]
  ttl_days 9
}
function f() { 1 }
role modern { privileges C { read } }
access provider ap {
  issuer "https://a.example/"
  jwks_uri "https://a.example/j"
  role modern
}
`;
  await pushSchema(database, [{ filename: "main.fsl", content }], { override: true });
  const c = '{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}';
  const lambda = '{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}';
  for (const each of [
    `{"create_function":{"quote":{"name":"old","body":${lambda}}}}`,
    `{"create_index":{"quote":{"name":"ix","source":${c},"terms":[{"field":["data","k"]}]}}}`,
    `{"create_role":{"quote":{"name":"legacy","privileges":[{"resource":${c},"actions":{"read":true}}]}}}`,
  ]) {
    await database.v4(`{"do":[${each},null]}`);
  }
  for (let id = 1; id <= 6; id++) await insert(database, "C", String(id), `{"k":${id}}`);
  await database.v10('Collection.byName("C")!.update({ data: { about: "everything" } })');
}

interface Outcome {
  readonly failed: boolean;
  readonly code: string;
}

async function settle(run: Promise<unknown>): Promise<Outcome> {
  return run.then(
    () => ({ failed: false, code: "" }),
    (error: unknown) => ({ failed: true, code: String((error as { code?: unknown }).code) }),
  );
}

/** What is left of an export: nothing that passes for an archive, or a whole one. */
async function judge(store: Store, outcome: Outcome): Promise<void> {
  const hasManifest = [...(await contents(store)).keys()].includes("manifest.json");
  if (!hasManifest) {
    expect(outcome.failed).toBe(true);
    return;
  }
  expect((await verifyArchive({ archive: store, against: source })).equal).toBe(true);
  expect(await fingerprints(store)).toEqual(expected);
}

/** A connection to a database of the bench through a transport that fails. */
function through(transport: FailingTransport, database: Connection, attempts: number): Connection {
  return connect({
    endpoint: bench.endpoint,
    secret: bench.secretOf(database),
    transport,
    retry: { attempts, baseMs: 1 },
  });
}

const wire = () => new HttpTransport({ endpoint: new URL(bench.endpoint) });

let points = 0;
afterAll(() => console.log(`${points} points of failure`));

describe.each<FailureMode>(["before", "after", "partial"])(
  "when a file operation of an export fails, %s",
  (mode) => {
    it.each([false, true])(
      "no archive is taken for whole that is not (killed: %s)",
      async (dead) => {
        for (let failAt = 0; ; failAt++) {
          const store = new MemoryStore();
          const failing = new FailingStore(store, { failAt, mode, dead });
          const outcome = await settle(exportDatabase({ source, target: failing }));
          await judge(store, outcome);
          if (failing.operations <= failAt) {
            expect(outcome.failed).toBe(false);
            break;
          }
          points++;
        }
      },
    );
  },
);

describe.each<TransportFailure>(["before", "after", "busy"])("when a request fails, %s", (mode) => {
  it.each([1, 4])("no export is taken for whole that is not (attempts: %i)", async (attempts) => {
    for (let failAt = 0; ; failAt++) {
      const transport = new FailingTransport(wire(), { failAt, mode });
      const connection = through(transport, source, attempts);
      const store = new MemoryStore();
      const outcome = await settle(exportDatabase({ source: connection, target: store }));
      await connection.close();
      await judge(store, outcome);
      if (attempts > 1) expect({ failAt, ...outcome }).toEqual({ failAt, failed: false, code: "" });
      if (transport.requests <= failAt) {
        expect(outcome.failed).toBe(false);
        break;
      }
      points++;
      if (outcome.failed) expect(outcome.code).toMatch(/^ERR_(TRY_AGAIN|ENDPOINT)$/);
    }
  });

  it("an import repeats what may be repeated, and makes the same copy", async () => {
    for (let failAt = 0; ; failAt++) {
      const transport = new FailingTransport(wire(), { failAt, mode });
      const target = await bench.emptyDatabase();
      const connection = through(transport, target, 4);
      await importArchive({ source: archive, target: connection, window: 1 });
      await connection.close();
      expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
      if (transport.requests <= failAt) break;
      points++;
    }
  });
});

describe.each<FailureMode>(["before", "partial"])(
  "when the archive cannot be read at some point, %s",
  (mode) => {
    it("an import fails without looking finished, and going on makes an equal copy", async () => {
      for (let failAt = 0; ; failAt++) {
        const failing = new FailingStore(archive, { failAt, mode });
        const target = await bench.emptyDatabase();
        const outcome = await settle(importArchive({ source: failing, target }));
        if (outcome.failed) {
          expect(outcome.code).toMatch(/^ERR_(DISK_FULL|ARCHIVE_\w+)$/);
          const begun = (await bench.definitionsOf(target)).length > 0;
          if (begun) {
            await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
              code: "ERR_TARGET_NOT_EMPTY",
            });
          }
          await importArchive({ source: archive, target, continue: begun });
        }
        expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
        if (failing.operations <= failAt) {
          expect(outcome.failed).toBe(false);
          break;
        }
        points++;
      }
    });
  },
);
