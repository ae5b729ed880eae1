/** Range, Reverse, Distinct, Filter, Join and Events: sets made of another one. */
import type { Database } from "../../data/database.ts";
import type { Data, DocRef } from "../../data/value.ts";
import { boolean } from "../cast.ts";
import { fail, wrongType } from "../failure.ts";
import type { Frame } from "../frame.ts";
import { applyLambda } from "../lambda.ts";
import { storeLambda } from "../lambda-store.ts";
import type { Position } from "../position.ts";
import type { Renderer } from "../render/render.ts";
import type { Session } from "../session.ts";
import { type AnyLambda, isSet, type Literal, typeOf } from "../value.ts";
import { toData } from "../write/store.ts";
import type { Cursor } from "./cursor.ts";
import { byMember, historyDuring, mergeHistories } from "./history.ts";
import { matchIndex } from "./match.ts";
import { DocumentSet } from "./singleton.ts";
import {
  compareBounds,
  compareEntries,
  cut,
  type Entry,
  type HistoryEntry,
  REFS_ONLY,
  SetValue,
  type Shape,
  type Stretch,
} from "./set.ts";

/** A set that goes through the members of another. */
abstract class DerivedSet extends SetValue {
  readonly set: SetValue;
  readonly shape: Shape;

  constructor(set: SetValue) {
    super();
    this.set = set;
    this.shape = set.shape;
  }

  override get isFiltered(): boolean {
    return this.set.isFiltered;
  }

  override get isBackwards(): boolean {
    return this.set.isBackwards;
  }

  permitted(frame: Frame): SetValue | undefined {
    const set = this.set.permitted(frame);
    return set && this.of(set);
  }

  /** The same made of another set. */
  protected abstract of(set: SetValue): SetValue;
}

/** The members between two places. */
export class RangeSet extends DerivedSet {
  readonly from: Cursor;
  readonly to: Cursor;

  constructor(set: SetValue, from: Cursor, to: Cursor) {
    super(set);
    this.from = from;
    this.to = to;
  }

  protected of(set: SetValue): SetValue {
    return new RangeSet(set, this.from, this.to);
  }

