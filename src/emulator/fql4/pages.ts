/** Paginate: one page of a set or a history, and the cursors to the next ones. */
import type { DocRef } from "../data/value.ts";
import { fail, invalidArgument, permissionDenied } from "./failure.ts";
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

/** `set` as the caller may read it. Fails at `position` if not at all. */
export function readable(frame: Frame, set: SetValue, position: Position): SetValue {
  return set.permitted(frame) ?? fail(permissionDenied(position));
}

/** One page of `all` at the frame's time. */
export function paginate(
  frame: Frame,
  all: SetValue,
  options: PageOptions,
  places: PagePlaces,
): PageValue {
  const set = readable(frame, all, places.set);
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

/** The entries of a set that is {@link readable} which the caller may see. */
export function* visibleEntries(
  frame: Frame,
  set: SetValue,
  stretch: Stretch = {},
): Generator<Entry> {
  const all = seesAll(frame, set);
  const entries = inWindow(() => set.entries(frame, stretch)[Symbol.iterator]());
  const pull = (): IteratorResult<Entry> => entries.next();
  for (;;) {
    const next = inWindow(pull);
    if (next.done === true) return;
    frame.session.step();
    const entry = next.value;
    if (all || may(frame, "read", entry.database, entry.ref)) yield entry;
  }
}

/** Whether nobody has to be asked about the members of a set. */
function seesAll(frame: Frame, set: SetValue): boolean {
  return frame.auth.builtinRole === "admin" || !set.isFiltered;
}

/** As {@link visibleEntries}, of the first so many, where members are nothing but references and come all at once. */
function visibleRefs(
  frame: Frame,
  set: SetValue,
  stretch: Stretch,
  most: number,
): readonly DocRef[] | undefined {
  if (!seesAll(frame, set)) return undefined;
  const refs = inWindow(() => set.refs(frame, stretch, most));
  for (const _ of refs ?? []) frame.session.step();
  return refs;
}

/** The events of a set that is {@link readable} which the caller may see, oldest first. */
export function visibleEvents(frame: Frame, set: SetValue, position: Position): HistoryEntry[] {
  const events = inWindow(() => set.history(frame, position));
  if (!set.isFiltered) return events;
  return events.filter((event) => {
    frame.session.step();
    return may(frame, "read", event.database, event.ref);
  });
}

/** The first member of a set, whether or not the caller may read it. Fails at `position` if the set is closed to it. */
export function firstMember(frame: Frame, all: SetValue, position: Position): Entry | undefined {
  const set = readable(frame, all, position);
  return inWindow(() => {
    for (const entry of set.entries(frame, {})) return entry;
    return undefined;
  });
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
  const pageOf = <T>(
    found: readonly T[],
    show: (one: T) => Literal,
    place: (one: T) => Literal,
    wrap: (value: Literal, one: T) => Literal = (value) => value,
  ): PageValue => {
    const shown = found.slice(0, size);
    const edge = found.length > size ? (reverse ? found[size - 1] : found[size]) : undefined;
    const next = size === 0 ? start?.literal : edge && place(edge);
    if (reverse) shown.reverse();
    const [before, after] = reverse ? [next, start?.literal] : [start?.literal, next];
    const items = shown.map((one) => wrap(show(one), one));
    return new PageValue(items, () => shown.map((one) => wrap(place(one), one)), before, after);
  };
  const refs = sources === true ? undefined : visibleRefs(frame, set, stretch, size + 1);
  if (refs !== undefined) {
    return pageOf(
      refs,
      (ref) => ref,
      (ref) => [ref],
    );
  }
  const found: Entry[] = [];
  for (const entry of visibleEntries(frame, set, stretch)) {
    found.push(entry);
    if (found.length > size) break;
  }
  return pageOf(
    found,
    (entry) => set.show(entry, session),
    (entry) => placeOf(frame, entry),
    (value, entry) => (sources === true ? new ElementValue(value, entry.sources) : value),
  );
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
  const until = frame.at;
  const visible = visibleEvents(frame, set, places.set).filter(
    (event) => until === undefined || event.ts <= until,
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
