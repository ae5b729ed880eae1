/** Documents by their ids: several requests at once, their answers in the order of the ids, each in its turn. */
import type { DocumentsById, PageTurn, PageTurns } from "../fauna/fauna.ts";
import type { Batch } from "./catch-up-changes.ts";
import type { Entry } from "./catch-up-spool.ts";

export interface InOrderOptions {
  readonly turns: PageTurns;
  /** Batches that are read, or were read and not taken yet, at once. */
  readonly window: number;
  readonly signal: AbortSignal;
  /** Reads ids, no more than the turn says, in one answer. */
  readonly read: (ids: readonly string[], turn: PageTurn) => Promise<DocumentsById>;
  /** Told of each batch that is given, for so many ids of which documents were asked for. */
  readonly onGiven: (asked: number, found: DocumentsById) => void;
}

/**
 * The entries of batches. Those that were given are held until the next are asked for. The batches are closed however
 * this ends.
 */
export async function* entriesInOrder(
  batches: AsyncGenerator<Batch>,
  options: InOrderOptions,
): AsyncGenerator<readonly Entry[]> {
  const reading = new Reading(batches, options);
  try {
    for (;;) {
      const next = await reading.next();
      if (next === undefined) return;
      const { batch, turn, found } = next;
      try {
        options.onGiven(batch.reads, found);
        const byId = new Map(found.records.map((record) => [record.id, record]));
        yield batch.ids.map(({ id }) => ({ id, record: byId.get(id) }));
      } finally {
        turn?.release();
      }
    }
  } finally {
    await reading.stop();
    await batches.return(undefined);
  }
}

/** A batch that was asked for; without a turn, nothing has to be asked. */
interface UnderWay {
  readonly batch: Batch;
  readonly turn: PageTurn | undefined;
  readonly found: Promise<DocumentsById>;
}

const NONE: DocumentsById = { records: [], lost: 0 };

/**
 * Turns are taken in the order of the batches, so that none waits for bytes that only one behind it would give back.
 * When one turns out to need more than it has, those behind it give back what they hold, and are read again.
 */
class Reading {
  readonly #source: AsyncGenerator<Batch>;
  readonly #options: InOrderOptions;
  /** Batches that come before what is left of the source. */
  #again: Batch[] = [];
  readonly #underWay: Promise<UnderWay | undefined>[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #isTakingBack = false;

  constructor(source: AsyncGenerator<Batch>, options: InOrderOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The next batch, read; undefined at the end. Whoever is given it releases its turn. */
  async next(): Promise<(Omit<UnderWay, "found"> & { readonly found: DocumentsById }) | undefined> {
    const { window, turns } = this.#options;
    for (;;) {
      while (this.#underWay.length < window) this.#begin();
      const first = await this.#underWay.shift()!;
      if (first === undefined) return undefined;
      const { batch, turn, found } = first;
      try {
        return { batch, turn, found: await found };
      } catch (error) {
        turn?.release();
        const behind = await this.#takeBack();
        if (turn === undefined || !turns.tooMuch(turn, error)) throw error;
        this.#again = [batch, ...behind, ...this.#again];
      }
    }
  }

  /** Gives back whatever is held. */
  async stop(): Promise<void> {
    await this.#takeBack().catch(() => {});
  }

  #begin(): void {
    const next = this.#last.then(() => this.#read());
    this.#last = next;
    // It is looked at in its turn; until then its failure is nobody's unhandled rejection.
    next.catch(() => {});
    this.#underWay.push(next);
  }

  async #read(): Promise<UnderWay | undefined> {
    if (this.#isTakingBack) return undefined;
    const { turns, signal, read } = this.#options;
    const whole = this.#again.shift() ?? (await this.#nextOfSource());
    if (whole === undefined) return undefined;
    const none = Promise.resolve(NONE);
    if (whole.reads === 0) return { batch: whole, turn: undefined, found: none };
    const turn = await turns.begin(signal, whole.reads);
    if (this.#isTakingBack) return { batch: whole, turn, found: none };
    const [batch, rest] = whole.cutAt(turn.size);
    if (rest !== undefined) this.#again.unshift(rest);
    const found = read(batch.toRead, turn);
    found.catch(() => {});
    return { batch, turn, found };
  }

  async #nextOfSource(): Promise<Batch | undefined> {
    const { done, value } = await this.#source.next();
    return done === true ? undefined : value;
  }

  /** Waits for all that is under way, one after the other, as one may be waiting for what those before it hold. */
  async #takeBack(): Promise<Batch[]> {
    this.#isTakingBack = true;
    const taken: Batch[] = [];
    const failures: unknown[] = [];
    for (const each of this.#underWay.splice(0)) {
      try {
        const one = await each;
        if (one === undefined) continue;
        await Promise.allSettled([one.found]);
        one.turn?.release();
        taken.push(one.batch);
      } catch (error) {
        failures.push(error);
      }
    }
    this.#isTakingBack = false;
    if (failures.length > 0) throw failures[0];
    return taken;
  }
}
