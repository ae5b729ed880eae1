/** Sets: lazily derived, eagerly read. */
import { apply } from "../interpreter/evaluate.ts";
import { MAX_STRING } from "../interpreter/failures.ts";
import { same } from "../interpreter/compare.ts";
import type { Context } from "../interpreter/context.ts";
import { decodeCursor } from "../cursor.ts";
import { ConcatSet, DropSet, PagedSet, TakeSet } from "../sets/cut.ts";
import { Deferred, FilteredSet, FlatMappedSet, MappedSet } from "../sets/mapped.ts";
import { pageOf } from "../sets/page.ts";
import { ArraySet, SequenceSet, SingletonSet } from "../sets/plain.ts";
import { MAX_ELEMENTS, ValueSet } from "../sets/set.ts";
import { DistinctSet, materialised, OrderedSet } from "../sets/sorted.ts";
import { type Func, Int, Null, SetCursor, type Value } from "../values.ts";
import { eventSource } from "./event-source.ts";
import { aggregate } from "./array.ts";
import { baseFor } from "./base.ts";
import { checkCallback, holds, orderingsOf } from "./callbacks.ts";
import { on, onAll, param, type Signature, table, wrongArgument } from "./table.ts";
import { any, fn, int, set, string, type Tag } from "./tags.ts";

/** @throws QueryFailure `invalid_bounds` */
function checkSize(context: Context, size: number): number {
  if (size >= 1 && size <= MAX_ELEMENTS) return size;
  const bounds = `between 1 and ${MAX_ELEMENTS} (inclusive)`;
  throw context.failure("invalid_bounds", `expected \`size\` to be ${bounds}, received ${size}`);
}

const emptySet = (context: Context) => Null.element("empty set", context.span);

function first(context: Context, self: ValueSet): Value {
  for (const { value } of self.iterate(context)) return value;
  return emptySet(context);
}

/** The members for which a predicate holds. */
export const where = (context: Context, self: ValueSet, predicate: Func) =>
  new FilteredSet(self, Deferred.here(context, checkCallback(context, "pred", 1, predicate)));

/** The first of them. */
export const firstWhere = (context: Context, self: ValueSet, predicate: Func): Value =>
  first(context, where(context, self, predicate));

function isEmpty(context: Context, self: ValueSet): boolean {
  for (const { value } of self.iterate(context)) return value === undefined;
  return true;
}

function fold(context: Context, self: ValueSet, seed: Value, reducer: Func): Value {
  checkCallback(context, "reducer", 2, reducer);
  let result = seed;
  for (const { value } of self.iterate(context)) result = apply(context, reducer, [result, value]);
  return result;
}

function reduce(context: Context, self: ValueSet, reducer: Func): Value {
  checkCallback(context, "reducer", 2, reducer);
  let result: Value | undefined;
  for (const { value } of self.iterate(context)) {
    result = result === undefined ? value : apply(context, reducer, [result, value]);
  }
  return result ?? emptySet(context);
}

/** Whether a predicate says `sought` of a member. */
function finds(context: Context, self: ValueSet, predicate: Func, sought: boolean): boolean {
  checkCallback(context, "predicate", 1, predicate);
  for (const { value } of self.iterate(context))
    if (holds(context, predicate, value) === sought) return true;
  return false;
}

function take(context: Context, self: ValueSet, limit: number): Value {
  if (limit < 0) {
    throw context.failure(
      "invalid_bounds",
      `expected \`limit\` to be greater than 0, received ${limit}`,
    );
  }
  return limit === 0 ? new ArraySet([]) : new TakeSet(self, limit);
}

const predicate = param("predicate", fn);
const seed = param("seed", any);
const reducer = param("reducer", fn);
const size = param("size", int);

