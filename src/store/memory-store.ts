import { ArkError } from "../errors/errors.ts";
import { occupied } from "./file-error.ts";
import { isTemporary, safeName } from "./names.ts";
import type { ByteRange, Store, StoredFile, WriteOptions } from "./store.ts";

/** A store in memory, for tests and for archives that never touch a disk. */
export class MemoryStore implements Store {
  readonly place: string;
  readonly #files = new Map<string, Uint8Array>();

  constructor(place = "memory:") {
    this.place = place;
  }

  async *list(prefix = ""): AsyncGenerator<StoredFile, void, undefined> {
    for (const name of [...this.#files.keys()].toSorted(ascending)) {
      const file = this.#files.get(name);
      if (file === undefined || !name.startsWith(prefix) || isTemporary(name)) continue;
      yield { name, size: file.length };
    }
  }

  async *read(
    name: string,
    { offset, length = Infinity }: ByteRange = { offset: 0 },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const file = this.#files.get(safeName(name, this.place));
    if (file === undefined) throw this.#missing(name);
    const part = file.subarray(offset, Math.min(file.length, offset + length));
    if (part.length > 0) yield part;
  }

  async write(
    name: string,
    source: AsyncIterable<Uint8Array>,
    { signal, exclusive }: WriteOptions = {},
  ): Promise<{ bytes: number }> {
    safeName(name, this.place);
    signal?.throwIfAborted();
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) {
      signal?.throwIfAborted();
      chunks.push(Uint8Array.from(chunk));
    }
    signal?.throwIfAborted();
    if (exclusive === true && this.#files.has(name)) throw occupied(`${this.place}/${name}`);
    const file = new Uint8Array(Buffer.concat(chunks));
    this.#files.set(name, file);
    return { bytes: file.length };
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(safeName(name, this.place));
  }

  async size(name: string): Promise<number | undefined> {
    return this.#files.get(safeName(name, this.place))?.length;
  }

  #missing(name: string): ArkError {
    return new ArkError("ERR_FILE_ACCESS", "cannot read: there is no such file", {
      place: `${this.place}/${name}`,
      details: { missing: true },
    });
  }
}

const ascending = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
