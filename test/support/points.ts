/**
 * Points at which a fault suite breaks things, and what was lost at them. The same suites run in the test command, with
 * every n-th point from a place that the seed chooses, and whole by `scripts/torture`, which sets the variables.
 */
import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import { SEED } from "./seed.ts";

/** 1 tries every point; without it each suite has its own share. */
const SHARE = number("TORTURE_SHARE");
const MINUTES = number("TORTURE_MINUTES");
/** The file that takes one line of JSON a suite. */
const REPORT = process.env["TORTURE_REPORT"];

export interface PointsReport {
  readonly suite: string;
  readonly points: number;
  readonly losses: readonly string[];
  readonly seed: number;
  /** Every how-many-th point was tried. */
  readonly stride: number;
  /** Whether the time was over before the points were. */
  readonly stopped: boolean;
}

export class Points {
  readonly #suite: string;
  readonly #losses: string[] = [];
  readonly #deadline: number;
  readonly stride: number;
  #tried = 0;
  #stopped = false;
  #random = SEED;

  /** @param stride every how-many-th point is tried in the test command. */
  constructor(suite: string, stride = 1) {
    this.#suite = suite;
    this.stride = SHARE === undefined ? stride : Math.max(1, Math.round(1 / SHARE));
    this.#deadline = MINUTES === undefined ? Infinity : performance.now() + MINUTES * 60_000;
    for (const character of suite) this.#random = mixed(this.#random + character.charCodeAt(0));
  }

  /** Runs that are all different by chance: `few` in the test command, `many` at full size. */
  *runs(few: number, many: number): Generator<number, void, undefined> {
    const count = SHARE === undefined ? few : Math.max(1, Math.round(many * SHARE));
    for (let n = 0; n < count && !this.#isLate(); n++) yield n;
  }

  /** A number in [0, 1), the same for the same seed and suite. */
  random(): number {
    this.#random = mixed(this.#random + 0x6d2b79f5);
    return this.#random / 2 ** 32;
  }

  /** 0, 1, 2 … or every n-th of them, for loops that end where there are no more points. Ends when the time is over. */
  *numbers(below = Infinity): Generator<number, void, undefined> {
    const first = Math.floor(this.random() * Math.min(this.stride, below));
    for (let n = first; n < below && !this.#isLate(); n += this.stride) yield n;
  }

  #isLate(): boolean {
    this.#stopped ||= performance.now() > this.#deadline;
    return this.#stopped;
  }

  /** Tries one point, or several at once; what `work` throws is a loss. */
  async try(point: string, work: () => Promise<void>, points = 1): Promise<void> {
    this.#tried += points;
    try {
      await work();
    } catch (error) {
      this.#losses.push(`${point}: ${told(error)}`);
    }
  }

  /** Prints how many points were tried; fails when anything was lost. */
  end(): void {
    const report: PointsReport = {
      suite: this.#suite,
      points: this.#tried,
      losses: this.#losses,
      seed: SEED,
      stride: this.stride,
      stopped: this.#stopped,
    };
    if (REPORT !== undefined) appendFileSync(REPORT, `${JSON.stringify(report)}\n`);
    const sampled = this.stride === 1 ? "" : `, one in ${this.stride}`;
    console.log(
      `${this.#suite}: ${this.#tried} points tried${sampled}, ${this.#losses.length} losses (seed ${SEED})`,
    );
    expect(this.#losses.slice(0, 5)).toEqual([]);
    if (!this.#stopped) expect(this.#tried).toBeGreaterThan(0);
  }
}

/** The message, and where in the tests it came from. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = (error.stack ?? "").split("\n").filter((line) => /^\s+at .*\/test\//.test(line));
  const { code } = error as { code?: unknown };
  return [
    typeof code === "string" ? `${code} ${error.message}` : error.message,
    stack[0] ?? "",
  ].join("\n");
}

function number(variable: string): number | undefined {
  const text = process.env[variable];
  return text === undefined || text === "" ? undefined : Number(text);
}

/** One round of an integer hash (xxHash's last steps). */
function mixed(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x85ebca77);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae3d);
  return (x ^ (x >>> 16)) >>> 0;
}
