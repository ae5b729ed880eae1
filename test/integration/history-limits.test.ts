/** What a restored past cannot be, or is not meant to be: each is counted and named, and reads answer as they did where they can. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import { importArchive } from "../../src/import/import.ts";
import { createDatabase } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { diffDatabases } from "../../src/verify/diff.ts";
import { showArchive, showCollection, verifyArchive } from "../../src/verify/verify.ts";
import { identity, recipients } from "../support/age.ts";
import { contents } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { type Asked, events, timesOf, v4, v10 } from "../support/independent-history.ts";
import { V10Only } from "../support/v10-only.ts";

const DAY = 86_400_000_000n;
let bench: Bench;
let ahead = 0n;
/** Told of the body of every request before it is answered. */
let onRequest: (body: string) => void = () => {};

beforeAll(async () => {
  bench = await Bench.start({
    clock: () => BigInt(Date.now()) * 1000n + ahead,
    faults({ body }) {
      onRequest(body);
      return undefined;
    },
  });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const asked = (database: Connection): Asked => ({
  endpoint: bench.endpoint,
  secret: bench.secretOf(database),
});

/** A database with one collection `C` of a long history, after these queries. */
async function built(...queries: readonly string[]): Promise<Connection> {
  const database = await bench.emptyDatabase();
  await v10(asked(database), 'Collection.create({ name: "C", history_days: 30 })');
  for (const query of queries) await v10(asked(database), query);
  return database;
}

async function exported(source: Connection, more = {}): Promise<MemoryStore> {
  const target = new MemoryStore();
  await exportDatabase({ source, target, history: true, ...more });
  return target;
}

async function restored(source: MemoryStore, more = {}) {
  const target = await bench.emptyDatabase();
  const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
  return { target, report: await importArchive({ source, target, deadLetterFile, ...more }) };
}

const eventsOf = (database: Connection, id: string) =>
  events(asked(database), { ref: { collection: "C" }, id });

/** Whether a document is there, and what it holds, just before, at and after each of these times. */
async function seenAt(
  database: Connection,
  id: string,
  times: readonly bigint[],
): Promise<string[]> {
  const seen: string[] = [];
  for (const ts of times.flatMap((time) => [time - 1n, time, time + 1n])) {
    const ref = `{"ref":{"collection":"C"},"id":"${id}"}`;
    const read = `{"if":{"exists":${ref}},"then":{"get":${ref}},"else":null}`;
    seen.push(await v4(asked(database), `{"at":${ts},"expr":${read}}`));
  }
  return seen;
}

const note = (
  notes: readonly { code: string; count: number; examples: readonly string[] }[],
  code: string,
) => {
  const found = notes.find((each) => each.code === code);
  return found && { count: found.count, examples: found.examples };
};

describe("past versions whose ttl has passed", () => {
  it("are listed, and nothing is seen in their place, as where they come from", async () => {
    const source = await built(
      'C.create({ id: "1", v: 0 })',
      'C.byId("1")!.update({ v: 1, ttl: Time.now().add(10, "days") })',
      'C.byId("1")!.update({ v: 2, ttl: null })',
      'C.create({ id: "2", v: 0 })',
      'C.byId("2")!.update({ v: 1, ttl: Time.now().add(10, "days") })',
    );
    const times = timesOf([...(await eventsOf(source, "1")), ...(await eventsOf(source, "2"))]);
    ahead += 11n * DAY;
    const target = new MemoryStore();
    const report = await exportDatabase({ source, target, history: true });
    expect(note(report.notes, "history_expired")).toEqual({ count: 1, examples: ["1"] });
    const { target: copy } = await restored(target);
    for (const id of ["1", "2"])
      expect(await seenAt(copy, id, times)).toEqual(await seenAt(source, id, times));
    expect((await eventsOf(copy, "1")).map((text) => /"action":"(\w+)"/.exec(text)![1])).toEqual([
      "create",
      "delete",
      "create",
    ]);
    const { equal, against } = await verifyArchive({ archive: target, against: copy });
    expect(against!.histories).toMatchObject([{ name: "C", equal: true }]);
    expect(equal).toBe(true);
  });

  it("are listed by an import that comes later, and hide what was before them", async () => {
    const source = await built(
      'C.create({ id: "1", v: 0 })',
      'C.byId("1")!.update({ v: 1, ttl: Time.now().add(10, "days") })',
      'C.byId("1")!.update({ v: 2, ttl: null })',
    );
    const times = timesOf(await eventsOf(source, "1"));
    const archive = await exported(source);
    ahead += 11n * DAY;
    const { target, report } = await restored(archive);
    expect(report.history).toMatchObject({ read: 2, written: 1, expired: 1 });
    expect(note(report.notes, "history_expired")).toEqual({ count: 1, examples: ["1"] });
    expect(await seenAt(target, "1", times)).toEqual(await seenAt(source, "1", times));
  });

  it("never bring back a document that has expired itself", async () => {
    const source = await built(
      'C.create({ id: "1", v: 0 })',
      'C.byId("1")!.update({ v: 1, ttl: Time.now().add(10, "days") })',
      'C.create({ id: "2", v: 0 })',
    );
    const archive = await exported(source);
    ahead += 11n * DAY;
    const { target, report } = await restored(archive);
    expect(await v10(asked(target), "C.all().map(.id).toArray()")).toBe('["2"]');
    expect(report.documents).toMatchObject({ written: 1, expired: 1 });
    expect(report.history).toMatchObject({ read: 1, written: 0, leftOut: 1 });
    expect(note(report.notes, "history_left_out")).toEqual({ count: 1, examples: ["1"] });
  });
});

describe("past versions with nulls inside arrays", () => {
  it("are written without them, counted and listed", async () => {
    const source = await built(
      'C.create({ id: "1", list: [1, null, { deep: [null] }] })',
      'C.byId("1")!.update({ list: [2] })',
    );
    const archive = await exported(source);
    const { target, report } = await restored(archive);
    expect(note(report.notes, "history_nulls")).toEqual({ count: 1, examples: ["1"] });
    expect(report.fidelity.exact.versions).toBe(0);
    const [created] = timesOf(await eventsOf(source, "1"));
    expect((await seenAt(target, "1", [created!]))[1]).toContain('"list":[1,{"deep":[]}]');
    const { equal, against } = await verifyArchive({ archive, against: target });
    expect(against!.histories).toMatchObject([{ equal: true, nulls: 1, differing: 0 }]);
    expect(equal).toBe(true);
  });
});

describe("the window of a collection", () => {
  it("is what it was when the import is done, and what lies before it by now is counted", async () => {
    const source = await bench.emptyDatabase();
    await v10(asked(source), 'Collection.create({ name: "C" })');
    await v10(asked(source), 'C.create({ id: "1", v: 0 })');
    await v10(asked(source), 'C.byId("1")!.update({ v: 1 })');
    await v10(asked(source), 'C.byId("1")!.update({ v: 2 })');
    const archive = await exported(source);
    ahead += 2n * DAY;
    const { target, report } = await restored(archive);
    expect(await v10(asked(target), 'Collection.byName("C")!.history_days')).toBe('{"@int":"0"}');
    expect(report.history).toMatchObject({ read: 2, written: 2, outOfWindow: 2 });
    expect(note(report.notes, "history_window")).toEqual({ count: 2, examples: [] });
    expect(await v10(asked(target), 'C.byId("1")!.v')).toBe('{"@int":"2"}');
  });

  it("may move on while the past is read, which then begins later and is whole from there on", async () => {
    const source = await bench.emptyDatabase();
    await v10(asked(source), 'Collection.create({ name: "C" })');
    const minute = 60_000_000n;
    for (let id = 1; id <= 3; id++) await v10(asked(source), `C.create({ id: "${id}", v: 0 })`);
    for (let v = 1; v <= 13; v++) {
      ahead += minute;
      for (const id of [1, 2]) await v10(asked(source), `C.byId("${id}")!.update({ v: ${v} })`);
      if (v === 3 || v === 10) await v10(asked(source), 'C.byId("3")!.delete()');
      if (v === 6) await v10(asked(source), 'C.create({ id: "3", v: 1 })');
    }
    const target = new MemoryStore();
    let moves = 0;
    // The states are read last: by then what was listed first has left the window.
    onRequest = (body) => {
      if (body.includes('"lambda":"s"') && moves++ === 0) ahead += 10n * minute;
    };
    const report = await exportDatabase({ source, target, history: true });
    onRequest = () => {};
    expect(moves).toBeGreaterThan(1);
    const from = BigInt(report.collections[0]!.history!.from);
    const age = BigInt(report.snapshot.ts) - from;
    expect(age > 4n * minute && age < 6n * minute).toBe(true);
    const { target: copy } = await restored(target);
    const times = (await Promise.all(["1", "2", "3"].map((id) => eventsOf(source, id))))
      .flatMap(timesOf)
      .filter((ts) => ts > from + minute / 4n);
    expect(times.length).toBeGreaterThan(8);
    for (const id of ["1", "2", "3"])
      expect(await seenAt(copy, id, times)).toEqual(await seenAt(source, id, times));
    expect((await verifyArchive({ archive: target, against: source })).equal).toBe(true);
  });

  it("leaves verify nothing to compare once it has passed the snapshot, which verify says", async () => {
    const source = await bench.emptyDatabase();
    await v10(asked(source), 'Collection.create({ name: "C" })');
    await v10(asked(source), 'C.create({ id: "1", v: 0 })');
    await v10(asked(source), 'C.byId("1")!.update({ v: 1 })');
    const archive = await exported(source);
    ahead += DAY;
    const { against } = await verifyArchive({ archive, against: source });
    expect(against!.histories).toMatchObject([{ since: null, equal: true, versions: 0 }]);
  });
});

describe("a past that is not restored", () => {
  it.each([
    ["because that was asked for", { history: false }, /as it was asked for/],
    ["into collections that an import of documents alone finds", { dataOnly: true }, /schema/],
  ])("%s, is counted as left out", async (_, more, why) => {
    const source = await built('C.create({ id: "1" })', 'C.byId("1")!.update({ v: 1 })');
    const { target, report } = await restored(await exported(source), more);
    expect(report.history).toBeNull();
    const left = report.notes.find(({ code }) => code === "history_left_out");
    expect(left).toMatchObject({ count: 1, collection: "C", message: expect.stringMatching(why) });
    expect(report.fidelity.left.find(({ code }) => code === "history")!.count).toBe(1);
    expect(await eventsOf(target, "1")).toHaveLength(1);
  });

  it("into a database that holds documents, is counted as left out", async () => {
    const source = await built('C.create({ id: "1" })', 'C.byId("1")!.update({ v: 1 })');
    const archive = await exported(source);
    const { target } = await restored(archive);
    const report = await importArchive({ source: archive, target, onConflict: "skip" });
    expect(note(report.notes, "history_left_out")).toEqual({ count: 1, examples: [] });
  });

  it("of a document that the target refuses, is left out with it", async () => {
    const source = await bench.emptyDatabase();
    for (const query of [
      'Collection.create({ name: "C", history_days: 30 })',
      'Collection.create({ name: "Gone" })',
      'Gone.create({ id: "9" })',
      'C.create({ id: "1", v: 0 })',
      'C.byId("1")!.update({ to: Gone("9") })',
      'C.create({ id: "2", to: Gone("9") })',
      'C.byId("2")!.update({ to: null })',
      'Collection.byName("Gone")!.delete()',
    ])
      await v10(asked(source), query);
    const archive = await exported(source);
    const { target, report } = await restored(archive);
    expect(report.documents).toMatchObject({ refused: 1, written: 1 });
    expect(report.history).toMatchObject({ read: 2, written: 0, refused: 1, leftOut: 1 });
    expect(note(report.notes, "history_refused")).toEqual({ count: 1, examples: ["2"] });
    expect(await v10(asked(target), "C.all().map(.id).toArray()")).toBe('["2"]');
    const both = await restored(archive, { restoreDeletedRefs: true });
    expect(both.report.history).toMatchObject({ read: 2, written: 2, refused: 0 });
    expect((await eventsOf(both.target, "2"))[0]).toContain('"Gone"');
  });
});

describe("passwords inside of past versions", () => {
  it("are in the archive only when secrets were asked for", async () => {
    const source = await built('C.create({ id: "1", n: 3 })', 'C.byId("1")!.update({ n: 4 })');
    const wire = new HttpTransport({ endpoint: new URL(bench.endpoint) });
    const withPasswords = connect({
      ...asked(source),
      transport: {
        async send(request) {
          const answer = await wire.send(request);
          const text = answer.text.replaceAll(
            '"data":{"n":3}',
            (data) => `${data},"credentials":{"hashed_password":"$2a$05$"}`,
          );
          return { ...answer, text };
        },
        close: () => wire.close(),
      },
    });
    onTestFinished(() => withPasswords.close());
    const target = new MemoryStore();
    const uncompressed = { history: true, compression: "none" } as const;
    const report = await exportDatabase({ source: withPasswords, target, ...uncompressed });
    expect(note(report.notes, "credentials")).toMatchObject({ count: 1 });
    for (const bytes of (await contents(target)).values())
      expect(bytes.includes("hashed_password")).toBe(false);
    const secret = new MemoryStore();
    const secrets = { secrets: true, plaintextSecrets: true };
    await exportDatabase({ source: withPasswords, target: secret, ...uncompressed, ...secrets });
    const bytes = [...(await contents(secret)).values()];
    expect(
      bytes.some((each) =>
        each.includes('"action":"create","data":{"n":3},"extra":{"credentials"'),
      ),
    ).toBe(true);
  });
});

describe("an archive with history", () => {
  it("may be encrypted, manifest and all", async () => {
    const source = await built(
      'C.create({ id: "1", v: "secret words" })',
      'C.byId("1")!.update({ v: 1 })',
    );
    const archive = await exported(source, {
      encryption: { ...recipients, encryptManifest: true },
    });
    for (const bytes of (await contents(archive)).values())
      expect(bytes.includes("secret words")).toBe(false);
    const { target } = await restored(archive, { unlock: identity });
    expect(await eventsOf(target, "1")).toEqual(await eventsOf(source, "1"));
    const report = await verifyArchive({ archive, unlock: identity, against: target });
    expect(report).toMatchObject({ equal: true, versions: 1 });
  });

  it("may hold child databases, each with its past", async () => {
    const source = await built('C.create({ id: "1", v: 0 })', 'C.byId("1")!.update({ v: 1 })');
    const child = await createDatabase(source, "below");
    await child.v10('Collection.create({ name: "C", history_days: 9 })');
    await child.v10('C.create({ id: "5", v: 0 })');
    await child.v10('C.byId("5")!.delete()');
    const archive = await exported(source, { recursive: true });
    const { target, report } = await restored(archive);
    expect(report.history).toMatchObject({ read: 3, written: 3 });
    const below = {
      endpoint: bench.endpoint,
      secret: `${bench.secret}:${target.path}/below:admin`,
    };
    const there = {
      endpoint: bench.endpoint,
      secret: `${bench.secret}:${source.path}/below:admin`,
    };
    const document = { ref: { collection: "C" }, id: "5" };
    expect(await events(below, document)).toEqual(await events(there, document));
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
  });

  it("says so to show, and diff says that it does not compare it", async () => {
    const source = await built('C.create({ id: "1", v: 0 })', 'C.byId("1")!.update({ v: 1 })');
    const archive = await exported(source);
    const shown = await showArchive(archive);
    expect(shown.collections).toMatchObject([{ name: "C", documents: 1, versions: 1 }]);
    expect(await showCollection(archive, "C")).toMatchObject({
      history: { versions: 1, segments: [{ records: 1 }] },
    });
    const { equal, notCompared } = await diffDatabases({ a: archive, b: source });
    expect(equal).toBe(true);
    expect(notCompared).toContainEqual(
      expect.objectContaining({ what: "past versions and deletions" }),
    );
  });

  it("is refused of a database that has v4 switched off, before anything is written", async () => {
    const source = await built('C.create({ id: "1" })');
    await using only = new V10Only(bench.endpoint, bench.secretOf(source));
    const target = new MemoryStore();
    const exporting = exportDatabase({ source: only.connection, target, history: true });
    await expect(exporting).rejects.toMatchObject({ code: "ERR_USAGE" });
    expect((await contents(target)).size).toBe(0);
  });

  it("is refused of a schema alone", async () => {
    const source = await built();
    const target = new MemoryStore();
    const exporting = exportDatabase({ source, target, history: true, schemaOnly: true });
    await expect(exporting).rejects.toMatchObject({ code: "ERR_USAGE", place: "--history" });
  });

  it("ends at its snapshot, also when that is a past moment", async () => {
    const source = await built('C.create({ id: "1", v: 0 })', 'C.byId("1")!.update({ v: 1 })');
    const times = timesOf(await eventsOf(source, "1"));
    await v10(asked(source), 'C.byId("1")!.update({ v: 2 })');
    await v10(asked(source), 'C.byId("1")!.delete()');
    const archive = await exported(source, { at: times[1]! });
    const { target, report } = await restored(archive);
    expect(report.history).toMatchObject({ written: 1 });
    expect(await eventsOf(target, "1")).toEqual((await eventsOf(source, "1")).slice(0, 2));
  });

  it("calls what was renamed since by its name of then", async () => {
    const source = await built(
      'Collection.create({ name: "Other", history_days: 30 })',
      'C.create({ id: "1", to: Other("5") })',
      'C.byId("1")!.update({ to: Other("6") })',
    );
    const times = timesOf(await eventsOf(source, "1"));
    const then = await eventsOf(source, "1");
    await v10(asked(source), 'Collection.byName("C")!.update({ name: "D" })');
    await v10(asked(source), 'Collection.byName("Other")!.update({ name: "Another" })');
    const archive = await exported(source, { at: times[1]! });
    const { target, report } = await restored(archive);
    expect(report.history).toMatchObject({ written: 1 });
    expect(await eventsOf(target, "1")).toEqual(then);
  });
});
