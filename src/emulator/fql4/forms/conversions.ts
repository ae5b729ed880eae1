/** From one type to another. */
import { LocalDate } from "../../../values/date.ts";
import { printDouble } from "../../../values/double.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import { any } from "../cast.ts";
import { fail, invalidArgument } from "../failure.ts";
import { define, type Form } from "../form.ts";
import { PURE } from "../frame.ts";
import type { Position } from "../position.ts";
import { castDate, castTime } from "../time.ts";
import { type Literal, typeOf } from "../value.ts";
import { toLong } from "./numbers.ts";

const MICROS_PER_DAY = 86_400_000_000n;
const NANOS_PER_DAY = 86_400_000_000_000n;

function cannotCast(value: Literal, type: string, position: Position): never {
  fail(invalidArgument(`Cannot cast ${typeOf(value)} to ${type}.`, position));
}

/** What Format and ToString make of a value; undefined if it has no text. */
export function textOf(value: Literal): string | undefined {
  if (typeof value === "number") return printDouble(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Time || value instanceof LocalDate || value instanceof Uuid) {
    return value.toString();
  }
  return undefined;
}

/** A number at the start of `text`, as Java's NumberFormat reads it; undefined if there is none. */
function parseNumber(text: string): bigint | number | undefined {
  const trimmed = text.trim();
  if (trimmed === "NaN" || trimmed.startsWith("NaN")) return NaN;
  const match = /^(-?)(∞|[\d,]*\.?\d*(?:E-?\d+)?)/.exec(trimmed);
  const digits = match?.[2]?.replaceAll(",", "") ?? "";
  const sign = match?.[1] ?? "";
  if (digits === "∞") return sign === "-" ? -Infinity : Infinity;
  if (!/\d/.test(digits)) return undefined;
  const value = Number(`${sign}${digits}`);
  if (!Number.isInteger(value) || Object.is(value, -0)) return value;
  const long = /^\d+$/.test(digits) ? BigInt(`${sign}${digits}`) : BigInt(value);
  return BigInt.asIntN(64, long) === long ? long : value;
}

function toNumber(value: Literal, position: Position): Literal {
  if (typeof value === "bigint" || typeof value === "number") return value;
  const parsed = typeof value === "string" ? parseNumber(value) : undefined;
  return parsed ?? cannotCast(value, "Number", position);
}

function toDouble(value: Literal, position: Position): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  const parsed = typeof value === "string" ? parseNumber(value) : undefined;
  return parsed === undefined
    ? cannotCast(value, "Double", position.at("to_double"))
    : Number(parsed);
}

function toInteger(value: Literal, position: Position): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return toLong(value);
  const parsed = typeof value === "string" ? parseNumber(value) : undefined;
  if (parsed === undefined) cannotCast(value, "Integer", position.at("to_integer"));
  return typeof parsed === "bigint" ? parsed : toLong(parsed);
}

function toTime(value: Literal, now: bigint, position: Position): Time {
  if (value instanceof Time) return value;
  if (value instanceof LocalDate) return Time.fromMicros(BigInt(value.epochDay) * MICROS_PER_DAY);
  if (typeof value === "bigint") return Time.fromMicros(value * 1000n);
  if (typeof value !== "string") return cannotCast(value, "Time", position);
  return value === "now" ? Time.fromMicros(now) : castTime(value, position);
}

function toDate(value: Literal, position: Position): LocalDate {
  if (value instanceof LocalDate) return value;
  if (typeof value === "string") return castDate(value, position);
  if (!(value instanceof Time)) return cannotCast(value, "Date", position);
  const day = value.epochNanos / NANOS_PER_DAY;
  const isBefore = value.epochNanos < 0n && day * NANOS_PER_DAY !== value.epochNanos;
  return new LocalDate(Number(isBefore ? day - 1n : day));
}

export const conversionForms: readonly Form[] = [
  define(
    { to_string: any },
    PURE,
    (args, { position }) =>
      textOf(args.to_string) ?? cannotCast(args.to_string, "String", position),
  ),
  define({ to_number: any }, PURE, (args, { position }) => toNumber(args.to_number, position)),
  define({ to_double: any }, PURE, (args, { position }) => toDouble(args.to_double, position)),
  define({ to_integer: any }, PURE, (args, { position }) => toInteger(args.to_integer, position)),
  define({ to_time: any }, PURE, (args, { frame, position }) =>
    toTime(args.to_time, frame.session.now, position),
  ),
  define({ to_date: any }, PURE, (args, { position }) => toDate(args.to_date, position)),
];
