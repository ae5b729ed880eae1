/** The past: an export at a time before now holds definitions and documents as they were then. */
import { generateIdentity, identityToRecipient } from "age-encryption";
import { expect, it } from "vitest";
import { openArchive } from "../../src/archive/archive.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { pushSchema, scoped, snapshotTime } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import type { DocumentRecord } from "../../src/values/record.ts";
import { Time } from "../../src/values/time.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { contents } from "../support/archives.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { copyDatabase } from "../../src/copy/copy.ts";
import { V10Only } from "../support/v10-only.ts";
import { recordingTerminal } from "../support/terminal.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { differences, documentsAt } from "../support/independent-reader.ts";
import { buildMixed, buildSchemaRich } from "../support/sample-databases.ts";

async function readAll(store: MemoryStore, collection: string): Promise<DocumentRecord[]> {
  const archive = await openArchive(store);
  const entry = archive.manifest.databases[0]!.collections.find(({ name }) => name === collection)!;
  const all: DocumentRecord[] = [];
  for await (const { records } of archive.records(entry)) all.push(...records);
  return all;
}

const DAY_US = 86_400_000_000n;

/** A clock that people can set forward. */
class SetForward {
  #ahead = 0n;
  readonly now = (): bigint => BigInt(Date.now()) * 1000n + this.#ahead;

  by(us: bigint): void {
    this.#ahead += us;
  }
}

it("an export of the past holds what was there then, whatever has become of it since", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await buildSchemaRich(source);
  const then = await bench.read(source);
  const at = await snapshotTime(source);
  // Documents written, changed and deleted; definitions made, changed and deleted.
  await source.v10(`
    Customer.byId("1")!.update({ vip: false })
    Customer.byId("2")!.delete()
    Order.byId("1000")!.delete()
    Order.create({ id: "777", customer: Customer("1"), total: 1, lines: [] })`);
  await source.v10(`
    Role.byName("staff")!.update({ data: { reviewed: false } })
    AccessProvider.byName("login")!.delete()
    Function.byName("shout")!.update({ body: "(text) => text" })
    Function.create({ name: "later", body: "() => 1" })
    Collection.create({ name: "Later" })
    Collection.byName("Customer")!.update({ history_days: 5 })`);
  await source.v10('Later.create({ id: "1" })');

  const store = new MemoryStore();
  const report = await exportDatabase({ source, target: store, at });
  expect(report.snapshot.ts).toBe(String(at));
  expect(report.notes.map(({ code }) => code)).toContain("fsl_reconstructed");
  expect(report.notes.find(({ code }) => code === "fsl_reconstructed")!.message).toMatch(
    /^FSL reconstructed from the definitions of that time/,
  );
  expect((await verifyArchive({ archive: store })).problems).toEqual([]);
  const { manifest } = await openArchive(store);
  expect(manifest.options["at"]).toBe(Time.fromMicros(at).toString());
  const fsl = [...(await contents(store))].filter(([name]) => name.startsWith("schema/fsl/"));
  expect(fsl.map(([name]) => name)).toEqual(["schema/fsl/main.fsl"]);
  expect(String(fsl[0]![1])).toMatch(/^\/\/ Made by fauna-ark from the definitions of /);

  const target = await bench.emptyDatabase();
  const newTs = withNewTs(await importArchive({ source: store, target }));
  const again = await bench.read(target);
  // Only the files' text is not what it was.
  const others = differences(then, again, newTs).filter((line) => !line.startsWith("files "));
  expect(others).toEqual([]);
});

it("of the same schema the past has the schema files themselves, byte for byte", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await buildSchemaRich(source);
  const then = await bench.read(source);
  const at = await snapshotTime(source);
  await source.v10('Customer.byId("1")!.update({ vip: false })');
  const store = new MemoryStore();
  const report = await exportDatabase({ source, target: store, at });
  expect(report.notes.map(({ code }) => code)).not.toContain("fsl_reconstructed");
  const target = await bench.emptyDatabase();
  const newTs = withNewTs(await importArchive({ source: store, target }));
  expect(differences(then, await bench.read(target), newTs)).toEqual([]);
});

