/** Sets: descriptions of what Paginate, Get, Exists and folds go through. */
import type { Database } from "../../data/database.ts";
import { compareData, compareRefs } from "../../data/order.ts";
import type { Data, DocRef } from "../../data/value.ts";
import { fail, invalidArgument } from "../failure.ts";
import type { Frame } from "../frame.ts";
import type { Position } from "../position.ts";
import type { Renderer } from "../render/render.ts";
import { refIn } from "../resolve.ts";
import type { Session } from "../session.ts";
import { type Literal, SetLike } from "../value.ts";

/** A member of a set at one time: covered values, and the document they are of. */
export interface Entry {
  readonly database: Database;
  readonly values: readonly Data[];
  readonly ref: DocRef;
  readonly sources: readonly SetValue[];
}

/** A member coming into or going out of a set, or a version of a document. */
export interface HistoryEntry {
  readonly database: Database;
  readonly ts: bigint;
  readonly action: "add" | "remove" | "create" | "update" | "delete";
  readonly ref: DocRef;
  /** Covered values, or what changed of a document. */
  readonly data: ReadonlyMap<string, Data> | readonly Data[] | null;
  readonly sources: readonly SetValue[];
}

/** How many values stand before the document in each entry, and which of them are descending. */
export interface Shape {
  readonly values: number;
  readonly reversed: readonly boolean[];
}

export const REFS_ONLY: Shape = { values: 0, reversed: [] };

/** A place in a set's order: before (or behind) all entries that begin with `values` and, if given, `ref`. */
export interface Bound {
  readonly values: readonly Data[];
  readonly ref: DocRef | undefined;
  /** Whether the entries that begin so lie before the bound. */
  readonly isBehind: boolean;
}

/** The part of a set that a read goes through. */
export interface Stretch {
  readonly from?: Bound | undefined;
  readonly to?: Bound | undefined;
  readonly reverse?: boolean;
}

export abstract class SetValue extends SetLike {
  readonly isSet = true;
  /** Whether the members are events. */
  readonly isHistorical: boolean = false;
  abstract readonly shape: Shape;

  /** The members at the frame's time, in order, lazily. */
  abstract entries(frame: Frame, stretch: Stretch): Iterable<Entry>;

  /** References of the first members, so many at most, all at once; undefined where a member is more than its reference. */
  refs(_frame: Frame, _stretch: Stretch, _most: number): readonly DocRef[] | undefined {
    return undefined;
  }

  /** What came and went, oldest first. */
  history(_frame: Frame, position: Position): HistoryEntry[] {
    return fail(invalidArgument("Set does not support events history.", position));
  }

  /** The set as the caller may read it; undefined if not at all. Only what this gives is gone through. */
  abstract permitted(frame: Frame): SetValue | undefined;

  /** Whether the caller still has to be asked about each member of a set that is {@link permitted}. */
  get isFiltered(): boolean {
    return true;
  }

  /** Whether the members come from the last to the first. */
  get isBackwards(): boolean {
    return false;
  }

  /** What a member shows of itself: its values, or its document if it has none. */
  show(entry: Entry, session: Session): Literal {
    const { values } = entry;
    if (this.shape.values === 0) return refIn(session, entry.database, entry.ref);
    return values.length === 1 ? (values[0] ?? null) : values;
  }

  /** The inside of `@set`, as text. */
  abstract inner(renderer: Renderer): string;

  /** The inside of `@set`, as it is stored. */
  abstract data(session: Session): ReadonlyMap<string, Data>;

  /** As text. */
  text(renderer: Renderer): string {
    return `{"@set":${this.inner(renderer)}}`;
  }

  /** As it is stored: an object that is no set any more (live 14). */
  stored(session: Session): Data {
    return new Map([["@set", this.data(session)]]);
  }
}

/** Entries in the order of `shape`. */
export function compareEntries(
  a: { readonly values: readonly Data[]; readonly ref: DocRef },
  b: { readonly values: readonly Data[]; readonly ref: DocRef },
  reversed: readonly boolean[],
): number {
  return compareValues(a.values, b.values, reversed) || compareRefs(a.ref, b.ref);
}

function compareValues(
  a: readonly Data[],
  b: readonly Data[],
  reversed: readonly boolean[],
): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareData(a[i] ?? null, b[i] ?? null);
    if (order !== 0) return reversed[i] === true ? -order : order;
  }
  return 0;
}

/** Where an entry lies of a bound: negative before it, positive behind it. Never zero. */
export function compareToBound(
  entry: { readonly values: readonly Data[]; readonly ref: DocRef },
  bound: Bound,
  reversed: readonly boolean[],
  isBackwards = false,
): number {
  const order =
    compareValues(entry.values, bound.values, reversed) ||
    (bound.ref === undefined ? 0 : compareRefs(entry.ref, bound.ref));
  return (isBackwards ? -order : order) || (bound.isBehind ? -1 : 1);
}

/** Which of two places in a set's order comes first: negative when `a` does, 0 when both are the same. */
export function compareBounds(a: Bound, b: Bound, { shape, isBackwards }: SetValue): number {
  const order =
    compareValues(a.values, b.values, shape.reversed) ||
    (a.ref === undefined || b.ref === undefined ? 0 : compareRefs(a.ref, b.ref));
  if (order !== 0) return isBackwards ? -order : order;
  // One begins with the other, which lies before (or behind) all that does.
  const length = ({ values, ref }: Bound): number => values.length + (ref === undefined ? 0 : 1);
  if (length(a) < length(b)) return a.isBehind ? 1 : -1;
  if (length(a) > length(b)) return b.isBehind ? -1 : 1;
  return Number(a.isBehind) - Number(b.isBehind);
}

/** The entries of a stretch, out of all of them in ascending order, or in descending order where they come backwards. */
export function* cut(
  entries: Iterable<Entry>,
  { from, to, reverse = false }: Stretch,
  reversed: readonly boolean[],
  isBackwards = false,
): Generator<Entry> {
  const all = reverse ? [...entries].toReversed() : entries;
  for (const entry of all) {
    if (from && compareToBound(entry, from, reversed, isBackwards) < 0) continue;
    if (to && compareToBound(entry, to, reversed, isBackwards) > 0) continue;
    yield entry;
  }
}
