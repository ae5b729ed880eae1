/**
 * What an export that catches up puts by until it knows its moment: ids, and what was read of the documents.
 *
 * The files lie in the archive's own place, below `journal/`, and are sealed with a key that only this process has
 * and that is never written anywhere: what a killed run leaves there nobody can read, also where the archive was to be
 * encrypted or passwords were to be left out. They are removed as soon as they have been used.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { ArkError } from "../errors/errors.ts";
import type { Store } from "../store/store.ts";
import { type DocumentRecord, parseRecord, printRecord } from "../values/record.ts";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

const FOLDER = "journal/catch-up/";

/** An id, and what is said of it: the document, or that there is none. */
export interface Entry {
  readonly id: string;
  readonly record: DocumentRecord | undefined;
}

/** An entry without its document. */
export interface Mark {
  readonly id: string;
  /** Whether it has a document. */
  readonly isThere: boolean;
}

const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
/** Layers are read in step, a frame of each at a time: they are smaller than pages. */
const FRAME_BYTES = 512 * 1024;
const ID_BYTES = 8;
/** Where records are written or read, the ids before them count as one section and the records as the next. */
const SECTIONS = 2;

export class Spool {
  readonly #store: Store;
  readonly #key = randomBytes(32);
  /** Files that are there. */
  readonly #names = new Set<string>();
  #files = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Writes a file of entries, ascending by id; it is durable when the promise resolves. */
  async write(
    batches: AsyncIterable<readonly Entry[]>,
    signal: AbortSignal | undefined,
  ): Promise<SpoolFile> {
    const number = ++this.#files;
    const sealer = new Sealer(this.#key, number);
    const name = FOLDER + String(number).padStart(8, "0");
    let entries = 0;
    let frames = 0;
    let largest = 0;
    async function* sealed(): AsyncGenerator<Uint8Array> {
      for await (const batch of batches) {
        for (const frame of framesOf(batch)) {
          signal?.throwIfAborted();
          const marks = printMarks(frame);
          const records = printRecords(frame);
          yield await sealer.seal(frames * SECTIONS, marks);
          yield await sealer.seal(frames * SECTIONS + 1, records);
          entries += frame.length;
          frames++;
          largest = Math.max(largest, marks.length + records.length);
        }
      }
    }
    this.#names.add(name);
    await this.#store.write(name, sealed(), { signal });
    const onRemoved = (): void => void this.#names.delete(name);
    return new SpoolFile(this.#store, { name, entries, frames, largest, sealer, onRemoved });
  }

  /** Removes whatever is still there. */
  async clear(): Promise<void> {
    for (const name of this.#names) await this.#store.remove(name);
    this.#names.clear();
  }
}

interface Written {
  readonly name: string;
  readonly entries: number;
  readonly frames: number;
  /** Bytes of the largest frame. */
  readonly largest: number;
  readonly sealer: Sealer;
  readonly onRemoved: () => void;
}

/** A file that was put by, read as often as wanted. */
export class SpoolFile {
  readonly #store: Store;
  readonly #written: Written;

  constructor(store: Store, written: Written) {
    this.#store = store;
    this.#written = written;
  }

  /** How many entries it holds. */
  get entries(): number {
    return this.#written.entries;
  }

  /** Bytes that are held, at most, while its entries are read. */
  get largest(): number {
    return this.#written.largest;
  }

  /** Its entries without their documents, which are passed over. @throws ArkError ERR_ARCHIVE_CORRUPT. */
  async *marks(): AsyncGenerator<readonly Mark[], void, undefined> {
    for await (const { marks } of this.#frames(false)) yield marks;
  }

  /** Its entries. @throws ArkError ERR_ARCHIVE_CORRUPT when it is not as it was written. */
  async *all(): AsyncGenerator<readonly Entry[], void, undefined> {
    for await (const { marks, records } of this.#frames(true)) {
      const lines = records!.toString("utf8").split("\n");
      let line = 0;
      yield marks.map(({ id, isThere }) => ({
        id,
        record: isThere ? parseRecord(lines[line++] ?? "") : undefined,
      }));
    }
  }

  /** Removes it from the place. */
  async remove(): Promise<void> {
    await this.#store.remove(this.#written.name);
    this.#written.onRemoved();
  }

  async *#frames(withRecords: boolean): AsyncGenerator<Opened, void, undefined> {
    const { name, frames, sealer } = this.#written;
    const source = new Bytes(this.#store.read(name));
    const length = async (): Promise<number> => {
      const bytes = await source.take(LENGTH_BYTES);
      if (bytes === undefined) throw this.#altered();
      return bytes.readUInt32LE(0);
    };
    const section = async (number: number): Promise<Buffer> => {
      const sealed = await source.take(await length());
      const opened = sealed === undefined ? undefined : await sealer.open(number, sealed);
      if (opened === undefined) throw this.#altered();
      return opened;
    };
    try {
      for (let frame = 0; frame < frames; frame++) {
        const marks = parseMarks(await section(frame * SECTIONS));
        if (withRecords) yield { marks, records: await section(frame * SECTIONS + 1) };
        else if (await source.pass(await length())) yield { marks, records: undefined };
        else throw this.#altered();
      }
    } finally {
      await source.close();
    }
  }

  #altered(): ArkError {
    return new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      "What the export has put by is not as it was written.",
      {
        place: `${this.#store.place}/${this.#written.name}`,
        hint: "Look after the disk, and that nothing else writes to this place; then export again.",
      },
    );
  }
}

interface Opened {
  readonly marks: readonly Mark[];
  readonly records: Buffer | undefined;
}

/** Seals sections of one file. No two of a key have the same number, so that a nonce is never used twice. */
class Sealer {
  readonly #key: Buffer;
  readonly #file: number;

  constructor(key: Buffer, file: number) {
    this.#key = key;
    this.#file = file;
  }

  async seal(section: number, plain: Buffer): Promise<Buffer> {
    const cipher = createCipheriv(CIPHER, this.#key, this.#nonce(section));
    const body = cipher.update(await deflate(plain, { level: 1 }));
    cipher.final();
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(body.length + TAG_BYTES);
    return Buffer.concat([length, body, cipher.getAuthTag()]);
  }

  /** Undefined when it is not what was sealed as this section. */
  async open(section: number, sealed: Buffer): Promise<Buffer | undefined> {
    if (sealed.length < TAG_BYTES) return undefined;
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, this.#key, this.#nonce(section));
    decipher.setAuthTag(sealed.subarray(end));
    const body = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return await inflate(body);
  }

  #nonce(section: number): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32LE(this.#file);
    nonce.writeBigUInt64LE(BigInt(section), 4);
    return nonce;
  }
}

/** Takes pieces of wanted lengths from a stream of chunks. */
class Bytes {
  readonly #chunks: AsyncGenerator<Uint8Array, void, undefined>;
  #held: Uint8Array[] = [];
  #length = 0;

  constructor(chunks: AsyncGenerator<Uint8Array, void, undefined>) {
    this.#chunks = chunks;
  }

  /** The next `length` bytes; undefined when there are not so many. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#length < length) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#held.push(value);
      this.#length += value.length;
    }
    const all = Buffer.concat(this.#held);
    this.#held = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  /** Passes over the next `length` bytes, holding none of them. @returns whether there were so many. */
  async pass(length: number): Promise<boolean> {
    let left = length - this.#length;
    let last: Uint8Array | undefined = Buffer.concat(this.#held).subarray(length);
    while (left > 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      last = value.subarray(left);
      left -= value.length;
    }
    this.#held = [last];
    this.#length = last.length;
    return true;
  }

  async close(): Promise<void> {
    await this.#chunks.return();
  }
}

/** Entries in pieces of a size to be held, unless one alone is larger. */
function* framesOf(batch: readonly Entry[]): Generator<readonly Entry[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, { record }] of batch.entries()) {
    const size = ID_BYTES + (record?.dataText?.length ?? 0) + (record?.extraText?.length ?? 0);
    if (at > from && bytes + size > FRAME_BYTES) {
      yield batch.slice(from, at);
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < batch.length) yield batch.slice(from);
}

/** Ids in eight bytes each; whether there is a document in the lowest bit, as no id takes more than 63. */
function printMarks(batch: readonly Entry[]): Buffer {
  const marks = Buffer.allocUnsafe(batch.length * ID_BYTES);
  batch.forEach(({ id, record }, i) => {
    marks.writeBigUInt64LE((BigInt(id) << 1n) | (record === undefined ? 0n : 1n), i * ID_BYTES);
  });
  return marks;
}

function parseMarks(bytes: Buffer): Mark[] {
  const marks: Mark[] = [];
  for (let at = 0; at < bytes.length; at += ID_BYTES) {
    const mark = bytes.readBigUInt64LE(at);
    marks.push({ id: String(mark >> 1n), isThere: (mark & 1n) === 1n });
  }
  return marks;
}

function printRecords(batch: readonly Entry[]): Buffer {
  const lines = batch.flatMap(({ record }) =>
    record === undefined ? [] : [`${printRecord(record)}\n`],
  );
  return Buffer.from(lines.join(""));
}
