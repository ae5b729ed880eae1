import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { coalesce, LineError, lines } from "../flow/flow.ts";
import type { Store } from "../store/store.ts";
import { SealError, type Sealer } from "./age.ts";
import { parseDefinitionLine } from "./definition-line.ts";
import type { SchemaFileEntry, SchemaKind } from "./manifest.ts";
import { cannotOpen, type Report } from "./problem.ts";
import { type OpenStore, StoredCheck } from "./stored-check.ts";

/** Longest line of a definition that is taken into memory. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Largest FSL file that is taken into memory; Fauna takes requests of 8 MiB. */
const FSL_BYTES_MAX = 64 * 1024 * 1024;

export interface SchemaFileOptions {
  readonly kind: SchemaKind;
  readonly sealer: Sealer;
  readonly file: string;
  readonly name: string | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes definitions, one line each as `printDefinitionLine` makes them.
 *
 * @throws ArkError ERR_RECORD when a line is not a definition.
 */
export async function writeDefinitions(
  store: Store,
  texts: AsyncIterable<string> | Iterable<string>,
  options: SchemaFileOptions,
): Promise<SchemaFileEntry> {
  const { file } = options;
  let definitions = 0;
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const text of texts) {
      assert(!text.includes("\n"), "a definition is one line");
      parseDefinitionLine(text, file);
      definitions++;
      yield Buffer.from(`${text}\n`);
    }
  }
  const written = await writeHashed(store, source(), options);
  return { ...written, definitions };
}

/** Writes an FSL file as the server has it. */
export function writeFsl(
  store: Store,
  content: string,
  options: SchemaFileOptions,
): Promise<SchemaFileEntry> {
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from(content);
  }
  return writeHashed(store, source(), options);
}

async function writeHashed(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  { kind, file, name, sealer, signal }: SchemaFileOptions,
): Promise<SchemaFileEntry> {
  const sha256 = createHash("sha256");
  async function* hashed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of sealer.seal(coalesce(source))) {
      sha256.update(chunk);
      yield chunk;
    }
  }
  const { bytes } = await store.write(file, hashed(), { signal });
  return { kind, file, name, definitions: 0, bytes, sha256: sha256.digest("hex") };
}

/**
 * The definitions of an NDJSON schema file, one JSON text each. What is not as the entry says is
 * reported, at the end when only the whole file tells.
 */
export async function* readDefinitions(
  store: OpenStore,
  entry: SchemaFileEntry,
  report: Report,
): AsyncGenerator<string, void, undefined> {
  const { file } = entry;
  let definitions = 0;
  try {
    for await (const line of lines(checked(store, entry, report), { bytesMax: LINE_BYTES_MAX })) {
      definitions++;
      if (line.terminated) yield line.text;
      else
        report({
          code: "ERR_RECORD",
          message: "the last line has no end",
          file,
          line: line.number,
        });
    }
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    const { message, line, offset } = error;
    report({ code: "ERR_RECORD", message, file, line, offset });
    return;
  }
  if (definitions === entry.definitions) return;
  const message = `the file has ${definitions} lines, the manifest says ${entry.definitions}`;
  report({ code: "ERR_ARCHIVE_CORRUPT", message, file });
}

/** The text of an FSL file; undefined when it was reported as unreadable. */
export async function readFsl(
  store: OpenStore,
  entry: SchemaFileEntry,
  report: Report,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of checked(store, entry, report)) {
    bytes += chunk.length;
    if (bytes <= FSL_BYTES_MAX) chunks.push(chunk);
  }
  if (bytes > FSL_BYTES_MAX) {
    const message = `the file has ${bytes} bytes, which is too many for FSL`;
    report({ code: "ERR_RECORD", message, file: entry.file, offset: FSL_BYTES_MAX });
    return undefined;
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.concat(chunks));
  } catch {
    report({ code: "ERR_RECORD", message: "bytes that are not UTF-8", file: entry.file });
    return undefined;
  }
}

/**
 * The opened bytes of a schema file, whose stored bytes are compared with its entry. Bytes beyond the stated size are
 * not handed on.
 */
async function* checked(
  { store, opener }: OpenStore,
  entry: SchemaFileEntry,
  report: Report,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { file } = entry;
  const stored = new StoredCheck(store, { file, bytes: entry.bytes, sha256: entry.sha256 }, report);
  let bytes = 0;
  try {
    for await (const chunk of opener.open(stored.bytesWanted())) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    if (!stored.isMissing) report(cannotOpen(error, file, bytes));
    return;
  }
  stored.compare();
}
