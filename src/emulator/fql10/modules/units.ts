/** Units of time and the calendar behind dates. */
import { LocalDate } from "../../../values/date.ts";

/** How many nanoseconds each unit has. */
export const NANOS = {
  nanosecond: 1n,
  microsecond: 1000n,
  millisecond: 1_000_000n,
  second: 1_000_000_000n,
  minute: 60_000_000_000n,
  hour: 3_600_000_000_000n,
  "half day": 43_200_000_000_000n,
  day: 86_400_000_000_000n,
} as const;

const UNITS = new Map<string, bigint>(
  Object.entries(NANOS).flatMap(([name, nanos]) => [
    [name, nanos],
    [`${name}s`, nanos],
  ]),
);

/** The nanoseconds of the unit of this name, singular or plural. */
export const unitOf = (name: string): bigint | undefined => UNITS.get(name.trim());

const EPOCH_WEEKDAY = 3;

/** Year, month and so on of a date; Monday is day 1 of the week. */
export function dateParts(date: LocalDate) {
  const match = /^([+-]?\d+)-(\d\d)-(\d\d)$/.exec(date.toString());
  const [, year = "0", month = "1", day = "1"] = match ?? [];
  const start = LocalDate.parse(`${year}-01-01`);
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    dayOfYear: date.epochDay - start.epochDay + 1,
    dayOfWeek: ((((date.epochDay + EPOCH_WEEKDAY) % 7) + 7) % 7) + 1,
  };
}
