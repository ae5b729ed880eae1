/**
 * NDJSON files that a program of the v4 driver wrote, as fauna-dump does: one `JSON.stringify` of a document a line,
 * `{"ref":{"@ref":…},"ts":…,"data":{…}}`.
 *
 * The driver had already turned the database's numbers into JavaScript's, so reading the lines with `ndjson`, which
 * uses `JSON.parse`, loses nothing more (facts: fauna-clients 2.3). What it had lost is said in {@link DRIVER_HAS_LOST}.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import ndjson from "ndjson";
import { ArkError } from "../errors/errors.ts";
import { batch } from "../flow/flow.ts";
import { cutDocument } from "../values/document.ts";
import type { DocumentRecord } from "../values/record.ts";
import { readSchemaFolder } from "./schema-folder.ts";
import type { ImportSource, OpenSourceOptions, SourceCollection } from "./source.ts";

/** What documents had lost before they were written to such a file. */
export const DRIVER_HAS_LOST =
  "The driver wrote doubles such as 3.0 as 3, which are longs now; rounded longs beyond 2^53; and moved keys that look like integers to the front.";

const EXTENSION = ".ndjson";
const RECORDS_AT_ONCE = 500;

/** The NDJSON files at the top of a folder; none when there is no such folder. */
export async function driverDumpFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.endsWith(EXTENSION)).toSorted();
  } catch {
    // Not there or not readable: opening it as an archive says which.
    return [];
  }
}

/** Such files as a source, after every line was read once. Documents belong to the collection that their ref names. */
export async function driverDumpSource(
  folder: string,
  names: readonly string[],
  { schemaFolder, signal, onCheck }: OpenSourceOptions,
): Promise<ImportSource> {
  const schema =
    schemaFolder === undefined ? new Map<string, string>() : await readSchemaFolder(schemaFolder);
  const digest = createHash("sha256");
  const counts = new Map<string, number>();
  const files = new Map<string, Set<string>>();
  for (const [index, name] of names.entries()) {
    const path = join(folder, name);
    for await (const { collection, record } of readDocuments(path, signal)) {
      digest.update(`${collection}/${record.id}/${record.ts}/${record.dataText ?? ""}\n`);
      counts.set(collection, (counts.get(collection) ?? 0) + 1);
      files.set(collection, (files.get(collection) ?? new Set()).add(path));
    }
    onCheck(index + 1, names.length);
  }
  const collections: SourceCollection[] = [...counts].map(([name, documents]) => ({
    name,
    documents,
  }));
  return {
    place: folder,
    title: `NDJSON of the v4 driver, ${names.length} files. ${DRIVER_HAS_LOST}`,
    identity: digest.digest("hex"),
    hasSchema: schema.size > 0,
    files: schema,
    definitions: new Map(),
    collections,
    leftOut: [],
    async *records(collection, readSignal): AsyncGenerator<readonly DocumentRecord[]> {
      for (const path of files.get(collection) ?? []) {
        yield* batch(ofCollection(path, collection, readSignal), { countMax: RECORDS_AT_ONCE });
      }
    },
  };
}

async function* ofCollection(
  path: string,
  collection: string,
  signal: AbortSignal,
): AsyncGenerator<DocumentRecord> {
  for await (const document of readDocuments(path, signal)) {
    if (document.collection === collection) yield document.record;
  }
}

async function* readDocuments(path: string, signal: AbortSignal) {
  const bytes = createReadStream(path);
  const lines = ndjson.parse({ strict: true });
  // A stream does not hand its failure on to the one it is piped into.
  bytes.on("error", (error) => lines.destroy(error));
  let number = 0;
  try {
    for await (const json of bytes.pipe(lines) as AsyncIterable<unknown>) {
      number++;
      if (number % 1000 === 0) signal.throwIfAborted();
      yield cutDocument(JSON.stringify(json));
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    const place = `${path}:${cause instanceof ArkError ? number : number + 1}`;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new ArkError("ERR_ARCHIVE_CORRUPT", `Not a document of the v4 driver: ${what}`, {
      place,
      cause,
      hint: 'Each line has to be {"ref":{"@ref":…},"ts":…,"data":…}, as JSON.stringify prints a document of the driver.',
    });
  } finally {
    bytes.destroy();
    lines.destroy();
  }
}
