/** Where a piece of FQL came from, and which part of it a message is about. */

/** A text of FQL and the name that diagnostics give it: `*query*`, `*udf:f*`, `main.fsl`, … */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** Half-open range of UTF-16 offsets in a source. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** A name together with the place where it is written. */
export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** The source of nodes that nobody wrote: decoded cursors, stored values. */
export const NO_SOURCE: Source = { name: "*null*", text: "" };

/** A span of {@link NO_SOURCE}; such frames are left out of traces. */
export const NO_SPAN: Span = { source: NO_SOURCE, start: 0, end: 0 };

/** The source of a query's own text. */
export const querySource = (text: string): Source => ({ name: "*query*", text });

/** From the start of `first` to the end of `last`. */
export const join = (first: Span, last: Span): Span => ({
  source: first.source,
  start: first.start,
  end: last.end,
});
