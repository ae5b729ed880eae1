/** A tree of databases: read at one moment into one archive, and restored below any other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive/archive.ts";
import { type ExportOptions, exportDatabase } from "../../src/export/export.ts";
import { type Connection, pushSchema, scoped } from "../../src/fauna/fauna.ts";
import { importArchive, type ImportReport, planImport } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { type JsonObject, parseJson, printJson } from "../../src/values/json.ts";
import { contents } from "../support/archives.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { buildLegacy, buildMixed } from "../support/sample-databases.ts";

const fault = { on: false, count: 0, at: Infinity };

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start({
    faults: () => (fault.on && ++fault.count === fault.at ? { cut: "after" } : undefined),
  });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Every name that Fauna takes. */
const ODD = "0dd;N+me@1.~%!$-_";

const PATHS = ["a", "a/b", "a/b/c", "a/b/c/d", "Empty", ODD, `${ODD}/a`];

/** A database with those below it, each with something of its own. */
async function tree(): Promise<Connection> {
  const top = await bench.emptyDatabase();
  const make = (parent: Connection, params: string) =>
    parent.v4(`{"do":[{"create_database":{"quote":${params}}},1]}`);
  await fill(top, 1);
  await make(top, '{"name":"a","typechecked":false,"priority":7,"data":{"of":"a","n":1.0}}');
  await make(top, '{"name":"Empty"}');
  await make(top, JSON.stringify({ name: ODD, typechecked: true }));
  const a = await scoped(top, "a");
  await fill(a, 2);
  await make(a, '{"name":"b","data":{"empty":{}}}');
  const b = await scoped(a, "b");
  await buildMixed(b);
  await make(b, '{"name":"c","typechecked":false}');
  const c = await scoped(b, "c");
  await buildLegacy(c);
  await make(c, '{"name":"d"}');
  const d = await scoped(c, "d");
  await fill(d, 4);
  await d.v10('Collection.byName("C")!.update({ history_days: 3, ttl_days: 900 })');
  await c.v10('Database.byName("d")!.update({ protected: true })');
  const odd = await scoped(top, ODD);
  await fill(odd, 5);
  await make(odd, '{"name":"a"}');
  await fill(await scoped(odd, "a"), 6);
  return top;
}

async function fill(database: Connection, n: number): Promise<void> {
  const files = [
    { filename: "main.fsl", content: `collection C {\n  *: Any\n}\nfunction f() { ${n} }\n` },
  ];
  await pushSchema(database, files, { override: true });
  await database.v10(
    `Set.sequence(0, 30).forEach(i => C.create({ id: i.toString(), n: ${n}, i: i }))`,
  );
}

async function archived(
  source: Connection,
  more: Partial<ExportOptions> = {},
): Promise<MemoryStore> {
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive, recursive: true, ...more });
  return archive;
}

/** What differs between two trees, by the reader that shares nothing with the toolkit. */
async function treeDifferences(
  left: Connection,
  right: Connection,
  { notes }: ImportReport,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of ["", ...PATHS]) {
    const [one, other] = await Promise.all([at(left, path), at(right, path)]);
    const newTs = withNewTs({
      notes: notes.filter(({ database }) => database.join("/") === path),
    });
    const texts = differences(await bench.read(one), await bench.read(other), newTs);
    found.push(...texts.map((text) => `${path}: ${text}`));
    const [these, those] = await Promise.all([childrenOf(one), childrenOf(other)]);
    if (these !== those) found.push(`${path} children: ${these} ${those}`);
  }
  return found;
}

function at(top: Connection, path: string): Promise<Connection> {
  return scoped(top, path);
}

/** The child databases as v4 prints them, without what is each one's own. */
async function childrenOf(database: Connection): Promise<string> {
  const { text } = await database.v4(
    '{"map":{"lambda":"r","expr":{"merge":{"get":{"var":"r"}},"with":{"object":{"ts":0,"global_id":0}}}},"collection":{"paginate":{"databases":null}}}',
  );
  return printJson((parseJson(text) as JsonObject).get("resource")!);
}

