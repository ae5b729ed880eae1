/** The types of parameters: which values they take, and as what. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { ValueSet } from "../sets/set.ts";
import {
  Doc,
  Double,
  type Func,
  Id,
  Int,
  isArray,
  isFunction,
  isNumber,
  isObject,
  Long,
  type ObjectOf,
  type Value,
} from "../values.ts";

export interface Tag<T> {
  /** As messages call it. */
  readonly display: string;
  /** What the function gets for a value, or undefined if the value is of another type. */
  readonly cast: (value: Value) => T | undefined;
}

const tag = <T>(display: string, cast: (value: Value) => T | undefined): Tag<T> => ({
  display,
  cast,
});

const MIN_INT = -2147483648n;
const MAX_INT = 2147483647n;

/** Anything. */
export const any = tag<Value>("Any", (value) => value);
export const string = tag<string>("String", (value) =>
  typeof value === "string" ? value : undefined,
);
export const number = tag<Int | Long | Double>("Number", (value) =>
  isNumber(value) ? value : undefined,
);

/** A whole number of 32 bits, of whatever kind. */
export const int = tag<number>("Int", (value) => {
  if (value instanceof Int) return value.value;
  if (value instanceof Long && value.value >= MIN_INT && value.value <= MAX_INT)
    return Number(value.value);
  return value instanceof Double && (value.value | 0) === value.value ? value.value : undefined;
});

/** What can be an id: a whole number, a string of digits, an ID. */
export const id = tag<bigint>("ID", (value) => {
  if (value instanceof Id || value instanceof Long) return value.value;
  if (value instanceof Int) return BigInt(value.value);
  return typeof value === "string" ? parseLong(value) : undefined;
});

export const time = tag<Time>("Time", (value) => (value instanceof Time ? value : undefined));
export const date = tag<LocalDate>("Date", (value) =>
  value instanceof LocalDate ? value : undefined,
);
export const array = tag<readonly Value[]>("Array<Any>", (value) =>
  isArray(value) ? value : undefined,
);
export const set = tag<ValueSet>("Set<Any>", (value) =>
  value instanceof ValueSet ? value : undefined,
);
export const fn = tag<Func>("Function", (value) => (isFunction(value) ? value : undefined));
/** An object that is no document. */
export const struct = tag<ObjectOf>("{ *: Any }", (value) => (isObject(value) ? value : undefined));
/** An object or a document. */
export const object = tag<ObjectOf | Doc>("{ *: Any }", (value) =>
  isObject(value) || value instanceof Doc ? value : undefined,
);
export const doc = tag<Doc>("Doc", (value) => (value instanceof Doc ? value : undefined));

const LONG = /^[+-]?[0-9]+$/;
const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** The 64-bit number that `text` spells as `java.lang.Long.parseLong` reads it, or undefined. */
export function parseLong(text: string): bigint | undefined {
  if (!LONG.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return value >= MIN_LONG && value <= MAX_LONG ? value : undefined;
}
