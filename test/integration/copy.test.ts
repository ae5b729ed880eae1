/** A copy from database to database is what an export and an import of it would have made, at one moment. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyDatabase, type CopyOptions, planCopy } from "../../src/copy/copy.ts";
import { type Connection, pushSchema } from "../../src/fauna/fauna.ts";
import { createDatabase } from "../../src/import/import.ts";
import { stringify } from "../conformance/corpus/lib/json.mjs";
import { Bench, withNewTs } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences, documentsAt } from "../support/independent-reader.ts";
import { buildSchemaRich, SAMPLE_DATABASES } from "../support/sample-databases.ts";

const HOUR_US = 3_600_000_000n;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A clock that people can set forward. */
class SetForward {
  #ahead = 0n;
  readonly now = (): bigint => BigInt(Date.now()) * 1000n + this.#ahead;

  by(us: bigint): void {
    this.#ahead += us;
  }
}

/** `ts` and data of every document of a collection at a time, read with nothing of `src/`. */
async function contentAt(database: Connection, collection: string, ts: string) {
  const secret = bench.secretOf(database);
  const documents = await documentsAt(bench.endpoint, secret, collection, ts);
  return new Map(
    [...documents].map(([id, each]) => [id, stringify([each.get("ts")!, each.get("data")!])]),
  );
}

const now = async (database: Connection) => String((await database.v10("0")).txnTs);

async function shop(database: Connection, orders = 40): Promise<void> {
  await database.v10('Collection.create({ name: "Order" })');
  await database.v10('Collection.create({ name: "Kept", history_days: 10 })');
  await database.v10(
    `Set.sequence(0, ${orders}).forEach(n => { Order.create({ n: n }); Kept.create({ n: n }) })`,
  );
}

/** Somebody who keeps deleting, making and changing documents of {@link shop}. */
class Writer {
  readonly #done: Promise<void>;
  #stop = false;
  writes = 0;

  constructor(database: Connection) {
    this.#done = this.#run(database);
  }

  async stop(): Promise<void> {
    this.#stop = true;
    await this.#done;
  }

  async #run(database: Connection): Promise<void> {
    for (let n = 0; !this.#stop; n++) {
      await database.v10(`
        let a = Order.all().where(.n == ${n % 200}).first()
        if (a == null) { Order.create({ n: ${n % 200} }) } else { a!.delete() }
        Kept.create({ late: ${n} })
        Kept.all().first()!.update({ touched: ${n} })`);
      this.writes++;
    }
  }
}

const files = (more: string) => [
  { filename: "main.fsl", content: `collection Order {\n  n: Int\n${more}}\n` },
];

/** Copies until some documents have been written, and stops there. */
async function interrupted(options: CopyOptions): Promise<void> {
  const stop = new AbortController();
  const run = copyDatabase({
    ...options,
    batchDocuments: 5,
    window: 1,
    signal: stop.signal,
    onProgress: ({ phase, done }) => {
      if (phase === "documents" && done >= 10) stop.abort(new Error("stopped"));
    },
  });
  await expect(run).rejects.toThrow("stopped");
}

describe.each(Object.entries(SAMPLE_DATABASES))("%s", (_, build) => {
  it("is copied whole, says another reader", async () => {
    const source = await bench.emptyDatabase();
    await build(source);
    const target = await bench.emptyDatabase();
    const report = await copyDatabase({
      source,
      target,
      pageSize: 20,
      rangeDocuments: 30,
      batchDocuments: 25,
    });
    expect(report.documents.refused).toBe(0);
    expect(report.documents.written).toBe(report.documents.read);
    const [left, right] = [await bench.read(source), await bench.read(target)];
    expect(report.documents.read).toBe(left.documents.size);
    expect(differences(left, right, withNewTs(report as Parameters<typeof withNewTs>[0]))).toEqual(
      [],
    );
  });
});

