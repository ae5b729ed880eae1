/**
 * Errors, hints and log lines drawn under the source they are about, as Fauna draws them in a
 * response's `summary`:
 *
 * ```
 * error: Unbound variable `x`
 * at *query*:1:1
 *   |
 * 1 | x
 *   | ^
 *   |
 * ```
 */
import type { Source, Span } from "./source.ts";

/** A second place that a diagnostic points at. */
export interface Hint {
  /** `hint` unless told; a trace frame has the empty name. */
  readonly name?: "hint" | "cause" | "trace" | "";
  readonly message: string;
  readonly span: Span;
  /** Text to put in place of the span; inserted when the span is empty. */
  readonly suggestion?: string;
}

export interface Diagnostic {
  readonly name: "error" | "warning" | "info";
  readonly message: string;
  readonly span: Span;
  /** Text to the right of the carets. */
  readonly annotation?: string | undefined;
  readonly hints?: readonly Hint[] | undefined;
  /** A log line: one line, without the picture. */
  readonly short?: boolean;
}

/** The diagnostic as text, without a final line break. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { span } = diagnostic;
  if (diagnostic.short === true) {
    const { line } = layoutOf(span.source).locate(span.start);
    return `${diagnostic.name} at ${span.source.name}:${line}: ${diagnostic.message}`;
  }
  const parts = [
    body(
      `${diagnostic.name}: ${diagnostic.message}`.trimEnd(),
      span,
      diagnostic.annotation ?? "",
      "^",
      undefined,
    ),
  ];
  for (const hint of diagnostic.hints ?? []) parts.push(renderHint(hint, span));
  return parts.join("\n");
}

function renderHint(hint: Hint, parent: Span): string {
  const name = hint.name ?? "hint";
  const head = name === "" ? "" : `${name}:${hint.message === "" ? "" : ` ${hint.message}`}`;
  const { span, suggestion } = hint;
  if (suggestion === undefined) return body(head, span, "", "^", parent);
  if (suggestion === "") return body(head, span, "", "-", parent);
  const { text } = span.source;
  const patched = text.slice(0, span.start) + suggestion + text.slice(span.end);
  const moved: Span = {
    source: { name: span.source.name, text: patched },
    start: span.start,
    end: span.start + suggestion.length,
  };
  return body(head, moved, "", span.start === span.end ? "+" : "~", parent);
}

function body(
  head: string,
  span: Span,
  annotation: string,
  underline: string,
  parent: Span | undefined,
): string {
  const { picture, line, column } = annotate(span, annotation, underline);
  const sameLine =
    parent !== undefined &&
    parent.source.name === span.source.name &&
    layoutOf(parent.source).locate(parent.start).line === line;
  const place = sameLine ? [] : [`at ${span.source.name}:${line}:${column}`];
  return [...(head === "" ? [] : [head]), ...place, picture].join("\n");
}

/** A source in lines, without the white space at its end. Thousands of problems may be about one source. */
class Layout {
  /** Without the white space at its end. */
  readonly text: string;
  /** Each with its line break. */
  readonly lines: readonly string[];
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.text = text.trimEnd();
    this.lines = (this.text === "" ? " " : this.text).match(/[^\n]*\n|[^\n]+$/gu) ?? [];
    let start = 0;
    this.#starts = this.lines.map((line) => (start += line.length) - line.length);
  }

  /** The 1-based line and column of an offset; what lies behind the last visible character counts as its end. */
  locate(offset: number): { line: number; column: number } {
    const at = Math.min(offset, this.text.length);
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#starts[low] ?? 0) + 1 };
  }
}

const layouts = new WeakMap<Source, Layout>();

function layoutOf(source: Source): Layout {
  const layout = layouts.get(source) ?? new Layout(source.text);
  layouts.set(source, layout);
  return layout;
}

/** Placeholders of values inside a query begin with NUL, which is drawn as `<`. */
const drawn = (line: string) => line.replaceAll("\u0000", "<");

function annotate(span: Span, annotation: string, underline: string) {
  const layout = layoutOf(span.source);
  const { lines } = layout;
  const overshoot = Math.max(0, span.start - layout.text.length);
  const start = span.start - overshoot;
  const length = span.end - overshoot - start;
  const { line, column } = layout.locate(start);
  const rows: { prefix: string; gutter: string; text: string }[] = [
    { prefix: "| ", gutter: "", text: "" },
  ];
  const first = lines[line - 1] ?? "";
  const indent = column - 1;
  rows.push({ prefix: `${line} | `, gutter: "", text: drawn(first) });
  if (indent + length > first.length && line < lines.length) {
    rows.push({ prefix: "| ", gutter: " _", text: "_".repeat(indent) + underline });
    let remaining = length - (first.length - indent);
    for (let next = line; remaining > 0 && next < lines.length; next++) {
      const text = lines[next] ?? "";
      rows.push({ prefix: `${next + 1} | `, gutter: "| ", text: drawn(text) });
      if (remaining - text.length <= 0 || next + 1 >= lines.length) {
        rows.push({
          prefix: "| ",
          gutter: "|_",
          text: `${"_".repeat(Math.max(0, remaining - 1))}^`,
        });
        break;
      }
      remaining -= text.length;
    }
  } else {
    const note = annotation === "" ? "" : ` ${annotation}`;
    rows.push({
      prefix: "| ",
      gutter: "",
      text: " ".repeat(indent) + underline.repeat(length) + note,
    });
  }
  rows.push({ prefix: "| ", gutter: "", text: "" });
  const prefixWidth = Math.max(...rows.map((row) => row.prefix.length));
  const gutterWidth = Math.max(...rows.map((row) => row.gutter.length));
  const picture = rows
    .map(({ prefix, gutter, text }) =>
      (prefix.padStart(prefixWidth) + gutter.padStart(gutterWidth) + text).trimEnd(),
    )
    .join("\n");
  return { picture, line, column };
}
