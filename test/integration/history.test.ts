/**
 * The past of a database, through an archive into another one: queries at past times and the events of documents and
 * sets answer the same on both. Both are asked by plain HTTP.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyDatabase } from "../../src/copy/copy.ts";
import { type ExportReport, exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { type ImportReport, importArchive } from "../../src/import/import.ts";
import { Time } from "../../src/values/time.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import {
  type Asked,
  archivedHistory,
  events,
  timesOf,
  v4,
  v10,
} from "../support/independent-history.ts";
import { differences } from "../support/independent-reader.ts";

const DAY = 86_400_000_000n;

let bench: Bench;
/** By how much the clock of the databases is ahead. */
let ahead = 0n;
let folders: string;

beforeAll(async () => {
  const clock = () => BigInt(Date.now()) * 1000n + ahead;
  bench = await Bench.start({ clock });
  folders = await mkdtemp(join(tmpdir(), "fauna-ark-history-"));
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await rm(folders, { recursive: true, force: true });
});

const asked = (database: Connection): Asked => ({
  endpoint: bench.endpoint,
  secret: bench.secretOf(database),
});

const SCHEMA = [
  'Collection.create({ name: "Order", history_days: 30, indexes: { byState: { terms: [{ field: "state" }], values: [{ field: "n" }] } } })',
  'Collection.create({ name: "Log" })',
  'Collection.create({ name: "Forever", history_days: 9223372036854775807 })',
  'Collection.create({ name: "Quiet", history_days: 3 })',
];

const LIVES = [
  // More documents than one request asks for, and more versions than one page tells.
  'Set.sequence(1, 301).forEach(i => Order.create({ id: i.toString(), n: i, state: "new", to: Order("1") }))',
  'Order.all().forEach(o => o.update({ state: if (o.n % 2 == 0) "even" else "odd" }))',
  "Order.all().where(o => o.n % 3 == 0).forEach(.delete())",
  'Set.sequence(1, 51).forEach(i => Order.create({ id: (i * 6).toString(), n: -i, state: "again" }))',
  'Order.byId("6")!.delete()',
  'Forever.create({ id: "9", v: 0, nan: Math.NaN, text: "NaN" })',
  ...Array.from({ length: 70 }, (_, i) => `Forever.byId("9")!.update({ v: ${i} })`),
  'Forever.create({ id: "10", once: true })',
  'Log.create({ id: "1", line: "a" })',
  'Log.byId("1")!.replace({ line: "b", more: { deep: [1, 2.0, "x"] } })',
  'Log.byId("1")!.delete()',
];

/** What v4 alone makes: a name, an index over two collections, a lambda, a set, an old version. */
const V4 = [
  { create_collection: { object: { name: "audit-log", history_days: 20 } } },
  {
    create_index: {
      object: {
        name: "everything",
        source: [{ collection: "Order" }, { collection: "audit-log" }],
        values: [{ object: { field: ["data", "state"] } }, { object: { field: ["ref"] } }],
      },
    },
  },
  {
    create: { ref: { collection: "audit-log" }, id: "7" },
    params: {
      quote: {
        data: {
          state: "first",
          run: { "@query": { api_version: "4", lambda: "x", expr: { var: "x" } } },
        },
      },
    },
  },
  {
    update: { ref: { collection: "audit-log" }, id: "7" },
    params: { quote: { data: { state: "second", run: null } } },
  },
];

async function build(database: Connection): Promise<void> {
  for (const query of SCHEMA) await v10(asked(database), query);
  for (const expression of V4) await v4(asked(database), expression);
  for (const [index, query] of LIVES.entries()) {
    if (index < 5) ahead += DAY;
    await v10(asked(database), query);
  }
}

const at = (ts: bigint) => Time.fromMicros(ts).toString();
const documentsIn = (collection: string) => ({
  map: { lambda: "r", expr: { get: { var: "r" } } },
  collection: { paginate: { documents: { collection } }, size: 1000 },
});

