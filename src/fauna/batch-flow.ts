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

  /** Sends a batch when there is room for its bytes. @throws what `send` throws; the signal's reason. */
  async send<T>(
    { documents, bytes }: { readonly documents: number; readonly bytes: number },
    signal: AbortSignal,
    send: () => Promise<T>,
  ): Promise<T> {
    const lease = await this.#credits.acquire(bytes, signal);
    try {
      const sent = await send();
      this.#climb.done(documents + bytes / 1024);
      return sent;
    } finally {
      lease.release();
    }
  }
}