it("documents of the past are those that a query at that time gives", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "C", history_days: 1 })');
  const moments: bigint[] = [];
  for (let n = 0; n < 6; n++) {
    await source.v10(`
      Set.sequence(0, 8).forEach(i => {
        let id = (i * 3 + ${n}).toString()
        let old = C.byId(id)
        if (old.exists()) { if (i % 2 == 0) { old!.delete() } else { old!.update({ n: ${n} }) } }
        else { C.create({ id: id, n: ${n} }) }
      })`);
    moments.push(await snapshotTime(source));
  }
  for (const at of moments) {
    const store = new MemoryStore();
    await exportDatabase({ source, target: store, at });
    const wanted = await documentsAt(bench.endpoint, bench.secretOf(source), "C", String(at));
    const found = await readAll(store, "C");
    expect(found.map(({ id, ts }) => [id, String(ts)])).toEqual(
      [...wanted].map(([id, document]) => [id, (document.get("ts") as { text: string }).text]),
    );
    const { dataText } = await source.v10(
      `at(Time("${Time.fromMicros(at).toString()}")) { C.all().toArray().map(d => [d.id.toString(), d.n]) }`,
    );
    const n = found.map(({ id, dataText: data }) => [id, JSON.parse(data!).n]);
    expect(
      (JSON.parse(dataText) as [string, { "@int": string }][]).map(([id, v]) => [
        id,
        Number(v["@int"]),
      ]),
    ).toEqual(n);
  }
});

it("a collection that was renamed since is exported under its name of then, and so is whatever refers to it", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await buildMixed(source);
  await source.v10('Collection.create({ name: "Friend" })');
  await source.v10('Friend.create({ id: "1", paper: Paper("50"), looks: { "@ref": 1 } })');
  const then = await bench.read(source);
  const at = await snapshotTime(source);
  await source.v10('Collection.byName("Paper")!.update({ name: "Sheet" })');
  await source.v10('Collection.byName("Friend")!.update({ name: "Paper" })');
  const store = new MemoryStore();
  await exportDatabase({ source, target: store, at });
  expect((await readAll(store, "Friend"))[0]!.dataText).toContain('"id":"Paper"');
  const target = await bench.emptyDatabase();
  const newTs = withNewTs(await importArchive({ source: store, target }));
  const others = differences(then, await bench.read(target), newTs);
  expect(others.filter((line) => !line.startsWith("files "))).toEqual([]);
});

it("of a collection that was deleted since the definition is kept, and it is said that its documents are not", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "Stays" }); Collection.create({ name: "Goes" }); Collection.create({ name: "Returns" })',
  );
  await source.v10(
    'Stays.create({ id: "1", to: Goes("5") }); Goes.create({ id: "5" }); Returns.create({ id: "6" })',
  );
  const at = await snapshotTime(source);
  await source.v10('Collection.byName("Goes")!.delete()');
  await source.v10('Collection.byName("Returns")!.delete()');
  await source.v10('Collection.create({ name: "Returns" })');
  await source.v10('Returns.create({ id: "7" })');
  const store = new MemoryStore();
  const report = await exportDatabase({ source, target: store, at });
  expect(report.collections.map(({ name }) => name)).toEqual(["Stays"]);
  expect(report.notes).toContainEqual(
    expect.objectContaining({ code: "deleted_since", count: 2, examples: ["Goes", "Returns"] }),
  );
  expect(report.fidelity.natural.find(({ code }) => code === "deleted_since")).toMatchObject({
    count: 2,
  });
  const target = await bench.emptyDatabase();
  await importArchive({ source: store, target });
  expect(
    (
      await target.v10(
        '[Goes.all().count(), Returns.all().count(), Stays.byId("1")!.to == Goes("5")]',
      )
    ).dataText,
  ).toBe('[{"@int":"0"},{"@int":"0"},true]');
});

