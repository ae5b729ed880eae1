/** Follows the feeds of many collections, so that none falls out of the history window, and gathers the ids they name. */
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { type Feed, isFeedGone } from "../fauna/fauna.ts";
import type { IdSet } from "./catch-up-ids.ts";

export interface FollowOptions {
  /** How long a feed is left alone, in milliseconds. */
  readonly everyMs: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Told when following fails between the calls; the next call throws the same. */
  readonly onFailure: (error: unknown) => void;
}

type IsGone = (error: unknown) => boolean;

/** Feeds read at once. */
const AT_ONCE = 4;
/** Answers taken from one feed before the others have their turn. */
const ANSWERS_A_TURN = 64;

/** A feed that is followed, and what it has named. */
export class Followed {
  readonly touched: IdSet;
  readonly #feed: Feed;
  readonly #options: FollowOptions & { readonly isGone: IsGone };
  #isGone = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(feed: Feed, touched: IdSet, options: FollowOptions & { readonly isGone: IsGone }) {
    this.#feed = feed;
    this.touched = touched;
    this.#options = options;
  }

  /** Whether the collection is not there any more, so that nothing can be known of it. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * Reads on, one reader after the other: until everything is known that was written up to `to`, a time that the
   * connection has seen, or, without it, up to now or for a turn.
   *
   * @returns whether it has come so far.
   */
  async read(to: bigint | undefined): Promise<boolean> {
    const before = this.#turn;
    const turn = (async () => {
      await before.catch(() => {});
      return await this.#read(to);
    })();
    this.#turn = turn;
    return await turn;
  }

  async #read(to: bigint | undefined): Promise<boolean> {
    const { signal, timeoutMs } = this.#options;
    const answersMax = to === undefined ? ANSWERS_A_TURN : Infinity;
    for (let answers = 0; answers < answersMax; answers++) {
      if (this.#isGone) return true;
      signal.throwIfAborted();
      let page;
      try {
        page = await this.#feed.read({ signal, timeoutMs });
      } catch (error) {
        if (!isFeedGone(error) && !this.#options.isGone(error)) throw error;
        this.#isGone = true;
        return true;
      }
      await this.touched.add(page.ids, signal);
      if (!page.hasNext) return true;
      if (to !== undefined && page.lastTs !== undefined && page.lastTs > to) return true;
    }
    return false;
  }
}

/** Follows feeds from the moment they are added until it is stopped. */
export class Following {
  readonly #options: FollowOptions;
  readonly #followed: Followed[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** @param isGone whether a failure means that the database is there no more. */
  add(feed: Feed, touched: IdSet, isGone: IsGone): Followed {
    const followed = new Followed(feed, touched, { ...this.#options, isGone });
    this.#followed.push(followed);
    this.#running ??= this.#run();
    return followed;
  }

  /** Reads every feed up to a time that the connection has seen. @throws what following has failed with. */
  async readTo(to: bigint): Promise<void> {
    await this.#each(async (followed) => {
      await followed.read(to);
    });
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends following, however it went. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs, signal, onFailure } = this.#options;
    const until = AbortSignal.any([signal, this.#stop.signal]);
    try {
      let isBehind = false;
      for (;;) {
        if (!isBehind) await sleep(everyMs, undefined, { signal: until });
        isBehind = false;
        await this.#each(async (followed) => {
          if (!(await followed.read(undefined))) isBehind = true;
        });
        until.throwIfAborted();
      }
    } catch (error) {
      if (until.aborted) return;
      this.#failure = { error };
      onFailure(error);
    }
  }

  async #each(work: (followed: Followed) => Promise<void>): Promise<void> {
    const limit = pLimit(AT_ONCE);
    const failures: unknown[] = [];
    await Promise.all(
      this.#followed.map((followed) =>
        limit(async () => {
          if (failures.length > 0) return;
          try {
            await work(followed);
          } catch (error) {
            failures.push(error);
          }
        }),
      ),
    );
    if (failures.length > 0) throw failures[0];
  }
}
