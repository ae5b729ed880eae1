/** Differences of schema files line by line. */
import type { SourceFile } from "./files.ts";
import { Painter } from "./paint.ts";

/** Unchanged lines shown around what changed. */
const CONTEXT = 3;
/** So many unchanged lines part two stretches. */
const SPLIT = 7;

interface Row {
  readonly mark: " " | "+" | "-";
  readonly line: string;
}

/** Every file that differs, each stretch under `@ line 1 to 6`. */
export function renderTextual(
  before: readonly SourceFile[],
  after: readonly SourceFile[],
  colours: boolean,
): string {
  const old = new Map(before.map(({ filename, content }) => [filename, content]));
  const fresh = new Map(after.map(({ filename, content }) => [filename, content]));
  const painter = new Painter(colours);
  let isFirst = true;
  for (const filename of [...new Set([...old.keys(), ...fresh.keys()])].toSorted()) {
    const [from, to] = [old.get(filename) ?? "", fresh.get(filename) ?? ""];
    if (from === to) continue;
    if (!isFirst) painter.line();
    isFirst = false;
    painter.line(painter.paint("bold", filename));
    renderRows(painter, diffLines(linesOf(from), linesOf(to)));
  }
  return painter.text;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Pairs of lines that are compared; beyond, only what is common at both ends of two files counts as kept. */
const MAX_PAIRS = 4_000_000;

/** The rows of a shortest edit: common lines kept, deletions before insertions. */
function diffLines(before: readonly string[], after: readonly string[]): Row[] {
  if (before.length * after.length > MAX_PAIRS) return diffEnds(before, after);
  const lengths = commonLengths(before, after);
  const rows: Row[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      rows.push({ mark: " ", line: old });
      i++;
      j++;
    } else if (
      old !== undefined &&
      (fresh === undefined || (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))
    ) {
      rows.push({ mark: "-", line: old });
      i++;
    } else {
      rows.push({ mark: "+", line: fresh ?? "" });
      j++;
    }
  }
  return rows;
}

function diffEnds(before: readonly string[], after: readonly string[]): Row[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const [old, fresh] = [before, after].map((lines) => lines.slice(head, lines.length - tail));
  const rows = (mark: Row["mark"], lines: readonly string[] = []) =>
    lines.map((line): Row => ({ mark, line }));
  const middle =
    (old?.length ?? 0) * (fresh?.length ?? 0) > MAX_PAIRS
      ? [...rows("-", old), ...rows("+", fresh)]
      : diffLines(old ?? [], fresh ?? []);
  return [
    ...rows(" ", before.slice(0, head)),
    ...middle,
    ...rows(" ", before.slice(before.length - tail)),
  ];
}

/** Lengths of the longest common subsequences of all pairs of endings. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () =>
    Array.from({ length: after.length + 1 }, () => 0),
  );
  for (let i = before.length - 1; i >= 0; i--) {
    const row = lengths[i] ?? [];
    const next = lengths[i + 1] ?? [];
    for (let j = after.length - 1; j >= 0; j--) {
      row[j] =
        before[i] === after[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return lengths;
}

function renderRows(painter: Painter, rows: readonly Row[]): void {
  const changed = rows.flatMap((row, index) => (row.mark === " " ? [] : [index]));
  /** How many lines of the new text stand before each row. */
  const fresh = [0];
  for (const { mark } of rows) fresh.push((fresh.at(-1) ?? 0) + (mark === "-" ? 0 : 1));
  let start = 0;
  while (start < changed.length) {
    let end = start;
    while (end + 1 < changed.length && (changed[end + 1] ?? 0) - (changed[end] ?? 0) <= SPLIT)
      end++;
    const [head, tail] = [changed[start] ?? 0, (changed[end] ?? 0) + 1];
    const from = Math.max(head - CONTEXT, 0);
    const to = Math.min(tail + CONTEXT, rows.length);
    // As the server counts: lines of the new text, with the context whether it is there or not.
    const first = Math.max((fresh[head] ?? 0) - CONTEXT, 0) + 1;
    const last = Math.min((fresh[tail] ?? 0) + CONTEXT, rows.length);
    painter.line(painter.paint("cyan", `@ line ${first} to ${last}`));
    for (const row of rows.slice(from, to)) painter.line(rowText(painter, row));
    start = end + 1;
  }
}

function rowText(painter: Painter, { mark, line }: Row): string {
  if (mark === " ") return line === "" ? "" : `  ${line}`;
  const text = line === "" ? mark : `${mark} ${line}`;
  return painter.paint(mark === "+" ? "green" : "red", text);
}
