/** Times and dates: making them, taking them apart, reckoning with them. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { type Cast, integer, nothing, string, temporal, timestamp } from "../cast.ts";
import { fail, invalidArgument, outOfBounds, wrongType } from "../failure.ts";
import { define, type Form } from "../form.ts";
import { PURE } from "../frame.ts";
import type { Position } from "../position.ts";
import { castDate, castTime } from "../time.ts";
import { typeOf } from "../value.ts";

/** Nanoseconds of each unit, under the name and its plural. */
const UNITS = {
  nanosecond: 1n,
  microsecond: 1000n,
  millisecond: 1_000_000n,
  second: 1_000_000_000n,
  minute: 60_000_000_000n,
  hour: 3_600_000_000_000n,
  "half day": 43_200_000_000_000n,
  day: 86_400_000_000_000n,
} as const;

/** A unit, and how it was written. */
interface Unit {
  readonly name: keyof typeof UNITS;
  readonly written: string;
}

const NANOS_PER_DAY = UNITS.day;
/** The seconds that `java.time.Instant` holds. */
const MAX_SECONDS = 31_556_889_864_403_199n;
const MIN_SECONDS = -31_557_014_167_219_200n;
const RANGE = "between -1000000000-01-01T00:00:00Z and +1000000000-12-31T23:59:59.999999999Z";

const unit: Cast<Unit> = (value, position) => {
  const written = typeof value === "string" ? value : "";
  const name = written.toLowerCase().replace(/s$/, "");
  return Object.hasOwn(UNITS, name)
    ? { name: name as Unit["name"], written }
    : fail(wrongType(["Time Unit"], typeOf(value), position));
};

function timeOf(nanos: bigint, position: Position): Time {
  const seconds = nanos / UNITS.second;
  if (seconds > MAX_SECONDS || seconds < MIN_SECONDS) {
    fail(outOfBounds("dates and times", RANGE, position));
  }
  return new Time(nanos);
}

function shift(
  base: Time | LocalDate,
  offset: bigint,
  by: Unit,
  position: Position,
): Time | LocalDate {
  if (base instanceof Time) {
    return timeOf(base.epochNanos + offset * UNITS[by.name], position.at("offset"));
  }
  if (by.name !== "day") fail(badUnit(by, position));
  return new LocalDate(base.epochDay + Number(offset));
}

function badUnit(by: Unit, position: Position) {
  return invalidArgument(`Invalid time unit '${by.written}'.`, position.at("unit"));
}

function difference(
  start: Time | LocalDate,
  finish: Time | LocalDate,
  by: Unit,
  position: Position,
): bigint {
  if (start instanceof Time && finish instanceof Time) {
    return (finish.epochNanos - start.epochNanos) / UNITS[by.name];
  }
  if (start instanceof LocalDate && finish instanceof LocalDate) {
    if (by.name !== "day") fail(badUnit(by, position));
    return BigInt(finish.epochDay - start.epochDay);
  }
  fail(invalidArgument("Incompatible time arguments.", position.at("time_diff")));
}

/** Rounded down, also before 1970. */
function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  /** Monday is 1. */
  readonly dayOfWeek: number;
  readonly secondOfDay: number;
}

function partsOf(time: Time): Parts {
  const epochDay = Number(floorDiv(time.epochNanos, NANOS_PER_DAY));
  const [, sign, year, month, day] = /^([+-]?)(\d+)-(\d\d)-(\d\d)$/.exec(
    new LocalDate(epochDay).toString(),
  )!;
  const wholeYear = `${sign === "" ? "" : sign}${year}`;
  const rest = time.epochNanos - BigInt(epochDay) * NANOS_PER_DAY;
  return {
    year: Number(wholeYear),
    month: Number(month),
    day: Number(day),
    dayOfYear: epochDay - LocalDate.parse(`${wholeYear}-01-01`).epochDay + 1,
    dayOfWeek: ((((epochDay + 3) % 7) + 7) % 7) + 1,
    secondOfDay: Number(rest / UNITS.second),
  };
}

function component(name: string, pick: (parts: Parts) => number): Form {
  return define({ [name]: timestamp }, PURE, (args) => BigInt(pick(partsOf(args[name] as Time))));
}

function since1970(name: string, by: Unit["name"]): Form {
  return define({ [name]: timestamp }, PURE, (args) =>
    floorDiv((args[name] as Time).epochNanos, UNITS[by]),
  );
}

export const timeForms: readonly Form[] = [
  define({ time: string }, PURE, ({ time }, { frame, position }) =>
    time === "now" ? Time.fromMicros(frame.session.now) : castTime(time, position),
  ),
  define({ now: nothing }, PURE, (_, { frame }) => Time.fromMicros(frame.session.now)),
  define({ date: string }, PURE, ({ date }, { position }) => castDate(date, position)),
  define({ epoch: integer, unit }, PURE, (args, { position }) =>
    timeOf(args.epoch * UNITS[args.unit.name], position),
  ),
  since1970("to_micros", "microsecond"),
  since1970("to_millis", "millisecond"),
  since1970("to_seconds", "second"),
  component("second", (parts) => parts.secondOfDay % 60),
  component("minute", (parts) => Math.floor(parts.secondOfDay / 60) % 60),
  component("hour", (parts) => Math.floor(parts.secondOfDay / 3600)),
  component("day_of_month", (parts) => parts.day),
  component("day_of_week", (parts) => parts.dayOfWeek),
  component("day_of_year", (parts) => parts.dayOfYear),
  component("month", (parts) => parts.month),
  component("year", (parts) => parts.year),
  define({ time_add: temporal, offset: integer, unit }, PURE, (args, { position }) =>
    shift(args.time_add, args.offset, args.unit, position),
  ),
  define({ time_subtract: temporal, offset: integer, unit }, PURE, (args, { position }) =>
    shift(args.time_subtract, -args.offset, args.unit, position),
  ),
  define({ time_diff: temporal, other: temporal, unit }, PURE, (args, { position }) =>
    difference(args.time_diff, args.other, args.unit, position),
  ),
];
