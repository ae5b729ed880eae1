/** How batches of documents flow into a database: how many documents each has, how many are sent at once, and their bytes. */
import { type ClimbStep, type Clock, Credits, fixedKnob, HillClimb } from "../flow/flow.ts";

export interface BatchFlowOptions {
  /** The most documents of a batch. Without it what is best is found, by trying. */
  readonly batchDocuments?: number | undefined;
  /** How many batches are sent at once. Without it what is best is found, by trying. */
  readonly window?: number | undefined;
  /** Bytes of batches that are under way, in all. */
  readonly bytes: number;
  /** Told of what is tried and found. */
  readonly onStep?: ((step: BatchFlowStep) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** `batch`: documents in a batch, at most; `underWay`: batches sent at once. */
export type BatchFlowStep = ClimbStep<"batch" | "underWay">;

/** Between these the best are looked for. */
const BATCHES = { start: 500, min: 50, max: 4_000 } as const;
const WINDOWS = { start: 8, min: 1, max: 32 } as const;

export class BatchFlow {
  readonly #climb: HillClimb<"batch" | "underWay">;
  readonly #credits: Credits;

  constructor({ batchDocuments, window, bytes, onStep, clock }: BatchFlowOptions) {
    this.#climb = new HillClimb({
      knobs: {
        batch: batchDocuments === undefined ? BATCHES : fixedKnob(batchDocuments),
        underWay: window === undefined ? WINDOWS : fixedKnob(window),
      },
      underWay: ({ underWay }) => underWay,
      onStep,
      clock,
    });
    this.#credits = new Credits(bytes);
  }

  /** Documents in the next batch, at most. */
  get batchDocuments(): number {
    return this.#climb.values.batch;
  }

  /** Batches to be sent at once. */
  get window(): number {
    return this.#climb.values.underWay;
  }

  /** Bytes of batches that are held now, the most that were, and the most that may be. */
  get bytes(): Pick<Credits, "held" | "peak" | "limit"> {
    return this.#credits;
  }

  /**
   * What a source gives, each when there is room for its bytes. Before that nothing more is asked of the source, so that
   * what waits for room is one batch and not as many as may be sent at once.
   *
   * @param signal aborted when nothing more is sent: what was given and is not sent keeps its room.
   * @throws what the source throws; the signal's reason.
   */
  async *admitted<T>(
    source: AsyncGenerator<T>,
    sizeOf: (item: T) => BatchSize,
    signal: AbortSignal,
  ): AsyncGenerator<Admitted<T>> {
    for await (const item of source) yield await this.#admit(item, sizeOf(item), signal);
  }

  async #admit<T>(
    item: T,
    { documents, bytes }: BatchSize,
    signal: AbortSignal,
  ): Promise<Admitted<T>> {
    const lease = await this.#credits.acquire(bytes, signal);
    const send = async (work: (item: T) => Promise<void>): Promise<void> => {
      try {
        await work(item);
        this.#climb.done(documents + bytes / 1024);
      } finally {
        lease.release();
      }
    };
    return { item, send };
  }
}

export interface BatchSize {
  readonly documents: number;
  readonly bytes: number;
}

/** What there is room for. */
export interface Admitted<T> {
  readonly item: T;
  /** Sends it, once; the room is free again however that ends. @throws what `work` throws. */
  readonly send: (work: (item: T) => Promise<void>) => Promise<void>;
}
