/** An import that goes on does not do again what is done, and refuses to go on with anything else. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { copyDatabase } from "../../src/copy/copy.ts";
import type { FaultRequest } from "../../src/emulator/emulator.ts";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive, type ImportOptions, planImport } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Bench } from "../support/bench.ts";
import { differences } from "../support/independent-reader.ts";

let bench: Bench;
let folder: string;
/** What is asked of the server while it is recorded; from the request `cutAt` on it answers no more. */
const seen = { on: false, bodies: [] as string[], cutAt: Infinity };

const isInsert = (body: string): boolean => body.includes('"insert":{"ref"');

beforeAll(async () => {
  bench = await Bench.start(
    {
      faults: ({ body }: FaultRequest) => {
        if (!seen.on) return undefined;
        seen.bodies.push(body);
        return seen.bodies.length > seen.cutAt ? { cut: "before" } : undefined;
      },
    },
    // What goes on right behind a cut may find the connection going away.
    { retry: { attempts: 3, baseMs: 1 } },
  );
  folder = await mkdtemp(join(tmpdir(), "fauna-ark-test-"));
});

beforeEach(() => {
  Object.assign(seen, { on: false, bodies: [], cutAt: Infinity });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await bench?.[Symbol.asyncDispose]();
});

/** Runs an import and gives what it asked of the server. It stops answering after `cutAt` requests. */
async function requestsOf(
  run: () => Promise<unknown>,
  cutAt = Infinity,
): Promise<{ readonly bodies: readonly string[]; readonly error: unknown }> {
  Object.assign(seen, { on: true, bodies: [], cutAt });
  try {
    await run();
    return { bodies: seen.bodies, error: undefined };
  } catch (error) {
    return { bodies: seen.bodies.slice(0, cutAt), error };
  } finally {
    seen.on = false;
  }
}

const settings = (): Partial<ImportOptions> => ({
  window: 4,
  batchDocuments: 10,
  deadLetterFile: `${folder}/refused.ndjson`,
});

/** A database of collections of so many documents each. */
async function archiveOf(
  sizes: readonly number[],
  more?: (source: Connection) => Promise<unknown>,
) {
  const source = await bench.emptyDatabase();
  for (const [index, size] of sizes.entries()) {
    await source.v4(`{"do":[{"create_collection":{"object":{"name":"C${index}"}}},null]}`);
    const quoted = Array.from({ length: size }, (_, n) => `"${1000 + n * 3}"`);
    const create = `{"create":{"ref":{"collection":"C${index}"},"id":{"var":"i"}},"params":{"object":{"data":{"object":{"i":{"var":"i"}}}}}}`;
    if (size > 0)
      await source.v4(
        `{"do":[{"foreach":{"lambda":"i","expr":${create}},"collection":[${quoted.join(",")}]},null]}`,
      );
  }
  await more?.(source);
  const archive = new MemoryStore();
  await exportDatabase({ source, target: archive });
  return { source, archive };
}

describe("an import that was interrupted at 90 %", () => {
  it.each<[string, number[]]>([
    ["one large collection", [5000]],
    ["several collections", [1500, 1, 0, 2000, 40, 1500]],
    ["many small collections", Array.from({ length: 250 }, (_, n) => n % 7)],
  ])("of %s repeats at most 12 % of the requests", async (_, sizes) => {
    const { archive } = await archiveOf(sizes);
    const run = (target: Connection, goOn = false) =>
      importArchive({ ...settings(), source: archive, target, continue: goOn });
    const whole = await bench.emptyDatabase();
    const undisturbed = (await requestsOf(() => run(whole))).bodies.length;
    const target = await bench.emptyDatabase();
    const first = await requestsOf(() => run(target), Math.round(undisturbed * 0.9));
    expect(first.error).toMatchObject({
      code: expect.stringMatching(/ERR_TRY_AGAIN|ERR_ENDPOINT/),
    });
    const second = await requestsOf(() => run(target, true));
    expect(second.error).toBeUndefined();
    const repeated = first.bodies.length + second.bodies.length - undisturbed;
    expect(repeated / undisturbed).toBeLessThanOrEqual(0.12);
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
  });
});

