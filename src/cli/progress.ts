/**
 * Shows how a run gets on: bars with rate and time left on a terminal, one line every few
 * seconds elsewhere, nothing when asked to be quiet.
 */
import { MultiBar, type SingleBar } from "cli-progress";
import type { OnProgress, Progress } from "../flow/progress.ts";
import type { Terminal } from "./terminal.ts";

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
  return terminal.interactive ? bars() : lines(terminal, now);
}

function bars(): ProgressView {
  const multi = new MultiBar({
    format:
      "{phase} {item} {bar} {percentage}% {value}/{total} {unit} ({rate}/s, {eta_formatted} left)",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
    emptyOnZero: true,
    linewrap: false,
    etaBuffer: 100,
  });
  const shown = new Map<string, { bar: SingleBar; started: number }>();
  return {
    onProgress(progress) {
      if (progress.total === undefined) return;
      const key = `${progress.phase} ${progress.item ?? ""}`;
      let entry = shown.get(key);
      if (entry === undefined) {
        const bar = multi.create(progress.total, 0, payload(progress, 0));
        entry = { bar, started: Date.now() };
        shown.set(key, entry);
      }
      const seconds = Math.max(0.001, (Date.now() - entry.started) / 1000);
      entry.bar.setTotal(progress.total);
      entry.bar.update(progress.done, payload(progress, Math.round(progress.done / seconds)));
    },
    stop: () => multi.stop(),
  };
}

function payload({ phase, item, unit }: Progress, rate: number) {
  return { phase, item: item ?? "", unit, rate };
}

function lines(terminal: Terminal, now: () => number): ProgressView {
  const latest = new Map<string, Progress>();
  let phase = "";
  let started = now();
  let said = now();
  // A phase that is over before its first line is due needs none.
  const sayLast = () => {
    if (said > started) say();
  };
  const say = () => {
    said = now();
    const progress = [...latest.values()];
    if (progress.length === 0) return;
    terminal.err(`${phase}: ${summary(progress, (said - started) / 1000)}\n`);
  };
  return {
    onProgress(progress) {
      if (progress.phase !== phase) {
        sayLast();
        latest.clear();
        phase = progress.phase;
        started = said = now();
      }
      latest.set(progress.item ?? "", progress);
      if (now() - said >= LINE_EVERY_MS) say();
    },
    stop: sayLast,
  };
}

function summary(progress: readonly Progress[], seconds: number): string {
  const done = progress.reduce((sum, each) => sum + each.done, 0);
  const total = progress.every((each) => each.total !== undefined)
    ? progress.reduce((sum, each) => sum + each.total!, 0)
    : undefined;
  const rate = seconds > 0 ? Math.round(done / seconds) : 0;
  const left =
    total !== undefined && rate > 0 && done < total
      ? `, ${Math.ceil((total - done) / rate)} s left`
      : "";
  const of = total === undefined ? "" : ` of ${total}`;
  return `${done}${of} ${progress[0]!.unit} (${rate}/s${left})`;
}
