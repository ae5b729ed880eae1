/** Sets that need no other: of an array, of one value, of a stretch of whole numbers. */
import type { Context } from "../interpreter/context.ts";
import { Doc, Int, type Value } from "../values.ts";
import { type Element, type Position, ValueSet } from "./set.ts";

/** The elements of an array. */
export class ArraySet extends ValueSet {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }

  *iterate(_context: Context, from: Position = 0): Iterable<Element> {
    for (let index = Number(from); index < this.items.length; index++) {
      yield { value: this.items[index] as Value, position: () => index };
    }
  }

  reversed(): ValueSet {
    return new ArraySet(this.items.toReversed());
  }

  recipe() {
    return ["array", this.items] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on array sets.";
  }
}

/** Just one value. */
export class SingletonSet extends ValueSet {
  readonly value: Value;

  constructor(value: Value) {
    super();
    this.value = value;
  }

  *iterate(_context: Context, from: Position = 0): Iterable<Element> {
    if (from === 0) yield { value: this.value, position: () => 0 };
  }

  reversed(): ValueSet {
    return this;
  }

  recipe() {
    return ["single", this.value] as const;
  }

  override streamRefusal(): string | undefined {
    if (!(this.value instanceof Doc))
      return "streaming is only supported on singleton document sets.";
    return this.value.readTime === undefined
      ? undefined
      : "streaming is not supported for sets created within an `at()` expression.";
  }
}

/** The whole numbers from `from` until before `until`. */
export class SequenceSet extends ValueSet {
  readonly from: number;
  readonly until: number;
  readonly backwards: boolean;

  constructor(from: number, until: number, backwards = false) {
    super();
    this.from = from;
    this.until = until;
    this.backwards = backwards;
  }

  *iterate(context: Context, from: Position = 0): Iterable<Element> {
    const size = this.until - this.from;
    for (let index = Number(from); index < size; index++) {
      context.query.tick();
      const value = this.backwards ? this.until - 1 - index : this.from + index;
      yield { value: new Int(value), position: () => index };
    }
  }

  reversed(): ValueSet {
    return new SequenceSet(this.from, this.until, !this.backwards);
  }

  recipe() {
    return ["sequence", new Int(this.from), new Int(this.until), this.backwards] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on sets created from `Set.sequence()`.";
  }
}
