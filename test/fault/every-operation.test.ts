/**
 * Every operation fails once: each file operation and each request of an export, an import and a copy, n = 0, 1, 2 …
 * until the run meets no failure any more. The database has every kind of definition, secrets and a child; the archive
 * has two segments and is compressed and sealed. After each failure there is no manifest without truth, the run is done
 * again or continued, and what comes of it equals what an undisturbed run makes.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkArchive } from "../../src/archive/archive.ts";
import { copyDatabase } from "../../src/copy/copy.ts";
import { isArkError } from "../../src/errors/errors.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { identity } from "../support/age.ts";
import { contents } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import {
  archiveContent,
  buildEverything,
  databaseContent,
  EVERYTHING,
} from "../support/everything.ts";
import { type FailureMode, FailingStore } from "../support/failing-store.ts";
import { FailingTransport, TRANSPORT_FAILURES } from "../support/failing-transport.ts";
import { Points } from "../support/points.ts";

type Content = ReadonlyMap<string, string>;

let bench: Bench;
let other: Bench;
let source: Connection;
const archive = new MemoryStore();
let ofArchive: Content;
let ofImport: Content;
let ofCopy: Content;

const options = { unlock: identity, window: 1, batchDocuments: 4 } as const;
const copyOptions = { recursive: true, secrets: true, window: 1, batchDocuments: 4 } as const;

beforeAll(async () => {
  bench = await Bench.start();
  other = await Bench.start();
  // So that no database here has the id of the source: tokens open only the database that issued them.
  await other.emptyDatabase();
  source = await bench.emptyDatabase();
  await buildEverything(source);
  const report = await exportDatabase({ source, target: archive, ...EVERYTHING });
  expect(report.segments).toBeGreaterThan(2);
  ofArchive = await archiveContent(archive);
  const imported = await other.emptyDatabase();
  await importArchive({ source: archive, target: imported, ...options });
  ofImport = await databaseContent(other, imported);
  const copied = await other.emptyDatabase();
  await copyDatabase({ source, target: copied, ...copyOptions });
  ofCopy = await databaseContent(other, copied);
  const ofSource = await databaseContent(bench, source);
  expect(ofImport).toEqual(new Map([...ofSource, ["tokens", ofImport.get("tokens")]]));
  expect(ofCopy).toEqual(ofImport);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

/** What a run failed with; undefined when it did not. */
async function failureOf(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => undefined,
    (error: unknown) => error ?? new Error("nothing was thrown"),
  );
}

/** A connection to a database of a bench through a transport that fails. */
function through(
  transport: FailingTransport,
  to: Bench,
  database: Connection,
  attempts: number,
): Connection {
  return connect({
    endpoint: to.endpoint,
    secret: to.secretOf(database),
    transport,
    retry: { attempts, baseMs: 1 },
  });
}

const wireTo = ({ endpoint }: Bench) => new HttpTransport({ endpoint: new URL(endpoint) });

/** Nothing that is left of a failed export passes for an archive unless it is one; then it is made whole. */
async function judgeExport(store: Store, error: unknown): Promise<void> {
  const isThere = [...(await contents(store)).keys()].includes("manifest.json");
  if (isThere) {
    const { problems, opened } = await checkArchive(store, { unlock: identity });
    expect({ problems, opened }).toEqual({ problems: [], opened: true });
  } else {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_/) as string });
    await exportDatabase({ source, target: store, ...EVERYTHING, resume: true });
  }
  expect(await archiveContent(store)).toEqual(ofArchive);
}

/** Finishes what a failed run left in its target, by the same verb, and compares what is there then. */
async function judgeTarget(
  target: Connection,
  error: unknown,
  run: (target: Connection, goOn: boolean) => Promise<unknown>,
  expected: Content,
): Promise<void> {
  if (error !== undefined) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_/) as string });
    const begun = (await other.definitionsOf(target)).length > 0;
    const again = await failureOf(run(target, begun));
    // The mark was taken away, and only nobody was told: then it is whole already.
    if (!isArkError(again, "ERR_TARGET_NOT_EMPTY")) expect(again).toBeUndefined();
  }
  expect(await databaseContent(other, target)).toEqual(expected);
}

const STORE_FAILURES: readonly FailureMode[] = ["before", "after", "partial", "hang"];

