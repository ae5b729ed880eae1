/** Runs of which one request is cut, before or after it took effect: every one of them in its turn. */
import type { Fault } from "../../src/emulator/emulator.ts";
import type { Points } from "./points.ts";

/** What became of a run of which a request was cut. */
export interface Cut {
  /** The number of the request, from 1 on, and of how many. */
  readonly at: number;
  readonly of: number;
  readonly when: "before" | "after";
  /** What the run failed with; undefined when it did not. */
  readonly error: unknown;
}

export class Cuts {
  #at = Infinity;
  #when: Cut["when"] = "before";
  #count = 0;
  #counts = false;

  /** For the emulator. Nothing is counted nor cut but while a run is under way. */
  readonly faults = (): Fault | undefined => {
    if (!this.#counts) return undefined;
    return ++this.#count === this.#at ? { cut: this.#when } : undefined;
  };

  /** How many requests a run makes that nobody disturbs. */
  async count(work: () => Promise<unknown>): Promise<number> {
    const error = await this.#run(work, Infinity, "before");
    if (error !== undefined) throw error;
    return this.#count;
  }

  /**
   * Runs again and again, each time on something new, and cuts another request each time, before and after it took
   * effect in turn. What `judge` throws is a loss.
   *
   * @param of how many requests there are
   * @param numbers those that are cut, counted from 0; by default what the points choose
   */
  async each<T>(
    points: Points,
    of: number,
    { make, run, judge, numbers = points.numbers(of) }: EachOptions<T>,
  ): Promise<void> {
    for (const n of numbers) {
      const at = n + 1;
      const when = at % 2 === 0 ? "before" : "after";
      const on = await make();
      const error = await this.#run(() => run(on), at, when);
      await points.try(`request ${at} of ${of}, ${when}`, () => judge(on, { at, of, when, error }));
    }
    points.end();
  }

  async #run(work: () => Promise<unknown>, at: number, when: Cut["when"]): Promise<unknown> {
    this.#at = at;
    this.#when = when;
    this.#count = 0;
    this.#counts = true;
    try {
      await work();
      return undefined;
    } catch (error) {
      return error ?? new Error("nothing was thrown");
    } finally {
      this.#counts = false;
    }
  }
}

export interface EachOptions<T> {
  readonly make: () => Promise<T> | T;
  readonly run: (on: T) => Promise<unknown>;
  readonly judge: (on: T, cut: Cut) => Promise<void>;
  readonly numbers?: Iterable<number>;
}

/** Whether only nobody was told of the end: the last request takes the mark of an import or copy away. */
export const isDoneUnheard = ({ at, of, when }: Cut): boolean => at === of && when === "after";
