/** Tokens of event sources: everything a feed needs, as base64, like a cursor. */
import { encodeCursor, decodeCursor, markedCursorTime } from "./cursor.ts";
import type { Context } from "./interpreter/context.ts";
import type { Query } from "./query.ts";
import { ArraySet } from "./sets/plain.ts";
import type { ValueSet } from "./sets/set.ts";
import { EventSource, Int, isArray, type Value } from "./values.ts";

/** An event source as a token names it. */
export interface TokenSource {
  readonly source: EventSource;
  /** When it was made, µs: where a feed without a start begins. */
  readonly time: bigint;
}

/** Tells tokens from cursors. */
const MARK = "event source";

/** The text of a token for `source`, made at `time`. */
export function encodeToken(query: Query, source: EventSource, time: bigint): string {
  const watched = source.watched.map((path): Value =>
    path.map((step) => (typeof step === "number" ? new Int(step) : step)),
  );
  const set = new ArraySet([MARK, source.set, watched]);
  return encodeCursor(query, { set, position: undefined, time, size: 1 });
}

/** The event source that `text` names, or undefined. @throws QueryFailure if its collection is gone. */
export function decodeToken(context: Context, text: string): TokenSource | undefined {
  const cursor = decodeCursor(context, text);
  if (!(cursor?.set instanceof ArraySet)) return undefined;
  const [mark, set, watched] = cursor.set.items;
  if (mark !== MARK || set === undefined || watched === undefined || !isArray(watched))
    return undefined;
  const paths = watched.map((path) =>
    (path as readonly Value[]).map((step) =>
      step instanceof Int ? step.value : typeof step === "string" ? step : "",
    ),
  );
  return { source: new EventSource(set as ValueSet, paths), time: cursor.time };
}

/** When the event source that `text` names was made, µs; undefined if it names none. Needs no database. */
export function tokenTime(text: string): bigint | undefined {
  return markedCursorTime(text, MARK);
}
