/**
 * Imports into a database that holds the same schema and some documents: every policy, with versions and deletions that
 * are older and newer than the archive's. What is there afterwards is read by the independent reader.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { type Connection, pushSchema } from "../../src/fauna/fauna.ts";
import {
  type ConflictPolicy,
  importArchive,
  type ImportOptions,
  planImport,
} from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Bench } from "../support/bench.ts";
import { insert } from "../support/sample-databases.ts";

let bench: Bench;
let source: Connection;
const archive = new MemoryStore();

/** The archive's documents are of this time, but for those that v10 wrote. */
const TS = 1_700_000_000_000_000n;
const OLDER = TS - 1_000_000n;
const NEWER = TS + 1_000_000n;
const FSL = "collection C {\n  n: Any\n  *: Any\n}\n";

/** The archive's documents by id. */
const DATA: Readonly<Record<string, string>> = {
  "1": '{"n":"absent in the target"}',
  "2": '{"n":"the same"}',
  "3": '{"n":"other and newer in the target"}',
  "4": '{"n":"other and older in the target"}',
  "5": '{"n":"deleted in the target just now"}',
  "6": '{"n":{"@double":"NaN"},"s":"NaN"}',
  "7": '{"n":"the same, newer in the target"}',
  "8": '{"n":"the same, older in the target"}',
  "9": '{"n":"with a ttl in the target"}',
};

