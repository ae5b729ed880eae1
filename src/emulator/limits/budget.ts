/**
 * What a query may cost. The emulator evaluates each query whole, on the one thread of its process: a
 * query that never ends or never stops growing would take everything else with it.
 */
import { getHeapStatistics } from "node:v8";
import { matchBefore } from "./regex.ts";

/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 1024;
/** Slots of an array that cost as much as one step. */
const SLOTS_PER_STEP = 64;
const SLOTS_PER_LOOK = STEPS_PER_LOOK * SLOTS_PER_STEP;
/** Slots made between two looks at the heap: about 32 MiB of array. */
const SLOTS_PER_HEAP_LOOK = 4 * 1024 * 1024;
/** A query that has made much is ended when this share of the process's heap is in use. */
const FULL = 0.75;

/** Arrays may not grow beyond this many elements. Fauna ends such a query when its own memory runs out. */
export const MAX_ARRAY = 4 * 1024 * 1024;

/** An answer may not have more UTF-16 units than this. */
export const MAX_ANSWER = 128 * 1024 * 1024;

/**
 * A query has used up its time, its memory or its stack. No language catches it for itself, whichever called which:
 * whoever answers the request puts it into words.
 */
export class Exhausted extends Error {
  readonly what: Resource;

  constructor(what: Resource) {
    super(WORDS[what]);
    this.what = what;
  }
}

type Resource = "time" | "memory" | "depth";

const WORDS: Readonly<Record<Resource, string>> = {
  time: "Read timed out (The query took longer than its timeout.)",
  memory: "The query needs too much memory.",
  depth: "The query is nested too deep.",
};

/** What `error` says has been used up, in our words or in those of JavaScript; undefined if it says no such thing. */
export function exhaustedBy(error: unknown): Exhausted | undefined {
  if (error instanceof Exhausted) return error;
  if (!(error instanceof RangeError)) return undefined;
  if (/call stack/i.test(error.message)) return new Exhausted("depth");
  return /invalid (?:string|array) length/i.test(error.message)
    ? new Exhausted("memory")
    : undefined;
}

/** Requests are answered one after the other, each whole: there is never more than one deadline. */
let deadlineOfRequest = Number.POSITIVE_INFINITY;

/**
 * Runs `work`, in which everything that is evaluated, by whomever, has to be over by `deadline`, a time of
 * `performance.now()`, or earlier if a deadline is set already. `work` must not wait for anything.
 */
export function withDeadline<T>(deadline: number, work: () => T): T {
  const outer = deadlineOfRequest;
  deadlineOfRequest = Math.min(outer, deadline);
  try {
    return work();
  } finally {
    deadlineOfRequest = outer;
  }
}

/** Runs `work`, which must not be ended half-way, outside of any deadline. */
export function withoutDeadline<T>(work: () => T): T {
  const outer = deadlineOfRequest;
  deadlineOfRequest = Number.POSITIVE_INFINITY;
  try {
    return work();
  } finally {
    deadlineOfRequest = outer;
  }
}

let slotsUntilLook = 0;

/**
 * Counts work of so many slots that no query's budget counts: walks over values, which may hold the same
 * part very many times, and over rows. @throws Exhausted once the request's deadline has passed.
 */
export function spend(slots: number): void {
  slotsUntilLook -= slots;
  if (slotsUntilLook > 0) return;
  slotsUntilLook = SLOTS_PER_LOOK;
  if (performance.now() > deadlineOfRequest) throw new Exhausted("time");
}

/** The costs of one query. */
export class Budget {
  /** When to give up, as a time of `performance.now()`. */
  readonly deadline = deadlineOfRequest;
  #steps = 0;
  /** The first step looks: short expressions are evaluated for each of very many documents. */
  #untilLook = 1;
  #untilHeapLook = SLOTS_PER_HEAP_LOOK;
  #shown = 0;

  /** Steps so far: calls of functions, by which Fauna counts compute. */
  get steps(): number {
    return this.#steps;
  }

  /** Counts a step. @throws Exhausted */
  step(): void {
    this.#steps++;
    if (--this.#untilLook <= 0) this.#look();
  }

  /** Counts the making of a value of so many slots, each as large as a member of an array. @throws Exhausted */
  make(slots: number): void {
    this.#untilLook -= slots / SLOTS_PER_STEP;
    this.#untilHeapLook -= slots;
    if (this.#untilHeapLook <= 0) {
      this.#untilHeapLook = SLOTS_PER_HEAP_LOOK;
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      if (used > limit * FULL) throw new Exhausted("memory");
    }
    if (this.#untilLook <= 0) this.#look();
  }

  /** Counts text of so many units that becomes part of the answer. @throws Exhausted */
  show(units: number): void {
    this.#shown += units;
    if (this.#shown > MAX_ANSWER) throw new Exhausted("memory");
    this.make(8);
  }

  /** Runs `match`, which uses `pattern` on a text of `length` and changes nothing that outlives it. @throws Exhausted */
  matching<T>(pattern: RegExp, length: number, match: () => T): T {
    const matched = matchBefore(this.deadline, pattern, length, match);
    if (matched === undefined) throw new Exhausted("time");
    return matched.value;
  }

  #look(): void {
    this.#untilLook = STEPS_PER_LOOK;
    if (performance.now() > this.deadline) throw new Exhausted("time");
  }
}
