/** A moment of the past that somebody asks for. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { Time } from "../values/time.ts";

/** Fauna is younger; what is read as an earlier time are seconds or milliseconds that were meant. */
const FIRST = Time.parse("2012-01-01T00:00:00Z").toMicros();

/**
 * The moment, in microseconds since 1970, that ISO-8601 text or digits name; finer parts of a second are cut off.
 *
 * @param place the option it was written at, for errors.
 * @throws ArkError ERR_USAGE when it is no time, or one before there was Fauna.
 */
export function parseMoment(written: string, place: string): bigint {
  const at = /^\d{1,19}$/.test(written) ? BigInt(written) : timeIn(written, place);
  if (at >= FIRST) return at;
  throw new ArkError(
    "ERR_USAGE",
    `${written} is ${Time.fromMicros(at).toString()}, before there was any Fauna.`,
    { place, hint: "Digits are microseconds since 1970: sixteen of them, not ten or thirteen." },
  );
}

function timeIn(written: string, place: string): bigint {
  try {
    return Time.parse(written).toMicros();
  } catch (error) {
    if (!isArkError(error, "ERR_RECORD")) throw error;
    throw new ArkError("ERR_USAGE", `${JSON.stringify(written.slice(0, 60))} is not a time.`, {
      place,
      cause: error,
      hint: "Write it with its zone, as 2026-11-21T09:30:00Z or 2026-11-21T10:30:00.5+01:00, or as microseconds since 1970.",
    });
  }
}

/** @throws ArkError ERR_USAGE when the database's own clock has not come to the moment. */
export function refuseFuture(at: bigint, now: bigint, place: string): void {
  if (at <= now) return;
  throw new ArkError(
    "ERR_USAGE",
    `${Time.fromMicros(at).toString()} is still to come: the database's clock says ${Time.fromMicros(now).toString()}.`,
    { place, hint: "Choose a time that has passed, or leave it out to export what is there now." },
  );
}
