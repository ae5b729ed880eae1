/** Sets that have to see all members of another before they have a first: `order`, `distinct`, `reverse`. */
import { compareValues } from "../interpreter/compare.ts";
import { apply } from "../interpreter/evaluate.ts";
import { tooLarge } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import { type Func, type Value } from "../values.ts";
import { type Element, MAX_ELEMENTS, type Position, SET_LIMIT, ValueSet } from "./set.ts";

/** All members as an array. @throws QueryFailure `value_too_large` beyond 16,000. */
export function materialised(context: Context, set: ValueSet): Value[] {
  const values: Value[] = [];
  for (const { value } of set.iterate(context)) {
    if (values.length === MAX_ELEMENTS) {
      throw tooLarge(context, `exceeded maximum number of elements (limit=${MAX_ELEMENTS})`);
    }
    values.push(value);
  }
  return values;
}

/** One key of an order. */
export interface Ordering {
  readonly accessor: Func;
  readonly ascending: boolean;
}

/** `values` sorted by `orderings`, or by themselves if there are none; equals stay as they are. */
export function sortValues(
  context: Context,
  values: readonly Value[],
  orderings: readonly Ordering[],
): Value[] {
  const inside = context.limited(SET_LIMIT);
  const keyed = values.map((value) => ({
    value,
    keys:
      orderings.length === 0
        ? [value]
        : orderings.map(({ accessor }) => apply(inside, accessor, [value])),
  }));
  keyed.sort((a, b) => {
    for (const [index, key] of a.keys.entries()) {
      const order = compareValues(context, key, b.keys[index] as Value);
      if (order !== 0) return orderings[index]?.ascending === false ? -order : order;
    }
    return 0;
  });
  return keyed.map(({ value }) => value);
}

abstract class Materialising extends ValueSet {
  readonly inner: ValueSet;

  constructor(inner: ValueSet) {
    super();
    this.inner = inner;
  }

  override get pageSize(): number {
    return this.inner.pageSize;
  }

  protected abstract all(context: Context): Value[];

  *iterate(context: Context, from: Position = 0): Iterable<Element> {
    const values = this.all(context);
    for (let index = Number(from); index < values.length; index++) {
      yield { value: values[index] as Value, position: () => index };
    }
  }
}

export class OrderedSet extends Materialising {
  readonly orderings: readonly Ordering[];

  constructor(inner: ValueSet, orderings: readonly Ordering[]) {
    super(inner);
    this.orderings = orderings;
  }

  protected all(context: Context): Value[] {
    return sortValues(context, materialised(context, this.inner), this.orderings);
  }

  reversed(): ValueSet {
    return this.orderings.length === 0
      ? new ReversedSet(this)
      : new OrderedSet(
          this.inner,
          this.orderings.map(({ accessor, ascending }) => ({ accessor, ascending: !ascending })),
        );
  }

  recipe() {
    const keys = this.orderings.map(({ accessor, ascending }) => [accessor, ascending] as const);
    return ["order", this.inner, keys] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on sets returned from `.order()`.";
  }
}

export class DistinctSet extends Materialising {
  protected all(context: Context): Value[] {
    const sorted = sortValues(context, materialised(context, this.inner), []);
    return sorted.filter(
      (value, index) =>
        index === 0 || compareValues(context, sorted[index - 1] as Value, value) !== 0,
    );
  }

  reversed(): ValueSet {
    return new ReversedSet(this);
  }

  recipe() {
    return ["distinct", this.inner] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on distinct sets.";
  }
}

export class ReversedSet extends Materialising {
  protected all(context: Context): Value[] {
    return materialised(context, this.inner).toReversed();
  }

  reversed(): ValueSet {
    return this.inner;
  }

  recipe() {
    return ["reverse", this.inner] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on sets that have been reversed.";
  }
}
