import { ArkError } from "../../src/errors/errors.ts";
import type { ByteRange, Store, WriteOptions } from "../../src/store/store.ts";

/**
 * How an operation fails: `before` it did anything; `after` it was done, its success unheard;
 * `partial`: a read ends early with an error, a write has read half of its source.
 */
export type FailureMode = "before" | "after" | "partial";

export interface FailureOptions {
  /** The operation that fails, counted from 0. Without it none does. */
  readonly failAt?: number;
  readonly mode?: FailureMode;
  /** When true every operation after the failing one fails too, as when the process was killed. */
  readonly dead?: boolean;
}

/** A store in front of another in which one operation fails with ERR_DISK_FULL. */
export class FailingStore implements Store {
  readonly place: string;
  /** Operations asked for so far. */
  operations = 0;
  readonly #store: Store;
  readonly #failAt: number;
  readonly #mode: FailureMode;
  readonly #dead: boolean;

  constructor(
    store: Store,
    { failAt = Infinity, mode = "before", dead = false }: FailureOptions = {},
  ) {
    this.place = store.place;
    this.#store = store;
    this.#failAt = failAt;
    this.#mode = mode;
    this.#dead = dead;
  }

  async *list(prefix?: string) {
    const fails = this.#next();
    if (fails === "before") throw injected();
    yield* this.#store.list(prefix);
    if (fails !== undefined) throw injected();
  }

  async *read(name: string, range?: ByteRange) {
    const fails = this.#next();
    if (fails === "before") throw injected();
    for await (const chunk of this.#store.read(name, range)) {
      if (fails !== "partial") yield chunk;
      else {
        yield chunk.subarray(0, chunk.length >> 1);
        throw injected();
      }
    }
    if (fails !== undefined) throw injected();
  }

  async write(name: string, source: AsyncIterable<Uint8Array>, options?: WriteOptions) {
    const fails = this.#next();
    if (fails === "before") throw injected();
    const written = await this.#store.write(
      name,
      fails === "partial" ? half(source) : source,
      options,
    );
    if (fails === "after") throw injected();
    return written;
  }

  async remove(name: string): Promise<void> {
    const fails = this.#next();
    if (fails === "before" || fails === "partial") throw injected();
    await this.#store.remove(name);
    if (fails === "after") throw injected();
  }

  async size(name: string): Promise<number | undefined> {
    if (this.#next() !== undefined) throw injected();
    return await this.#store.size(name);
  }

  #next(): FailureMode | undefined {
    const operation = this.operations++;
    if (operation === this.#failAt) return this.#mode;
    return this.#dead && operation > this.#failAt ? "before" : undefined;
  }
}

async function* half(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    yield chunk.subarray(0, chunk.length >> 1);
    break;
  }
  throw injected();
}

function injected(): ArkError {
  return new ArkError("ERR_DISK_FULL", "injected failure");
}
