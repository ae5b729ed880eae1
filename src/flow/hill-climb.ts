import { CLOCK, type Clock } from "./clock.ts";

/** A whole number that may be set to anything between bounds. */
export interface Knob {
  readonly start: number;
  readonly min: number;
  readonly max: number;
}

/** A knob that stays where it is. */
export function fixedKnob(value: number): Knob {
  return { start: value, min: value, max: value };
}

/** What was tried, and what came of it. */
export interface ClimbStep<Name extends string> {
  readonly tried: Readonly<Record<Name, number>>;
  /** Work a second. */
  readonly throughput: number;
  /** Whether it is better than what was best before; the first is. */
  readonly better: boolean;
  /** What is best by now. */
  readonly best: Readonly<Record<Name, number>>;
  /** Whether nothing near it is better, so that nothing else is tried for a while. */
  readonly settled: boolean;
}

export interface HillClimbOptions<Name extends string> {
  readonly knobs: Readonly<Record<Name, Knob>>;
  /** How many items are under way at once with these values: so many still tell of the values before. */
  readonly underWay: (values: Readonly<Record<Name, number>>) => number;
  /** Told of every step, for logs. */
  readonly onStep?: ((step: ClimbStep<Name>) => void) | undefined;
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** No value is judged by less than this. Milliseconds, 200 by default. */
  readonly periodMs?: number | undefined;
  /** How long what was found is kept before what is near it is tried again. Milliseconds, 30,000 by default. */
  readonly restMs?: number | undefined;
}

/** Less than this share is noise. */
const GAIN = 0.03;

/** By how much a knob is turned: coarsely first, then finely. */
const FACTORS = [2, Math.SQRT2] as const;

/** Fewer items say nothing. Items come in bursts of as many as are under way, so that whole bursts are looked at. */
const ITEMS_MIN = 8;

/** How often all knobs are tried with one factor. */
const PASSES = 3;

/** What falls below this share of what it was has another reason than noise: the climb begins anew. */
const FALLEN = 0.6;

/**
 * Finds the values at which the most work is done a second, by turning one knob at a time and keeping what is better.
 *
 * Each knob is turned up and down, by itself and against another, by a factor of two as long as that gains, then by
 * less; when nothing gains any more the climb rests, and looks again later, or when throughput falls. Values never leave their bounds. A knob whose
 * bounds are equal is fixed.
 */
export class HillClimb<Name extends string> {
  readonly #options: HillClimbOptions<Name>;
  readonly #clock: Pick<Clock, "now">;
  readonly #search: Generator<Trial<Name>, never, Measured>;
  readonly #isFixed: boolean;
  #trial: Trial<Name>;
  /** Items that are still to come from before the last change. */
  #skip: number;
  #items = 0;
  #work = 0;
  #since: number | undefined;

  /** @throws RangeError when a knob's bounds leave no room. */
  constructor(options: HillClimbOptions<Name>) {
    this.#options = options;
    this.#clock = options.clock ?? CLOCK;
    const knobs = Object.entries(options.knobs) as [Name, Knob][];
    for (const [name, { min, max }] of knobs)
      if (!(min >= 1 && min <= max)) throw new RangeError(`${name} has no room: ${min} to ${max}`);
    this.#isFixed = knobs.every(([, { min, max }]) => min === max);
    this.#search = search(options.knobs, options.restMs ?? 30_000);
    this.#trial = this.#search.next().value;
    this.#skip = options.underWay(this.values);
  }

  /** The values to work with now. */
  get values(): Readonly<Record<Name, number>> {
    return this.#trial.values;
  }