describe("a copy", () => {
  it("goes to another server", async () => {
    await using other = await Bench.start();
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    const { requests } = await copyDatabase({ source, target: other.root });
    expect(requests).toBeGreaterThan(10);
    const notes = new Set(["Customer/1"]);
    expect(differences(await bench.read(source), await other.read(other.root), notes)).toEqual([]);
  });

  it("takes only the documents that are chosen, or only the schema", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const some = await bench.emptyDatabase();
    const { collections } = await copyDatabase({ source, target: some, exclude: ["O*"] });
    expect(collections.map(({ name, written }) => [name, written])).toEqual([["Kept", 40]]);
    const copied = await bench.read(some);
    expect(copied.definitions.has("collections/Order")).toBe(true);
    expect([...copied.documents.keys()].every((key) => key.startsWith("Kept/"))).toBe(true);
    const schema = await bench.emptyDatabase();
    await copyDatabase({ source, target: schema, schemaOnly: true });
    expect(await bench.read(schema)).toMatchObject({
      documents: new Map(),
      definitions: (await bench.read(source)).definitions,
    });
    await expect(
      copyDatabase({ source, target: schema, collections: ["Odrer"] }),
    ).rejects.toMatchObject({ code: "ERR_USAGE", place: "Odrer" });
  });

  it("of the data alone goes into collections that are there and empty", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const target = await bench.emptyDatabase();
    await target.v10('Collection.create({ name: "Order", history_days: 3 })');
    const { documents } = await copyDatabase({ source, target, dataOnly: true });
    expect(documents.written).toBe(80);
    const { dataText } = await target.v10('Collection.byName("Order")!.history_days');
    expect(dataText).toBe('{"@int":"3"}');
    const at = await now(target);
    expect(await contentAt(target, "Order", at)).toEqual(await contentAt(source, "Order", at));
  });

  it("makes its target only when the source was read", async () => {
    const parent = await bench.emptyDatabase();
    const source = await bench.emptyDatabase();
    await shop(source);
    let made = 0;
    const target = () => {
      made++;
      return createDatabase(parent, "kid");
    };
    await expect(copyDatabase({ source, target, collections: ["None"] })).rejects.toMatchObject({
      code: "ERR_USAGE",
    });
    expect(made).toBe(0);
    const { documents } = await copyDatabase({ source, target });
    expect(documents.written).toBe(80);
  });

  it("tells what stays behind: keys, credentials, child databases", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    await source.v10('Database.create({ name: "kid" }); Key.create({ role: "server" })');
    const { notes } = await copyDatabase({ source, target: await bench.emptyDatabase() });
    expect(notes.map(({ code, count }) => [code, count])).toEqual([
      ["child_databases", 1],
      ["keys", 1],
    ]);
  });

  it("puts what the target refuses into the dead-letter file", async () => {
    const source = await bench.emptyDatabase();
    await source.v10('Collection.create({ name: "A" }); Collection.create({ name: "Gone" })');
    await source.v10('A.create({ id: "1", b: Gone("5") }); A.create({ id: "2", n: 2 })');
    // Fauna takes no reference into a collection that is not there, and keeps those it has (live 33).
    await source.v10("Gone.definition.delete()");
    const target = await bench.emptyDatabase();
    const deadLetterFile = join(await temporaryFolder(), "refused.ndjson");
    const { documents } = await copyDatabase({ source, target, deadLetterFile });
    expect(documents).toMatchObject({ read: 2, refused: 1, written: 1 });
    expect(await readFile(deadLetterFile, "utf8")).toContain('"id":"1"');
  });

  it("takes the databases below, at the same moment, and the secrets, when asked", async () => {
    const source = await bench.emptyDatabase();
    await buildSchemaRich(source);
    await source.v10('Database.create({ name: "kid" })');
    const kid = bench.root.withScope({ path: [source.path, "kid"], role: "admin" });
    await kid.v10('Collection.create({ name: "B" })');
    await kid.v10('B.create({ id: "7", n: 1 }); Key.create({ role: "server" })');
    await source.v10('Credential.create({ document: Customer("1"), password: "sesame" })');
    const target = await bench.emptyDatabase();
    const report = await copyDatabase({ source, target, recursive: true, secrets: true });
    expect(report.databases).toEqual(["kid"]);
    expect(report.secrets).toMatchObject({ credentials: { written: 1 }, keys: { written: 1 } });
    const below = bench.root.withScope({ path: [target.path, "kid"], role: "admin" });
    expect(differences(await bench.read(kid), await bench.read(below))).toEqual([]);
    const verify = 'Credential.byDocument(Customer("1"))!.verify("sesame")';
    expect((await target.v10(verify)).dataText).toBe("true");
    expect((await below.v10("Key.all().count()")).dataText).toBe('{"@int":"1"}');

    const without = await bench.emptyDatabase();
    const { notes } = await copyDatabase({ source, target: without });
    expect(notes.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["child_databases", "credentials"]),
    );
    expect((await without.v10("Credential.all().count()")).dataText).toBe('{"@int":"0"}');
  });

  it("is planned step by step, the source's check the last", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const target = await bench.emptyDatabase();
    const plan = await planCopy({ source, target });
    expect(plan.documents).toBe(80);
    const titles = plan.steps.map(({ title }) => title);
    expect(titles[0]).toBe("mark the target");
    expect(titles.at(-1)).toMatch(/^look at the source once more/);
    expect(await bench.definitionsOf(target)).toEqual([]);
  });
});