it("an import that goes on counts what is there, and says the same in the end", async () => {
  const { archive } = await archiveOf([300, 40], async (source) => {
    await source.v10("Set.sequence(0, 30).forEach(n => C1.create({ id: n, list: [n, null] }))");
  });
  const run = (target: Connection, goOn = false) =>
    importArchive({ ...settings(), source: archive, target, continue: goOn });
  const expected = await run(await bench.emptyDatabase());
  const target = await bench.emptyDatabase();
  const { bodies } = await requestsOf(() => run(target), 40);
  expect(bodies.filter(isInsert).length).toBeGreaterThan(5);
  const report = await run(target, true);
  const { read, written, there, refused, skipped } = report.documents;
  expect(there).toBeGreaterThan(100);
  expect({ read, sum: written + refused + skipped }).toEqual({ read: 370, sum: 370 });
  expect(skipped).toBe(there);
  expect(report.documents.newTs).toBe(30);
  expect(report.fidelity).toEqual(expected.fidelity);
  expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
});

it("documents with nulls in arrays, of which only the half was written, are written again", async () => {
  const { archive } = await archiveOf([0], async (source) => {
    await source.v10("Set.sequence(0, 60).forEach(n => C0.create({ id: n, list: [n, null] }))");
  });
  const run = (target: Connection, goOn = false) =>
    importArchive({ ...settings(), window: 1, source: archive, target, continue: goOn });
  const whole = await requestsOf(async () => run(await bench.emptyDatabase()));
  const patch = whole.bodies.findIndex((body) => body.includes("updateData"));
  const target = await bench.emptyDatabase();
  // The Insert arrives, the patch that puts the nulls back does not.
  await requestsOf(() => run(target), patch);
  const report = await run(target, true);
  expect(report.documents).toMatchObject({ written: 60, there: 0, newTs: 60 });
  expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
});

it("documents refused by the interrupted run are sent again, and named", async () => {
  const gone =
    '{"to":{"@ref":{"id":"1","collection":{"@ref":{"id":"Gone","collection":{"@ref":{"id":"collections"}}}}}}}';
  const { archive } = await archiveOf([50, 1500, 50], async (source) => {
    await source.v4('{"do":[{"create_collection":{"object":{"name":"Gone"}}},null]}');
    await source.v4(
      `{"do":[{"create":{"ref":{"collection":"C0"},"id":"7"},"params":{"quote":{"data":${gone}}}},null]}`,
    );
    await source.v4('{"do":[{"delete":{"collection":"Gone"}},null]}');
  });
  const run = (target: Connection, goOn = false) =>
    importArchive({ ...settings(), source: archive, target, continue: goOn });
  const target = await bench.emptyDatabase();
  const first = await requestsOf(() => run(target), 110);
  expect(first.bodies.some((body) => body.includes('"progress"'))).toBe(true);
  const report = await run(target, true);
  expect(report.documents).toMatchObject({ read: 1601, refused: 1 });
  expect(report.notes.find(({ code }) => code === "refused")?.examples).toEqual(["7"]);
});

it("a copy that goes on finds what is there, though its source is read in several ranges at once", async () => {
  const source = await bench.emptyDatabase();
  await source.v10('Collection.create({ name: "C" })');
  await source.v10(
    "Set.sequence(0, 3000).forEach(n => C.create({ id: (n * 7919 % 100003).toString(), n: n }))",
  );
  const target = await bench.emptyDatabase();
  const run = (goOn: boolean) =>
    copyDatabase({
      source,
      target,
      continue: goOn,
      window: 4,
      pageSize: 100,
      rangeDocuments: 300,
      batchDocuments: 20,
      deadLetterFile: `${folder}/refused.ndjson`,
    });
  const { bodies } = await requestsOf(() => run(false), 120);
  const inserts = bodies.filter(isInsert).length;
  expect(inserts).toBeGreaterThan(30);
  const report = await run(true);
  const { read, written, there } = report.documents;
  expect({ read, all: written + there }).toEqual({ read: 3000, all: 3000 });
  // Those under way when it stopped may have been written or not.
  expect(there).toBeGreaterThan((inserts - 8) * 20);
  expect(differences(await bench.read(source), await bench.read(target))).toEqual([]);
});

