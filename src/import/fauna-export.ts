/**
 * The folder that Fauna's own export writes (facts §9.2):
 *
 *     metadata_00.json
 *     data/collections/<Collection>/<Collection>_<part>_<number>.<json|jsonl>[.gz]
 *
 * tagged, one document a line, or one array a file. It holds no schema; `ts`, `ttl` and ids are there.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import * as z from "zod";
import { ArkError, isArkError } from "../errors/errors.ts";
import { batch, LineError, lines } from "../flow/flow.ts";
import { arrayElements } from "../values/array-elements.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import type { DocumentRecord } from "../values/record.ts";
import { parseTaggedDocument } from "../values/tagged-document.ts";
import type { ImportSource, OpenSourceOptions, SourceCollection } from "./source.ts";
import { readSchemaFolder } from "./schema-folder.ts";

export const FAUNA_METADATA = "metadata_00.json";

/** Longest document taken into memory: a version has at most 8 MiB, and its tagged form is a few times that. */
const DOCUMENT_BYTES_MAX = 128 * 1024 * 1024;

const RECORDS_AT_ONCE = 500;

const metadataSchema = z.object({
  account_id: z.string(),
  export_id: z.string(),
  task_id: z.string(),
  collections: z.array(z.string()),
  snapshot_ts: z.string(),
  doc_format: z.string(),
  files_count: z.number(),
  files_bytes: z.number(),
  part: z.number(),
  total_parts: z.number(),
});
type Metadata = z.infer<typeof metadataSchema>;

/** Passwords are no documents of a collection that could be written to. */
const CREDENTIALS = "Credential";

/** Fauna's own export as a source, after every line of it was read once. */
export async function faunaExportSource(
  folder: string,
  { schemaFolder, signal, onCheck }: OpenSourceOptions,
): Promise<ImportSource> {
  const metadata = await readMetadata(folder);
  const files = await dataFiles(folder, metadata);
  const schema =
    schemaFolder === undefined ? new Map<string, string>() : await readSchemaFolder(schemaFolder);

  const digest = createHash("sha256").update(JSON.stringify(metadata));
  const credentials = files.get(CREDENTIALS) ?? [];
  files.delete(CREDENTIALS);
  const collections: SourceCollection[] = [];
  let done = 0;
  const total = [...files.values()].flat().length;
  for (const [name, paths] of files) {
    const fingerprint = new Fingerprint();
    for (const path of paths) {
      for await (const record of readFileRecords(path, name, signal)) fingerprint.add(name, record);
      onCheck(++done, total);
    }
    digest.update(JSON.stringify(fingerprint));
    collections.push({ name, documents: fingerprint.records });
  }
  return {
    place: folder,
    title: `Fauna's own export ${metadata.export_id} of ${metadata.snapshot_ts}`,
    identity: digest.digest("hex"),
    hasSchema: schema.size > 0,
    files: schema,
    definitions: new Map(),
    collections,
    leftOut: await leftOut(credentials),
    async *records(collection, readSignal): AsyncGenerator<readonly DocumentRecord[]> {
      for (const path of files.get(collection) ?? []) {
        const limits = { countMax: RECORDS_AT_ONCE };
        yield* batch(readFileRecords(path, collection, readSignal), limits);
      }
    },
  };
}

/** What the export says of itself: the metadata of all its parts together. */
async function readMetadata(folder: string): Promise<Metadata> {
  const first = await readPart(folder, 0);
  const parts = [first];
  for (let part = 1; part < first.total_parts; part++) {
    const next = await readPart(folder, part);
    if (next.export_id !== first.export_id || next.snapshot_ts !== first.snapshot_ts) {
      throw new ArkError(
        "ERR_ARCHIVE_CORRUPT",
        `Part ${part} belongs to the export ${next.export_id} of ${next.snapshot_ts}, the first one to ${first.export_id} of ${first.snapshot_ts}.`,
        { place: join(folder, partFile(part)), hint: "Give each export a folder of its own." },
      );
    }
    parts.push(next);
  }
  return {
    ...first,
    collections: [...new Set(parts.flatMap(({ collections }) => collections))],
    files_count: parts.reduce((sum, { files_count }) => sum + files_count, 0),
    files_bytes: parts.reduce((sum, { files_bytes }) => sum + files_bytes, 0),
  };
}

function partFile(part: number): string {
  return `metadata_${String(part).padStart(2, "0")}.json`;
}

