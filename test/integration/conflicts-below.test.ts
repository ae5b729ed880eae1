/**
 * Imports over documents that are there, in a database and those below it: what a policy says holds in each, and nothing
 * is written anywhere before all of them were looked at. What is there afterwards is read by the independent reader.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { type Connection, scoped } from "../../src/fauna/fauna.ts";
import { importArchive, type ImportOptions, planImport } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;
const archive = new MemoryStore();

const TS = 1_700_000_000_000_000n;
const OLDER = TS - 1_000_000n;
const NEWER = TS + 1_000_000n;
const PATHS = ["", "shop", "shop/north"] as const;

beforeAll(async () => {
  bench = await Bench.start();
  const source = await tree();
  for (const path of PATHS) {
    const database = await at(source, path);
    for (const id of ["1", "2", "3", "4"]) {
      await insert(database, "C", id, `{"n":"archive ${path} ${id}"}`, { ts: TS });
    }
  }
  await exportDatabase({ source, target: archive, recursive: true });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A database with one below it, and one below that, each with the same collection. */
async function tree(): Promise<Connection> {
  const top = await bench.emptyDatabase();
  await top.v10('Database.create({ name: "shop" })');
  await (await at(top, "shop")).v10('Database.create({ name: "north" })');
  for (const path of PATHS) await (await at(top, path)).v10('Collection.create({ name: "C" })');
  return top;
}

function at(top: Connection, path: string): Promise<Connection> {
  return scoped(top, path);
}

/** In each database: 1 is missing, 2 the same, 3 newer, 4 older than the archive's, 99 nowhere else. */
async function occupied(): Promise<Connection> {
  const target = await tree();
  for (const path of PATHS) {
    const database = await at(target, path);
    await insert(database, "C", "2", `{"n":"archive ${path} 2"}`, { ts: TS });
    await insert(database, "C", "3", '{"n":"target"}', { ts: NEWER });
    await insert(database, "C", "4", '{"n":"target"}', { ts: OLDER });
    await insert(database, "C", "99", '{"n":"target"}', { ts: OLDER });
  }
  return target;
}

/** Whose document is under each id, `archive` or `target`, in each database, by the independent reader. */
async function owners(target: Connection): Promise<Record<string, Record<string, string>>> {
  const all: Record<string, Record<string, string>> = {};
  for (const path of PATHS) {
    const { documents } = await bench.read(await at(target, path));
    all[path] = Object.fromEntries(
      [...documents].map(([key, text]) => [
        key.slice(2),
        text.includes(`"archive ${path} ${key.slice(2)}"`) ? "archive" : "target",
      ]),
    );
  }
  return all;
}

const inEach = (documents: Record<string, string>) =>
  Object.fromEntries(PATHS.map((path) => [path, documents]));

const imports = (target: Connection, more: Partial<ImportOptions>) =>
  importArchive({ source: archive, target, ...more });

const BEFORE = inEach({ "2": "archive", "3": "target", "4": "target", "99": "target" });

it("with `fail` a conflict anywhere in the tree is found before anything is written", async () => {
  const target = await occupied();
  // The topmost database alone would be without a conflict.
  await insert(target, "C", "3", '{"n":"archive  3"}', { ts: NEWER + 1n });
  await insert(target, "C", "4", '{"n":"archive  4"}', { ts: NEWER + 1n });
  const before = await owners(target);
  await expect(imports(target, { onConflict: "fail" })).rejects.toMatchObject({
    code: "ERR_TARGET_NOT_EMPTY",
    message: expect.stringMatching(/^4 documents .*shop: C 3, shop: C 4, shop\/north: C 3/),
    details: {
      conflicts: [
        { database: "shop", collection: "C", count: 2, examples: ["3", "4"] },
        { database: "shop/north", collection: "C", count: 2, examples: ["3", "4"] },
      ],
    },
  });
  expect(await owners(target)).toEqual(before);
});

it.each([
  ["skip", { "1": "archive", "2": "archive", "3": "target", "4": "target", "99": "target" }],
  ["newer", { "1": "archive", "2": "archive", "3": "target", "4": "archive", "99": "target" }],
  ["replace", { "1": "archive", "2": "archive", "3": "archive", "4": "archive", "99": "target" }],
] as const)(
  "with `%s` every database of the tree shows what the policy says, and once more changes nothing",
  async (onConflict, expected) => {
    const target = await occupied();
    const report = await imports(target, { onConflict });
    expect(await owners(target)).toEqual(inEach(expected));
    expect(report.conflicts?.collections.map(({ database, name }) => [database, name])).toEqual(
      PATHS.map((path) => [path, "C"]),
    );
    expect(report.conflicts).toMatchObject({
      same: 3,
      created: 3,
      replaced: onConflict === "skip" ? 0 : onConflict === "newer" ? 3 : 6,
    });
    const again = await imports(target, { onConflict });
    expect(again.conflicts).toMatchObject({ created: 0, replaced: 0, deleted: 0 });
    expect(await owners(target)).toEqual(inEach(expected));
  },
);

it("what is extra in any of the databases is deleted when the number over all is confirmed", async () => {
  const target = await occupied();
  const mirror = { onConflict: "replace", deleteExtra: true } as const;
  await expect(imports(target, mirror)).rejects.toMatchObject({
    code: "ERR_USAGE",
    hint: expect.stringContaining("--confirm-delete 3"),
  });
  expect(await owners(target)).toEqual(BEFORE);
  const report = await imports(target, { ...mirror, confirmDelete: 3 });
  expect(report.conflicts?.deleted).toBe(3);
  expect(await owners(target)).toEqual(
    inEach({ "1": "archive", "2": "archive", "3": "archive", "4": "archive" }),
  );
});

it("a database that the target lacks is an error before anything is written, and can be left out", async () => {
  const target = await occupied();
  await (await at(target, "shop")).v10('Database.byName("north")!.delete()');
  const one = async () => [...(await bench.read(target)).documents.keys()];
  const before = await one();
  await expect(imports(target, { onConflict: "skip" })).rejects.toMatchObject({
    code: "ERR_SCHEMA",
    message: expect.stringContaining("shop/north"),
    hint: expect.stringContaining("--top-only"),
  });
  expect(await one()).toEqual(before);
  await imports(target, { onConflict: "skip", recursive: false });
  expect(await one()).toEqual(["C/1", "C/2", "C/3", "C/4", "C/99"]);
  expect([...(await bench.read(await at(target, "shop"))).documents.keys()]).toEqual([
    "C/2",
    "C/3",
    "C/4",
    "C/99",
  ]);
});

it("a schema that differs anywhere in the tree is an error before anything is written", async () => {
  const target = await occupied();
  await (await at(target, "shop/north")).v10('Collection.byName("C")!.update({ name: "D" })');
  await expect(imports(target, { onConflict: "skip" })).rejects.toMatchObject({
    code: "ERR_SCHEMA",
    place: expect.stringContaining("shop/north"),
  });
  expect([...(await bench.read(target)).documents.keys()]).toEqual(["C/2", "C/3", "C/4", "C/99"]);
});

it("a dry run counts over all databases and writes nothing", async () => {
  const target = await occupied();
  const plan = await planImport({ source: archive, target, onConflict: "newer" });
  expect(plan.documents).toBe(12);
  expect(plan.steps.map(({ title }) => title)).toEqual([
    "leave 3 documents, which the target has",
    "keep the target's state of 3 documents",
    "write 3 documents",
    "replace 3 documents",
    "compare again",
  ]);
  expect(await owners(target)).toEqual(BEFORE);
});