describe("a copy is refused", () => {
  it("of a database into itself", async () => {
    const source = await bench.emptyDatabase();
    for (const goOn of [false, true]) {
      await expect(copyDatabase({ source, target: source, continue: goOn })).rejects.toMatchObject({
        code: "ERR_USAGE",
        message: expect.stringContaining("same"),
      });
    }
  });

  it("into a database that holds something", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const target = await bench.emptyDatabase();
    await target.v10('Function.create({ name: "mine", body: "x => x" })');
    await expect(copyDatabase({ source, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
    });
  });

  it("of the target of an unfinished copy", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const half = await bench.emptyDatabase();
    await interrupted({ source, target: half });
    await expect(
      copyDatabase({ source: half, target: await bench.emptyDatabase() }),
    ).rejects.toMatchObject({ code: "ERR_USAGE", message: expect.stringContaining("finished") });
  });
});

describe("while somebody writes to the source", () => {
  it("the copy is the source at the copy's moment", async () => {
    const source = await bench.emptyDatabase();
    await shop(source, 200);
    const writer = new Writer(source);
    try {
      for (let run = 0; run < 4; run++) {
        const target = await bench.emptyDatabase();
        const { snapshot } = await copyDatabase({
          source,
          target,
          pageSize: 10,
          rangeDocuments: 50,
          batchDocuments: 20,
        });
        for (const name of ["Order", "Kept"]) {
          const expected = await contentAt(source, name, snapshot.ts);
          expect(await contentAt(target, name, await now(target))).toEqual(expected);
        }
      }
    } finally {
      await writer.stop();
    }
    expect(writer.writes).toBeGreaterThan(4);
  });

  it("a collection that is migrated meanwhile stops the copy, which stays unfinished", async () => {
    const source = await bench.emptyDatabase();
    await pushSchema(source, files(""), { override: true });
    await source.v10("Set.sequence(0, 30).forEach(n => Order.create({ n: n }))");
    const target = await bench.emptyDatabase();
    let changed: Promise<unknown> | undefined;
    const run = copyDatabase({
      source,
      target,
      onProgress: ({ phase }) => {
        const migrated = files("  more: Int = 1\n  migrations {\n    add .more\n  }\n");
        if (phase === "steps") changed ??= pushSchema(source, migrated, { override: true });
      },
    });
    await expect(run).rejects.toMatchObject({ code: "ERR_TRY_AGAIN" });
    await changed;
    // Documents can no longer be read as they were: it cannot be continued either.
    await expect(copyDatabase({ source, target, continue: true })).rejects.toMatchObject({
      code: "ERR_TRY_AGAIN",
      message: expect.stringContaining("schema was changed"),
    });
  });
});

