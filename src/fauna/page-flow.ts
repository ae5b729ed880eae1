/**
 * How pages of documents flow: how many are asked for at once, how large they are, and how many bytes of them are held.
 * One for all streams that are read together; each stream takes turns.
 */
import { ArkError, isArkError } from "../errors/errors.ts";
import {
  type ClimbStep,
  type Clock,
  Credits,
  fixedKnob,
  HillClimb,
  type Lease,
  onAbort,
} from "../flow/flow.ts";
import { failureOf } from "./failure.ts";
import { isTooMuch } from "./paging.ts";

export interface PageFlowOptions {
  /** The most documents a page asks for. Without it what is best is found, by trying. */
  readonly pageSize?: number | undefined;
  /** How many pages are asked for at once; `found` tries what is best up to `max`. Without it there is no limit. */
  readonly underWay?: { readonly max: number; readonly found: boolean } | undefined;
  /** Bytes of pages that are asked for or held, in all. Without it only each page's size is limited. */
  readonly bytes?: number | undefined;
  /** Bytes that a page is meant to have at most, where pages wait for one another and cannot share a limit. */
  readonly pageBytes?: number | undefined;
  /** Told of what is tried and found. */
  readonly onStep?: ((step: PageFlowStep) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** `page`: documents in a page, at most; `underWay`: pages asked for at once. Throughput is in documents and kilobytes a second. */
export type PageFlowStep = ClimbStep<"page" | "underWay">;

/** A page's text is meant to be about this large at most, so that memory depends on bytes and not on documents. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** The first page of a collection: nothing is known of its documents yet. The next one is so many times as large at most. */
const FIRST_PAGE = 250;
const GROWTH = 8;

/** Between these the best page size is looked for. */
export const PAGE_SIZES = { start: 2_000, min: 250, max: 4_000 } as const;

/** At first so many pages are asked for at once. */
const UNDER_WAY_START = 8;

/** A page may be so much larger than was expected; one that is larger still is asked for again, smaller. */
const SLACK = 2;

export class PageFlow {
  readonly #climb: HillClimb<"page" | "underWay">;
  readonly #credits: Credits | undefined;
  readonly #pageBytes: number | undefined;
  readonly #perDocument = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor({ pageSize, underWay, bytes, pageBytes, onStep, clock }: PageFlowOptions = {}) {
    const max = underWay?.max ?? Number.MAX_SAFE_INTEGER;
    this.#climb = new HillClimb({
      knobs: {
        page: pageSize === undefined ? PAGE_SIZES : fixedKnob(pageSize),
        underWay:
          underWay?.found === true ? { start: UNDER_WAY_START, min: 1, max } : fixedKnob(max),
      },
      underWay: (values) => Math.min(values.underWay, Math.max(1, this.#underWay)),
      onStep,
      clock,
    });
    this.#pageBytes = pageBytes;
    this.#credits = bytes === undefined ? undefined : new Credits(bytes);
  }

  /** Bytes of pages that are held now, the most that were, and the most that may be. */
  get bytes(): Pick<Credits, "held" | "peak" | "limit"> | undefined {
    return this.#credits;
  }

  /** Documents in a page, at most, and pages asked for at once. */
  get values(): { readonly page: number; readonly underWay: number } {
    return this.#climb.values;
  }

  /** The turns of one stream of pages of a collection. */
  stream(collection: string, bounds: StreamBounds = {}): PageTurns {
    return new PageTurns(this, collection, bounds);
  }

  /**
   * Sets aside bytes for what is held beside pages. Whoever waits for it must not hold any, nor ask for more before it
   * is given back.
   */
  async hold(bytes: number, signal: AbortSignal | undefined): Promise<Lease | undefined> {
    return this.#credits?.acquire(bytes, signal);
  }

  /** What a document of a collection has taken lately, in bytes; undefined when nobody knows. */
  perDocument(collection: string): number | undefined {
    return this.#perDocument.get(collection);
  }

  learn(collection: string, perDocument: number): void {
    this.#perDocument.set(collection, perDocument);
  }

  /** Bytes that a page is meant to have at most. */
  get pageBytes(): number {
    if (this.#credits === undefined) return Math.min(PAGE_BYTES, this.#pageBytes ?? PAGE_BYTES);
    const share = this.#credits.limit / (SLACK * Math.max(1, Math.min(this.values.underWay, 64)));
    return Math.min(PAGE_BYTES, share);
  }

  /** What an answer may have at most where nothing is set aside; one document is always taken in. */
  answerBytes(documents: number): number | undefined {
    return this.#pageBytes === undefined || documents === 1 ? undefined : SLACK * this.pageBytes;
  }

  /** Waits until another page may be asked for, and until there is room for its bytes. */
  async enter(bytes: number, signal: AbortSignal | undefined): Promise<Lease | undefined> {
    while (this.#underWay >= this.values.underWay) await this.#change(signal);
    this.#underWay++;
    try {
      return await this.#credits?.acquire(bytes, signal);
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** A page is under way no more. */
  leave(): void {
    this.#underWay--;
    for (const wake of this.#waiting) wake();
  }

  done(documents: number, bytes: number): void {
    this.#climb.done(documents + bytes / 1024);
  }

  /** Whether more can be set aside for a page than this. */
  hasMoreThan(bytes: number): boolean {
    return this.#credits !== undefined && bytes < this.#credits.limit;
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const wake = (): void => {
        this.#waiting.delete(wake);
        end();
        resolve();
      };
      const end = onAbort(signal, () => {
        this.#waiting.delete(wake);
        reject(signal!.reason as Error);
      });
      this.#waiting.add(wake);
    });
  }
}

/** What is known of a stream's pages beforehand. */
export interface StreamBounds {
  /** Documents of the first page, where nothing is known of them yet; 250 without it. */
  readonly first?: number | undefined;
  /** The most documents of any page. */
  readonly most?: number | undefined;
}

/** A page that may be asked for now. */
export interface PageTurn {
  /** Documents to ask for. */
  readonly size: number;
  /** An answer with more bytes than this is not to be taken in. */
  readonly maxAnswerBytes: number | undefined;
  /** Tells what came; what was set aside beyond that is free for others. */
  arrived(documents: number, bytes: number): void;
  /** Tells that the page is held no more, or never came. Call it however the page ended; a second time does nothing. */
  release(): void;
}

/**
 * One stream's pages: as many documents as fill a page of the wanted size, going by those seen so far. Whatever reads
 * pages takes its turns, so that each is asked for only when its bytes have been set aside.
 */
export class PageTurns {
  readonly #flow: PageFlow;
  readonly #collection: string;
  readonly #bounds: { readonly first: number; readonly most: number };
  /** The most documents of the next page, after a smaller one, or when a larger one has been too much. */
  #most = Infinity;
  /** Bytes of the next page, after one that was more than was set aside: whatever other streams have learned meanwhile. */
  #least = 0;

  constructor(flow: PageFlow, collection: string, { first, most }: StreamBounds = {}) {
    this.#flow = flow;
    this.#collection = collection;
    this.#bounds = { first: first ?? FIRST_PAGE, most: most ?? Infinity };
  }

  /** Documents that the next page asks for. */
  get size(): number {
    const perDocument = this.#flow.perDocument(this.#collection);
    const { pageBytes } = this.#flow;
    const { first, most } = this.#bounds;
    const fitting = perDocument === undefined ? first : Math.floor(pageBytes / perDocument);
    return Math.max(1, Math.min(this.#most, most, this.#flow.values.page, fitting));
  }

  /**
   * Waits for the stream's turn.
   *
   * @param wanted the most documents that there are to ask for.
   * @throws the signal's reason.
   */
  async begin(signal: AbortSignal | undefined, wanted = Infinity): Promise<PageTurn> {
    const flow = this.#flow;
    const lease = await flow.enter(this.#setAside(Math.min(this.size, wanted)), signal);
    // While it waited, others have learned.
    const size = Math.min(this.size, wanted);
    let isUnderWay = true;
    const end = (): void => {
      if (isUnderWay) flow.leave();
      isUnderWay = false;
    };
    return {
      size,
      maxAnswerBytes: lease?.bytes ?? flow.answerBytes(size),
      arrived: (documents, bytes) => {
        end();
        lease?.shrink(bytes);
        this.#least = 0;
        if (documents > 0) {
          flow.learn(this.#collection, bytes / documents);
          if (size < wanted) this.#most = size * GROWTH;
        }
        flow.done(documents, bytes);
      },
      release: () => {
        end();
        lease?.release();
      },
    };
  }

  /**
   * Asks for a page, for a smaller one when it is too much. Whoever is given the page releases its turn.
   *
   * @param wanted as of {@link begin}.
   * @throws what `ask` throws for other reasons; as {@link tooMuch}; the signal's reason.
   */
  async page<T>(
    signal: AbortSignal | undefined,
    ask: (turn: PageTurn) => Promise<T>,
    wanted?: number,
  ): Promise<{ readonly page: T; readonly turn: PageTurn }> {
    for (;;) {
      const turn = await this.begin(signal, wanted);
      try {
        return { page: await ask(turn), turn };
      } catch (error) {
        turn.release();
        if (!this.tooMuch(turn, error)) throw error;
      }
    }
  }

  /**
   * Learns that a page was too much for the server, or for what was set aside for it.
   *
   * @returns whether a smaller page, or more room, is worth another try; never of a failure for another reason.
   * @throws ArkError ERR_USAGE when one document alone is more than may be held.
   */
  tooMuch({ size, maxAnswerBytes }: PageTurn, error: unknown): boolean {
    if (!isTooMuch(error)) return false;
    if (maxAnswerBytes !== undefined && failureOf(error)?.kind === "oversized") {
      if (size === 1 && !this.#flow.hasMoreThan(maxAnswerBytes)) throw this.#tooLarge(error);
      this.#flow.learn(this.#collection, (SLACK * maxAnswerBytes) / size);
      this.#least = SLACK * maxAnswerBytes;
      this.#most = Math.max(1, Math.ceil(size / 2));
      return true;
    }
    this.#most = Math.ceil(size / 2);
    return size > 1;
  }

  #setAside(size: number): number {
    // Never less than its share: a single large document among small ones is then no reason to ask again.
    const expected = size * (this.#flow.perDocument(this.#collection) ?? 0);
    return Math.max(this.#least, SLACK * Math.max(this.#flow.pageBytes, expected));
  }

  #tooLarge(cause: unknown): ArkError {
    return new ArkError(
      "ERR_USAGE",
      `A document of ${this.#collection} is too large for the memory that may be used.`,
      {
        place: "--max-memory",
        cause,
        hint: "Give it more memory: --max-memory 512MiB.",
        details: { tooLarge: true },
      },
    );
  }
}

/** Whether a document alone is more than may be held of pages. */
export function isTooLarge(error: unknown): boolean {
  return isArkError(error, "ERR_USAGE") && error.details?.["tooLarge"] === true;
}
