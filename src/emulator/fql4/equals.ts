/** Equality of values: by content, 1 and 1.0 the same only where Equals itself is asked. */
import { LocalDate } from "../../values/date.ts";
import { printDouble } from "../../values/double.ts";
import { printJson } from "../../values/json.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import { DocRef, StoredLambda } from "../data/value.ts";
import { spend } from "../limits/budget.ts";
import {
  DocumentValue,
  EventValue,
  ForeignRef,
  isArray,
  isObject,
  isSet,
  LambdaValue,
  type Literal,
  PageValue,
  UnresolvedRef,
} from "./value.ts";

/** What Equals says of two values: numbers by value, -0.0 differs from 0.0, NaN equals NaN. */
export function looselyEquals(a: Literal, b: Literal): boolean {
  if (isNumeric(a) && isNumeric(b) && typeof a !== typeof b) return Object.is(Number(a), Number(b));
  return equals(a, b);
}

function isNumeric(value: Literal): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}

/** Whether two values are the same; the order of members does not matter. */
export function equals(a: Literal, b: Literal): boolean {
  if (Object.is(a, b)) return true;
  spend(1);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isArray(a)) {
    return isArray(b) && a.length === b.length && a.every((item, i) => equals(item, b[i]!));
  }
  if (isObject(a)) return isObject(b) && sameMembers(a, b);
  if (a instanceof DocRef) {
    return b instanceof DocRef && a.id === b.id && a.collection === b.collection;
  }
  if (a instanceof Time) return b instanceof Time && a.epochNanos === b.epochNanos;
  if (a instanceof LocalDate) return b instanceof LocalDate && a.epochDay === b.epochDay;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Uuid) return b instanceof Uuid && a.text === b.text;
  return sameSpecial(a, b);
}

function sameSpecial(a: Literal, b: Literal): boolean {
  if (a instanceof ForeignRef) {
    return b instanceof ForeignRef && a.database === b.database && equals(a.ref, b.ref);
  }
  if (a instanceof UnresolvedRef) {
    return (
      b instanceof UnresolvedRef &&
      a.type === b.type &&
      a.name === b.name &&
      a.id === b.id &&
      a.database === b.database
    );
  }
  if (a instanceof DocumentValue) {
    return (
      b instanceof DocumentValue &&
      equals(a.ref, b.ref) &&
      a.version.ts === b.version.ts &&
      sameMembers(a.fields, b.fields)
    );
  }
  if (a instanceof PageValue) {
    return (
      b instanceof PageValue &&
      equals(a.items, b.items) &&
      equals(a.before ?? null, b.before ?? null) &&
      equals(a.after ?? null, b.after ?? null)
    );
  }
  if (a instanceof EventValue) {
    return (
      b instanceof EventValue &&
      a.ts === b.ts &&
      a.action === b.action &&
      equals(a.ref ?? null, b.ref ?? null)
    );
  }
  if (a instanceof StoredLambda) {
    return b instanceof StoredLambda && printJson(a.expr) === printJson(b.expr);
  }
  if (a instanceof LambdaValue) {
    return b instanceof LambdaValue && a.expression === b.expression && a.bindings === b.bindings;
  }
  return isSet(a) && isSet(b) && sameParts(a, b);
}

function sameMembers(a: ReadonlyMap<string, Literal>, b: ReadonlyMap<string, Literal>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined || !equals(value, other)) return false;
  }
  return true;
}

/** Sets are the same if they are made the same way of the same parts. */
function sameParts(a: object, b: object): boolean {
  if (a.constructor !== b.constructor) return false;
  return Object.entries(a).every(([key, part]) => {
    const other: unknown = Object.getOwnPropertyDescriptor(b, key)?.value;
    return Object.is(part, other) || equals(part as Literal, other as Literal);
  });
}

/** Values that are counted by content, as {@link equals} has it. Scalars and references are found at once. */
export class Bag {
  readonly #plain = new Map<string, number>();
  readonly #others: { readonly value: Literal; count: number }[] = [];

  constructor(values: Iterable<Literal> = []) {
    for (const value of values) this.add(value);
  }

  /** How often `value` is in it. */
  count(value: Literal): number {
    const key = keyOf(value);
    return (key === undefined ? this.#find(value)?.count : this.#plain.get(key)) ?? 0;
  }

  add(value: Literal, times = 1): void {
    const key = keyOf(value);
    if (key !== undefined) {
      this.#plain.set(key, (this.#plain.get(key) ?? 0) + times);
      return;
    }
    const found = this.#find(value);
    if (found) found.count += times;
    else this.#others.push({ value, count: times });
  }

  /** Takes one of `value` out; false if there is none. */
  take(value: Literal): boolean {
    if (this.count(value) === 0) return false;
    this.add(value, -1);
    return true;
  }

  #find(value: Literal): { readonly value: Literal; count: number } | undefined {
    return this.#others.find((other) => equals(other.value, value));
  }
}

/** A text that only equal values have; undefined for those that are not compared by text. */
function keyOf(value: Literal): string | undefined {
  switch (typeof value) {
    case "bigint":
      return `long ${value}`;
    case "number":
      return `double ${printDouble(value)}`;
    case "string":
      return `string ${value}`;
    case "boolean":
      return String(value);
    default:
      if (value === null) return "null";
      return value instanceof DocRef ? `ref ${value.collection} ${value.id}` : undefined;
  }
}