describe("a tree of databases", () => {
  it("comes back whole below another database, however deep and oddly named", async () => {
    const source = await tree();
    const archive = new MemoryStore();
    const exported = await exportDatabase({ source, target: archive, recursive: true });
    expect(exported.databases.toSorted()).toEqual(PATHS.toSorted());
    expect(exported.notes.filter(({ code }) => code === "child_databases")).toEqual([]);

    const target = await bench.emptyDatabase();
    const imported = await importArchive({ source: archive, target });
    expect(imported.databases.toSorted()).toEqual(PATHS.toSorted());
    expect(imported.documents).toMatchObject({
      read: exported.documents,
      written: exported.documents,
      refused: 0,
    });
    expect(imported.collections.map(({ database, name }) => `${database} ${name}`)).toEqual(
      expect.arrayContaining([" C", "a C", "a/b/c/d C", `${ODD} C`, `${ODD}/a C`]),
    );
    expect(await treeDifferences(source, target, imported)).toEqual([]);
    // Its copy's archive holds the same again.
    const again = (await openArchive(await archived(target))).manifest;
    const { manifest } = await openArchive(archive);
    expect(again.totals.documents).toBe(manifest.totals.documents);
    expect(again.databases.map(prints)).toEqual(manifest.databases.map(prints));
  });

  it("is one archive with one manifest, each database in a folder below its parent's", async () => {
    const archive = await archived(await tree());
    const { manifest } = await openArchive(archive);
    expect(manifest.databases[0]!.path).toEqual([]);
    expect(manifest.totals.databases).toBe(PATHS.length + 1);
    for (const { path, folder } of manifest.databases) {
      const parent = manifest.databases.find(
        (each) => JSON.stringify(each.path) === JSON.stringify(path.slice(0, -1)),
      );
      if (path.length > 0) expect(folder.startsWith(`${parent!.folder}databases/`)).toBe(true);
    }
    const names = [...(await contents(archive)).keys()];
    expect(names.filter((name) => name.endsWith("manifest.json"))).toEqual(["manifest.json"]);
  });

  it("is read at one moment, whatever is written to any of its databases meanwhile", async () => {
    const source = await tree();
    const d = await scoped(source, "a/b/c/d");
    let writing: Promise<unknown> | undefined;
    const archive = await archived(source, {
      onProgress: ({ phase }) => {
        if (phase !== "documents") return;
        writing ??= d.v10("C.all().forEach(doc => doc.update({ n: 99 }))\nC.create({ n: 100 })");
      },
    });
    await writing;
    const opened = await openArchive(archive);
    const texts: string[] = [];
    const path = ["a", "b", "c", "d"];
    for await (const { records } of opened.records(opened.collection("C", path)))
      texts.push(...records.map(({ dataText }) => dataText!));
    expect(texts).toHaveLength(30);
    expect(texts.every((text) => text.includes('"n":4'))).toBe(true);
  });

  it("is planned without anything being written, each step with its database", async () => {
    const archive = await archived(await tree());
    const target = await bench.emptyDatabase();
    const { steps, documents } = await planImport({ source: archive, target });
    const titles = steps.map(({ title }) => title);
    expect(titles.indexOf("create the database a")).toBeLessThan(
      titles.indexOf("create the database a/b"),
    );
    expect(titles).toContain("a/b/c/d: push the schema files (1)");
    expect(titles.at(-1)).toBe("protect the database a/b/c/d");
    expect(documents).toBeGreaterThan(5 * 30);
    expect(await childrenOf(target)).toBe('{"data":[]}');
  });

  it("chooses collections by globs in all of its databases", async () => {
    const source = await tree();
    const report = await exportDatabase({
      source,
      target: new MemoryStore(),
      recursive: true,
      collections: ["po*"],
    });
    expect(report.collections.map(({ database, name }) => `${database} ${name}`)).toEqual([
      "a/b/c po-sts%1~+@!;$.",
      "a/b/c posts",
    ]);
    const none = exportDatabase({
      source,
      target: new MemoryStore(),
      recursive: true,
      collections: ["nowhere"],
    });
    await expect(none).rejects.toMatchObject({ code: "ERR_USAGE", place: "nowhere" });
  });

  it("can be of documents alone, below databases that get Fauna's defaults", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Database.create({ name: "k", priority: 3 })');
    await fill(await scoped(source, "k"), 1);
    const archive = await archived(source, { dataOnly: true });
    const target = await bench.emptyDatabase();
    const { documents } = await importArchive({ source: archive, target });
    expect(documents.written).toBe(30);
    const { dataText } = await (await scoped(target, "k")).v10("C.all().count()");
    expect(dataText).toContain('"30"');
  });
});

