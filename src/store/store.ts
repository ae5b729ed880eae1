/**
 * Where the bytes of an archive live.
 *
 * A store holds named files. A file appears whole under its name or not at all, and once `write`
 * has resolved it survives a crash of process and machine. Names are relative, `/`-separated, and
 * are checked never to leave the store (`names.ts`).
 *
 * To add a store: one file that implements {@link Store}, one line in `open-store.ts`, and a test
 * that calls `storeContract` with it.
 */
import { isArkError } from "../errors/errors.ts";

export { FolderStore } from "./folder-store.ts";
export { MemoryStore } from "./memory-store.ts";
export { safeName } from "./names.ts";
export { openStore } from "./open-store.ts";

/** A file as a listing shows it. */
export interface StoredFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** A part of a file. A range that reaches past the end is cut there. */
export interface ByteRange {
  /** Bytes before the first byte wanted. */
  readonly offset: number;
  /** Bytes wanted; without it, all that follow. */
  readonly length?: number;
}

export interface WriteOptions {
  /** Ends the write before it is done; nothing of it stays. */
  readonly signal?: AbortSignal | undefined;
  /** Fails with ERR_TARGET_NOT_EMPTY instead of replacing a file; of several at once one succeeds. */
  readonly exclusive?: boolean | undefined;
}

export interface Store {
  /** The store as messages name it: a folder or a URL, never with a secret. */
  readonly place: string;

  /**
   * The files whose names begin with `prefix`, ascending by name (UTF-16 order). A place that does
   * not exist yet is an empty store. What an interrupted write left behind is not listed.
   */
  list(prefix?: string): AsyncGenerator<StoredFile, void, undefined>;

  /**
   * The bytes of a file.
   *
   * @throws ArkError ERR_FILE_ACCESS when there is none (see {@link isMissing}) or it cannot be read.
   */
  read(name: string, range?: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;

  /**
   * Makes or replaces a file. It shows under its name once every byte is durable; when `source`
   * throws, the signal aborts or the store fails, what was there before is still there.
   *
   * @throws ArkError ERR_DISK_FULL or ERR_FILE_ACCESS; ERR_TARGET_NOT_EMPTY when `exclusive` and there
   * is such a file; what `source` threw; the signal's reason.
   */
  write(
    name: string,
    source: AsyncIterable<Uint8Array>,
    options?: WriteOptions,
  ): Promise<{ readonly bytes: number }>;

  /** Removes a file, durably, and the folder that it leaves empty. Removing what is not there is no failure. */
  remove(name: string): Promise<void>;

  /** The bytes a file holds; undefined when there is none of that name. */
  size(name: string): Promise<number | undefined>;

  /** Removes what interrupted writes left behind. Nobody else may be writing. Absent where nothing ever stays. */
  removeUnfinished?(): Promise<void>;
}

/** Whether `error` says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return isArkError(error, "ERR_FILE_ACCESS") && error.details?.["missing"] === true;
}

/** The whole of a file, at most `bytesMax` of it. For small files only. */
export async function readWhole(store: Store, name: string, bytesMax = Infinity): Promise<Buffer> {
  const range = Number.isFinite(bytesMax) ? { offset: 0, length: bytesMax } : undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(name, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes a file of which the bytes are at hand. */
export async function writeWhole(
  store: Store,
  name: string,
  content: string | Uint8Array,
  options?: WriteOptions,
): Promise<void> {
  await store.write(name, once(content), options);
}

/** A source of one chunk. */
export async function* once(
  content: string | Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield typeof content === "string" ? Buffer.from(content) : content;
}