it("child databases are exported as they were, under their names of then", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10('Database.create({ name: "one" }); Database.create({ name: "two" })');
  const one = await scoped(source, "one");
  await one.v10('Collection.create({ name: "In" })');
  await one.v10('In.create({ id: "1", n: 1 })');
  const at = await snapshotTime(source);
  await one.v10('In.byId("1")!.update({ n: 2 })');
  await one.v10('Collection.create({ name: "Later" })');
  await source.v10('Database.byName("one")!.update({ name: "uno" })');
  await source.v10('Database.byName("two")!.delete()');
  await source.v10('Database.create({ name: "two" })');
  const store = new MemoryStore();
  const report = await exportDatabase({ source, target: store, at, recursive: true });
  expect(report.databases).toEqual(["one"]);
  expect(report.notes).toContainEqual(
    expect.objectContaining({ code: "databases_deleted_since", examples: ["two"] }),
  );
  const { manifest } = await openArchive(store);
  expect(manifest.databases.map(({ path }) => path)).toEqual([[], ["one"]]);
  expect(
    manifest.databases[1]!.collections.map(({ name, documents }) => [name, documents]),
  ).toEqual([["In", 1]]);
  const target = await bench.emptyDatabase();
  await importArchive({ source: store, target });
  const copy = await scoped(target, "one");
  expect((await copy.v10('In.byId("1")!.n')).dataText).toBe('{"@int":"1"}');
});

it("a time before the history of some collections is refused at once, with each and the earliest time of it", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "Brief" }); Collection.create({ name: "Ample", history_days: 30 })',
  );
  await source.v10('Brief.create({ id: "1" }); Ample.create({ id: "1", n: 1 })');
  const at = await snapshotTime(source);
  await source.v10('Ample.byId("1")!.update({ n: 2 })');
  clock.by(2n * DAY_US);
  const store = new MemoryStore();
  await expect(exportDatabase({ source, target: store, at })).rejects.toMatchObject({
    code: "ERR_SNAPSHOT_EXPIRED",
    message: expect.stringMatching(/: Brief \(not before \d{4}-\d\d-\d\dT[^)]*\)\.$/),
    hint: expect.stringContaining('--exclude "Brief"'),
    details: { unreadable: [{ what: "Brief", oldest: expect.any(String) }] },
  });
  expect([...(await contents(store)).keys()]).toEqual([]);
  const report = await exportDatabase({ source, target: store, at, exclude: ["Brief"] });
  expect(report.documents).toBe(1);
  expect(JSON.parse((await readAll(store, "Ample"))[0]!.dataText!)).toEqual({ n: 1 });
});

it("secrets of the past are refused at once when they are older than a quarter of an hour", async () => {
  const clock = new SetForward();
  await using bench = await Bench.start({ clock: clock.now });
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "Ample", history_days: 30 })');
  const at = await snapshotTime(source);
  clock.by(DAY_US);
  const store = new MemoryStore();
  const asked = { source, target: store, at, secrets: true, plaintextSecrets: true };
  await expect(exportDatabase(asked)).rejects.toMatchObject({
    code: "ERR_SNAPSHOT_EXPIRED",
    message: expect.stringContaining("secrets (not before"),
  });
  expect([...(await contents(store)).keys()]).toEqual([]);
});

it("documents that a later migration has changed are refused, for they show in their newest shape only", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  const push = (content: string) =>
    pushSchema(source, [{ filename: "main.fsl", content }], { override: true });
  await push("collection C {\n  a: Int\n}\ncollection D {}");
  await source.v10('C.create({ id: "1", a: 1 }); D.create({ id: "1" })');
  const at = await snapshotTime(source);
  await push(
    "collection C {\n  a: Int\n  b: Int = 5\n  migrations {\n    add .b\n  }\n}\ncollection D {}",
  );
  const store = new MemoryStore();
  await expect(exportDatabase({ source, target: store, at })).rejects.toMatchObject({
    code: "ERR_SNAPSHOT_EXPIRED",
    message: expect.stringContaining("Documents of C cannot be read as they were"),
    hint: expect.stringContaining('--exclude "C"'),
  });
  const report = await exportDatabase({ source, target: store, at, exclude: ["C"] });
  expect(report.collections.map(({ name }) => name)).toEqual(["D"]);
});

