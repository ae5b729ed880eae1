/** Sets that call a function for every member of another: `map`, `where`, `flatMap`. */
import { apply } from "../interpreter/evaluate.ts";
import { wrongType } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import type { Span } from "../source.ts";
import { type Func, Null, type Value } from "../values.ts";
import { type Element, LazyElement, Pinned, type Position, SET_LIMIT, ValueSet } from "./set.ts";

const IN_AT = "streaming is not supported for sets created within an `at()` expression.";

/** A function to call later, as it was called: at the time and below the calls of then. */
export class Deferred {
  readonly fn: Func;
  /** Set by `at()` where the set was made, µs. */
  readonly time: bigint | undefined;
  readonly trace: readonly Span[];

  constructor(fn: Func, time: bigint | undefined, trace: readonly Span[]) {
    this.fn = fn;
    this.time = time;
    this.trace = trace;
  }

  static here(context: Context, fn: Func): Deferred {
    return new Deferred(fn, context.userTime, context.trace);
  }

  context(context: Context): Context {
    return context.withUserTime(this.time).limited(SET_LIMIT).below(this.trace);
  }
}

abstract class Derived extends ValueSet {
  readonly inner: ValueSet;
  readonly deferred: Deferred;

  constructor(inner: ValueSet, deferred: Deferred) {
    super();
    this.inner = inner;
    this.deferred = deferred;
  }

  override get pageSize(): number {
    return this.inner.pageSize;
  }

  override streamRefusal(): string | undefined {
    return this.deferred.time === undefined ? this.inner.streamRefusal() : IN_AT;
  }
}

export class MappedSet extends Derived {
  *iterate(context: Context, from?: Position): Iterable<Element> {
    const inside = this.deferred.context(context);
    for (const element of this.inner.iterate(context, from)) {
      const make = () => apply(inside, this.deferred.fn, [element.value]);
      yield new LazyElement(make, element.position);
    }
  }

  reversed(): ValueSet {
    return new MappedSet(this.inner.reversed(), this.deferred);
  }

  recipe() {
    return ["map", this.inner, this.deferred.fn, new Pinned(this.deferred.time)] as const;
  }
}

export class FilteredSet extends Derived {
  *iterate(context: Context, from?: Position): Iterable<Element> {
    const inside = this.deferred.context(context);
    for (const element of this.inner.iterate(context, from)) {
      if (passes(inside, this.deferred.fn, element.value)) yield element;
    }
  }

  reversed(): ValueSet {
    return new FilteredSet(this.inner.reversed(), this.deferred);
  }

  recipe() {
    return ["where", this.inner, this.deferred.fn, new Pinned(this.deferred.time)] as const;
  }
}

/** Whether a predicate says true of a value; null counts as false. */
export function passes(context: Context, predicate: Func, value: Value): boolean {
  const result = apply(context, predicate, [value]);
  if (result instanceof Null) return false;
  if (typeof result === "boolean") return result;
  throw wrongType(context, "Boolean", result);
}

export class FlatMappedSet extends Derived {
  readonly backwards: boolean;

  constructor(inner: ValueSet, deferred: Deferred, backwards = false) {
    super(inner, deferred);
    this.backwards = backwards;
  }

  *iterate(context: Context, from?: Position): Iterable<Element> {
    const inside = this.deferred.context(context);
    const [outerFrom, innerFrom] = Array.isArray(from) ? (from as Position[]) : [];
    let resume = innerFrom;
    for (const { value, position } of this.inner.iterate(context, outerFrom)) {
      const leaf = apply(inside, this.deferred.fn, [value]);
      if (!(leaf instanceof ValueSet)) throw wrongType(inside, "Set<Any>", leaf);
      for (const element of (this.backwards ? leaf.reversed() : leaf).iterate(context, resume)) {
        yield new LazyElement(
          () => element.value,
          () => [position(), element.position()],
        );
      }
      resume = undefined;
    }
  }

  reversed(): ValueSet {
    return new FlatMappedSet(this.inner.reversed(), this.deferred, !this.backwards);
  }

  recipe() {
    return [
      "flatMap",
      this.inner,
      this.deferred.fn,
      new Pinned(this.deferred.time),
      this.backwards,
    ] as const;
  }

  override streamRefusal(): string {
    return "streaming is not supported on `.flatMap()` sets.";
  }
}
