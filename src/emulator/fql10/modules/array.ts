/** Arrays. */
import { apply } from "../interpreter/evaluate.ts";
import { checkSize, tooLarge, wrongType } from "../interpreter/failures.ts";
import { same } from "../interpreter/compare.ts";
import type { Context } from "../interpreter/context.ts";
import { ArraySet } from "../sets/plain.ts";
import { MAX_ELEMENTS } from "../sets/set.ts";
import { sortValues } from "../sets/sorted.ts";
import { type Func, Int, isArray, Null, type Value } from "../values.ts";
import { baseFor } from "./base.ts";
import { checkCallback, holds, orderingsOf } from "./callbacks.ts";
import { on, onAll, param, table } from "./table.ts";
import { any, array, fn, int } from "./tags.ts";

type Items = readonly Value[];

function checkIndex(context: Context, self: Items, index: number): number {
  if (index >= 0 && index < self.length) return index;
  throw context.failure(
    "index_out_of_bounds",
    `index ${index} out of bounds for length ${self.length}`,
  );
}

const at = (context: Context, self: Items, index: number): Value =>
  self[checkIndex(context, self, index)] as Value;
const noElement = (context: Context) => Null.element("no element found", context.span);
const orNull = (context: Context, index: number): Value =>
  index < 0 ? noElement(context) : new Int(index);
const empty = (context: Context) => Null.element("empty array", context.span);
const predicate = param("predicate", fn);
const element = param("element", any);
const position = (name: string) => param(name, int);

const filtered = (context: Context, self: Items, test: Func, name: string) => {
  checkCallback(context, name, 1, test);
  return self.filter((item) => holds(context, test, item));
};

function findIndex(
  context: Context,
  self: Items,
  test: (item: Value) => boolean,
  start = 0,
  step = 1,
): number {
  for (let index = start; index >= 0 && index < self.length; index += step) {
    if (test(self[index] as Value)) return index;
  }
  return -1;
}

const is = (context: Context, value: Value) => (item: Value) => same(context, item, value);
const meets = (context: Context, test: Func) => {
  checkCallback(context, "predicate", 1, test);
  return (item: Value) => holds(context, test, item);
};

function fold(context: Context, items: Items, seed: Value, reducer: Func): Value {
  checkCallback(context, "reducer", 2, reducer);
  return items.reduce((result, item) => apply(context, reducer, [result, item]), seed);
}

function reduce(context: Context, items: Items, reducer: Func): Value {
  checkCallback(context, "reducer", 2, reducer);
  const [first, ...rest] = items;
  return first === undefined ? empty(context) : fold(context, rest, first, reducer);
}

/** Combines neighbours pair by pair until one value is left, then that with the seed. */
export function aggregate(context: Context, items: Items, seed: Value, combiner: Func): Value {
  checkCallback(context, "combiner", 2, combiner);
  let level = items;
  if (level.length === 0) return seed;
  while (level.length > 1) {
    const next: Value[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [a, b] = [level[index] as Value, level[index + 1]];
      next.push(b === undefined ? a : apply(context, combiner, [a, b]));
    }
    level = next;
  }
  return apply(context, combiner, [level[0] as Value, seed]);
}

function distinct(context: Context, self: Items): Value[] {
  const kept: Value[] = [];
  for (const item of self) if (!kept.some((other) => same(context, item, other))) kept.push(item);
  return kept;
}

function arraysOnly(context: Context, items: readonly Value[]): Value[] {
  let size = 0;
  return items.flatMap((item) => {
    if (!isArray(item)) throw wrongType(context, "Array<Any>", item);
    checkSize(context, (size += item.length));
    return item;
  });
}

const slice = (self: Items, from: number, until = self.length) =>
  self.slice(Math.max(0, from), Math.max(0, until));

