import { ArkError } from "../../src/errors/errors.ts";
import type { ByteRange, Store, WriteOptions } from "../../src/store/store.ts";

/**
 * How an operation fails: `before` it did anything; `after` it was done, its success unheard;
 * `partial`: a read ends early with an error, a write has read half of its source;
 * `hang`: it does nothing until the deadline of the whole run passes, which it does while it waits.
 */
export type FailureMode = "before" | "after" | "partial" | "hang";

export interface FailureOptions {
  /** The operation that fails, counted from 0. Without it none does. */
  readonly failAt?: number;
  readonly mode?: FailureMode;
  /** When true every operation after the failing one fails too, as when the process was killed. */
  readonly dead?: boolean;
  /** The run's deadline, for `hang`. */
  readonly deadline?: AbortController;
}

/** A store in front of another in which one operation fails with ERR_DISK_FULL, or hangs. */
export class FailingStore implements Store {
  readonly place: string;
  /** Operations asked for so far. */
  operations = 0;
  readonly #store: Store;
  readonly #failAt: number;
  readonly #mode: FailureMode;
  readonly #dead: boolean;
  readonly #deadline: AbortController | undefined;

  constructor(
    store: Store,
    { failAt = Infinity, mode = "before", dead = false, deadline }: FailureOptions = {},
  ) {
    this.place = store.place;
    this.#store = store;
    this.#failAt = failAt;
    this.#mode = mode;
    this.#dead = dead;
    this.#deadline = deadline;
  }

  async *list(prefix?: string) {
    const fails = await this.#next();
    if (fails === "before") throw injected();
    yield* this.#store.list(prefix);
    if (fails !== undefined) throw injected();
  }

  async *read(name: string, range?: ByteRange) {
    const fails = await this.#next();
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
    const fails = await this.#next();
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
    const fails = await this.#next();
    if (fails === "before" || fails === "partial") throw injected();
    await this.#store.remove(name);
    if (fails === "after") throw injected();
  }

  async size(name: string): Promise<number | undefined> {
    if ((await this.#next()) !== undefined) throw injected();
    return await this.#store.size(name);
  }

  async #next(): Promise<FailureMode | undefined> {
    const operation = this.operations++;
    if (operation === this.#failAt) {
      if (this.#mode === "hang") await this.#hang();
      return this.#mode;
    }
    return this.#dead && operation > this.#failAt ? "before" : undefined;
  }

  async #hang(): Promise<never> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const reason = new ArkError("ERR_TRY_AGAIN", "the run's deadline has passed");
    this.#deadline?.abort(reason);
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw reason;
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