  /** Tells that an item is done, which was so much work. */
  done(work: number): void {
    if (this.#isFixed || this.#skip-- > 0) return;
    const now = this.#clock.now();
    if (this.#since === undefined) {
      this.#since = now;
      return;
    }
    this.#items++;
    this.#work += work;
    const ms = now - this.#since;
    const round = Math.max(1, Math.round(this.#options.underWay(this.values)));
    const isWhole = this.#items >= ITEMS_MIN && this.#items % round === 0;
    if (isWhole && ms >= (this.#options.periodMs ?? 200))
      this.#judge((this.#work / ms) * 1000, now);
  }

  #judge(throughput: number, now: number): void {
    const { values: tried } = this.#trial;
    const before = this.#options.underWay(tried);
    this.#trial = this.#search.next({ throughput, now }).value;
    const { values, best, better, settled } = this.#trial;
    this.#skip = values === tried ? 0 : Math.max(before, this.#options.underWay(values));
    this.#since = values === tried ? now : undefined;
    this.#items = 0;
    this.#work = 0;
    this.#options.onStep?.({ tried, throughput, better, best, settled });
  }
}

type Values<Name extends string> = Readonly<Record<Name, number>>;

/** What to try next, and how things stand. */
interface Trial<Name extends string> {
  readonly values: Values<Name>;
  readonly best: Values<Name>;
  /** Whether what was tried last is the best by now. */
  readonly better: boolean;
  readonly settled: boolean;
}

interface Measured {
  readonly throughput: number;
  readonly now: number;
}

/** The climb itself: yields what to try, and is told what came of it. */
function* search<Name extends string>(
  knobs: Readonly<Record<Name, Knob>>,
  restMs: number,
): Generator<Trial<Name>, never, Measured> {
  const names = Object.keys(knobs) as Name[];
  let best = Object.fromEntries(
    names.map((name) => [name, within(knobs[name], knobs[name].start)]),
  ) as Values<Name>;
  let better = false;
  const trial = (values: Values<Name>, settled = false) => ({ values, best, better, settled });
  let { throughput: reached } = yield trial(best);
  better = true;
  for (;;) {
    for (const factor of FACTORS) {
      const tried = new Set([key(best)]);
      let gains = 1;
      for (let pass = 0; pass < PASSES && gains > 0; pass++) {
        gains = 0;
        for (const move of movesOf(names, factor)) {
          for (;;) {
            const next = moved(knobs, best, move);
            if (tried.has(key(next))) break;
            tried.add(key(next));
            const { throughput } = yield trial(next);
            better = throughput > reached * (1 + GAIN);
            if (!better) break;
            best = next;
            reached = throughput;
            gains++;
          }
        }
      }
    }
    let measured = yield trial(best, true);
    const restedFrom = measured.now;
    better = false;
    // What was measured while it was tried may have been luck; what it does at length counts.
    reached = measured.throughput;
    while (measured.now - restedFrom < restMs && measured.throughput > reached * FALLEN) {
      reached = (reached + measured.throughput) / 2;
      measured = yield trial(best, true);
    }
    reached = measured.throughput;
  }
}

/** What each knob is multiplied by in a move. */
type Move<Name extends string> = readonly (readonly [Name, number])[];

/** Each knob up, each down, and one up against another down: where only their product counts, neither moves alone. */
function movesOf<Name extends string>(names: readonly Name[], factor: number): Move<Name>[] {
  const alone = names.flatMap((name) => [[[name, factor]] as const, [[name, 1 / factor]] as const]);
  const against = names.flatMap((up) =>
    names
      .filter((down) => down !== up)
      .map(
        (down) =>
          [
            [up, factor],
            [down, 1 / factor],
          ] as const,
      ),
  );
  return [...alone, ...against];
}

function moved<Name extends string>(
  knobs: Readonly<Record<Name, Knob>>,
  values: Values<Name>,
  move: Move<Name>,
): Values<Name> {
  const turned = move.map(([name, by]) => [name, within(knobs[name], values[name] * by)]);
  return { ...values, ...(Object.fromEntries(turned) as Partial<Values<Name>>) };
}

function within({ min, max }: Knob, value: number): number {
  return Math.min(max, Math.max(min, Math.round(value)));
}

function key(values: Readonly<Record<string, number>>): string {
  return Object.values(values).join(" ");
}
