/** What no export and import of a Fauna database can keep: each limit as docs/FIDELITY.md states it. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { roundTrip } from "../support/round-trip.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

it("of a document an archive holds the version of its moment, and none of those before", async () => {
  const { source, copy, after } = await roundTrip(bench, async (database) => {
    await database.v10('Collection.create({ name: "C", history_days: 30 })');
    await insert(database, "C", "1", '{"n":"before"}', { ts: 1_700_000_000_000_000n });
    await database.v10('C.byId("1")!.update({ n: "after" })');
  });
  const events = '{"paginate":{"events":{"ref":{"collection":"C"},"id":"1"}}}';
  expect((await source.v4(events)).text).toContain("before");
  expect((await copy.v4(events)).text).not.toContain("before");
  expect(after.documents.get("C/1")).toContain("after");
});

it("a document that was deleted before the moment is not in an archive, nor is its deletion", async () => {
  const { source, copy } = await roundTrip(bench, async (database) => {
    await database.v10('Collection.create({ name: "C", history_days: 30 })');
    await database.v10('C.create({ id: "1" })');
    await database.v10('C.byId("1")!.delete()');
  });
  const events = '{"paginate":{"documents":{"collection":"C"}},"events":true}';
  expect((await source.v4(events)).text).toContain('"remove"');
  expect((await copy.v4(events)).text).toContain('"data":[]');
});

it("an empty document that v10 made shows `data:{}` in v4, and its copy shows no data, which is the same", async () => {
  const { source, copy, verified } = await roundTrip(bench, async (database) => {
    await database.v10('Collection.create({ name: "C" })');
    await database.v10('C.create({ id: "1" })');
  });
  const [mine, theirs] = await Promise.all(
    [source, copy].map(async (database) => (await database.v10('C.byId("1")')).dataText),
  );
  expect(theirs).toBe(mine);
  expect(verified.equal).toBe(true);
});

it("top-level members beside data and ttl are kept in an archive; no Fauna takes them any more, and an import counts them", async () => {
  const source = join(import.meta.dirname, "../fixtures/golden/v1/none");
  const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
  const target = await bench.emptyDatabase();
  const { notes, fidelity } = await importArchive({ source, target, deadLetterFile });
  expect(notes).toContainEqual(
    expect.objectContaining({ code: "lost_members", count: 1, examples: ["109"] }),
  );
  expect(fidelity.failed).toContainEqual(
    expect.objectContaining({ code: "lost_members", count: 1 }),
  );
});

it("a reference to a function or role that is no more is refused by Fauna, and by an import reported", async () => {
  const database = await bench.emptyDatabase();
  await database.v10(
    'Collection.create({ name: "C" })\nFunction.create({ name: "f", body: "x => x" })',
  );
  const ref = '{"@ref":{"id":"f","collection":{"@ref":{"id":"functions"}}}}';
  await insert(database, "C", "1", `{"a":${ref}}`);
  await database.v10('Function.byName("f")!.delete()');
  const archive = new MemoryStore();
  await exportDatabase({ source: database, target: archive });
  const deadLetterFile = `${await temporaryFolder()}/refused.ndjson`;
  const target = await bench.emptyDatabase();
  const { documents, notes } = await importArchive({ source: archive, target, deadLetterFile });
  expect(documents).toMatchObject({ written: 0, refused: 1 });
  expect(notes).toContainEqual(
    expect.objectContaining({ code: "refused", collection: "C", count: 1, examples: ["1"] }),
  );
});

it("indexes and unique constraints are built anew over what is there, duplicates of old included", async () => {
  const { copy, differences } = await roundTrip(bench, async (database) => {
    await database.v10(
      'Collection.create({ name: "C", constraints: [{ unique: ["n"] }], indexes: { byN: { terms: [{ field: "n" }] } } })',
    );
    await insert(database, "C", "1", '{"n":1}');
    await insert(database, "C", "2", '{"n":1}');
  });
  expect(differences).toEqual([]);
  expect((await copy.v10("C.byN(1).count()")).dataText).toBe('{"@int":"2"}');
});

it("references of v4's definitions to others that are no more are left out, and counted; the definitions grant what they did", async () => {
  const ref = (kind: string, name: string) =>
    `{"@ref":{"id":"${name}","collection":{"@ref":{"id":"${kind}"}}}}`;
  const privilege = (kind: string, name: string, action: string) =>
    `{"resource":${ref(kind, name)},"actions":{"${action}":true}}`;
  const lambda = '{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}';
  const trip = await roundTrip(bench, async (database) => {
    const make = (text: string) => database.v4(`{"do":[${text},null]}`);
    await make('{"create_collection":{"quote":{"name":"kept"}}}');
    await make('{"create_collection":{"quote":{"name":"gone"}}}');
    await make(`{"create_function":{"quote":{"name":"gone_too","body":${lambda}}}}`);
    await make(
      `{"create_index":{"quote":{"name":"both","source":[${ref("collections", "kept")},${ref("collections", "gone")}]}}}`,
    );
    await make(
      `{"create_role":{"quote":{"name":"r","privileges":[${privilege("collections", "kept", "read")},${privilege("collections", "gone", "read")},${privilege("functions", "gone_too", "call")}]}}}`,
    );
    await make('{"delete":{"collection":"gone"}}');
    await make('{"delete":{"function":"gone_too"}}');
  });
  expect(trip.imported.notes).toContainEqual(
    expect.objectContaining({
      code: "lost_references",
      count: 3,
      examples: [
        "roles r: collection gone",
        "roles r: function gone_too",
        "indexes both: collection gone",
      ],
    }),
  );
  const role = JSON.parse(trip.after.definitions.get("roles/r")!) as { privileges: unknown[] };
  expect(role.privileges).toEqual([JSON.parse(privilege("collections", "kept", "read"))]);
  expect(trip.verified.equal).toBe(true);
});
