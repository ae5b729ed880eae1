/** Going through arrays, pages and sets. */
import { compareData } from "../../data/order.ts";
import {
  any,
  array,
  boolean,
  integer,
  iterable,
  type Iterable4,
  lambda,
  number,
  setOrArray,
  undefinedRefOf,
  zeroOrMore,
} from "../cast.ts";
import { Bag } from "../equals.ts";
import { fail, invalidArgument, together, V4Failure, wrongType } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { type Frame, PURE, READ, WRITE } from "../frame.ts";
import { applyLambda, expressionOf } from "../lambda.ts";
import { MAX_SIZE, paginate, readable, visibleEntries, visibleEvents } from "../pages.ts";
import type { Position } from "../position.ts";
import { DistinctSet, FilterSet, ReverseSet } from "../sets/derived.ts";
import type { SetValue } from "../sets/set.ts";
import {
  type AnyLambda,
  EventValue,
  isArray,
  type Literal,
  PageValue,
  typeOf,
  UnresolvedRef,
} from "../value.ts";
import { toData } from "../write/store.ts";
import { wrap } from "./numbers.ts";

/** Applies `to` to the items of an array or page; sets are refused. */
function each<T>(
  collection: Iterable4,
  position: Position,
  to: (items: readonly Literal[], page: PageValue | undefined) => T,
): T {
  if (isArray(collection)) return to(collection, undefined);
  if (collection instanceof PageValue) return to(collection.items, collection);
  return fail(wrongType(["Array or Page"], typeOf(collection), position.at("collection")));
}