describe("an unfinished import", () => {
  let archive: MemoryStore;
  let target: Connection;

  beforeAll(async () => {
    ({ archive } = await archiveOf([2000]));
    target = await bench.emptyDatabase();
    await requestsOf(
      () => importArchive({ ...settings(), source: archive, target, secrets: false }),
      100,
    );
  });

  const goOn = (more: Partial<ImportOptions>) =>
    importArchive({
      ...settings(),
      source: archive,
      target,
      secrets: false,
      continue: true,
      ...more,
    });

  it.each<[string, Partial<ImportOptions>, RegExp]>([
    ["without an option", { secrets: true }, /begun with --skip-secrets/],
    ["with another option", { dataOnly: true }, /begun without --data-only/],
    [
      "with other options",
      { secrets: true, recursive: false },
      /begun with --skip-secrets and without --top-only/,
    ],
  ])("is not gone on with %s", async (_, more, message) => {
    await expect(goOn(more)).rejects.toMatchObject({ code: "ERR_TARGET_NOT_EMPTY", message });
  });

  it("is not gone on with from another source", async () => {
    const { archive: other } = await archiveOf([3]);
    await expect(goOn({ source: other })).rejects.toMatchObject({
      code: "ERR_TARGET_NOT_EMPTY",
      message: expect.stringContaining("another archive") as string,
    });
  });

  it.each([
    ["by another version", '"format":"1"', /another version of fauna-ark.*\(1, this one: 3\)/],
    ["in another database", '"database":"ybcdefghijklm"', /another database \(ybcdefghijklm/],
  ])("that was begun %s is not gone on with", async (_, member, message) => {
    const ref = '{"function":"fauna_ark_import"}';
    const { text } = await target.v4(`{"select":"data","from":{"get":${ref}}}`);
    const before = JSON.stringify((JSON.parse(text) as { resource: object }).resource);
    const put = (data: string) =>
      target.v4(`{"do":[{"update":${ref},"params":{"object":{"data":{"quote":${data}}}}},null]}`);
    await put(`{${member}}`);
    await expect(goOn({})).rejects.toMatchObject({ code: "ERR_TARGET_NOT_EMPTY", message });
    await put(before);
  });

  it("says in a dry run that the schema is left as it is", async () => {
    const { steps } = await planImport({
      ...settings(),
      source: archive,
      target,
      secrets: false,
      continue: true,
    });
    expect(steps.map(({ title }) => title)).toEqual([
      "mark the target",
      "leave the schema as it is",
      "write 2000 documents into 1 collections",
      "list the target's refs and compare",
    ]);
  });

  it("is finished by the options it was begun with", async () => {
    const report = await goOn({});
    expect(report.documents).toMatchObject({ read: 2000, refused: 0 });
    expect(report.documents.there).toBeGreaterThan(500);
    expect((await verifyArchive({ archive, against: target })).equal).toBe(true);
  });
});

it("an unfinished import is not gone on with by other schema files, which nobody would push", async () => {
  const dump = join(folder, "dump");
  const schemaFolder = join(folder, "schema");
  await Promise.all([dump, schemaFolder].map((each) => mkdir(each)));
  const ref = (id: number) =>
    `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}}}`;
  const lines = Array.from(
    { length: 400 },
    (_, n) => `{"ref":${ref(n + 1)},"ts":1700000000000000,"data":{"n":${n}}}\n`,
  );
  await writeFile(join(dump, "C.ndjson"), lines.join(""));
  const schema = (content: string) => writeFile(join(schemaFolder, "main.fsl"), content);
  const target = await bench.emptyDatabase();
  const run = (options: Partial<ImportOptions>) =>
    importArchive({ ...settings(), source: dump, target, ...options });
  await schema("collection C {\n}\n");
  await requestsOf(() => run({ schemaFolder }), 50);
  const refused = {
    code: "ERR_TARGET_NOT_EMPTY",
    message: expect.stringContaining("other schema files") as string,
  };
  await expect(run({ continue: true })).rejects.toMatchObject(refused);
  await schema("collection C {\n  index byN {\n    terms [.n]\n  }\n}\n");
  await expect(run({ schemaFolder, continue: true })).rejects.toMatchObject(refused);
  await schema("collection C {\n}\n");
  const { documents } = await run({ schemaFolder, continue: true });
  expect(documents).toMatchObject({ read: 400, refused: 0 });
  expect(documents.there).toBeGreaterThan(0);
});