it("a time to come, one before anything was there, and the past before a staged schema are refused", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  const early = await snapshotTime(source);
  await pushSchema(source, [{ filename: "main.fsl", content: "collection C {}" }], {
    override: true,
  });
  const at = await snapshotTime(source);
  const refusal = (moment: bigint) =>
    exportDatabase({ source, target: new MemoryStore(), at: moment });
  await expect(refusal(at + DAY_US)).rejects.toMatchObject({
    code: "ERR_USAGE",
    message: expect.stringContaining("is still to come"),
  });
  await expect(refusal(early)).rejects.toMatchObject({
    code: "ERR_USAGE",
    message: expect.stringContaining("held nothing"),
  });
  await pushSchema(
    source,
    [{ filename: "main.fsl", content: "collection C {}\ncollection D {}" }],
    {
      override: true,
      staged: true,
    },
  );
  await expect(refusal(at)).rejects.toMatchObject({
    code: "ERR_USAGE",
    hint: expect.stringContaining("Commit or abandon"),
  });
});

it("a copy of the past is what an export of it holds, renames and deletions included", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await buildMixed(source);
  const then = await bench.read(source);
  const at = await snapshotTime(source);
  await source.v10('Collection.byName("Paper")!.update({ name: "Sheet" })');
  await source.v10('Collection.create({ name: "Later" })');
  const target = await bench.emptyDatabase();
  const report = await copyDatabase({ source, target, at });
  expect(report.snapshot.ts).toBe(String(at));
  expect(report.notes.map(({ code }) => code)).toContain("fsl_reconstructed");
  const others = differences(then, await bench.read(target), withNewTs(report));
  expect(others.filter((line) => !line.startsWith("files "))).toEqual([]);
});

it("an encrypted archive of the past opens like any other", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "C" })');
  await source.v10('C.create({ id: "1", n: 1 })');
  const at = await snapshotTime(source);
  await source.v10('C.byId("1")!.update({ n: 2 })');
  await source.v10('Collection.create({ name: "Later" })');
  const store = new MemoryStore();
  const identity = await generateIdentity();
  const recipients = [await identityToRecipient(identity)];
  await exportDatabase({ source, target: store, at, encryption: { recipients } });
  const target = await bench.emptyDatabase();
  await importArchive({ source: store, target, unlock: { identities: [identity] } });
  expect((await target.v10('[C.byId("1")!.n, Collection.all().count()]')).dataText).toBe(
    '[{"@int":"1"},{"@int":"1"}]',
  );
});

it.each([
  ["yesterday", "is not a time"],
  ["2026-11-21", "is not a time"],
  ["2026-11-21T09:30:00", "is not a time"],
  ["1795259107", "before there was any Fauna"],
  ["1795259107540", "before there was any Fauna"],
  ["1999-12-31T23:59:59Z", "before there was any Fauna"],
])("the time %s is refused where it is written, with what to write", async (written, message) => {
  const env = { FAUNA_ENDPOINT: "http://127.0.0.1:1", FAUNA_SECRET: "s" };
  const terminal = recordingTerminal({ env });
  const words = ["export", "./nowhere", "--at", written];
  expect(await runCommandLine(words, terminal, { commands: COMMANDS, version: "0" })).toBe(2);
  expect(terminal.stderr).toContain(message);
  expect(terminal.stderr).toContain("where: --at");
  expect(terminal.stderr).toContain("remedy: ");
});

it("the past of a database that has FQL v4 switched off is exported, and what was deleted since is said", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  await source.v10(
    'Collection.create({ name: "Stays" })\nCollection.create({ name: "Goes" })\nCollection.create({ name: "Returns" })',
  );
  await source.v10(
    'Stays.create({ id: "1", n: 1 })\nGoes.create({ id: "5" })\nReturns.create({ id: "6" })',
  );
  const at = await snapshotTime(source);
  await source.v10('Stays.byId("1")!.update({ n: 2 })\nStays.create({ id: "2" })');
  await source.v10('Collection.byName("Goes")!.delete()\nCollection.byName("Returns")!.delete()');
  await source.v10('Collection.create({ name: "Returns" })');
  await using only = new V10Only(bench.endpoint, bench.secretOf(source));
  const store = new MemoryStore();
  const report = await exportDatabase({ source: only.connection, target: store, at });
  expect(report.collections.map(({ name, documents }) => [name, documents])).toEqual([
    ["Stays", 1],
  ]);
  expect(JSON.parse((await readAll(store, "Stays"))[0]!.dataText!)).toEqual({ n: 1 });
  expect(report.notes).toContainEqual(
    expect.objectContaining({ code: "deleted_since", examples: ["Goes", "Returns"] }),
  );
});
