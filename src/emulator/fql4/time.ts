/** Times and dates as v4 functions take and make them. */
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { isArkError } from "../../errors/errors.ts";
import { fail, invalidArgument, wrongType } from "./failure.ts";
import type { Position } from "./position.ts";
import { type Literal, typeOf } from "./value.ts";

/** A time as the server reads it: midnight may be written as the end of the day before (`24:00:00`). */
export function parseTime(text: string): Time {
  const endOfDay = /T24:00(?::00(?:\.0+)?)?/.exec(text);
  if (!endOfDay) return Time.parse(text);
  const midnight = Time.parse(text.replace(endOfDay[0], "T00:00:00"));
  return new Time(midnight.epochNanos + 86_400_000_000_000n);
}

/** The time in µs that `ts` and At are given: a time, or a long of microseconds. */
export function timeToRead(value: Literal, position: Position): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof Time) return value.toMicros();
  fail(wrongType(["Time"], typeOf(value), position));
}

/** The time that `text` names. */
export function castTime(text: string, position: Position): Time {
  return castText(text, "time", position, parseTime);
}

/** The date that `text` names. */
export function castDate(text: string, position: Position): LocalDate {
  return castText(text, "date", position, (trimmed) => LocalDate.parse(trimmed));
}

function castText<T>(
  text: string,
  what: string,
  position: Position,
  parse: (text: string) => T,
): T {
  try {
    return parse(text.trim());
  } catch (error) {
    if (!isArkError(error)) throw error;
    fail(invalidArgument(`Cannot cast '${text}' to a ${what}.`, position));
  }
}