describe("an interrupted copy", () => {
  it("is named, and goes on at its own moment", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const target = await bench.emptyDatabase();
    await interrupted({ source, target });
    await source.v10("Order.all().first()!.delete(); Kept.create({ late: true })");
    await expect(copyDatabase({ source, target })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      hint: expect.stringContaining("--continue"),
    });
    const { snapshot, documents } = await copyDatabase({ source, target, continue: true });
    expect(documents.read).toBe(80);
    for (const name of ["Order", "Kept"]) {
      const expected = await contentAt(source, name, snapshot.ts);
      expect(await contentAt(target, name, await now(target))).toEqual(expected);
    }
    expect(await bench.definitionsOf(target)).not.toContain("functions/fauna_ark_import");
  });

  it("of several databases goes on in all of them", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    await source.v10('Database.create({ name: "kid" })');
    const kid = bench.root.withScope({ path: [source.path, "kid"], role: "admin" });
    await shop(kid);
    const target = await bench.emptyDatabase();
    await interrupted({ source, target, recursive: true });
    await kid.v10("Order.all().first()!.delete()");
    const { snapshot } = await copyDatabase({ source, target, recursive: true, continue: true });
    const below = bench.root.withScope({ path: [target.path, "kid"], role: "admin" });
    const expected = await contentAt(kid, "Order", snapshot.ts);
    expect(expected.size).toBe(40);
    expect(await contentAt(below, "Order", await now(below))).toEqual(expected);
  });

  it("goes on with nothing but its own source and choice", async () => {
    const source = await bench.emptyDatabase();
    await shop(source);
    const target = await bench.emptyDatabase();
    await interrupted({ source, target });
    const another = await bench.emptyDatabase();
    await shop(another);
    for (const options of [{ source: another }, { source, exclude: ["Kept"] }]) {
      await expect(copyDatabase({ ...options, target, continue: true })).rejects.toMatchObject({
        code: "ERR_TARGET_NOT_EMPTY",
      });
    }
  });

  it("cannot go on when its moment is over, and says so", async () => {
    const clock = new SetForward();
    await using own = await Bench.start({ clock: clock.now });
    const source = await own.emptyDatabase();
    await shop(source);
    const target = await own.emptyDatabase();
    await interrupted({ source, target });
    clock.by(HOUR_US);
    await expect(copyDatabase({ source, target, continue: true })).rejects.toMatchObject({
      code: "ERR_SNAPSHOT_EXPIRED",
      hint: expect.stringContaining("copy again into an empty database"),
    });
  });
});

describe("a copy whose moment leaves the history window", () => {
  it.each([
    [
      "half-way",
      ({ phase, done }: { phase: string; done: number }) => phase === "documents" && done >= 10,
    ],
    ["after the last document", ({ phase }: { phase: string }) => phase === "compare"],
  ])("%s says how far it came and how to make the window longer", async (_, isTime) => {
    const clock = new SetForward();
    await using own = await Bench.start({ clock: clock.now });
    const source = await own.emptyDatabase();
    await shop(source);
    let passed = false;
    const run = copyDatabase({
      source,
      target: await own.emptyDatabase(),
      pageSize: 5,
      window: 1,
      batchDocuments: 5,
      onProgress: (progress) => {
        if (passed || !isTime(progress)) return;
        passed = true;
        clock.by(HOUR_US);
      },
    });
    await expect(run).rejects.toMatchObject({
      code: "ERR_SNAPSHOT_EXPIRED",
      exitStatus: 30,
      message: expect.stringMatching(/\d+ of 80 documents/),
      hint: expect.stringContaining("Collection.byName"),
    });
  });
});
