/** Sets with fewer or more members than the set they come from: `take`, `drop`, `concat`, `pageSize`. */
import type { Context } from "../interpreter/context.ts";
import { Int } from "../values.ts";
import { ReversedSet } from "./sorted.ts";
import { type Element, type Position, ValueSet, LazyElement } from "./set.ts";

/** An element in another place. */
const placed = (element: Element, position: () => Position): Element =>
  new LazyElement(() => element.value, position);

export class TakeSet extends ValueSet {
  readonly inner: ValueSet;
  readonly limit: number;

  constructor(inner: ValueSet, limit: number) {
    super();
    this.inner = inner;
    this.limit = limit;
  }

  override get pageSize(): number {
    return this.inner.pageSize;
  }

  *iterate(context: Context, from?: Position): Iterable<Element> {
    const [innerFrom, left] = Array.isArray(from) ? (from as Position[]) : [undefined, this.limit];
    let remaining = Number(left);
    if (remaining <= 0) return;
    for (const element of this.inner.iterate(context, innerFrom)) {
      const here = remaining;
      yield placed(element, () => [element.position(), here]);
      remaining--;
      if (remaining === 0) return;
    }
  }

  reversed(): ValueSet {
    return new ReversedSet(this);
  }

  recipe() {
    return ["take", this.inner, new Int(this.limit)] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on sets returned from `.take()`.";
  }
}

export class DropSet extends ValueSet {
  readonly inner: ValueSet;
  readonly count: number;

  constructor(inner: ValueSet, count: number) {
    super();
    this.inner = inner;
    this.count = count;
  }

  override get pageSize(): number {
    return this.inner.pageSize;
  }

  *iterate(context: Context, from?: Position): Iterable<Element> {
    let toDrop = from === undefined ? this.count : 0;
    const [innerFrom] = Array.isArray(from) ? (from as Position[]) : [];
    for (const element of this.inner.iterate(context, innerFrom)) {
      if (toDrop === 0) yield placed(element, () => [element.position()]);
      else if (element.value !== undefined) toDrop--;
    }
  }

  reversed(): ValueSet {
    return new ReversedSet(this);
  }

  recipe() {
    return ["drop", this.inner, new Int(this.count)] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on sets returned from `.drop()`.";
  }
}

export class ConcatSet extends ValueSet {
  readonly first: ValueSet;
  readonly second: ValueSet;

  constructor(first: ValueSet, second: ValueSet) {
    super();
    this.first = first;
    this.second = second;
  }

  *iterate(context: Context, from?: Position): Iterable<Element> {
    const [side, innerFrom] = Array.isArray(from) ? (from as Position[]) : [0, undefined];
    if (side === 0) {
      for (const element of this.first.iterate(context, innerFrom)) {
        yield placed(element, () => [0, element.position()]);
      }
    }
    const secondFrom = side === 1 ? innerFrom : undefined;
    for (const element of this.second.iterate(context, secondFrom)) {
      yield placed(element, () => [1, element.position()]);
    }
  }

  reversed(): ValueSet {
    return new ConcatSet(this.second.reversed(), this.first.reversed());
  }

  recipe() {
    return ["concat", this.first, this.second] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on concatenated sets.";
  }
}

/** Another set whose first page has a size of its own. */
export class PagedSet extends ValueSet {
  readonly inner: ValueSet;
  readonly #pageSize: number;

  constructor(inner: ValueSet, pageSize: number) {
    super();
    this.inner = inner;
    this.#pageSize = pageSize;
  }

  override get pageSize(): number {
    return this.#pageSize;
  }

  iterate(context: Context, from?: Position): Iterable<Element> {
    return this.inner.iterate(context, from);
  }

  reversed(): ValueSet {
    return new PagedSet(this.inner.reversed(), this.pageSize);
  }

  recipe() {
    return ["paged", this.inner, new Int(this.pageSize)] as const;
  }

  override streamRefusal(): string | undefined {
    return this.inner.streamRefusal();
  }
}
