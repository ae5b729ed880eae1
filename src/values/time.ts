/** Moments with nanoseconds, in the range of `java.time.Instant`; a `Date` holds neither. */
import { ArkError } from "../errors/errors.ts";
import { parseDay, printDay } from "./date.ts";

const NANOS_PER_SECOND = 1_000_000_000n;
const NANOS_PER_DAY = 86_400n * NANOS_PER_SECOND;
const NANOS_PER_MICRO = 1000n;

const TIME =
  /^([+-]?\d{4,10}-\d\d-\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;

/** A moment, to the nanosecond. */
export class Time {
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  readonly epochNanos: bigint;

  constructor(epochNanos: bigint) {
    this.epochNanos = epochNanos;
  }

  /**
   * The moment that ISO-8601 text names; any offset is accepted, nothing finer than nanoseconds.
   *
   * @throws ArkError ERR_RECORD when it is not a time.
   */
  static parse(iso: string): Time {
    const nanos = parseNanos(iso);
    if (nanos === undefined)
      throw new ArkError("ERR_RECORD", `Not a time: ${JSON.stringify(iso.slice(0, 60))}.`);
    return new Time(nanos);
  }

  /** The moment `us` microseconds after 1970: the unit of Fauna's `ts`. */
  static fromMicros(us: bigint): Time {
    return new Time(us * NANOS_PER_MICRO);
  }

  /** Whole microseconds since 1970, rounded down. */
  toMicros(): bigint {
    const us = this.epochNanos / NANOS_PER_MICRO;
    return this.epochNanos < 0n && us * NANOS_PER_MICRO !== this.epochNanos ? us - 1n : us;
  }

  /** ISO text in UTC as `java.time.Instant` prints it: no fraction, or 3, 6 or 9 digits of one. */
  toString(): string {
    let day = this.epochNanos / NANOS_PER_DAY;
    let rest = this.epochNanos % NANOS_PER_DAY;
    if (rest < 0n) {
      day -= 1n;
      rest += NANOS_PER_DAY;
    }
    const seconds = Number(rest / NANOS_PER_SECOND);
    const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
      .map(two)
      .join(":");
    return `${printDay(Number(day))}T${clock}${printFraction(Number(rest % NANOS_PER_SECOND))}Z`;
  }
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function printFraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (nanos % 1_000_000 === 0) return `.${digits.slice(0, 3)}`;
  return nanos % 1000 === 0 ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

function parseNanos(iso: string): bigint | undefined {
  const match = TIME.exec(iso);
  if (match === null) return undefined;
  const [
    ,
    date = "",
    hour,
    minute,
    second = "0",
    fraction = "",
    sign,
    offsetHour = "0",
    offsetMinute = "0",
  ] = match;
  const day = parseDay(date);
  if (day === undefined) return undefined;
  const h = Number(hour);
  const m = Number(minute);
  const s = Number(second);
  const offset = Number(offsetHour) * 60 + Number(offsetMinute);
  if (h > 23 || m > 59 || s > 59 || Number(offsetMinute) > 59 || offset > 18 * 60) return undefined;
  const seconds = h * 3600 + m * 60 + s - (sign === "-" ? -offset : offset) * 60;
  return (
    BigInt(day) * NANOS_PER_DAY +
    BigInt(seconds) * NANOS_PER_SECOND +
    BigInt(fraction.padEnd(9, "0"))
  );
}
