import {
  type CreateArchiveOptions,
  createArchive,
  type Manifest,
} from "../../src/archive/archive.ts";
import { readWhole, type Store, writeWhole } from "../../src/store/store.ts";
import type { DocumentRecord } from "../../src/values/record.ts";
import { collect, each } from "./generators.ts";
import { nastyRecords, plainRecords } from "./records.ts";

export const SNAPSHOT_TS = 1_795_259_107_540_123n;

/** What the sample archive's FSL file holds. */
export const SAMPLE_FSL = "collection Order {\n  total: Number\n}\n";

/** The lines of its `collections.ndjson`. */
export const SAMPLE_DEFINITIONS: readonly string[] = [
  `{"name":"Order","madeBy":"v10","v10":{"@doc":{"name":"Order","coll":{"@mod":"Collection"}}}}`,
  `{"name":"nasty","madeBy":"v4","v4":{"name":"nasty","history_days":30}}`,
  `{"name":"Empty","madeBy":"v10"}`,
];

export const options = (more: Partial<CreateArchiveOptions> = {}): CreateArchiveOptions => ({
  tool: { name: "fauna-ark", version: "0.0.0-test" },
  source: { endpoint: "http://127.0.0.1:8443", database: "shop", globalId: "ytest" },
  snapshotTs: SNAPSHOT_TS,
  compression: "gzip",
  now: () => new Date("2026-01-02T03:04:05.678Z"),
  ...more,
});

/**
 * Writes a small archive with everything in it: nasty values, a collection of several segments with
 * several frames each that two ranges write at once, an empty collection, definitions and FSL files.
 */
export async function writeSample(
  store: Store,
  more: Partial<CreateArchiveOptions> = {},
): Promise<Manifest> {
  const writer = await createArchive(
    store,
    options({ segmentBytes: 3000, frameBytes: 800, ...more }),
  );
  const database = writer.database();
  await database.fsl("main.fsl", SAMPLE_FSL);
  await database.fsl("Main.fsl", "// not the same file\n");
  await database.fsl("main.fsl", "// staged\n", { staged: true });
  await database.definitions("collections", SAMPLE_DEFINITIONS);
  await database.definitions("roles", []);
  await database.collection("nasty").write(each([nastyRecords()]));
  database.collection("Empty", { historyDays: 0, ttlDays: 7 });
  const orders = database.collection("Order", { historyDays: 30 });
  await Promise.all([
    orders.write(each([plainRecords(30, 5000)])),
    orders.write(each([plainRecords(60, 1000)])),
  ]);
  writer.note({
    code: "null_in_array",
    message: "written without ts",
    database: [],
    collection: "nasty",
    count: 1,
    examples: ["105"],
  });
  return await writer.finish();
}

/** An archive of one collection, `docs`. */
export async function writeRecords(
  store: Store,
  batches: readonly (readonly DocumentRecord[])[],
  more: Partial<CreateArchiveOptions> = {},
): Promise<Manifest> {
  const writer = await createArchive(store, options(more));
  await writer.database().collection("docs").write(each(batches));
  return await writer.finish();
}

/** Every file of a store, by name. */
export async function contents(store: Store): Promise<Map<string, Buffer>> {
  const files = await collect(store.list());
  return new Map(
    await Promise.all(files.map(async ({ name }) => [name, await readWhole(store, name)] as const)),
  );
}

/** Fills a store with files. */
export async function fill(store: Store, files: ReadonlyMap<string, Uint8Array>): Promise<Store> {
  for (const [name, bytes] of files) await writeWhole(store, name, bytes);
  return store;
}