function prints({ path, collections }: { path: string[]; collections: readonly object[] }) {
  return {
    path,
    collections: (collections as { name: string; fingerprint: { content: string } }[]).map(
      ({ name, fingerprint }) => [name, fingerprint.content],
    ),
  };
}

describe("verify --against", () => {
  it("compares every database of the tree, and says in which one what differs", async () => {
    const archive = await archived(await tree());
    const target = await bench.emptyDatabase();
    await importArchive({ source: archive, target });
    const equal = await verifyArchive({ archive, against: target });
    expect(equal.against!.definitions).toEqual([]);
    expect(equal.equal).toBe(true);
    expect(new Set(equal.against!.collections.map(({ database }) => database))).toEqual(
      new Set(["", ...PATHS].filter((path) => path !== "Empty")),
    );

    await target.v10('Database.create({ name: "beside" })');
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
    await target.v10(`Database.byName("a")!.update({ priority: 8 })`);
    await (await scoped(target, "a/b/c/d")).v10('C.byId("5")!.update({ n: 0 })');
    await target.v10(`Database.byName(${JSON.stringify(ODD)})!.delete()`);
    const { against } = await verifyArchive({ archive, against: target });
    expect(against!.collections.filter((each) => !each.equal)).toMatchObject([
      { database: "a/b/c/d", name: "C", counts: { different: 1 } },
      { database: ODD, name: "C", counts: { missing: 30 } },
      { database: `${ODD}/a`, name: "C", counts: { missing: 30 } },
    ]);
    expect(against!.definitions).toEqual(
      expect.arrayContaining([
        { database: "", kind: "databases", name: "a", how: "different", members: ["priority"] },
        { database: "", kind: "databases", name: ODD, how: "missing", members: [] },
        { database: ODD, kind: "databases", name: "a", how: "missing", members: [] },
      ]),
    );
  });
});

describe("databases that come and go during an export", () => {
  const during = async (source: Connection, work: () => Promise<unknown>) => {
    let done: Promise<unknown> | undefined;
    const archive = new MemoryStore();
    const exporting = exportDatabase({
      source,
      target: archive,
      recursive: true,
      onProgress: ({ phase }) => {
        if (phase === "documents") done ??= work();
      },
    });
    const result = await exporting.then(
      (report) => ({ report, error: undefined }),
      (error: unknown) => ({ report: undefined, error }),
    );
    await done;
    return { ...result, archive };
  };

  it("end it when one is deleted, with an error and no manifest", async () => {
    const source = await tree();
    const { error, archive } = await during(source, () =>
      source.v10(`Database.byName("a")!.delete()`),
    );
    expect(error).toMatchObject({ code: "ERR_TRY_AGAIN" });
    expect([...(await contents(archive)).keys()]).not.toContain("manifest.json");
  });

  it("end it when one is deleted and made again", async () => {
    const source = await bench.emptyDatabase();
    await fill(source, 1);
    await source.v10('Database.create({ name: "Empty" })');
    const { error } = await during(source, async () => {
      await source.v10('Database.byName("Empty")!.delete()');
      await source.v10('Database.create({ name: "Empty" })');
    });
    expect(error).toMatchObject({ code: "ERR_TRY_AGAIN", place: "Empty" });
  });

  it("are not in it when they were made after its moment", async () => {
    const source = await tree();
    const { report } = await during(source, () => source.v10('Database.create({ name: "late" })'));
    expect(report!.databases.toSorted()).toEqual(PATHS.toSorted());
  });
});

describe("without --recursive", () => {
  it("child databases are left out of an archive, with a note", async () => {
    const { databases, notes } = await exportDatabase({
      source: await tree(),
      target: new MemoryStore(),
    });
    expect(databases).toEqual([]);
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "child_databases", count: 3, database: [] }),
    );
  });
});

