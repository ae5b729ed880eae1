/**
 * The file of documents that a target refused, as a source: mended or not, they are sent again.
 *
 * Each line stands for itself, so that lines may be changed, left out and put together; what is read is parsed
 * strictly, and told apart by its line.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { ArkError, isArkError } from "../errors/errors.ts";
import { LineError, lines } from "../flow/flow.ts";
import { fileError } from "../store/file-error.ts";
import { type DocumentRecord, parseRecord } from "../values/record.ts";
import { decodeString, skipString, skipValue, walkObject, walkWhole } from "../values/scan.ts";
import type { ImportSource, SourceCollection } from "./source.ts";

export interface RefusedSource extends ImportSource {
  /** The global id of the database that refused them; undefined where no line says it. */
  readonly database: string | undefined;
}

interface Letter {
  readonly database: string | undefined;
  readonly collection: string;
  readonly record: DocumentRecord;
}

/** A document of Fauna's is at most 8 MiB; as JSON with escapes it may take six times as much. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

const BATCH = 200;

/**
 * Opens a file of refused documents, whole: every line of it is parsed before anything is sent.
 *
 * @throws ArkError ERR_RECORD with the line of what is no refused document, there twice, or of another database than
 * the lines before; ERR_FILE_ACCESS when the file cannot be read.
 */
export async function refusedSource(file: string, signal: AbortSignal): Promise<RefusedSource> {
  const counts = new Map<string, number>();
  const digest = createHash("sha256");
  const seen = new Map<string, number>();
  let database: string | undefined;
  for await (const { letter, number } of letters(file, signal)) {
    const { collection, record } = letter;
    const key = `${collection}/${record.id}`;
    const before = seen.get(key);
    if (before !== undefined)
      throw wrong(
        file,
        number,
        `${collection} ${record.id} is there twice, first in line ${before}.`,
        "Leave one of the two.",
      );
    seen.set(key, number);
    if (letter.database !== undefined) {
      database ??= letter.database;
      if (letter.database !== database)
        throw wrong(
          file,
          number,
          `It was refused by another database (${letter.database}) than those before (${database}).`,
          "Put the documents of each database into a file of their own.",
        );
    }
    counts.set(collection, (counts.get(collection) ?? 0) + 1);
    digest.update(`${key}\n`);
  }
  const collections: SourceCollection[] = [...counts].map(([name, documents]) => ({
    name,
    documents,
  }));
  return {
    place: file,
    title: "documents that were refused",
    identity: digest.digest("hex"),
    hasSchema: false,
    files: new Map(),
    definitions: new Map(),
    collections,
    leftOut: [],
    isSparse: true,
    database,
    async *records(collection, readSignal): AsyncGenerator<readonly DocumentRecord[]> {
      let batch: DocumentRecord[] = [];
      for await (const { letter } of letters(file, readSignal)) {
        if (letter.collection !== collection) continue;
        batch.push(letter.record);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },
  };
}

async function* letters(
  file: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly letter: Letter; readonly number: number }> {
  const stream = createReadStream(file, { signal });
  try {
    for await (const { text, number } of lines(stream, { bytesMax: LINE_BYTES_MAX }))
      if (text.trim() !== "") yield { letter: parseLetter(text, file, number), number };
  } catch (error) {
    signal.throwIfAborted();
    if (isArkError(error)) throw error;
    if (error instanceof LineError) throw wrong(file, error.line, `${error.message}.`);
    throw fileError(error, "read", file);
  } finally {
    stream.destroy();
  }
}

function parseLetter(text: string, file: string, number: number): Letter {
  try {
    const found = new Map<string, string>();
    walkWhole(text, (start) =>
      walkObject(text, start, (name, at) => {
        if (found.has(name)) throw new ArkError("ERR_RECORD", `It holds ${name} twice.`);
        const isText = name === "database" || name === "collection";
        if (!isText && name !== "reason" && name !== "record")
          throw new ArkError("ERR_RECORD", `Refused documents have no member ${name}.`);
        const end = isText ? skipString(text, at) : skipValue(text, at);
        found.set(name, isText ? decodeString(text, at, end) : text.slice(at, end));
        return end;
      }),
    );
    const [collection, record] = [found.get("collection"), found.get("record")];
    if (collection === undefined || record === undefined)
      throw new ArkError("ERR_RECORD", "A refused document needs a collection and a record.");
    const parsed = parseRecord(record);
    if (parsed.action !== undefined)
      throw new ArkError("ERR_RECORD", "It is a version of a history, not a document.");
    return { database: found.get("database"), collection, record: parsed };
  } catch (error) {
    if (!isArkError(error)) throw error;
    throw wrong(file, number, error.message, undefined, error);
  }
}

function wrong(
  file: string,
  line: number,
  message: string,
  hint = 'Each line is {"database":…,"collection":…,"reason":…,"record":{…}}, as an import writes it. Nothing was sent.',
  cause?: unknown,
): ArkError {
  return new ArkError("ERR_RECORD", message, {
    place: `${file}:${line}`,
    hint,
    cause,
    details: { line },
  });
}
