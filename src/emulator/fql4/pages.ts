/** Paginate: one page of a set or a history, and the cursors to the next ones. */
import { fail, invalidArgument } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { may } from "./permission.ts";
import type { Position } from "./position.ts";
import { inWindow } from "./read.ts";
import { refIn } from "./resolve.ts";
import { compareEvents, type Cursor, parseCursor, parseEventCursor } from "./sets/cursor.ts";
import type { Entry, HistoryEntry, SetValue, Stretch } from "./sets/set.ts";
import { ElementValue, EventValue, isObject, type Literal, PageValue } from "./value.ts";

const DEFAULT_SIZE = 64;
/** Larger sizes are taken for this one. */
export const MAX_SIZE = 100_000;

export interface PageOptions {
  readonly cursor?:
    | { readonly literal: Literal; readonly direction: "after" | "before" }
    | undefined;
  readonly size?: bigint | undefined;
  readonly sources?: boolean | undefined;
}

/** Where the parts of a Paginate stand, for errors. */
export interface PagePlaces {
  /** Of the set. */
  readonly set: Position;
  /** Of the cursor. */
  readonly cursor: Position;
}

/** One page of `set` at the frame's time. */
export function paginate(
  frame: Frame,
  set: SetValue,
  options: PageOptions,
  places: PagePlaces,
): PageValue {
  set.authorize(frame, places.set);
  const size = Number(options.size ?? BigInt(DEFAULT_SIZE));
  const wanted = Math.max(0, Math.min(size, MAX_SIZE));
  return set.isHistorical
    ? eventPage(frame, set, options, wanted, places)
    : entryPage(frame, set, options, wanted, places);
}

/** The cursor object that `{"paginate": …, "cursor": {"after": …}}` takes. */
export function cursorOf(
  literal: Literal,
  position: Position,
): { readonly literal: Literal; readonly direction: "after" | "before" } | undefined {
  if (literal === null) return undefined;
  if (isObject(literal) && literal.size === 1) {
    const after = literal.get("after");
    if (after !== undefined) return { literal: after, direction: "after" };
    const before = literal.get("before");
    if (before !== undefined) return { literal: before, direction: "before" };
  }
  return fail(
    invalidArgument(
      "Invalid cursor object. Expected an object with either 'before' or 'after' key in it.",
      position,
    ),
  );
}

/** The entries of a set that the caller may see. */
export function* visibleEntries(
  frame: Frame,
  set: SetValue,
  stretch: Stretch = {},
): Generator<Entry> {
  const role = frame.auth.builtinRole;
  const seesAll = role === "admin";
  const entries = inWindow(() => set.entries(frame, stretch)[Symbol.iterator]());
  for (;;) {
    const next = inWindow(() => entries.next());
    if (next.done === true) return;
    frame.session.step();
    const entry = next.value;
    if (seesAll || may(frame, "read", entry.database, entry.ref)) yield entry;
  }
}

function entryPage(
  frame: Frame,
  set: SetValue,
  { cursor, sources }: PageOptions,
  size: number,
  places: PagePlaces,
): PageValue {
  const { session } = frame;
  const reverse = cursor?.direction === "before";
  const start: Cursor | undefined =
    cursor && parseCursor(session, set, cursor.literal, places.cursor);
  const stretch = reverse ? { to: start?.bound, reverse } : { from: start?.bound, reverse };
  const found: Entry[] = [];
  for (const entry of visibleEntries(frame, set, stretch)) {
    found.push(entry);
    if (found.length > size) break;
  }
  const shown = found.slice(0, size);
  const edge = found.length > size ? (reverse ? found[size - 1] : found[size]) : undefined;
  const next = size === 0 ? start?.literal : edge && placeOf(frame, edge);
  if (reverse) shown.reverse();
  const wrap = (value: Literal, entry: Entry): Literal =>
    sources === true ? new ElementValue(value, entry.sources) : value;
  const items = shown.map((entry) => wrap(set.show(entry, session), entry));
  const cursors = shown.map((entry) => wrap(placeOf(frame, entry), entry));
  return reverse
    ? new PageValue(items, cursors, next, start?.literal)
    : new PageValue(items, cursors, start?.literal, next);
}

/** The cursor that starts at an entry. */
function placeOf(frame: Frame, { values, database, ref }: Entry): Literal {
  return [...values, refIn(frame.session, database, ref)];
}

function eventPage(
  frame: Frame,
  set: SetValue,
  { cursor, sources }: PageOptions,
  size: number,
  places: PagePlaces,
): PageValue {
  const reverse = cursor?.direction === "before";
  const start = cursor && parseEventCursor(frame.session, cursor.literal, places.cursor).literal;
  const all = inWindow(() => set.history(frame, places.set));
  const until = frame.at;
  const visible = all.filter(
    (event) =>
      (until === undefined || event.ts <= until) && may(frame, "read", event.database, event.ref),
  );
  const found = reverse
    ? visible.filter((event) => !start || compareEvents(event, start) < 0).toReversed()
    : visible.filter((event) => !start || compareEvents(event, start) >= 0);
  const shown = found.slice(0, size);
  const edge = found.length > size ? (reverse ? found[size - 1] : found[size]) : undefined;
  const next = size === 0 ? start : edge && eventOf(edge, false);
  if (reverse) shown.reverse();
  const wrap = (value: Literal, event: HistoryEntry): Literal =>
    sources === true ? new ElementValue(value, event.sources) : value;
  const items = shown.map((event) => wrap(eventOf(event, true), event));
  const cursors = shown.map((event) => wrap(eventOf(event, false), event));
  return reverse
    ? new PageValue(items, cursors, next, start)
    : new PageValue(items, cursors, start, next);
}

/** An event; as a cursor, an event of a document goes without what changed. */
function eventOf({ database, ts, action, ref, data }: HistoryEntry, isItem: boolean): EventValue {
  const shown = isItem || Array.isArray(data) ? data : undefined;
  return new EventValue(database, ts, action, ref, shown);
}
