/** The lines that two texts differ in, as `diff -u` shows them. */

/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Pairs of lines that are compared to find the shortest difference; larger texts are shown as replaced. */
const PAIRS_MAX = 16_000_000;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** Empty when the texts are the same. A text that is not there is `undefined`, an empty one has no lines. */
export function unifiedDiff(
  left: string | undefined,
  right: string | undefined,
  name: string,
): string {
  if (left === right) return "";
  const lines = compareLines(linesOf(left ?? ""), linesOf(right ?? ""));
  const head = [
    left === undefined ? "--- /dev/null" : `--- A/${name}`,
    right === undefined ? "+++ /dev/null" : `+++ B/${name}`,
  ];
  return [...head, ...hunks(lines)].map((line) => `${line}\n`).join("");
}

/** A last line without its line feed is another one than with it, and says so. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  const last = lines.pop()!;
  return last === "" ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

function compareLines(left: readonly string[], right: readonly string[]): Line[] {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (
    end < left.length - start &&
    end < right.length - start &&
    left.at(-1 - end) === right.at(-1 - end)
  ) {
    end++;
  }
  const same = (lines: readonly string[]) => lines.map((text): Line => ({ sign: " ", text }));
  return [
    ...same(left.slice(0, start)),
    ...compareMiddles(left.slice(start, left.length - end), right.slice(start, right.length - end)),
    ...same(end === 0 ? [] : left.slice(-end)),
  ];
}

const removed = (text: string): Line => ({ sign: "-", text });
const added = (text: string): Line => ({ sign: "+", text });

/** By the longest common subsequence. */
function compareMiddles(left: readonly string[], right: readonly string[]): Line[] {
  if (left.length * right.length > PAIRS_MAX) return [...left.map(removed), ...right.map(added)];
  const width = right.length + 1;
  const longest = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const at = i * width + j;
      longest[at] =
        left[i] === right[j]
          ? longest[at + width + 1]! + 1
          : Math.max(longest[at + width]!, longest[at + 1]!);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const at = i * width + j;
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push({ sign: " ", text: left[i++]! });
      j++;
    } else if (
      j === right.length ||
      (i < left.length && longest[at + width]! >= longest[at + 1]!)
    ) {
      lines.push(removed(left[i++]!));
    } else {
      lines.push(added(right[j++]!));
    }
  }
  return lines;
}

/** Changes with the lines around them, each group under a head that says where it is. */
function hunks(lines: readonly Line[]): string[] {
  const shown = new Set<number>();
  for (const [index, { sign }] of lines.entries()) {
    if (sign === " ") continue;
    for (let near = index - CONTEXT; near <= index + CONTEXT; near++) shown.add(near);
  }
  const printed: string[] = [];
  let at = { left: 1, right: 1 };
  let hunk: Line[] = [];
  let begun = at;
  const close = (): void => {
    if (hunk.length === 0) return;
    const count = (other: Line["sign"]) => hunk.filter(({ sign }) => sign !== other).length;
    printed.push(`@@ -${range(begun.left, count("+"))} +${range(begun.right, count("-"))} @@`);
    printed.push(...hunk.map(({ sign, text }) => sign + text));
    hunk = [];
  };
  for (const [index, line] of lines.entries()) {
    if (shown.has(index)) {
      if (hunk.length === 0) begun = at;
      hunk.push(line);
    } else close();
    at = {
      left: at.left + (line.sign === "+" ? 0 : 1),
      right: at.right + (line.sign === "-" ? 0 : 1),
    };
  }
  close();
  return printed;
}

/** As `diff -u` counts: an empty range stands behind the line before it. */
function range(start: number, count: number): string {
  return count === 1 ? String(start) : `${count === 0 ? start - 1 : start},${count}`;
}