export const setTable = table<ValueSet>(
  {
    methods: {
      // Lazy ones.
      where: on([predicate], where),
      map: on(
        [param("mapper", fn)],
        (context, self, mapper) =>
          new MappedSet(self, Deferred.here(context, checkCallback(context, "mapper", 1, mapper))),
      ),
      flatMap: on(
        [param("mapper", fn)],
        (context, self, mapper) =>
          new FlatMappedSet(
            self,
            Deferred.here(context, checkCallback(context, "mapper", 1, mapper)),
          ),
      ),
      order: onAll(
        param("ordering", any),
        (context, self, orderings) => new OrderedSet(self, orderingsOf(context, orderings)),
      ),
      distinct: on([], (_context, self) => new DistinctSet(self)),
      drop: on([param("amount", int)], (_context, self, amount) => new DropSet(self, amount)),
      take: on([param("limit", int)], take),
      reverse: on([], (_context, self) => self.reversed()),
      concat: on([param("other", set)], (_context, self, other) => new ConcatSet(self, other)),
      pageSize: on([size], (context, self, count) => new PagedSet(self, checkSize(context, count))),
      toSet: on([], (_context, self) => self),
      // Eager ones.
      paginate: [
        on([], (context, self) => pageOf(context, self, self.pageSize)),
        on([size], (context, self, count) => pageOf(context, self, checkSize(context, count))),
      ],
      aggregate: on([seed, param("combiner", fn)], (context, self, start, combiner) =>
        aggregate(
          context,
          [...self.iterate(context)].map(({ value }) => value),
          start,
          combiner,
        ),
      ),
      any: on([predicate], (context, self, test) => finds(context, self, test, true)),
      every: on([predicate], (context, self, test) => !finds(context, self, test, false)),
      first: on([], first),
      last: on([], (context, self) => first(context, self.reversed())),
      firstWhere: on([predicate], firstWhere),
      lastWhere: on([predicate], (context, self, test) =>
        firstWhere(context, self.reversed(), test),
      ),
      isEmpty: on([], isEmpty),
      nonEmpty: on([], (context, self) => !isEmpty(context, self)),
      includes: on([param("element", any)], (context, self, element) => {
        for (const { value } of self.iterate(context))
          if (same(context, value, element)) return true;
        return false;
      }),
      toArray: on([], materialised),
      fold: on([seed, reducer], fold),
      foldRight: on([seed, reducer], (context, self, start, fold2) =>
        fold(context, self.reversed(), start, fold2),
      ),
      reduce: on([reducer], reduce),
      reduceRight: on([reducer], (context, self, combine) =>
        reduce(context, self.reversed(), combine),
      ),
      forEach: on([param("callback", fn)], (context, self, callback) => {
        checkCallback(context, "func", 1, callback);
        for (const { value } of self.iterate(context)) apply(context, callback, [value]);
        return Null.literal(context.span);
      }),
      count: on([], (context, self) => {
        let count = 0;
        for (const { value } of self.iterate(context)) if (value !== undefined) count++;
        return new Int(count);
      }),
      // Changes.
      toStream: on([], (context, self) => eventSource(context, self, [], ".toStream()")),
      eventSource: on([], (context, self) => eventSource(context, self, [], ".eventSource()")),
      changesOn: onAll(param("fields", fn), (context, self, fields) =>
        eventSource(context, self, fields, ".changesOn()"),
      ),
      eventsOn: onAll(param("fields", fn), (context, self, fields) =>
        eventSource(context, self, fields, ".eventsOn()"),
      ),
    },
  },
  baseFor(),
);

const cursor: Tag<Value> = { display: "String", cast: (value) => value };

function paginate(context: Context, cursorValue: Value, count: number | undefined): Value {
  const text = cursorValue instanceof SetCursor ? cursorValue.text : cursorValue;
  if (typeof text !== "string") throw wrongArgument(context, "cursor", string.display, cursorValue);
  const decoded = text.length > MAX_STRING ? undefined : decodeCursor(context, text);
  if (decoded === undefined)
    throw context.failure("invalid_cursor", "Cursor cursor is invalid or expired.");
  const pinned = context.withSystemTime(decoded.time);
  return pageOf(pinned, decoded.set, count ?? decoded.size, decoded.position);
}

/** `Set.single`, `Set.sequence`, `Set.paginate`. */
export const setFunctions: Readonly<Record<string, readonly Signature<unknown>[]>> = {
  single: [on([param("element", any)], (_context, _self, element) => new SingletonSet(element))],
  sequence: [
    on(
      [param("from", int), param("until", int)],
      (_context, _self, from, until) => new SequenceSet(from, until),
    ),
  ],
  paginate: [
    on([param("cursor", cursor)], (context, _self, text) => paginate(context, text, undefined)),
    on([param("cursor", cursor), size], (context, _self, text, count) =>
      paginate(context, text, checkSize(context, count)),
    ),
  ],
};