export const arrayTable = table<Items>(
  {
    fields: { length: (_context, self) => new Int(self.length) },
    access: on([param("index0", int)], at),
    methods: {
      at: on([position("index")], at),
      aggregate: on([param("seed", any), param("combiner", fn)], aggregate),
      any: on([predicate], (context, self, test) => self.some(meets(context, test))),
      every: on([predicate], (context, self, test) => self.every(meets(context, test))),
      append: on([element], (_context, self, item) => [...self, item]),
      prepend: on([element], (_context, self, item) => [item, ...self]),
      concat: on([param("other", array)], (_context, self, other) => [...self, ...other]),
      distinct: on([], distinct),
      drop: on([position("amount")], (_context, self, amount) => slice(self, amount)),
      take: on([position("limit")], (_context, self, limit) => slice(self, 0, limit)),
      slice: [
        on([position("from")], (_context, self, from) => slice(self, from)),
        on([position("from"), position("until")], (_context, self, from, until) =>
          slice(self, from, until),
        ),
      ],
      entries: on([], (_context, self) => self.map((item, index) => [new Int(index), item])),
      filter: on([predicate], (context, self, test) => filtered(context, self, test, "predicate")),
      where: on([predicate], (context, self, test) => filtered(context, self, test, "pred")),
      first: on([], (context, self) => self[0] ?? empty(context)),
      last: on([], (context, self) => self.at(-1) ?? empty(context)),
      firstWhere: on(
        [predicate],
        (context, self, test) => filtered(context, self, test, "pred")[0] ?? noElement(context),
      ),
      lastWhere: on(
        [predicate],
        (context, self, test) => filtered(context, self, test, "pred").at(-1) ?? noElement(context),
      ),
      flatten: on([], (context, self) => arraysOnly(context, self)),
      map: on([param("mapper", fn)], (context, self, mapper) => {
        checkCallback(context, "mapper", 1, mapper);
        return self.map((item) => apply(context, mapper, [item]));
      }),
      flatMap: on([param("mapper", fn)], (context, self, mapper) => {
        checkCallback(context, "mapper", 1, mapper);
        return arraysOnly(
          context,
          self.map((item) => apply(context, mapper, [item])),
        );
      }),
      forEach: on([param("callback", fn)], (context, self, callback) => {
        checkCallback(context, "fn", 1, callback);
        for (const item of self) apply(context, callback, [item]);
        return Null.literal(context.span);
      }),
      fold: on([param("seed", any), param("reducer", fn)], fold),
      foldRight: on([param("seed", any), param("reducer", fn)], (context, self, seed, reducer) =>
        fold(context, self.toReversed(), seed, reducer),
      ),
      reduce: on([param("reducer", fn)], reduce),
      reduceRight: on([param("reducer", fn)], (context, self, reducer) =>
        reduce(context, self.toReversed(), reducer),
      ),
      includes: on([element], (context, self, item) => self.some(is(context, item))),
      indexOf: [
        on([element], (context, self, item) =>
          orNull(context, findIndex(context, self, is(context, item))),
        ),
        on([element, position("start")], (context, self, item, start) =>
          orNull(
            context,
            findIndex(context, self, is(context, item), checkIndex(context, self, start)),
          ),
        ),
      ],
      lastIndexOf: [
        on([element], (context, self, item) =>
          orNull(context, findIndex(context, self, is(context, item), self.length - 1, -1)),
        ),
        on([element, position("end")], (context, self, item, end) =>
          orNull(
            context,
            findIndex(context, self, is(context, item), checkIndex(context, self, end), -1),
          ),
        ),
      ],
      indexWhere: [
        on([predicate], (context, self, test) =>
          orNull(context, findIndex(context, self, meets(context, test))),
        ),
        on([predicate, position("start")], (context, self, test, start) =>
          orNull(
            context,
            findIndex(context, self, meets(context, test), checkIndex(context, self, start)),
          ),
        ),
      ],
      lastIndexWhere: [
        on([predicate], (context, self, test) =>
          orNull(context, findIndex(context, self, meets(context, test), self.length - 1, -1)),
        ),
        on([predicate, position("end")], (context, self, test, end) =>
          orNull(
            context,
            findIndex(context, self, meets(context, test), checkIndex(context, self, end), -1),
          ),
        ),
      ],
      isEmpty: on([], (_context, self) => self.length === 0),
      nonEmpty: on([], (_context, self) => self.length > 0),
      order: onAll(param("ordering", any), (context, self, orderings) =>
        sortValues(context, self, orderingsOf(context, orderings)),
      ),
      reverse: on([], (_context, self) => self.toReversed()),
      toSet: on([], (_context, self) => new ArraySet(self)),
    },
  },
  baseFor(),
);

/** `Array.sequence(from, until)`. */
export const arraySequence = on(
  [position("from"), position("until")],
  (context, _self, from, until) => {
    const size = Math.max(0, until - from);
    if (size > MAX_ELEMENTS)
      throw tooLarge(context, `range size ${size} exceeds limit ${MAX_ELEMENTS}`);
    return Array.from({ length: size }, (_item, index) => new Int(from + index));
  },
);
