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

/** Secrets and credentials are not documents of a collection that could be written to. */
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
  const collections: SourceCollection[] = [];
  let done = 0;
  const total = [...files.values()].flat().length;
  for (const [name, paths] of files) {
    let documents = 0;
    for (const path of paths) {
      for await (const { id } of readFileRecords(path, name, signal)) {
        digest.update(`${name}/${id}\n`);
        documents++;
      }
      onCheck(++done, total);
    }
    collections.push({ name, documents });
  }
  return {
    place: folder,
    title: `Fauna's own export ${metadata.export_id} of ${metadata.snapshot_ts}`,
    identity: digest.digest("hex"),
    hasSchema: schema.size > 0,
    files: schema,
    definitions: new Map(),
    collections,
    async *records(collection, readSignal): AsyncGenerator<readonly DocumentRecord[]> {
      for (const path of files.get(collection) ?? []) {
        const limits = { countMax: RECORDS_AT_ONCE };
        yield* batch(readFileRecords(path, collection, readSignal), limits);
      }
    },
  };
}

async function readMetadata(folder: string): Promise<Metadata> {
  const place = join(folder, FAUNA_METADATA);
  let metadata: Metadata;
  try {
    metadata = metadataSchema.parse(JSON.parse(await readFile(place, "utf8")));
  } catch (cause) {
    throw new ArkError("ERR_ARCHIVE_CORRUPT", "The metadata of Fauna's export cannot be read.", {
      place,
      cause,
      hint: "Give the folder that holds metadata_00.json and data/, as the export wrote it.",
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
    if (name === CREDENTIALS && paths.length > 0) {
      throw new ArkError(
        "ERR_ARCHIVE_CORRUPT",
        "The export holds credentials, which are not documents.",
        {
          place: join(below, name),
          hint: "Move data/collections/Credential elsewhere to import the documents without them.",
        },
      );
    }
    if (name !== CREDENTIALS) found.set(name, paths);
  }
  // With several parts, each part's metadata counts its own files.
  if (metadata.total_parts === 1 && count !== metadata.files_count) {
    throw new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `The export's metadata counts ${metadata.files_count} data files, but ${count} are there.`,
      { place: below, hint: "Copy the export's folder again, whole." },
    );
  }
  if (metadata.total_parts === 1 && bytes !== metadata.files_bytes) {
    throw new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `The export's metadata counts ${metadata.files_bytes} bytes of data files, but there are ${bytes}.`,
      { place: below, hint: "Copy the export's folder again, whole." },
    );
  }
  return found;
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
  const isArray = /\.json(\.gz)?$/.test(path);
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
  if (isArkError(error, "ERR_INTERRUPTED", "ERR_TERMINATED")) return error;
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
