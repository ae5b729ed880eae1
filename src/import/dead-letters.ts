import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ArkError } from "../errors/errors.ts";
import { fileError } from "../store/file-error.ts";
import { printString } from "../values/json.ts";
import { printRecord } from "../values/record.ts";
import type { Refusal } from "./write.ts";

/**
 * The file of documents that the target refused, with the reason of each, so that none is lost:
 * `{"collection":"C","reason":{"code":"…","message":"…"},"record":{…}}`, one a line. Made only when there is one.
 */
export class DeadLetters {
  #path: string;
  #file: Promise<FileHandle> | undefined;
  #count = 0;

  constructor(path: string) {
    this.#path = resolve(path);
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
    this.#file ??= this.#create();
    const file = await this.#file;
    this.#count += refusals.length;
    await this.#doing("write", file.appendFile(refusals.map(line).join("")));
  }

  /** Makes what was added durable. */
  async close(): Promise<void> {
    const file = await this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      await this.#doing("write", file.sync());
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
    try {
      await mkdir(dirname(wanted), { recursive: true });
      for (let number = 2; ; number++) {
        try {
          return await open(this.#path, "ax");
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
          this.#path = `${wanted}.${number}`;
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

function line({ collection, record, error }: Refusal): string {
  const code = error.details?.["code"];
  const reason = `{"code":${printString(typeof code === "string" ? code : error.code)},"message":${printString(error.message)}}`;
  return `{"collection":${printString(collection)},"reason":${reason},"record":${printRecord(record)}}\n`;
}
