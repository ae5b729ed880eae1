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
import type { Span } from "./source.ts";

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
    const { line } = locate(span.source.text, span.start);
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
    locate(parent.source.text, parent.start).line === line;
  const place = sameLine ? [] : [`at ${span.source.name}:${line}:${column}`];
  return [...(head === "" ? [] : [head]), ...place, picture].join("\n");
}

const stripTrailing = (text: string) => text.replace(/\s+$/u, "");

/** The lines of a text, each with its line break. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];

/** The 1-based line and column of an offset; what lies behind the last visible character counts as its end. */
export function locate(text: string, offset: number): { line: number; column: number } {
  const trimmed = stripTrailing(text);
  const at = Math.min(offset, trimmed.length);
  const before = trimmed.slice(0, at);
  const line = before.split("\n").length;
  return { line, column: at - (before.lastIndexOf("\n") + 1) + 1 };
}

/** Placeholders of values inside a query begin with NUL, which is drawn as `<`. */
const drawn = (line: string) => line.replaceAll("\u0000", "<");

function annotate(span: Span, annotation: string, underline: string) {
  const trimmed = stripTrailing(span.source.text);
  const overshoot = Math.max(0, span.start - trimmed.length);
  const start = span.start - overshoot;
  const length = span.end - overshoot - start;
  const { line, column } = locate(trimmed, start);
  const lines = linesOf(trimmed === "" ? " " : trimmed);
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
      stripTrailing(prefix.padStart(prefixWidth) + gutter.padStart(gutterWidth) + text),
    )
    .join("\n");
  return { picture, line, column };
}
