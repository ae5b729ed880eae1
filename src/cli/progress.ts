/**
 * Shows how a run gets on: a bar for each phase with rate and time left on a terminal, one line every few
 * seconds elsewhere, nothing when asked to be quiet.
 */
import { MultiBar, type SingleBar } from "cli-progress";
import type { OnProgress, Progress } from "../flow/progress.ts";
import type { Terminal } from "./terminal.ts";
import { count } from "./words.ts";

const LINE_EVERY_MS = 5_000;

export interface ProgressView {
  readonly onProgress: OnProgress;
  /** Leaves the screen as it should stay. Call once, however the run ended. */
  stop(): void;
}

export function showProgress(
  terminal: Terminal,
  { quiet, now = Date.now }: { readonly quiet: boolean; readonly now?: () => number },
): ProgressView {
  if (quiet) return { onProgress: () => {}, stop: () => {} };
  return terminal.interactive ? bars(now) : lines(terminal, now);
}

/** One phase, added up over all that goes on in it. */
class Phase {
  readonly name: string;
  readonly #latest = new Map<string, Progress>();
  readonly #started: number;
  readonly #now: () => number;

  constructor(name: string, now: () => number) {
    this.name = name;
    this.#now = now;
    this.#started = now();
  }

  add(progress: Progress): void {
    this.#latest.set(progress.item ?? "", progress);
  }

  get seconds(): number {
    return (this.#now() - this.#started) / 1000;
  }

  get done(): number {
    return this.#sum(({ done }) => done);
  }

  /** Undefined while it is not known of everything. */
  get total(): number | undefined {
    const known = [...this.#latest.values()].every(({ total }) => total !== undefined);
    return known ? this.#sum(({ total }) => total!) : undefined;
  }

  /** Whether the total is only what is known of by now. */
  get grows(): boolean {
    return [...this.#latest.values()].some(({ totalGrows }) => totalGrows === true);
  }

  /** What is done, of how much. */
  get progress(): string {
    const { done, total, grows, unit } = this;
    if (total === undefined) return `${count(done)} ${unit}`;
    return `${count(done)} of ${count(total)}${grows ? " or more" : ""} ${unit}`;
  }

  /** What is counted, how fast, and how long it may still take. */
  get unit(): string {
    return this.#latest.values().next().value?.unit ?? "";
  }

  get pace(): string {
    const { done, total, seconds, grows } = this;
    const rate = seconds > 0 ? Math.round(done / seconds) : 0;
    const left =
      total !== undefined && !grows && rate > 0 && done < total
        ? `, ${count(Math.ceil((total - done) / rate))} s left`
        : "";
    return `${count(rate)}/s${left}`;
  }

  #sum(of: (progress: Progress) => number): number {
    let sum = 0;
    for (const progress of this.#latest.values()) sum += of(progress);
    return sum;
  }
}

function bars(now: () => number): ProgressView {
  const multi = new MultiBar({
    format: "{phase} {bar} {percentage}%  {done} ({pace})",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
    emptyOnZero: true,
    linewrap: false,
    barsize: 30,
  });
  const shown = new Map<string, { readonly phase: Phase; bar: SingleBar | undefined }>();
  return {
    onProgress(progress) {
      const entry = shown.get(progress.phase) ?? {
        phase: new Phase(progress.phase, now),
        bar: undefined,
      };
      shown.set(progress.phase, entry);
      const { phase } = entry;
      phase.add(progress);
      const { done, total } = phase;
      if (total === undefined) return;
      const payload = {
        phase: phase.name.padEnd(10),
        done: phase.progress,
        pace: phase.pace,
      };
      entry.bar ??= multi.create(total, 0, payload);
      entry.bar.setTotal(total);
      entry.bar.update(done, payload);
    },
    stop: () => multi.stop(),
  };
}

function lines(terminal: Terminal, now: () => number): ProgressView {
  let phase: Phase | undefined;
  let said = 0;
  let saidAny = false;
  const say = () => {
    if (phase === undefined) return;
    said = now();
    saidAny = true;
    terminal.err(`${phase.name}: ${phase.progress} (${phase.pace})\n`);
  };
  // A phase that is over before its first line is due needs none.
  const sayLast = () => {
    if (saidAny) say();
  };
  return {
    onProgress(progress) {
      if (progress.phase !== phase?.name) {
        sayLast();
        phase = new Phase(progress.phase, now);
        said = now();
        saidAny = false;
      }
      phase.add(progress);
      if (now() - said >= LINE_EVERY_MS) say();
    },
    stop: sayLast,
  };
}
