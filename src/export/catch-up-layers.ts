/**
 * Layers of entries, each ascending by id, the later ones laid over those before: what the newest says of an id is
 * what holds.
 */
import { compareIds } from "../values/record.ts";

/** Something that is said of an id. */
interface OfId {
  readonly id: string;
}

type Batches<T> = AsyncGenerator<readonly T[], void, undefined>;

/** A stream of batches, looked at one by one. Only a batch that is not there yet has to be awaited. */
export class Ascending<T> {
  /** The next one; undefined at the end. Nothing before the first {@link next}. */
  head: T | undefined;
  readonly #batches: Batches<T>;
  #batch: readonly T[] = [];
  #at = 0;

  constructor(batches: Batches<T>) {
    this.#batches = batches;
  }

  /** Whether nothing more of what it holds is to be looked at: the next is in another batch. */
  get isLastOfBatch(): boolean {
    return this.#at === this.#batch.length;
  }

  /** Goes on to the next. */
  next(): void | Promise<void> {
    if (this.#at === this.#batch.length) return this.#nextBatch();
    this.head = this.#batch[this.#at++];
  }

  async #nextBatch(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#batches.next();
      if (done === true) {
        this.head = undefined;
        this.#batch = [];
        this.#at = 0;
        return;
      }
      if (value.length === 0) continue;
      this.#batch = value;
      this.head = value[0];
      this.#at = 1;
      return;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return();
  }
}

/** What holds of an id. */
export interface Newest<T> {
  readonly top: T;
  /** The number of the layer that says so, from 0 for the lowest. */
  readonly layer: number;
  /** Whether the lowest layer says anything of it. */
  readonly inLowest: boolean;
}

const BATCH = 1_000;

/**
 * What holds of each id that any layer speaks of, ascending by id. What was given is held no more when more of it is
 * asked for: no more than a batch of each layer is there at a time. The layers are closed however this ends.
 */
export async function* newest<T extends OfId>(layers: readonly Batches<T>[]): Batches<Newest<T>> {
  const streams = layers.map((layer) => new Ascending(layer));
  let batch: Newest<T>[] = [];
  try {
    for (const stream of streams) await stream.next();
    for (;;) {
      const found = topmost(streams);
      if (found === undefined) break;
      batch.push(found);
      if (batch.length === BATCH || streams.some((each) => isUsedUp(each, found.top.id))) {
        yield batch;
        batch = [];
      }
      for (const stream of streams) {
        if (stream.head?.id !== found.top.id) continue;
        const waiting = stream.next();
        if (waiting !== undefined) await waiting;
      }
    }
    if (batch.length > 0) yield batch;
  } finally {
    for (const stream of streams) await stream.close();
  }
}

/** Whether going on from an id takes another batch of a layer. */
function isUsedUp<T extends OfId>(layer: Ascending<T>, id: string): boolean {
  return layer.isLastOfBatch && layer.head?.id === id;
}

function topmost<T extends OfId>(streams: readonly Ascending<T>[]): Newest<T> | undefined {
  let top: T | undefined;
  let layer = 0;
  for (const [number, { head }] of streams.entries()) {
    if (head === undefined || (top !== undefined && compareIds(head.id, top.id) > 0)) continue;
    top = head;
    layer = number;
  }
  return top && { top, layer, inLowest: streams[0]?.head?.id === top.id };
}

/** Batches of several streams, one stream after the other. */
export async function* oneAfterTheOther<T>(streams: Iterable<() => Batches<T>>): Batches<T> {
  for (const stream of streams) yield* stream();
}
