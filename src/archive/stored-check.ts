import { createHash } from "node:crypto";
import { isMissing, type Store } from "../store/store.ts";
import type { Opener } from "./age.ts";
import type { Report } from "./problem.ts";

/** A store, and what opens the files in it. */
export interface OpenStore {
  readonly store: Store;
  readonly opener: Opener;
}

/** What the manifest says of a file as it is stored. */
export interface StoredEntry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a file once, from start to end, and compares size and digest of its stored bytes with its entry. */
export class StoredCheck {
  isMissing = false;
  readonly #store: Store;
  readonly #entry: StoredEntry;
  readonly #report: Report;
  readonly #sha256 = createHash("sha256");
  #bytes = 0;

  constructor(store: Store, entry: StoredEntry, report: Report) {
    this.#store = store;
    this.#entry = entry;
    this.#report = report;
  }

  /** The stored bytes up to the stated size; those beyond are only counted. A missing file is reported, and empty. */
  async *bytesWanted(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.#store.read(this.#entry.file)) {
        this.#sha256.update(chunk);
        const wanted = chunk.subarray(0, Math.max(0, this.#entry.bytes - this.#bytes));
        this.#bytes += chunk.length;
        if (wanted.length > 0) yield wanted;
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.isMissing = true;
      this.#corrupt("the file is missing");
    }
  }

  /** Reports what differs, once all was read. */
  compare(): void {
    if (this.isMissing) return;
    const { bytes, sha256 } = this.#entry;
    if (this.#bytes !== bytes)
      this.#corrupt(
        `the file has ${this.#bytes} bytes, the manifest says ${bytes}`,
        Math.min(this.#bytes, bytes),
      );
    const digest = this.#sha256.digest("hex");
    if (digest !== sha256)
      this.#corrupt(`the file's SHA-256 is ${digest}, the manifest says ${sha256}`);
  }

  #corrupt(message: string, offset = 0): void {
    this.#report({ code: "ERR_ARCHIVE_CORRUPT", message, file: this.#entry.file, offset });
  }
}

/** Compares a file that nobody opens with its entry, handing on the size of each chunk. */
export async function* checkStored(
  store: Store,
  entry: StoredEntry,
  report: Report,
): AsyncGenerator<number, void, undefined> {
  const stored = new StoredCheck(store, entry, report);
  for await (const chunk of stored.bytesWanted()) yield chunk.length;
  stored.compare();
}