beforeAll(async () => {
  bench = await Bench.start();
  source = await bench.emptyDatabase();
  await pushSchema(source, [{ filename: "main.fsl", content: FSL }], { override: true });
  for (const [id, data] of Object.entries(DATA)) await insert(source, "C", id, data, { ts: TS });
  await insert(source, "C", "10", '{"n":"with a ttl"}', { ts: TS, ttl: "2999-01-01T00:00:00Z" });
  await source.v10('C.create({ id: "11", n: [null, 1, [null]] })');
  await exportDatabase({ source, target: archive });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A database of the same schema with something under each id of the archive, as the archive's texts say. */
async function occupied(): Promise<Connection> {
  const target = await bench.emptyDatabase();
  await pushSchema(target, [{ filename: "main.fsl", content: FSL }], { override: true });
  await insert(target, "C", "2", DATA["2"]!, { ts: TS });
  await insert(target, "C", "3", '{"n":"target 3"}', { ts: NEWER });
  await insert(target, "C", "4", '{"n":"target 4"}', { ts: OLDER });
  await insert(target, "C", "5", '{"n":"target 5"}', { ts: OLDER });
  await target.v10('C.byId("5")!.delete()');
  await insert(target, "C", "6", '{"n":"NaN","s":"NaN"}', { ts: NEWER });
  await insert(target, "C", "7", DATA["7"]!, { ts: NEWER });
  await insert(target, "C", "8", DATA["8"]!, { ts: OLDER });
  await insert(target, "C", "9", DATA["9"]!, { ts: OLDER, ttl: "2999-01-01T00:00:00Z" });
  await target.v10('C.create({ id: "11", n: [1, []] })');
  await insert(target, "C", "99", '{"n":"only in the target"}', { ts: OLDER });
  return target;
}

/** Each document as both protocols print it, its time put beside its id. */
async function documents(database: Connection): Promise<Map<string, string>> {
  const { documents: all } = await bench.read(database);
  return new Map([...all].map(([key, text]) => [key.slice(2), text]));
}

const imports = (
  target: Connection,
  onConflict: ConflictPolicy,
  more: Partial<ImportOptions> = {},
) => importArchive({ source: archive, target, onConflict, batchDocuments: 4, ...more });

const withoutTs = (text: string | undefined) =>
  text?.replaceAll(/"ts":(\d+|\{"@time":"[^"]*"\})/g, '"ts":…');

/** Ids under which the target shows just what the source does, `ts` and all. */
async function exactly(target: Connection): Promise<string[]> {
  const [mine, theirs] = [await documents(source), await documents(target)];
  return [...mine].filter(([id, text]) => theirs.get(id) === text).map(([id]) => id);
}

/** Ids under which it shows the same but for `ts`. */
async function alike(target: Connection): Promise<string[]> {
  const [mine, theirs] = [await documents(source), await documents(target)];
  return [...mine]
    .filter(([id, text]) => withoutTs(theirs.get(id)) === withoutTs(text))
    .map(([id]) => id);
}

describe("an import into a database that holds documents", () => {
  it("is refused unless it is said what becomes of conflicts", async () => {
    const target = await occupied();
    const before = await bench.read(target);
    await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      hint: expect.stringContaining("--on-conflict"),
    });
    expect(await bench.read(target)).toEqual(before);
  });

  it("with `fail` changes nothing and names the conflicts, deletions among them", async () => {
    const target = await occupied();
    const before = await bench.read(target);
    await expect(imports(target, "fail")).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      details: {
        conflicts: [{ collection: "C", count: 6, examples: ["3", "4", "5", "6", "9", "11"] }],
      },
    });
    expect(await bench.read(target)).toEqual(before);
  });

  it("with `fail` and without conflicts writes what is not there", async () => {
    const target = await bench.emptyDatabase();
    await pushSchema(target, [{ filename: "main.fsl", content: FSL }], { override: true });
    await insert(target, "C", "2", DATA["2"]!, { ts: TS });
    await insert(target, "C", "99", '{"n":"only in the target"}');
    const { conflicts } = await imports(target, "fail");
    expect(conflicts).toMatchObject({ same: 1, created: 10, replaced: 0, kept: 0, deleted: 0 });
    expect(await alike(target)).toHaveLength(11);
    expect((await documents(target)).has("99")).toBe(true);
  });

  it("with `skip` leaves everything that is there or was deleted since, and writes the rest", async () => {
    const target = await occupied();
    const before = await documents(target);
    const { conflicts, documents: counted } = await imports(target, "skip");
    expect(conflicts).toMatchObject({ same: 3, otherTs: 2, created: 2, replaced: 0, kept: 6 });
    expect(counted).toMatchObject({ read: 11, written: 2, newTs: 0 });
    const after = await documents(target);
    for (const [id, text] of before) expect(after.get(id), id).toBe(text);
    expect([...after.keys()].filter((id) => !before.has(id)).toSorted()).toEqual(["1", "10"]);
  });

  it("with `newer` takes whichever is newer, and a deletion is as new as its time", async () => {
    const target = await occupied();
    const { conflicts, notes } = await imports(target, "newer");
    expect(conflicts).toMatchObject({ same: 2, created: 2, replaced: 3, kept: 4 });
    const exact = await exactly(target);
    expect(exact).toEqual(["1", "2", "4", "8", "9", "10"]);
    const after = await documents(target);
    expect(after.get("3")).toContain("target 3");
    expect(after.has("5")).toBe(false);
    expect(after.get("9")).not.toContain('"ttl":');
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "kept", count: 4, examples: ["3", "5", "6", "11"] }),
    );
  });

  it("with `replace` shows the archive's documents, with their ts where no newer version or deletion hides it", async () => {
    const target = await occupied();
    const { conflicts, notes, documents: counted } = await imports(target, "replace");
    expect(conflicts).toMatchObject({ same: 2, otherTs: 1, created: 3, replaced: 6, kept: 0 });
    expect(await alike(target)).toHaveLength(11);
    expect(await exactly(target)).toEqual(["1", "2", "4", "8", "9", "10"]);
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "as_of_now", examples: ["3", "5", "6", "11"] }),
    );
    expect(counted.newTs).toBe(4);
    expect((await documents(target)).get("11")).toContain("[null,");
    expect((await documents(target)).has("99")).toBe(true);
  });

  it.each(["skip", "newer", "replace"] as const)(
    "with `%s` once more changes nothing",
    async (policy) => {
      const target = await occupied();
      await imports(target, policy);
      const before = await bench.read(target);
      const { conflicts, documents: counted } = await imports(target, policy);
      expect(conflicts).toMatchObject({ created: 0, replaced: 0, deleted: 0 });
      expect(counted.written).toBe(0);
      expect(await bench.read(target)).toEqual(before);
    },
  );

  it("says in a dry run what it would do, and writes nothing", async () => {
    const target = await occupied();
    const before = await bench.read(target);
    const { steps } = await planImport({ source: archive, target, onConflict: "newer" });
    expect(steps.map(({ title }) => title)).toEqual([
      "leave 2 documents, which the target has",
      "keep the target's state of 4 documents",
      "write 2 documents",
      "replace 3 documents",
      "compare again",
    ]);
    expect(await bench.read(target)).toEqual(before);
  });
});