  entries(frame: Frame, stretch: Stretch): Iterable<Entry> {
    return this.set.entries(frame, this.#within(stretch));
  }

  override refs(frame: Frame, stretch: Stretch, most: number): readonly DocRef[] | undefined {
    return this.set.refs(frame, this.#within(stretch), most);
  }

  #within({ from, to, reverse = false }: Stretch): Stretch {
    const [first, last] = [this.from.bound, this.to.bound];
    return {
      from: from && compareBounds(from, first, this.set) > 0 ? from : first,
      to: to && compareBounds(to, last, this.set) < 0 ? to : last,
      reverse,
    };
  }

  inner(renderer: Renderer): string {
    return renderer.members([
      ["range", renderer.text(this.set)],
      ["from", renderer.text(this.from.literal)],
      ["to", renderer.text(this.to.literal)],
    ]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map<string, Data>([
      ["range", this.set.stored(session)],
      ["from", toData(session, this.from.literal)],
      ["to", toData(session, this.to.literal)],
    ]);
  }
}

/** The members from the last to the first. */
export class ReverseSet extends DerivedSet {
  protected of(set: SetValue): SetValue {
    return new ReverseSet(set);
  }

  override get isBackwards(): boolean {
    return !this.set.isBackwards;
  }

  entries(frame: Frame, { from, to, reverse = false }: Stretch): Iterable<Entry> {
    // What comes first here comes last there, so that the bounds change places and sides.
    const flipped = {
      from: to && { ...to, isBehind: !to.isBehind },
      to: from && { ...from, isBehind: !from.isBehind },
      reverse: !reverse,
    };
    return this.set.entries(frame, flipped);
  }

  inner(renderer: Renderer): string {
    return renderer.members([["reverse", renderer.text(this.set)]]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map([["reverse", this.set.stored(session)]]);
  }
}

/** Each value, or document where there are no values, once. */
export class DistinctSet extends DerivedSet {
  protected of(set: SetValue): SetValue {
    return new DistinctSet(set);
  }

  *entries(frame: Frame, { from, to, reverse = false }: Stretch): Iterable<Entry> {
    const { reversed, values } = this.shape;
    let last: Entry | undefined;
    const unique: Entry[] = [];
    for (const entry of this.set.entries(frame, {})) {
      const shown = values === 0 ? entry : { values: entry.values, ref: entry.ref };
      const previous = last && { values: last.values, ref: values === 0 ? last.ref : entry.ref };
      if (previous && compareEntries(previous, shown, reversed) === 0) continue;
      unique.push(entry);
      last = entry;
    }
    yield* cut(unique, { from, to, reverse }, reversed, this.isBackwards);
  }

  override history(frame: Frame, position: Position): HistoryEntry[] {
    return this.set.history(frame, position);
  }

  inner(renderer: Renderer): string {
    return renderer.members([["distinct", renderer.text(this.set)]]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map([["distinct", this.set.stored(session)]]);
  }
}

/** The members that a function is true of. */
export class FilterSet extends DerivedSet {
  readonly predicate: AnyLambda;
  readonly position: Position;

  constructor(set: SetValue, predicate: AnyLambda, position: Position) {
    super(set);
    this.predicate = predicate;
    this.position = position;
  }

  protected of(set: SetValue): SetValue {
    return new FilterSet(set, this.predicate, this.position);
  }

  *entries(frame: Frame, stretch: Stretch): Iterable<Entry> {
    const place = this.position.at("filter");
    for (const entry of this.set.entries(frame, stretch)) {
      const value = this.set.show(entry, frame.session);
      if (boolean(applyLambda(frame, this.predicate, value, place), place)) yield entry;
    }
  }

  inner(renderer: Renderer): string {
    return renderer.members([
      ["filter", renderer.rawLambda(this.predicate)],
      ["collection", renderer.text(this.set)],
    ]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map<string, Data>([
      ["filter", storeLambda(session, this.predicate)],
      ["collection", this.set.stored(session)],
    ]);
  }
}

/** The union of the sets that a function, or an index, has for each member. */
export class JoinSet extends DerivedSet {
  readonly target: AnyLambda | { readonly database: Database; readonly index: DocRef };
  readonly position: Position;
  /** That of the sets joined, which is not known before. */
  override readonly shape: Shape;

  constructor(
    set: SetValue,
    target: JoinSet["target"],
    shape: Shape | undefined,
    position: Position,
  ) {
    super(set);
    this.target = target;
    this.position = position;
    this.shape = shape ?? REFS_ONLY;
  }

  protected of(set: SetValue): SetValue {
    return new JoinSet(set, this.target, this.shape, this.position);
  }

  override get isBackwards(): boolean {
    return false;
  }

  entries(frame: Frame, stretch: Stretch): Iterable<Entry> {
    const { reversed } = this.shape;
    const compare = (a: Entry, b: Entry): number => compareEntries(a, b, reversed);
    const all = [...this.set.entries(frame, {})]
      .flatMap((entry) => [...(this.#joined(frame, entry)?.entries(frame, {}) ?? [])])
      .toSorted(compare);
    const unique = all.filter((entry, i) => i === 0 || compare(all[i - 1]!, entry) !== 0);
    return cut(unique, stretch, reversed);
  }

  override history(frame: Frame, position: Position): HistoryEntry[] {
    const members = byMember(this.set.history(frame, position));
    return mergeHistories(
      members.map((events) => {
        const { data, ref, database, sources } = events[0]!;
        const values = Array.isArray(data) ? data : [];
        const joined = this.#joined(frame, { values, ref, database, sources });
        return historyDuring(events, joined?.history(frame, position) ?? []);
      }),
    );
  }

  /** What is joined for a member, as far as the caller may read it. */
  #joined(frame: Frame, entry: Entry): SetValue | undefined {
    return this.#target(frame, entry).permitted(frame);
  }

  #target(frame: Frame, entry: Entry): SetValue {
    const value = this.set.show(entry, frame.session);
    const place = this.position.at("with");
    if ("index" in this.target) {
      const { database, index } = this.target;
      const terms = this.set.shape.values === 0 ? [entry.ref] : entry.values;
      return matchIndex(frame.session, database, index, terms, place);
    }
    const joined: Literal = applyLambda(frame, this.target, value, place);
    return isSet(joined) ? joined : fail(wrongType(["Set"], typeOf(joined), place));
  }

  inner(renderer: Renderer): string {
    const target =
      "index" in this.target
        ? renderer.ref(this.target.database, this.target.index)
        : renderer.rawLambda(this.target);
    return renderer.members([
      ["join", renderer.text(this.set)],
      ["with", target],
    ]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map<string, Data>([
      ["join", this.set.stored(session)],
      ["with", "index" in this.target ? this.target.index : storeLambda(session, this.target)],
    ]);
  }
}

/** The history of another set. */
export class EventsSet extends DerivedSet {
  override readonly isHistorical = true;

  protected of(set: SetValue): SetValue {
    return new EventsSet(set);
  }

  entries(): Iterable<Entry> {
    return [];
  }

  override history(frame: Frame, position: Position): HistoryEntry[] {
    return this.set.history(frame, position).map((entry) => ({ ...entry, sources: [this] }));
  }

  inner(renderer: Renderer): string {
    // The set stands inside without its tag, a reference as it is.
    const inner =
      this.set instanceof DocumentSet ? renderer.text(this.set) : this.set.inner(renderer);
    return renderer.members([["events", inner]]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map([["events", this.set.stored(session)]]);
  }
}