describe.each(STORE_FAILURES)("when a file operation of an export fails, %s", (mode) => {
  it.each([false, true])(
    "no manifest is without truth, and the archive is the same in the end (killed: %s)",
    async (dead) => {
      const points = new Points(`export, a file operation fails ${mode}, killed: ${dead}`, 9);
      for (const failAt of points.numbers()) {
        const store = new MemoryStore();
        const deadline = new AbortController();
        const failing = new FailingStore(store, { failAt, mode, dead, deadline });
        const { signal } = deadline;
        const error = await failureOf(
          exportDatabase({ source, target: failing, ...EVERYTHING, signal }),
        );
        await points.try(`operation ${failAt}`, () => judgeExport(store, error));
        if (failing.operations <= failAt) break;
      }
      points.end();
    },
  );
});

describe.each(TRANSPORT_FAILURES)("when a request fails, %s", (mode) => {
  describe.each([1, 4])("with so many attempts: %i,", (attempts) => {
    /** Runs with the n-th request failing, n = 0, 1, 2 … until none does. */
    async function each(
      suite: string,
      stride: number,
      to: () => Bench,
      work: (through: (database: Connection) => Connection) => Promise<() => Promise<void>>,
    ): Promise<void> {
      const points = new Points(`${suite}, a request fails ${mode}, attempts: ${attempts}`, stride);
      for (const failAt of points.numbers()) {
        const transport = new FailingTransport(wireTo(to()), { failAt, mode });
        const judge = await work((database) => through(transport, to(), database, attempts));
        await transport.close();
        await points.try(`request ${failAt}`, judge);
        if (transport.requests <= failAt) break;
      }
      points.end();
    }

    /** Whether the failure is one that another attempt makes good. */
    const isRepeated = attempts > 1 && mode !== "partial";

    it("no export is taken for whole that is not, and the archive is the same in the end", () =>
      each(
        "export",
        25,
        () => bench,
        async (connection) => {
          const store = new MemoryStore();
          const error = await failureOf(
            exportDatabase({ source: connection(source), target: store, ...EVERYTHING }),
          );
          return async () => {
            if (isRepeated) expect(error).toBeUndefined();
            await judgeExport(store, error);
          };
        },
      ));

    it("an import is not taken for finished that is not, and is the same in the end", () =>
      each(
        "import",
        40,
        () => other,
        async (connection) => {
          const target = await other.emptyDatabase();
          const run = (to: Connection, goOn: boolean) =>
            importArchive({ source: archive, target: to, continue: goOn, ...options });
          const error = await failureOf(run(connection(target), false));
          return () => judgeTarget(target, error, run, ofImport);
        },
      ));

    it.each(["source", "target"] as const)(
      "a copy is not taken for finished that is not, and is the same in the end (of its %s)",
      (side) =>
        each(
          `copy, of its ${side}`,
          70,
          () => (side === "source" ? bench : other),
          async (connection) => {
            const target = await other.emptyDatabase();
            const run = (from: Connection, to: Connection, goOn: boolean) =>
              copyDatabase({ source: from, target: to, continue: goOn, ...copyOptions });
            const error = await failureOf(
              side === "source"
                ? run(connection(source), target, false)
                : run(source, connection(target), false),
            );
            return () => judgeTarget(target, error, (to, goOn) => run(source, to, goOn), ofCopy);
          },
        ),
    );
  });
});

describe.each(STORE_FAILURES)("when the archive cannot be read at some point, %s", (mode) => {
  it("an import fails without looking finished, and goes on to the same", async () => {
    const points = new Points(`import, reading the archive fails ${mode}`, 11);
    for (const failAt of points.numbers()) {
      const deadline = new AbortController();
      const failing = new FailingStore(archive, { failAt, mode, deadline });
      const target = await other.emptyDatabase();
      const run = (to: Connection, goOn: boolean) =>
        importArchive({ source: archive, target: to, continue: goOn, ...options });
      const { signal } = deadline;
      const error = await failureOf(importArchive({ source: failing, target, ...options, signal }));
      await points.try(`operation ${failAt}`, async () => {
        if (failing.operations > failAt) expect(error).toBeDefined();
        await judgeTarget(target, error, run, ofImport);
      });
      if (failing.operations <= failAt) break;
    }
    points.end();
  });
});