/** What a database answers about its past. */
async function answers(
  database: Connection,
  times: readonly bigint[],
): Promise<Map<string, string>> {
  const one = asked(database);
  const found = new Map<string, string>();
  const collections = ["Order", "Log", "Forever", "Quiet", "audit-log"];
  for (const collection of collections) {
    const told = await events(one, { documents: { collection } });
    found.set(`events of ${collection}`, told.join("\n"));
    for (const id of ["1", "2", "3", "6", "7", "9", "10", "12", "300", "999"]) {
      const document = { ref: { collection }, id };
      found.set(`events of ${collection} ${id}`, (await events(one, document)).join("\n"));
    }
  }
  const everything = { match: { index: "everything" } };
  found.set("events of the index", (await events(one, everything)).join("\n"));
  for (const ts of times) {
    for (const name of ["Order", "Forever"]) {
      const query = `at(Time("${at(ts)}")) { ${name}.all().pageSize(1000) }`;
      found.set(`${name} at ${ts}`, await v10(one, query));
    }
    const states =
      '["new", "even", "odd", "again"].map(s => Order.byState(s).map(o => [o.id, o.n]).toArray())';
    found.set(`states at ${ts}`, await v10(one, `at(Time("${at(ts)}")) { ${states} }`));
    for (const collection of ["Order", "audit-log"]) {
      const expression = JSON.stringify(documentsIn(collection));
      found.set(`v4 ${collection} at ${ts}`, await v4(one, `{"at":${ts},"expr":${expression}}`));
    }
    const page = JSON.stringify({ paginate: everything, size: 1000 });
    found.set(`v4 index at ${ts}`, await v4(one, `{"at":${ts},"expr":${page}}`));
  }
  return found;
}

/** Times just before, at and after what happened, some of many. */
function moments(all: readonly bigint[], count: number): bigint[] {
  const sorted = [...new Set(all)].toSorted((a, b) => (a < b ? -1 : 1));
  const step = Math.max(1, Math.floor(sorted.length / count));
  return sorted.filter((_, i) => i % step === 0).flatMap((ts) => [ts - 1n, ts, ts + 1n]);
}

