/**
 * Room for what is compared in step: frames of archives, and pages of two databases. A range is given room for both sides
 * before it is begun, so that none waits for what only another could give back. Of two databases each stream has a part
 * of it for itself; a range of which a document is larger than its part is gone on with when it has all there is, alone.
 */
import { bytesToHold, PageFlow } from "../fauna/fauna.ts";
import { Credits, type Lease } from "../flow/flow.ts";

/** Each stream reads one page ahead. */
const PAGES = 2;

export interface RoomOptions {
  /** Bytes of memory that the process may take. */
  readonly maxMemory: number | undefined;
  /** Whether pages of one database are set aside besides, which have half of it then. */
  readonly besidePages: boolean;
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
  constructor({ maxMemory, besidePages, window, pageSize }: RoomOptions) {
    // What is compared is there as bytes and as texts: half as often as what is kept.
    this.#credits = new Credits((besidePages ? 1 : 2) * bytesToHold(maxMemory));
    this.#window = window;
    this.#pageSize = pageSize;
  }

  /** Waits until there is room for frames; more than there is in all gets all, alone. @throws the signal's reason. */
  hold(bytes: number, signal: AbortSignal): Promise<Lease> {
    return this.#credits.acquire(bytes, signal);
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