/** The results of a function for each item. All of them are gone through, then the first failure counts. */
function applyAll(
  frame: Frame,
  items: readonly Literal[],
  fn: AnyLambda,
  position: Position,
): Literal[] {
  const results: Literal[] = [];
  let failure: V4Failure | undefined;
  for (const item of items) {
    try {
      results.push(applyLambda(frame, fn, item, position));
    } catch (error) {
      if (!(error instanceof V4Failure)) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return results;
}

function filter(collection: Iterable4, fn: AnyLambda, { frame, position }: Call): Literal {
  const place = position.at("filter");
  const keep = (items: readonly Literal[]): boolean[] => {
    const results = together(items.length, (i) => applyLambda(frame, fn, items[i]!, place));
    return zeroOrMore(boolean)(results, position);
  };
  if (isArray(collection)) {
    const kept = keep(collection);
    return collection.filter((_, i) => kept[i]);
  }
  if (collection instanceof PageValue) {
    const kept = keep(collection.items);
    const chosen = <T>(items: readonly T[]): T[] => items.filter((_, i) => kept[i]);
    return collection.with(chosen(collection.items), chosen(collection.cursors));
  }
  if (expressionOf(fn, frame.session).body.effect === WRITE) {
    fail(
      invalidArgument(
        "Invalid lambda. Lambda in this context may not write or call a user function.",
        place,
      ),
    );
  }
  return new FilterSet(collection, fn, position);
}

/** What a set shows of its members, for folds. */
function* shownMembers(frame: Frame, all: SetValue, position: Position): Generator<Literal> {
  const set = readable(frame, all, position);
  if (set.isHistorical) {
    for (const { database, ts, action, ref, data } of visibleEvents(frame, set, position)) {
      yield new EventValue(database, ts, action, ref, data);
    }
    return;
  }
  for (const entry of visibleEntries(frame, set)) yield set.show(entry, frame.session);
}

/**
 * A fold over anything that can be gone through: `step` takes the members in turn, `finish` makes the result.
 * A page stays a page, of the one result.
 */
function fold<A>(
  name: string,
  start: () => A,
  step: (sum: A, item: Literal, call: Call) => A,
  finish: (sum: A, count: bigint, position: Position) => Literal,
): Form {
  return define({ [name]: iterable }, READ, (args, call) => {
    const collection = args[name] as Iterable4;
    const place = call.position.at(name);
    const run = (items: Iterable<Literal>): Literal => {
      let sum = start();
      let count = 0n;
      for (const item of items) {
        sum = step(sum, item, { ...call, position: place });
        count += 1n;
      }
      return finish(sum, count, place);
    };
    if (isArray(collection)) return run(collection);
    if (collection instanceof PageValue) return collection.with([run(collection.items)]);
    return run(shownMembers(call.frame, collection, place));
  });
}

type Numeric = bigint | number;

function add(sum: Numeric, item: Literal, { position }: Call): Numeric {
  const value = number(item, position);
  return typeof sum === "bigint" && typeof value === "bigint"
    ? wrap(sum + value)
    : Number(sum) + Number(value);
}

function mean(sum: Numeric, count: bigint, position: Position): Literal {
  return count > 0n ? Number(sum) / Number(count) : fail(emptyArray(position));
}

function emptyArray(position: Position) {
  return invalidArgument("Non-empty array expected.", position);
}

/** The greatest or least member in the order of indexes. */
function extreme(name: string, isBetter: (order: number) => boolean): Form {
  return fold<Literal | undefined>(
    name,
    () => undefined,
    (best, item, { frame, position }) => {
      if (item instanceof UnresolvedRef) fail(undefinedRefOf(item, position));
      if (best === undefined) return item;
      const order = compareData(toData(frame.session, item), toData(frame.session, best));
      return isBetter(order) ? item : best;
    },
    (best, _, position) => best ?? fail(emptyArray(position)),
  );
}

function reduce(
  {
    reduce: fn,
    initial,
    collection,
  }: { reduce: AnyLambda; initial: Literal; collection: Iterable4 },
  { frame, position }: Call,
): Literal {
  const place = position.at("reduce");
  const run = (items: Iterable<Literal>): Literal => {
    let sum = initial;
    for (const item of items) sum = applyLambda(frame, fn, [sum, item], place);
    return sum;
  };
  if (isArray(collection)) return run(collection);
  if (collection instanceof PageValue) return collection.with([run(collection.items)]);
  return run(shownMembers(frame, collection, place));
}

function take(count: bigint, collection: Literal, position: Position): Literal {
  const n = Number(count);
  if (isArray(collection)) return collection.slice(0, Math.max(0, n));
  if (collection instanceof PageValue) {
    const { items, cursors, before, after } = collection;
    const next = n < 0 ? before : (cursors[n] ?? after);
    const kept = Math.max(0, n);
    return new PageValue(items.slice(0, kept), cursors.slice(0, kept), before, next);
  }
  return fail(wrongType(["Array or Page"], typeOf(collection), position.at("collection")));
}

function drop(count: bigint, collection: Literal, position: Position): Literal {
  const n = Math.max(0, Number(count));
  if (isArray(collection)) return collection.slice(n);
  if (collection instanceof PageValue) {
    const { items, cursors, before, after } = collection;
    const rest = cursors.slice(n);
    const previous = count < 0n ? before : (rest[0] ?? after);
    return new PageValue(items.slice(n), rest, previous, after);
  }
  return fail(wrongType(["Array or Page"], typeOf(collection), position.at("collection")));
}

/** Take of the unstable version: also of sets, and from the end. */
function takeAny(count: bigint, collection: Iterable4, { frame, position }: Call): Literal {
  const n = Number(count);
  if (isArray(collection)) return n < 0 ? collection.slice(n) : collection.slice(0, n);
  if (collection instanceof PageValue) {
    if (n >= 0) return take(count, collection, position);
    return collection.with(collection.items.slice(n), collection.cursors.slice(n));
  }
  if (Math.abs(n) > MAX_SIZE) {
    fail(invalidArgument(`Number of elements must be <= ${MAX_SIZE}`, position));
  }
  const set = n < 0 ? new ReverseSet(collection) : collection;
  const size = BigInt(Math.abs(n));
  const { items } = paginate(frame, set, { size }, { set: position, cursor: position });
  return n < 0 ? items.toReversed() : items;
}

function isEmpty(collection: Iterable4, { frame, position }: Call): boolean {
  if (isArray(collection)) return collection.length === 0;
  if (collection instanceof PageValue) return collection.items.length === 0;
  return shownMembers(frame, collection, position.at("exists")).next().done === true;
}

/** The first or last member. */
function end(name: "first" | "last", value: readonly Literal[] | SetValue, call: Call): Literal {
  const { frame, position } = call;
  const place = position.at(name);
  if (isArray(value)) return value.at(name === "first" ? 0 : -1) ?? fail(emptyArray(place));
  const set = name === "first" ? value : new ReverseSet(value);
  const { items } = paginate(frame, set, { size: 1n }, { set: place, cursor: place });
  return items[0] ?? fail(invalidArgument("Non-empty set expected.", place));
}

function unique(items: readonly Literal[]): Literal[] {
  const seen = new Bag();
  return items.filter((item) => {
    if (seen.count(item) > 0) return false;
    seen.add(item);
    return true;
  });
}

function distinct(collection: Iterable4): Literal {
  if (isArray(collection)) return unique(collection);
  if (collection instanceof PageValue) return collection.with(unique(collection.items));
  return new DistinctSet(collection);
}

function reverse(collection: Iterable4): Literal {
  if (isArray(collection)) return collection.toReversed();
  if (collection instanceof PageValue) return collection.with(collection.items.toReversed());
  return new ReverseSet(collection);
}

const V4 = { since: "4" } as const;

export const collectionForms: readonly Form[] = [
  define({ map: lambda, collection: iterable }, PURE, ({ map, collection }, { frame, position }) =>
    each(collection, position, (items, page) => {
      const mapped = applyAll(frame, items, map, position.at("map"));
      return page ? page.with(mapped) : mapped;
    }),
  ),
  define(
    { foreach: lambda, collection: iterable },
    PURE,
    ({ foreach, collection }, { frame, position }) =>
      each(collection, position, (items, page): Literal => {
        applyAll(frame, items, foreach, position.at("foreach"));
        return page ?? items;
      }),
  ),
  define({ filter: lambda, collection: iterable }, PURE, ({ filter: fn, collection }, call) =>
    filter(collection, fn, call),
  ),
  define({ reduce: lambda, initial: any, collection: iterable }, READ, reduce),
  define({ prepend: zeroOrMore(any), collection: array }, PURE, (args) => [
    ...args.prepend,
    ...args.collection,
  ]),
  define({ append: zeroOrMore(any), collection: array }, PURE, (args) => [
    ...args.collection,
    ...args.append,
  ]),
  define(
    { take: integer, collection: any },
    PURE,
    (args, { position }) => take(args.take, args.collection, position),
    { until: "UNSTABLE" },
  ),
  define(
    { take: integer, collection: iterable },
    READ,
    (args, call) => takeAny(args.take, args.collection, call),
    { since: "UNSTABLE" },
  ),
  define({ drop: integer, collection: any }, PURE, (args, { position }) =>
    drop(args.drop, args.collection, position),
  ),
  define({ is_empty: iterable }, PURE, (args, call) => isEmpty(args.is_empty, call)),
  define({ is_nonempty: iterable }, PURE, (args, call) => !isEmpty(args.is_nonempty, call)),
  define({ first: setOrArray }, READ, (args, call) => end("first", args.first, call), V4),
  define({ last: setOrArray }, READ, (args, call) => end("last", args.last, call), V4),
  define({ distinct: iterable }, PURE, (args) => distinct(args.distinct)),
  define({ reverse: iterable }, PURE, (args) => reverse(args.reverse)),
  fold(
    "count",
    () => 0n,
    () => 0n,
    (_, count) => count,
  ),
  fold<Numeric>(
    "sum",
    () => 0n,
    add,
    (sum) => sum,
  ),
  fold<Numeric>("mean", () => 0n, add, mean),
  extreme("max", (order) => order > 0),
  extreme("min", (order) => order < 0),
  fold(
    "any",
    () => false,
    (sum, item, { position }) => boolean(item, position) || sum,
    (sum) => sum,
  ),
  fold(
    "all",
    () => true,
    (sum, item, { position }) => boolean(item, position) && sum,
    (sum) => sum,
  ),
];
