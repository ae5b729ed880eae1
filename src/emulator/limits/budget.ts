/**
 * What a query may cost. The emulator evaluates each query whole, on the one thread of its process: a
 * query that never ends or never stops growing would take everything else with it.
 */
import { getHeapStatistics } from "node:v8";

/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 1024;
/** Slots of an array that cost as much as one step. */
const SLOTS_PER_STEP = 64;
/** Slots made between two looks at the heap: about 32 MiB of array. */
const SLOTS_PER_HEAP_LOOK = 4 * 1024 * 1024;
/** A query that has made much is ended when this share of the process's heap is in use. */
const FULL = 0.75;

/** Arrays may not grow beyond this many elements. Fauna ends such a query when its own memory runs out. */
export const MAX_ARRAY = 4 * 1024 * 1024;

/** An answer may not have more UTF-16 units than this. */
export const MAX_ANSWER = 128 * 1024 * 1024;

/** What a query has used up. */
export type Exhausted = "time" | "memory";

/** The costs of one query. */
export class Budget {
  /** When to give up, as a time of `performance.now()`. */
  readonly deadline: number;
  #steps = 0;
  #untilLook = STEPS_PER_LOOK;
  #untilHeapLook = SLOTS_PER_HEAP_LOOK;
  #shown = 0;

  constructor(deadline = Number.POSITIVE_INFINITY) {
    this.deadline = deadline;
  }

  /** Steps so far: calls of functions, by which Fauna counts compute. */
  get steps(): number {
    return this.#steps;
  }

  /** Counts a step. The answer is what has run out, if anything. */
  step(): Exhausted | undefined {
    this.#steps++;
    return --this.#untilLook > 0 ? undefined : this.#look();
  }

  /** Counts the making of a value of so many slots, each as large as a member of an array. */
  make(slots: number): Exhausted | undefined {
    this.#untilLook -= slots / SLOTS_PER_STEP;
    this.#untilHeapLook -= slots;
    if (this.#untilHeapLook <= 0) {
      this.#untilHeapLook = SLOTS_PER_HEAP_LOOK;
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      if (used > limit * FULL) return "memory";
    }
    return this.#untilLook > 0 ? undefined : this.#look();
  }

  /** Counts text of so many units that becomes part of the answer. */
  show(units: number): Exhausted | undefined {
    this.#shown += units;
    return this.#shown > MAX_ANSWER ? "memory" : this.make(8);
  }

  #look(): Exhausted | undefined {
    this.#untilLook = STEPS_PER_LOOK;
    return performance.now() > this.deadline ? "time" : undefined;
  }
}