describe("an import of a tree", () => {
  it("leaves the databases below out when asked, with a note", async () => {
    const archive = await archived(await tree());
    const target = await bench.emptyDatabase();
    const report = await importArchive({ source: archive, target, recursive: false });
    expect(report.databases).toEqual([]);
    expect(report.documents.written).toBe(30);
    expect(report.notes).toContainEqual(
      expect.objectContaining({ code: "child_databases", count: PATHS.length }),
    );
    expect(await childrenOf(target)).toBe('{"data":[]}');
  });

  it("is refused, before anything is written, when a child of the target is not empty", async () => {
    const archive = await archived(await tree());
    const target = await bench.emptyDatabase();
    await target.v10('Database.create({ name: "a" })');
    await (await scoped(target, "a")).v10('Database.create({ name: "b" })');
    await (await scoped(target, "a/b")).v10('Collection.create({ name: "Mine" })');
    await expect(importArchive({ source: archive, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("Mine") as unknown,
    });
    expect(await bench.definitionsOf(target)).toEqual([]);
  });

  it("uses children of the target that are empty, and leaves others alone", async () => {
    const source = await tree();
    const archive = await archived(source);
    const target = await bench.emptyDatabase();
    await target.v10('Database.create({ name: "a", typechecked: true })');
    await target.v10('Database.create({ name: "mine" })');
    await fill(await scoped(target, "mine"), 8);
    const report = await importArchive({ source: archive, target });
    expect((await childrenOf(target)).includes('"name":"mine"')).toBe(true);
    await target.v10('Database.byName("mine")!.delete()');
    expect(await treeDifferences(source, target, report)).toEqual([]);
  });

  it("puts each database's refused documents into a file of its own", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Database.create({ name: "k" })');
    for (const database of [source, await scoped(source, "k")]) {
      await database.v4('{"create_collection":{"object":{"name":"c"}}}');
      await database.v4('{"create_collection":{"object":{"name":"gone"}}}');
      await database.v4(
        '{"create":{"ref":{"collection":"c"},"id":"7"},"params":{"object":{"data":{"object":{"to":{"ref":{"collection":"gone"},"id":"1"}}}}}}',
      );
      await database.v4('{"do":[{"delete":{"collection":"gone"}},1]}');
    }
    const archive = await archived(source);
    const folder = await temporaryFolder();
    const target = await bench.emptyDatabase();
    const report = await importArchive({
      source: archive,
      target,
      deadLetterFile: `${folder}/refused.ndjson`,
    });
    expect(report.documents.refused).toBe(2);
    expect(report.deadLetterFiles).toEqual([
      `${folder}/refused.ndjson`,
      `${folder}/refused.k.ndjson`,
    ]);
  });

  it("is finished by --continue, whichever request was cut", async () => {
    const source = await bench.emptyDatabase();
    await fill(source, 1);
    await source.v10('Database.create({ name: "k", typechecked: false })');
    const k = await scoped(source, "k");
    await fill(k, 2);
    await k.v10('Collection.byName("C")!.update({ ttl_days: 900 })');
    await k.v10('Database.create({ name: "l" })');
    await fill(await scoped(k, "l"), 3);
    await source.v10('Database.byName("k")!.update({ protected: true })');
    const archive = await archived(source);
    const counted = async (cutAt: number, work: () => Promise<unknown>) => {
      Object.assign(fault, { on: true, count: 0, at: cutAt });
      try {
        await work();
      } finally {
        fault.on = false;
      }
      return fault.count;
    };
    const options = { source: archive, window: 1, batchDocuments: 20 };
    const empty = await bench.emptyDatabase();
    const requests = await counted(Infinity, () => importArchive({ ...options, target: empty }));
    for (let cutAt = 1; cutAt <= requests; cutAt++) {
      const target = await bench.emptyDatabase();
      const cut = await counted(cutAt, () => importArchive({ ...options, target })).then(
        () => false,
        () => true,
      );
      if (cut) {
        const began = (await bench.definitionsOf(target)).length > 0;
        await importArchive({ ...options, target, continue: began }).catch((error: unknown) => {
          // The last request had taken effect: nothing was unfinished.
          expect([cutAt >= requests - 5, error]).toMatchObject([
            true,
            { code: "ERR_TARGET_NOT_EMPTY" },
          ]);
        });
      }
      for (const path of ["", "k", "k/l"]) {
        const texts = differences(
          await bench.read(await at(source, path)),
          await bench.read(await at(target, path)),
        );
        expect([cutAt, path, texts]).toEqual([cutAt, path, []]);
      }
      expect(await childrenOf(target)).toBe(await childrenOf(source));
    }
  });
});
