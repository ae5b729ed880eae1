import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { folderName } from "../archive/names.ts";
import { ArkError } from "../errors/errors.ts";
import { type Connection, identity } from "../fauna/fauna.ts";
import { fileError } from "../store/file-error.ts";
import { printString } from "../values/json.ts";
import { printRecord } from "../values/record.ts";
import type { Refusal } from "./write.ts";

/**
 * The file of documents that the target refused, with the reason of each, so that none is lost:
 * `{"database":"y…","collection":"C","reason":{"code":"…","message":"…"},"record":{…}}`, one a line. `database` is the
 * global id of the database that refused it. Made only when there is one; `refused-source.ts` reads it again.
 */
export class DeadLetters {
  #path: string;
  readonly #target: Connection;
  readonly #signal: AbortSignal;
  #file: Promise<FileHandle> | undefined;
  #database: Promise<string> | undefined;
  #count = 0;
  /** The newest write: a long one is written in pieces, between which another's must not get. */
  #written: Promise<void> = Promise.resolve();

  constructor(path: string, target: Connection, signal: AbortSignal) {
    this.#path = resolve(path);
    this.#target = target;
    this.#signal = signal;
  }

  /** Where they are: a file that was there already is left alone, and a number is put behind the name. */
  get path(): string {
    return this.#path;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws ArkError ERR_FILE_ACCESS or ERR_DISK_FULL when the file cannot be written. */
  async add(refusals: readonly Refusal[]): Promise<void> {
    if (refusals.length === 0) return;
    this.#database ??= identity(this.#target, { signal: this.#signal }).then(
      ({ globalId }) => globalId,
    );
    const database = await this.#database;
    this.#file ??= this.#create();
    const file = await this.#file;
    this.#count += refusals.length;
    const lines = refusals.map((refusal) => line(database, refusal));
    const append = (): Promise<void> => file.appendFile(lines.join(""));
    // What failed before told its own caller, and nothing may be put behind half a line.
    this.#written = this.#written.then(append);
    await this.#doing("write", this.#written);
  }

  /** Makes what was added durable, and the file's name with it. */
  async close(): Promise<void> {
    const file = await this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      await this.#doing("write", file.sync());
      await this.#doing("write", syncFolder(dirname(this.#path)));
    } finally {
      await file.close();
    }
  }

  async #doing(what: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw fileError(error, what, this.#path);
    }
  }

  async #create(): Promise<FileHandle> {
    const wanted = this.#path;
    // `x.ndjson.2` asked for, the next is `x.ndjson.3`.
    const stem = wanted.replace(/(\.ndjson)\.\d+$/, "$1");
    try {
      await mkdir(dirname(wanted), { recursive: true });
      for (let number = 2; ; number++) {
        try {
          return await open(this.#path, "ax");
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
          this.#path = `${stem}.${number}`;
        }
      }
    } catch (cause) {
      throw new ArkError("ERR_FILE_ACCESS", "The file for refused documents cannot be made.", {
        place: wanted,
        cause,
        hint: "Name another with --dead-letters.",
      });
    }
  }
}

/** Where the refused documents of a database go: each has a file of its own, named after the topmost one's. */
export function deadLettersOf(path: readonly string[], file: string): string {
  if (path.length === 0) return file;
  const stem = file.endsWith(".ndjson") ? file.slice(0, -".ndjson".length) : file;
  const below = path.map((name) => folderName(name)).join(".");
  // A file's name may be of 255 bytes, and a number may follow.
  const name = below.length <= 120 ? below : folderName(path.join("/"));
  return `${stem}.${name}.ndjson`;
}

function line(database: string, { collection, record, error }: Refusal): string {
  const code = error.details?.["code"];
  const reason = `{"code":${printString(typeof code === "string" ? code : error.code)},"message":${printString(error.message)}}`;
  return `{"database":${printString(database)},"collection":${printString(collection)},"reason":${reason},"record":${printRecord(record)}}\n`;
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and needs no such thing.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
