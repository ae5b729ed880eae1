/** Calendar dates, and the day arithmetic that times share (proleptic Gregorian, as `java.time`). */
import { ArkError } from "../errors/errors.ts";

/** The years that `java.time.LocalDate` and `Instant` hold (the server's range), give or take one. */
const MAX_YEAR = 1_000_000_000;

const DATE = /^([+-]?\d{4,10})-(\d\d)-(\d\d)$/;

/** A date without time or zone, of any year the server holds, negative and beyond 9999 included. */
export class LocalDate {
  /** Days since 1970-01-01. */
  readonly epochDay: number;

  constructor(epochDay: number) {
    this.epochDay = epochDay;
  }

  /**
   * The date that ISO text names: `2024-02-29`, `+10000-01-01`, `-0044-03-15`.
   *
   * @throws ArkError ERR_RECORD when it is not a date, or a day that its month does not have.
   */
  static parse(text: string): LocalDate {
    const day = parseDay(text);
    if (day === undefined)
      throw new ArkError("ERR_RECORD", `Not a date: ${JSON.stringify(text.slice(0, 60))}.`);
    return new LocalDate(day);
  }

  /** ISO text, as `java.time.LocalDate` prints it. */
  toString(): string {
    return printDay(this.epochDay);
  }
}

/** Days since 1970-01-01 of ISO text, or undefined when it is not a date. */
export function parseDay(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, yearText = "", monthText = "", dayText = ""] = match;
  // Beyond four digits the sign is required, and four digits never carry a plus.
  if (
    yearText.startsWith("+")
      ? yearText.length < 6
      : !yearText.startsWith("-") && yearText.length > 4
  )
    return undefined;
  const year = Number(yearText);
  const month = Number(monthText);
  const day = Number(dayText);
  if (Math.abs(year) > MAX_YEAR || Object.is(year, -0)) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return dayOfCivil(year, month, day);
}

/** ISO text of a day counted from 1970-01-01. */
export function printDay(epochDay: number): string {
  const { year, month, day } = civilOfDay(epochDay);
  const digits = String(Math.abs(year)).padStart(4, "0");
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  return `${sign}${digits}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

// The two below count from 0000-03-01 in eras of 400 years, so that the leap day is the last of its year
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
const DAYS_PER_ERA = 146_097;
const DAYS_TO_1970 = 719_468;

function dayOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_TO_1970;
}

function civilOfDay(epochDay: number): { year: number; month: number; day: number } {
  const z = epochDay + DAYS_TO_1970;
  const era = Math.floor(z / DAYS_PER_ERA);
  const dayOfEra = z - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}
