/** A stretch of a source text: UTF-16 offsets, `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a person calls a place in a text: both count from 1, the column in UTF-16 units. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** The line and column of `offset`; an offset beyond the text is the place after its last character. */
export function lineColumn(text: string, offset: number): LineColumn {
  const before = text.slice(0, Math.min(offset, text.length));
  const newline = before.lastIndexOf("\n");
  return { line: before.split("\n").length, column: before.length - newline };
}

/** The text that `span` covers. */
export function spanText(text: string, span: Span): string {
  return text.slice(span.start, span.end);
}
