/** Union, Intersection and Difference. */
import type { Data } from "../../data/value.ts";
import type { Frame } from "../frame.ts";
import type { Position } from "../position.ts";
import type { Renderer } from "../render/render.ts";
import type { Session } from "../session.ts";
import { historyOfMembers, mergeHistories } from "./history.ts";
import {
  compareEntries,
  cut,
  type Entry,
  type HistoryEntry,
  SetValue,
  type Shape,
  type Stretch,
} from "./set.ts";

type Operation = "union" | "intersection" | "difference";

export class AlgebraicSet extends SetValue {
  readonly operation: Operation;
  readonly sets: readonly SetValue[];
  readonly shape: Shape;
  override readonly isHistorical: boolean;

  constructor(operation: Operation, sets: readonly [SetValue, ...SetValue[]]) {
    super();
    this.operation = operation;
    this.sets = sets;
    this.shape = sets[0].shape;
    this.isHistorical = sets[0].isHistorical;
  }

  entries(frame: Frame, stretch: Stretch): Iterable<Entry> {
    const { reversed } = this.shape;
    const [first = [], ...rest] = this.sets.map((set) => [...set.entries(frame, {})]);
    const all = rest.reduce((left, right) => this.#combine(left, right), first);
    return cut(
      all.toSorted((a, b) => compareEntries(a, b, reversed)),
      stretch,
      reversed,
    );
  }

  #combine(left: readonly Entry[], right: readonly Entry[]): Entry[] {
    const { reversed } = this.shape;
    const compare = (a: Entry, b: Entry): number => compareEntries(a, b, reversed);
    return merge(left.toSorted(compare), right.toSorted(compare), compare, this.operation);
  }

  override history(frame: Frame, position: Position): HistoryEntry[] {
    const histories = this.sets.map((set) => set.history(frame, position));
    if (this.operation === "union" || histories.length === 1) return mergeHistories(histories);
    const count = this.operation === "intersection" ? histories.length : 1;
    return historyOfMembers(histories, (sets) => sets.has(0) && sets.size === count);
  }

  override get isFiltered(): boolean {
    return this.sets.some((set) => set.isFiltered);
  }

  /** What may not be read counts for nothing, but there must be something to take others away from. */
  permitted(frame: Frame): SetValue | undefined {
    const sets = this.sets.map((set) => set.permitted(frame));
    if (this.operation === "difference" && sets[0] === undefined) return undefined;
    const [first, ...rest] = sets.filter((set) => set !== undefined);
    return first && new AlgebraicSet(this.operation, [first, ...rest]);
  }

  inner(renderer: Renderer): string {
    const texts = this.sets.map((set) => renderer.text(set));
    const operands = texts.length === 1 ? texts[0]! : `[${texts.join(",")}]`;
    return renderer.members([[this.operation, operands]]);
  }

  data(session: Session): ReadonlyMap<string, Data> {
    return new Map([[this.operation, this.sets.map((set) => set.stored(session))]]);
  }
}

/** Combines two ascending lists. Entries that are in both are one, with the sources of both. */
function merge(
  left: readonly Entry[],
  right: readonly Entry[],
  compare: (a: Entry, b: Entry) => number,
  operation: Operation,
): Entry[] {
  const merged: Entry[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const a = left[i];
    const b = right[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : compare(a, b);
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order === 0 && operation !== "difference") {
      merged.push({ ...a!, sources: [...a!.sources, ...b!.sources] });
    } else if (order < 0 && operation !== "intersection") merged.push(a!);
    else if (order > 0 && operation === "union") merged.push(b!);
  }
  return merged;
}
