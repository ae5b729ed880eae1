/**
 * What is wrong with a schema file, and how the server words it: a message, a place, the line with
 * the place underlined, and hints. The layout is that of the node's own answers (conformance area
 * `fsl`, scenario `errors`).
 */
import { ArkError } from "../errors/errors.ts";
import { lineColumn, type LineColumn, type Span } from "./span.ts";

/** A remark that belongs to a problem: another place to look at, or a change that would help. */
interface FslHint {
  readonly message: string;
  readonly span?: Span;
}

/** One thing wrong with a schema file. */
export interface FslProblem {
  readonly message: string;
  readonly span: Span;
  /** Printed behind the underline. */
  readonly annotation?: string;
  readonly hints?: readonly FslHint[];
}

/** Thrown inside the parser at the first thing that is not FSL; never leaves this folder. */
export class FslSyntaxError extends Error {
  readonly problem: FslProblem;
  constructor(problem: FslProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

interface Underlined {
  readonly line: number;
  readonly column: number;
  readonly drawing: string;
}

/** Drawings of more text than this in all are cut short: each may show a whole file. */
const MAX_DRAWN = 1024 * 1024;

/** The drawings of `problems`, the first always, of the others as many as make up a readable answer. */
export function drawAll<T>(problems: readonly T[], draw: (problem: T) => string): string[] {
  const drawings: string[] = [];
  let size = 0;
  for (const problem of problems) {
    const drawing = draw(problem);
    size += drawing.length;
    if (size > MAX_DRAWN && drawings.length > 0) break;
    drawings.push(drawing);
  }
  return drawings;
}

/** A text in lines. Thousands of problems may be about one file. */
class Layout {
  readonly text: string;
  /** Without the white space at the end of the file, and without line breaks. */
  readonly lines: readonly string[];
  readonly length: number;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.text = text;
    const trimmed = text.trimEnd();
    this.length = trimmed.length;
    this.lines = (trimmed === "" ? " " : trimmed).split("\n");
    let next = 0;
    this.#starts = this.lines.map((line) => (next += line.length + 1) - line.length - 1);
  }

  locate(offset: number): LineColumn {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

let lastLayout = new Layout("");

function layoutOf(text: string): Layout {
  if (lastLayout.text !== text) lastLayout = new Layout(text);
  return lastLayout;
}

/** A line as it is shown: the server puts `<` where a NUL stands. */
function shown(line: string | undefined): string {
  return (line ?? "").replaceAll("\0", "<");
}

/** Draws `span` as the server does: the line with its number, the place underlined below it. */
function underline(text: string, span: Span, annotation = ""): Underlined {
  const layout = layoutOf(text);
  const { lines } = layout;
  const length = span.end - span.start;
  const { line, column } = layout.locate(Math.min(span.start, layout.length));
  const rows: { prefix: string; gutter: string; text: string }[] = [];
  const first = shown(lines[line - 1]);
  const indent = column - 1;
  const fits = indent + length <= first.length + 1 || line >= lines.length;
  rows.push({ prefix: `${line} | `, gutter: "", text: first });
  if (fits) {
    const mark =
      " ".repeat(indent) + "^".repeat(length) + (annotation === "" ? "" : ` ${annotation}`);
    rows.push({ prefix: "| ", gutter: "", text: mark });
  } else {
    rows.push({ prefix: "| ", gutter: " _", text: `${"_".repeat(indent)}^` });
    let left = length - (first.length + 1 - indent);
    for (let next = line; left > 0 && next < lines.length; next++) {
      const row = shown(lines[next]);
      rows.push({ prefix: `${next + 1} | `, gutter: "| ", text: row });
      const after = left - (row.length + 1);
      if (after <= 0 || next + 1 >= lines.length) {
        rows.push({ prefix: "| ", gutter: "|_", text: `${"_".repeat(left - 1)}^` });
        break;
      }
      left = after;
    }
  }
  const framed = [
    { prefix: "| ", gutter: "", text: "" },
    ...rows,
    { prefix: "| ", gutter: "", text: "" },
  ];
  const prefixWidth = Math.max(...framed.map((row) => row.prefix.length));
  const gutterWidth = Math.max(...framed.map((row) => row.gutter.length));
  const drawing = framed
    .map((row) =>
      (row.prefix.padStart(prefixWidth) + row.gutter.padStart(gutterWidth) + row.text).trimEnd(),
    )
    .join("\n");
  return { line, column, drawing };
}

function renderPart(
  kind: string,
  message: string,
  file: string,
  text: string,
  span?: Span,
  annotation?: string,
) {
  if (span === undefined) return `${kind}: ${message}`;
  const at = underline(text, span, annotation);
  return `${kind}: ${message}\nat ${file}:${at.line}:${at.column}\n${at.drawing}`;
}

/** The problem as the server prints it: `error: …`, `at main.fsl:1:19`, the underlined line, hints. */
export function renderProblem(problem: FslProblem, filename: string, text: string): string {
  const parts = [
    renderPart("error", problem.message, filename, text, problem.span, problem.annotation),
  ];
  for (const hint of problem.hints ?? [])
    parts.push(renderPart("hint", hint.message, filename, text, hint.span));
  return parts.join("\n");
}

/** An {@link ArkError} `ERR_SCHEMA` for the first of `problems`, its place as `file:line:column`. */
export function problemError(
  problems: readonly FslProblem[],
  filename: string,
  text: string,
): ArkError {
  const [first] = problems;
  if (first === undefined)
    return new ArkError("ERR_SCHEMA", "The schema file is not valid.", { place: filename });
  const { line, column } = lineColumn(text, first.span.start);
  const rest = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
  return new ArkError("ERR_SCHEMA", `${first.message}${rest}`, {
    place: `${filename}:${line}:${column}`,
    hint: first.hints?.[0]?.message,
    details: { drawing: renderProblem(first, filename, text) },
  });
}
