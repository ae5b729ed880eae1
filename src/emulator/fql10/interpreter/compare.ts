/** Equality and order of values. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import { guardNull } from "../documents/read.ts";
import { parseLong } from "../modules/tags.ts";
import { ValueSet } from "../sets/set.ts";
import {
  Doc,
  Double,
  EventSource,
  Id,
  Int,
  isArray,
  isFunction,
  isNumber,
  isObject,
  Lambda,
  Long,
  Module,
  Null,
  type ObjectOf,
  SetCursor,
  TransactionTime,
  type Value,
} from "../values.ts";
import type { Context } from "./context.ts";

const RANK = {
  number: 0,
  bytes: 1,
  string: 2,
  array: 3,
  object: 4,
  id: 5,
  doc: 6,
  time: 7,
  transactionTime: 8,
  date: 9,
  uuid: 10,
  boolean: 11,
  module: 12,
  set: 13,
  cursor: 14,
  lambda: 15,
  native: 16,
  source: 17,
  null: 18,
} as const;

function rankOf(value: Value): number {
  if (typeof value === "string") return RANK.string;
  if (typeof value === "boolean") return RANK.boolean;
  if (isNumber(value)) return RANK.number;
  if (value instanceof Null) return RANK.null;
  if (isArray(value)) return RANK.array;
  if (isObject(value)) return RANK.object;
  if (value instanceof Doc) return RANK.doc;
  if (value instanceof Time) return RANK.time;
  if (value instanceof Id) return RANK.id;
  if (value instanceof LocalDate) return RANK.date;
  if (value instanceof Uint8Array) return RANK.bytes;
  if (value instanceof Uuid) return RANK.uuid;
  if (value instanceof Module) return RANK.module;
  if (value instanceof ValueSet) return RANK.set;
  if (value instanceof Lambda) return RANK.lambda;
  if (value instanceof TransactionTime) return RANK.transactionTime;
  if (value instanceof SetCursor) return RANK.cursor;
  return value instanceof EventSource ? RANK.source : RANK.native;
}

/** -1, 0 or 1. */
const sign = (a: bigint | number | string, b: bigint | number | string) =>
  a < b ? -1 : a > b ? 1 : 0;

/** A number as something that `<` compares exactly with any other. */
export const numeric = (value: Int | Long | Double): bigint | number => value.value;

/** Numbers by value; NaN is above all and equal to itself. */
export function compareNumbers(a: Int | Long | Double, b: Int | Long | Double): number {
  const [x, y] = [numeric(a), numeric(b)];
  const [nanX, nanY] = [Number.isNaN(x), Number.isNaN(y)];
  return nanX || nanY ? Number(nanX) - Number(nanY) : sign(x, y);
}

/** How two values compare; undefined if their types have no order between them. */
export function compareAlike(context: Context, a: Value, b: Value): number | undefined {
  if (a === b) return 0;
  context.query.make(1);
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (a instanceof Id || b instanceof Id) return compareIds(a, b);
  if (rankOf(a) !== rankOf(b)) return undefined;
  if (typeof a === "string" && typeof b === "string") return sign(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (isArray(a) && isArray(b)) return compareArrays(context, a, b);
  if (isObject(a) && isObject(b)) return compareObjects(context, a, b);
  if (a instanceof Time && b instanceof Time) return sign(a.epochNanos, b.epochNanos);
  if (a instanceof LocalDate && b instanceof LocalDate) return sign(a.epochDay, b.epochDay);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Uuid && b instanceof Uuid) return sign(a.text, b.text);
  if (a instanceof Doc && b instanceof Doc) return compareDocs(a, b);
  if (a instanceof Module && b instanceof Module) return sign(a.name, b.name);
  if (a instanceof SetCursor && b instanceof SetCursor) return sign(a.text, b.text);
  if (a instanceof Null && b instanceof Null) return 0;
  if (isFunction(a) && isFunction(b) && !(a instanceof Lambda) && !(b instanceof Lambda))
    return sign(a.name, b.name);
  return a instanceof TransactionTime ? 0 : undefined;
}

function compareIds(a: Value, b: Value): number | undefined {
  const [x, y] = [idValue(a), idValue(b)];
  return x === undefined || y === undefined ? undefined : sign(x, y);
}

function idValue(value: Value): bigint | number | undefined {
  if (value instanceof Id || isNumber(value)) return value.value;
  return typeof value === "string" ? parseLong(value) : undefined;
}

function compareDocs(a: Doc, b: Doc): number {
  if (a.collection !== b.collection) return sign(a.collection, b.collection);
  if (a.id !== b.id) return sign(a.id, b.id);
  return a.name !== undefined && b.name !== undefined ? sign(a.name, b.name) : 0;
}

function compareArrays(context: Context, a: readonly Value[], b: readonly Value[]): number {
  for (const [index, item] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareValues(context, item, other);
    if (order !== 0) return order;
  }
  return sign(a.length, b.length);
}

const sortedEntries = (object: ObjectOf): Value[] =>
  [...object].toSorted(([x], [y]) => sign(x, y)).map(([key, value]) => [key, value]);

const compareObjects = (context: Context, a: ObjectOf, b: ObjectOf): number =>
  compareArrays(context, sortedEntries(a), sortedEntries(b));

/** How two values of whatever types sort. */
export const compareValues = (context: Context, a: Value, b: Value): number =>
  compareAlike(context, a, b) ?? sign(rankOf(a), rankOf(b));

/** `==`: deep, and a reference to a document that is not there equals null. */
export function equal(context: Context, a: Value, b: Value): boolean {
  if (a === b) return true;
  context.query.make(1);
  if (isArray(a)) {
    return (
      isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => equal(context, item, b[index] as Value))
    );
  }
  if (isObject(a)) {
    if (!isObject(b) || a.size !== b.size) return false;
    return [...a].every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && equal(context, value, other);
    });
  }
  if (a instanceof Doc && b instanceof Null) return guardNull(context, a, "`exists`") !== undefined;
  if (a instanceof Null && b instanceof Doc) return guardNull(context, b, "`exists`") !== undefined;
  return compareAlike(context, a, b) === 0;
}

/** Whether two values are the same as sets and arrays see it: of one kind and equal, references by themselves. */
export function same(context: Context, a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (a instanceof Doc && b instanceof Doc) return compareDocs(a, b) === 0;
  if (a instanceof Doc || b instanceof Doc) return false;
  return equal(context, a, b);
}