describe("a database exported with its history", () => {
  let source: Connection;
  let copy: Connection;
  let exported: ExportReport;
  let imported: ImportReport;
  let folder: string;
  let times: bigint[];

  beforeAll(async () => {
    source = await bench.emptyDatabase();
    await build(source);
    folder = join(folders, "whole");
    exported = await exportDatabase({
      source,
      target: folder,
      history: true,
      segmentBytes: 20_000,
    });
    copy = await bench.emptyDatabase();
    imported = await importArchive({ source: folder, target: copy, batchDocuments: 40 });
    const told = [
      ...(await events(asked(source), { documents: { collection: "Order" } })),
      ...(await events(asked(source), { ref: { collection: "Order" }, id: "12" })),
      ...(await events(asked(source), { ref: { collection: "audit-log" }, id: "7" })),
      ...(await events(asked(source), { ref: { collection: "Forever" }, id: "9" })).slice(0, 20),
    ];
    times = moments(timesOf(told), 8);
  }, 120_000);

  it("answers queries at past times, and events of documents, sets and indexes, the same", async () => {
    expect(times.length).toBeGreaterThan(15);
    const [before, after] = [await answers(source, times), await answers(copy, times)];
    expect(before.size).toBeGreaterThan(100);
    const differing = [...before.keys()].filter((key) => before.get(key) !== after.get(key));
    expect(differing).toEqual([]);
    // They are no answers that anything could give.
    expect(new Set(times.map((ts) => before.get(`Order at ${ts}`))).size).toBeGreaterThan(4);
  });

  it("shows the same today, to a reader of its own", async () => {
    const read = [await bench.read(source), await bench.read(copy)] as const;
    expect(differences(...read)).toEqual([]);
  });

  it("has in its archive every version and deletion that the database tells", async () => {
    const told = archivedHistory(folder);
    for (const collection of ["Order", "Log", "Forever", "Quiet", "audit-log"]) {
      const lines: string[] = [];
      for (let id = 1; id <= 310; id++) {
        const document = { ref: { collection }, id: String(id) };
        const all = await events(asked(source), document);
        const past = all.at(-1)?.includes('"action":"delete"') === true ? all : all.slice(0, -1);
        for (const [i, ts] of timesOf(past).entries()) {
          const action = /"action":"(\w+)"/.exec(past[i]!)![1];
          lines.push(`{"id":"${id}","ts":${ts},"action":"${action}"`);
        }
      }
      const found = (told.get(collection) ?? []).map((line) =>
        line.slice(0, line.indexOf('"action"') + 17),
      );
      expect(found.map((line, i) => lines[i]?.startsWith(line))).toEqual(lines.map(() => true));
    }
  });

  it("reports how much it is, and how far back it goes", () => {
    const versions = [...archivedHistory(folder).values()].flat().length;
    expect(exported.history).toMatchObject({ versions });
    expect(exported.fidelity.exact.versions).toBe(versions);
    expect(imported.history).toEqual({
      read: versions,
      written: versions,
      expired: 0,
      refused: 0,
      leftOut: 0,
      outOfWindow: 0,
    });
    expect(imported.fidelity.exact.versions).toBe(versions);
    const quiet = exported.collections.find(({ name }) => name === "Quiet");
    expect(quiet?.history).toMatchObject({ versions: 0 });
    const { from } = exported.collections.find(({ name }) => name === "Order")!.history!;
    const window = BigInt(exported.snapshot.ts) - BigInt(from);
    expect(window > 30n * DAY && window < 31n * DAY).toBe(true);
  });

  it("is compared by verify, version by version", async () => {
    for (const against of [source, copy]) {
      const report = await verifyArchive({ archive: folder, against });
      expect(report.versions).toBe(exported.history!.versions);
      expect(
        report.against!.histories.filter(({ equal, since }) => !equal || since === null),
      ).toEqual([]);
      expect(report.equal).toBe(true);
      const compared = report.against!.histories.reduce((sum, { versions }) => sum + versions, 0);
      expect(compared).toBe(report.versions);
    }
  });

  it("is found different by verify when one version of it, or one deletion, is gone, or one is more", async () => {
    const other = await bench.emptyDatabase();
    await importArchive({ source: folder, target: other });
    const remove = (collection: string, id: string, ts: bigint, action: string) =>
      v4(asked(other), { remove: { ref: { collection }, id }, ts: Number(ts), action });
    const eventsOf = async (collection: string, id: string) =>
      timesOf(await events(asked(other), { ref: { collection }, id }));
    const [, change, end] = await eventsOf("Log", "1");
    await remove("Forever", "9", (await eventsOf("Forever", "9"))[30]!, "update");
    await remove("Log", "1", end!, "delete");
    const insert = { insert: { ref: { collection: "Order" }, id: "5" }, action: "update" };
    const [created] = await eventsOf("Order", "5");
    await v4(asked(other), {
      ...insert,
      ts: Number(created! + 1n),
      params: { quote: { data: { n: 0 } } },
    });
    const { against, equal } = await verifyArchive({ archive: folder, against: other });
    expect(equal).toBe(false);
    expect(change).toBeDefined();
    const found = against!.histories.filter((each) => !each.equal);
    expect(found.map(({ name, ids }) => [name, ids])).toEqual([
      ["Forever", ["9"]],
      ["Log", ["1"]],
      ["Order", ["5"]],
    ]);
  });

  it("lists that followers of feeds are told nothing of it", () => {
    const feeds = imported.notes.filter(({ code }) => code === "history_feeds");
    expect(feeds.map(({ collection }) => collection ?? "").toSorted()).toEqual([
      "Forever",
      "Log",
      "Order",
      "audit-log",
    ]);
    expect(imported.fidelity.natural.find(({ code }) => code === "history")!.count).toBe(
      imported.history!.written,
    );
  });
});

describe("a database copied with its history", () => {
  it("answers queries at past times, and events, the same, with no archive in between", async () => {
    const source = await bench.emptyDatabase();
    await build(source);
    const target = await bench.emptyDatabase();
    const report = await copyDatabase({ source, target, history: true, batchDocuments: 100 });
    const told = await events(asked(source), { documents: { collection: "Order" } });
    const times = moments(timesOf(told), 3);
    const [before, after] = [await answers(source, times), await answers(target, times)];
    expect([...before.keys()].filter((key) => before.get(key) !== after.get(key))).toEqual([]);
    expect(report.history!.written).toBeGreaterThan(500);
    expect(report.history).toMatchObject({ read: report.history!.written, outOfWindow: 0 });
    expect(report.fidelity.exact.versions).toBe(report.history!.written);
  }, 60_000);

  it("leaves the past behind when it was not asked for", async () => {
    const source = await bench.emptyDatabase();
    await v10(asked(source), 'Collection.create({ name: "C", history_days: 30 })');
    await v10(asked(source), 'C.create({ id: "1", v: 0 })');
    await v10(asked(source), 'C.byId("1")!.update({ v: 1 })');
    const target = await bench.emptyDatabase();
    const report = await copyDatabase({ source, target });
    expect(report.history).toBeNull();
    const document = { ref: { collection: "C" }, id: "1" };
    expect(await events(asked(target), document)).toHaveLength(1);
  });
});
