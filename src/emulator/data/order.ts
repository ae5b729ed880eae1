/**
 * Fauna's order of values, as indexes and set algebra have it (v4-schema/index-value-types,
 * v10-sets/indexes): number < bytes < string < array < object < set < reference < time < date
 * < lambda < uuid < false < true < null. Strings sort as in a dictionary: Fauna compares them with
 * ICU's collator, here `Intl.Collator`.
 */
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import { spend } from "../limits/budget.ts";
import {
  DocRef,
  isArrayData,
  isObjectData,
  StoredLambda,
  StoredSet,
  type Data,
  type ObjectData,
} from "./value.ts";

const RANK = {
  number: 0,
  bytes: 1,
  string: 2,
  array: 3,
  object: 4,
  set: 5,
  ref: 6,
  time: 7,
  date: 8,
  lambda: 9,
  uuid: 10,
  boolean: 11,
  null: 12,
} as const;

/** Negative, zero or positive as `a` sorts before, with or after `b`. 1 and 1.0 sort together. */
export function compareData(a: Data, b: Data): number {
  if (a === b && a !== 0) return 0;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : 1;
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) return difference;
  switch (rank) {
    case RANK.number:
      return compareNumbers(a as bigint | number, b as bigint | number);
    case RANK.bytes:
      return Buffer.compare(a as Uint8Array, b as Uint8Array);
    case RANK.array:
      return compareTuples(a as readonly Data[], b as readonly Data[]);
    case RANK.object:
      return compareObjects(a as ObjectData, b as ObjectData);
    case RANK.ref:
      return compareRefs(a as DocRef, b as DocRef);
    case RANK.time:
      return sign((a as Time).epochNanos, (b as Time).epochNanos);
    case RANK.date:
      return (a as LocalDate).epochDay - (b as LocalDate).epochDay;
    case RANK.uuid:
      return compareText((a as Uuid).text, (b as Uuid).text);
    case RANK.boolean:
      return a === false ? -1 : 1;
    case RANK.set:
    case RANK.lambda:
      return compareText(textOf((a as StoredSet).expr), textOf((b as StoredSet).expr));
    default:
      return 0;
  }
}

/**
 * Some order of terms, which are only ever looked up whole: strings without their collation, and
 * a long and a double of one value as the two terms that they are.
 */
export function compareTerms(a: Data, b: Data): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return compareData(a, b) || Number(typeof a === "number") - Number(typeof b === "number");
}

/** Element by element; a prefix sorts before what it begins. */
export function compareTuples(a: readonly Data[], b: readonly Data[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    spend(1);
    const order = compareData(a[i] as Data, b[i] as Data);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By id, then by collection number (recording v4-schema/index-value-types). */
export function compareRefs(a: DocRef, b: DocRef): number {
  return sign(a.id, b.id) || a.collection - b.collection;
}

function rankOf(value: Data): number {
  switch (typeof value) {
    case "bigint":
    case "number":
      return RANK.number;
    case "string":
      return RANK.string;
    case "boolean":
      return RANK.boolean;
    default:
      break;
  }
  if (value === null) return RANK.null;
  if (value instanceof DocRef) return RANK.ref;
  if (value instanceof Time) return RANK.time;
  if (value instanceof LocalDate) return RANK.date;
  if (value instanceof Uint8Array) return RANK.bytes;
  if (value instanceof Uuid) return RANK.uuid;
  if (isArrayData(value)) return RANK.array;
  if (isObjectData(value)) return RANK.object;
  return value instanceof StoredSet ? RANK.set : RANK.lambda;
}

/** Exactly, also where a long has no double. NaN sorts after every number, −0.0 before 0. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  const aIsNaN = Number.isNaN(a);
  const bIsNaN = Number.isNaN(b);
  if (aIsNaN || bIsNaN) return Number(aIsNaN) - Number(bIsNaN);
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
}

const COLLATOR = new Intl.Collator("en");

/** As the collator has it; a prefix first, and by code unit what the collator takes for one. */
function compareText(a: string, b: string): number {
  if (a.length !== b.length && (a.startsWith(b) || b.startsWith(a))) return a.length - b.length;
  const order = COLLATOR.compare(a, b);
  if (order !== 0) return order;
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareObjects(a: ObjectData, b: ObjectData): number {
  spend(a.size + b.size);
  const left = [...a].toSorted(([x], [y]) => compareText(x, y));
  const right = [...b].toSorted(([x], [y]) => compareText(x, y));
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const [leftKey, leftValue] = left[i] as [string, Data];
    const [rightKey, rightValue] = right[i] as [string, Data];
    const order = compareText(leftKey, rightKey) || compareData(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function textOf(expr: StoredLambda["expr"]): string {
  return JSON.stringify(expr, (_key, value: unknown) =>
    value instanceof Map ? [...value] : value,
  );
}

function sign(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