async function readPart(folder: string, part: number): Promise<Metadata> {
  const place = join(folder, partFile(part));
  let metadata: Metadata;
  try {
    metadata = metadataSchema.parse(JSON.parse(await readFile(place, "utf8")));
  } catch (cause) {
    throw new ArkError("ERR_ARCHIVE_CORRUPT", "The metadata of Fauna's export cannot be read.", {
      place,
      cause,
      hint: "Give the folder that holds data/ and the metadata_NN.json of every part, as the export wrote it.",
    });
  }
  if (metadata.doc_format !== "tagged") {
    throw new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `The export is in the ${metadata.doc_format} format, which has lost what values are: longs and doubles, times and texts, refs and objects look alike.`,
      { place, hint: "Export again with doc_format tagged." },
    );
  }
  return metadata;
}

/** The data files of each collection, in the order of their parts and numbers. */
async function dataFiles(folder: string, metadata: Metadata): Promise<Map<string, string[]>> {
  const below = join(folder, "data", "collections");
  const found = new Map<string, string[]>();
  let count = 0;
  let bytes = 0;
  for (const name of metadata.collections) {
    const paths = await list(join(below, name));
    count += paths.length;
    for (const path of paths) bytes += (await stat(path)).size;
    found.set(name, paths);
  }
  const hint = "Copy the export's folder again, whole.";
  if (count !== metadata.files_count) {
    throw new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `The export's metadata counts ${metadata.files_count} data files, but ${count} are there.`,
      { place: below, hint },
    );
  }
  if (bytes !== metadata.files_bytes) {
    throw new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `The export's metadata counts ${metadata.files_bytes} bytes of data files, but there are ${bytes}.`,
      { place: below, hint },
    );
  }
  return found;
}

async function leftOut(credentials: readonly string[]): Promise<ImportSource["leftOut"]> {
  let count = 0;
  for (const path of credentials)
    for await (const _ of isArrayFile(path) ? elements(path) : textLines(path)) count++;
  return count === 0 ? [] : [{ collection: CREDENTIALS, count }];
}

async function list(path: string): Promise<string[]> {
  try {
    const names = await readdir(path);
    const data = names.filter((name) => /\.jsonl?(\.gz)?$/.test(name));
    return data.toSorted().map((name) => join(path, name));
  } catch (cause) {
    // An empty collection has no folder (facts §9.2).
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new ArkError("ERR_FILE_ACCESS", "A folder of the export cannot be read.", {
      place: path,
      cause,
    });
  }
}

async function* readFileRecords(
  path: string,
  collection: string,
  signal: AbortSignal,
): AsyncGenerator<DocumentRecord> {
  const isArray = isArrayFile(path);
  let number = 0;
  try {
    for await (const text of isArray ? elements(path) : textLines(path)) {
      number++;
      if (number % 1000 === 0) signal.throwIfAborted();
      const document = parseTaggedDocument(text);
      if (document.collection !== collection) {
        throw new ArkError(
          "ERR_ARCHIVE_CORRUPT",
          `A document of ${document.collection} lies among those of ${collection}.`,
        );
      }
      yield document.record;
    }
  } catch (error) {
    throw atPlace(error, path, isArray ? `element ${number}` : String(number));
  }
}

function isArrayFile(path: string): boolean {
  return /\.json(\.gz)?$/.test(path);
}

async function* textLines(path: string): AsyncGenerator<string> {
  for await (const { text } of lines(bytesOf(path), { bytesMax: DOCUMENT_BYTES_MAX })) {
    if (text.trim() !== "") yield text;
  }
}

function elements(path: string): AsyncGenerator<string> {
  return arrayElements(bytesOf(path), { bytesMax: DOCUMENT_BYTES_MAX, place: basename(path) });
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) {
    yield* file;
    return;
  }
  const plain = createGunzip();
  const running = pipeline(file, plain);
  // Its failure also ends the reading below, which reports it.
  running.catch(() => {});
  try {
    yield* plain as AsyncIterable<Uint8Array>;
    await running;
  } finally {
    file.destroy();
    plain.destroy();
  }
}

function atPlace(error: unknown, path: string, where: string): unknown {
  if (isArkError(error, "ERR_INTERRUPTED", "ERR_TERMINATED", "ERR_HANGUP")) return error;
  if (error instanceof ArkError) {
    const inside = error.place === undefined ? "" : ` (${error.place})`;
    return new ArkError(error.code, error.message, {
      place: `${path}:${where}${inside}`,
      cause: error,
      hint: error.hint ?? "Copy the export's folder again, whole.",
    });
  }
  if (error instanceof LineError || isSystemError(error)) {
    return new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `A file of the export cannot be read: ${error.message}.`,
      {
        place: `${path}:${where}`,
        cause: error,
        hint: "Copy the export's folder again, whole.",
      },
    );
  }
  return error;
}

/** What the file system and zlib throw. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}