describe("a mirror", () => {
  it("is not made before it is said how many documents that deletes", async () => {
    const target = await occupied();
    const before = await bench.read(target);
    const mirror = { deleteExtra: true };
    await expect(imports(target, "replace", mirror)).rejects.toMatchObject({
      code: "ERR_USAGE",
      message: expect.stringContaining("C 99"),
      hint: expect.stringContaining("--confirm-delete 1"),
    });
    await expect(imports(target, "replace", { ...mirror, confirmDelete: 2 })).rejects.toMatchObject(
      { code: "ERR_USAGE" },
    );
    expect(await bench.read(target)).toEqual(before);
  });

  it("holds the archive's documents and no others, and made once more changes nothing", async () => {
    const target = await occupied();
    const mirror = { deleteExtra: true, confirmDelete: 1 };
    const { conflicts, notes } = await imports(target, "replace", mirror);
    expect(conflicts).toMatchObject({ deleted: 1 });
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "deleted", count: 1, examples: ["99"] }),
    );
    const after = await bench.read(target);
    expect([...after.documents.keys()]).toHaveLength(11);
    expect(await alike(target)).toHaveLength(11);
    expect((await imports(target, "replace", mirror)).conflicts).toMatchObject({ deleted: 0 });
    expect(await bench.read(target)).toEqual(after);
  });

  it("needs a policy for conflicts", async () => {
    const target = await occupied();
    await expect(
      importArchive({ source: archive, target, deleteExtra: true }),
    ).rejects.toMatchObject({ code: "ERR_USAGE" });
  });
});

describe("the target's schema", () => {
  it("is left alone, and refused when it is another, with the differences", async () => {
    const target = await bench.emptyDatabase();
    const content = "collection C {\n  n: Any\n  *: Any\n  unique [.n]\n}\ncollection More {\n}\n";
    await pushSchema(target, [{ filename: "main.fsl", content }], { override: true });
    await expect(imports(target, "skip")).rejects.toMatchObject({
      code: "ERR_SCHEMA",
      details: { differences: ["collection C is different"] },
      hint: expect.stringContaining("--data-only"),
    });
    await imports(target, "skip", { dataOnly: true });
    expect(await alike(target)).toHaveLength(11);
    expect([...(await bench.read(target)).files.values()]).toEqual([content]);
  });

  it("has to have the collections, even for documents alone", async () => {
    const target = await bench.emptyDatabase();
    await expect(imports(target, "skip", { dataOnly: true })).rejects.toMatchObject({
      code: "ERR_SCHEMA",
      details: { differences: ["collection C is missing"] },
    });
  });

  it("with ttl_days is refused before anything is written, as documents without a ttl would get one", async () => {
    const target = await bench.emptyDatabase();
    const content = FSL.replace("}\n", "  ttl_days 3\n}\n");
    await pushSchema(target, [{ filename: "main.fsl", content }], { override: true });
    await expect(imports(target, "skip", { dataOnly: true })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("ttl_days"),
    });
    expect((await documents(target)).size).toBe(0);
  });

  it("that an unfinished import has left is not taken for one that fits", async () => {
    const target = await bench.emptyDatabase();
    const stop = new AbortController();
    const run = importArchive({
      source: archive,
      target,
      signal: stop.signal,
      onProgress: ({ phase }) => {
        if (phase === "documents") stop.abort(new Error("stopped"));
      },
    });
    await expect(run).rejects.toThrow("stopped");
    await expect(imports(target, "skip")).rejects.toMatchObject({ code: "ERR_TARGET_NOT_EMPTY" });
  });
});

it("an import that somebody writes into is not proven", async () => {
  const target = await occupied();
  let writing: Promise<unknown> | undefined;
  const run = imports(target, "replace", {
    window: 1,
    onProgress: ({ phase, done }) => {
      if (phase === "documents" && done >= 11)
        writing ??= insert(target, "C", "1", '{"n":"somebody"}', { ts: NEWER });
    },
  });
  await expect(run).rejects.toMatchObject({ code: "ERR_MISMATCH", details: { ids: ["1"] } });
  await writing;
});
