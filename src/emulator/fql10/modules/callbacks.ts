/** Calling the functions that are given to other functions. */
import { apply } from "../interpreter/evaluate.ts";
import { wrongType } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import {
  accepts,
  arityOf,
  type Func,
  isFunction,
  isObject,
  Null,
  printArity,
  type Value,
} from "../values.ts";
import { typeName } from "./type-name.ts";
import type { Ordering } from "../sets/sorted.ts";

/** @throws QueryFailure `invalid_argument` unless `fn` takes `count` arguments. */
export function checkCallback(context: Context, name: string, count: number, fn: Func): Func {
  const arity = arityOf(fn);
  if (accepts(arity, count)) return fn;
  throw context.failure(
    "invalid_argument",
    `\`${name}\` should accept ${count} parameter${count === 1 ? "" : "s"}, ` +
      `provided function requires ${printArity(arity, "parameter")}.`,
  );
}

/** Whether a predicate holds; null counts as false. */
export function holds(context: Context, predicate: Func, value: Value): boolean {
  const result = apply(context, predicate, [value]);
  if (typeof result === "boolean") return result;
  if (result instanceof Null) return false;
  throw wrongType(context, "Boolean", result);
}

/** The keys of an order: functions, or objects made by `asc()` and `desc()`. */
export function orderingsOf(context: Context, orderings: readonly Value[]): Ordering[] {
  return orderings.map((ordering, index) => {
    const name = `ordering${index}`;
    if (isFunction(ordering))
      return { accessor: checkCallback(context, name, 1, ordering), ascending: true };
    if (isObject(ordering) && ordering.size === 1) {
      for (const ascending of [true, false]) {
        const accessor = ordering.get(ascending ? "asc" : "desc");
        if (accessor !== undefined && isFunction(accessor)) {
          return { accessor: checkCallback(context, name, 1, accessor), ascending };
        }
      }
    }
    throw context.failure(
      "invalid_argument",
      `expected value for \`${name}\` of type Function, received ${typeName(ordering)}`,
    );
  });
}
