/**
 * Room for pages of two databases that are compared in step. A range is given room for both of its streams before it is
 * begun, so that none waits for what only another could give back, and each stream has a part of it for itself. A range
 * of which a document is larger than its part is gone on with when it has all there is, alone.
 */
import { bytesToHold, PageFlow } from "../fauna/fauna.ts";
import { Credits } from "../flow/flow.ts";

/** Each stream reads one page ahead. */
const PAGES = 2;

export interface RoomOptions {
  /** Bytes of memory that the process may take. */
  readonly maxMemory: number | undefined;
  /** Ranges compared at once. */
  readonly window: number;
  readonly pageSize: number;
}

/** A range's part of the room. */
export interface PartOfRoom {
  readonly left: PageFlow;
  readonly right: PageFlow;
  /** Whether it is all that there is. */
  readonly isAll: boolean;
  /** Gives it back. */
  release(): void;
}

export class Room {
  readonly #credits: Credits;
  readonly #window: number;
  readonly #pageSize: number;

  /** @throws ArkError ERR_USAGE when so much memory is too little. */
  constructor({ maxMemory, window, pageSize }: RoomOptions) {
    // What is compared is there as bytes of the wire and as texts, and never in frames: half as often as what is kept.
    this.#credits = new Credits(2 * bytesToHold(maxMemory));
    this.#window = window;
    this.#pageSize = pageSize;
  }

  /** Bytes that are set aside now, the most that were, and the most that may be. */
  get bytes(): Pick<Credits, "held" | "peak" | "limit"> {
    return this.#credits;
  }

  /** Waits for a range's part, or for all. Whoever waits must not have any. @throws the signal's reason. */
  async enter(all: boolean, signal: AbortSignal): Promise<PartOfRoom> {
    const { limit } = this.#credits;
    const lease = await this.#credits.acquire(all ? limit : limit / this.#window, signal);
    const flow = (): PageFlow =>
      new PageFlow({
        pageSize: this.#pageSize,
        bytes: lease.bytes / 2,
        underWay: { max: PAGES, found: false },
      });
    return {
      left: flow(),
      right: flow(),
      isAll: lease.bytes === limit,
      release: () => lease.release(),
    };
  }
}
