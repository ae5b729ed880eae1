/** The folders that Fauna's own export wrote, of a real server: what most people with data left have. */
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { Obj, parse, stringify } from "../conformance/corpus/lib/json.mjs";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";

const REAL = join(import.meta.dirname, "../fixtures/real");
const JSONL = join(REAL, "official-tagged-jsonl/481296692522516992");
const JSON_GZ = join(REAL, "official-tagged-json-gz/481296693509227008");
const SIMPLE = join(REAL, "official-simple-jsonl-gz/481296694175072768");

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Every document of an export's files by `collection/id`, as tagged text. */
async function documentsOf(folder: string): Promise<Map<string, string>> {
  const documents = new Map<string, string>();
  const data = join(folder, "data/collections");
  for (const collection of await readdir(data)) {
    for (const file of await readdir(join(data, collection))) {
      const bytes = await readFile(join(data, collection, file));
      const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
      const all = file.includes(".jsonl")
        ? text
            .split("\n")
            .filter((line) => line !== "")
            .map(parse)
        : (parse(text) as Obj[]);
      for (const document of all as Obj[]) {
        documents.set(`${collection}/${document.get("id") as string}`, stringify(normal(document)));
      }
    }
  }
  return documents;
}

/** Times print with a different number of zeros in files and answers; they are compared as numbers. */
function normal(document: Obj): Obj {
  return new Obj(
    document.entries.map(([key, value]) =>
      key === "ts"
        ? [key, String(Date.parse((value as Obj).get("@time") as string))]
        : [key, value],
    ),
  );
}

/** Every document of a database as v10 prints it, in the same form. */
async function documentsIn(database: Connection): Promise<Map<string, string>> {
  const { documents } = await bench.read(database);
  return new Map(
    [...documents].map(([key, text]) => [
      key,
      stringify(normal(parse(text.split("\n")[1]!) as Obj)),
    ]),
  );
}

describe.each([
  ["lines, as they are", JSONL],
  ["arrays, compressed", JSON_GZ],
])("an official export of %s", (_, folder) => {
  it("comes out of import, export and import again as it was, to the last value, id and ts", async () => {
    const original = await documentsOf(folder);
    expect(original.size).toBe(9_227);
    const first = await bench.emptyDatabase();
    const imported = await importArchive({ source: folder, target: first });
    expect(imported.documents).toEqual({
      read: 9_227,
      written: 9_227,
      refused: 0,
      skipped: 0,
      there: 0,
      expired: 0,
      newTs: 0,
    });
    const archive = new MemoryStore();
    await exportDatabase({ source: first, target: archive });
    const second = await bench.emptyDatabase();
    await importArchive({ source: archive, target: second });
    expect((await verifyArchive({ archive, against: second })).equal).toBe(true);
    const found = await documentsIn(second);
    expect(found.size).toBe(original.size);
    for (const [key, text] of original) expect(found.get(key), key).toBe(text);
  });
});

const FSL = `collection Movie {
  Title: String?
  index byTitle { terms [.Title] }
  *: Any
}
collection Car { *: Any }
collection Country { *: Any }
collection Flight {
  *: Any
  ttl_days 30
}
`;

it("an official export gets its schema from a folder of FSL files, and no ttl from it", async () => {
  const schemaFolder = await temporaryFolder();
  await mkdir(join(schemaFolder, "deep"));
  await writeFile(join(schemaFolder, "deep/shop.fsl"), FSL);
  const target = await bench.emptyDatabase();
  await importArchive({ source: JSON_GZ, schemaFolder, target });
  const { files } = await bench.read(target);
  expect([...files]).toEqual([["deep/shop.fsl", FSL]]);
  const { dataText } = await target.v10(
    '[Movie.byTitle("The Land Girls").count(), Flight.byId("1000")!.ttl, Flight.all().count()]',
  );
  expect(dataText).toBe('[{"@int":"1"},null,{"@int":"5000"}]');
});

it("a folder of FSL files without one of the export's collections is refused before the first write", async () => {
  const schemaFolder = await temporaryFolder();
  await writeFile(join(schemaFolder, "main.fsl"), FSL.replace("collection Car { *: Any }\n", ""));
  const target = await bench.emptyDatabase();
  await expect(importArchive({ source: JSON_GZ, schemaFolder, target })).rejects.toMatchObject({
    code: "ERR_SCHEMA",
    message: expect.stringContaining("Car"),
    hint: expect.any(String),
  });
  await untouched(target);
});

async function untouched(target: Connection): Promise<void> {
  expect(await bench.definitionsOf(target)).toEqual([]);
}

it("the simple format is refused with what it has lost, and nothing is written", async () => {
  const target = await bench.emptyDatabase();
  await expect(importArchive({ source: SIMPLE, target })).rejects.toMatchObject({
    code: "ERR_ARCHIVE_CORRUPT",
    message: expect.stringMatching(/longs and doubles.*refs and objects/),
    place: join(SIMPLE, "metadata_00.json"),
    hint: expect.stringContaining("tagged"),
  });
  await untouched(target);
});

function metadata(change: (text: string) => string) {
  return async (folder: string): Promise<void> => {
    const path = join(folder, "metadata_00.json");
    await writeFile(path, change(await readFile(path, "utf8")));
  };
}

describe("an official export that is not what its metadata says", () => {
  const flight = "data/collections/Flight/Flight_00_000000.json.gz";

  it.each<[string, (folder: string) => Promise<unknown>, string]>([
    ["lacks a file", (folder) => rm(join(folder, flight)), "data/collections"],
    [
      "has a file twice",
      (folder) => cp(join(folder, flight), join(folder, flight.replace("0.json", "1.json"))),
      "data/collections",
    ],
    ["has a longer file", (folder) => appendFile(join(folder, flight), "x"), "data/collections"],
    [
      "has other documents in a collection's folder",
      async (folder) => {
        const car = join(folder, "data/collections/Car/Car_00_000000.json.gz");
        const aside = await readFile(car);
        await writeFile(car, await readFile(join(folder, flight)));
        await writeFile(join(folder, flight), aside);
      },
      "data/collections/Car/Car_00_000000.json.gz",
    ],
    ["has no metadata that is JSON", metadata(() => "{"), "metadata_00.json"],
    ["says that it is tagged, and is simple", async () => {}, "data/collections/Car"],
  ])("and %s is refused before the first write", async (name, damage, place) => {
    const folder = join(await temporaryFolder(), "export");
    const simple = name.includes("simple");
    await cp(simple ? SIMPLE : JSON_GZ, folder, { recursive: true });
    if (simple) {
      await metadata((text) =>
        text
          .replace('"simple"', '"tagged"')
          .replace('"files_count": 4', '"files_count": 1')
          .replace(/"files_bytes": \d+/, '"files_bytes": 9638'),
      )(folder);
    }
    await damage(folder);
    const target = await bench.emptyDatabase();
    const error: unknown = await importArchive({ source: folder, target }).catch((e: unknown) => e);
    expect(error).toMatchObject({ hint: expect.any(String) });
    expect((error as { code: string }).code).toMatch(/^ERR_(ARCHIVE_CORRUPT|RECORD)$/);
    expect((error as { place: string }).place).toContain(join(folder, place));
    await untouched(target);
  });
});
