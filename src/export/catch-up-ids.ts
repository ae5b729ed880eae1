/** Ids that feeds name, in any order and number: sorted, each once, in bounded memory. */
import { newest } from "./catch-up-layers.ts";
import type { Entry, Spool, SpoolFile } from "./catch-up-spool.ts";

/** Ids that are held in memory; more are put by. Two MiB. */
const HELD = 262_144;
const BATCH = 2_000;

type Batches<T> = AsyncGenerator<readonly T[], void, undefined>;

export class IdSet {
  readonly #spool: Spool;
  readonly #heldMax: number;
  /** Grows as needed, up to {@link HELD}. */
  #held: BigUint64Array;
  #length = 0;
  #runs: SpoolFile[] = [];
  #adding: Promise<void> = Promise.resolve();

  /** @param heldMax ids that are held in memory. */
  constructor(spool: Spool, heldMax: number = HELD) {
    this.#spool = spool;
    this.#heldMax = heldMax;
    this.#held = new BigUint64Array(Math.min(64, heldMax));
  }

  /** How many there are at most; one that is named again after many others may count twice. */
  get size(): number {
    return this.#runs.reduce((sum, { entries }) => sum + entries, this.#length);
  }

  /** Adds ids; several calls under way are done one after the other. */
  add(ids: readonly string[], signal?: AbortSignal): Promise<void> {
    const turn = this.#adding.then(() => this.#add(ids, signal));
    this.#adding = turn.catch(() => {});
    return turn;
  }

  async #add(ids: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    for (const id of ids) {
      if (this.#length === this.#held.length) await this.#makeRoom(signal);
      this.#held[this.#length++] = BigInt(id);
    }
  }

  /** Everything that was added so far is in the set that is given, and in this one no more. */
  take(): IdSet {
    const taken = new IdSet(this.#spool, this.#heldMax);
    taken.#held = this.#held;
    taken.#length = this.#length;
    taken.#runs = this.#runs;
    this.#held = new BigUint64Array(Math.min(64, this.#heldMax));
    this.#length = 0;
    this.#runs = [];
    return taken;
  }

  /** Adds all of another set, which must not be used any more. */
  async absorb(other: IdSet, signal?: AbortSignal): Promise<void> {
    this.#runs.push(...other.#runs);
    other.#runs = [];
    for (let at = 0; at < other.#length; at += BATCH) {
      const ids = other.#held.subarray(at, Math.min(other.#length, at + BATCH));
      await this.add([...ids].map(String), signal);
    }
  }

  /** Each id once, ascending. Nothing may be added while it is read. */
  async *ascending(): Batches<{ readonly id: string }> {
    this.#sort();
    const held = batchesOf(this.#held.subarray(0, this.#length));
    for await (const batch of newest<{ readonly id: string }>([
      ...this.#runs.map((run) => run.marks()),
      held,
    ]))
      yield batch.map(({ top }) => top);
  }

  /** Removes what was put by. */
  async remove(): Promise<void> {
    for (const run of this.#runs) await run.remove();
    this.#runs = [];
    this.#length = 0;
  }

  async #makeRoom(signal: AbortSignal | undefined): Promise<void> {
    this.#sort();
    if (this.#length > this.#heldMax / 2) {
      this.#runs.push(
        await this.#spool.write(batchesOf(this.#held.subarray(0, this.#length)), signal),
      );
      this.#length = 0;
      return;
    }
    if (this.#length <= this.#held.length / 2) return;
    const larger = new BigUint64Array(Math.min(this.#heldMax, this.#held.length * 2));
    larger.set(this.#held.subarray(0, this.#length));
    this.#held = larger;
  }

  /** Ascending, each once. */
  #sort(): void {
    const ids = this.#held.subarray(0, this.#length).toSorted();
    let length = 0;
    for (const id of ids) {
      if (length > 0 && this.#held[length - 1] === id) continue;
      this.#held[length++] = id;
    }
    this.#length = length;
  }
}

async function* batchesOf(ids: BigUint64Array): Batches<Entry> {
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.subarray(at, Math.min(ids.length, at + BATCH));
    yield Array.from(batch, (id) => ({ id: String(id), record: undefined }));
  }
}
