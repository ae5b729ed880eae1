/** Format: Java's `String.format`, as far as its types reach. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { any, string, zeroOrMore } from "../cast.ts";
import { fail, invalidArgument, outOfBounds, together, wrongType } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { PURE } from "../frame.ts";
import type { Position } from "../position.ts";
import { Renderer } from "../render/render.ts";
import { type Literal, typeOf } from "../value.ts";
import { textOf } from "./conversions.ts";

const SPECIFIER = /%(\d+\$)?([-#+ 0,(<]*)(\d+)?(\.\d+)?([tT])?([a-zA-Z%@^])/g;

/** More than a string may hold: what is padded further is refused all the same. */
const MAX_WIDTH = 2 ** 25;

interface Specifier {
  readonly text: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly conversion: string;
}

function format(pattern: string, values: readonly Literal[], call: Call): string {
  const { position } = call;
  const place = position.at("format");
  const pieces: (string | { specifier: Specifier; index: number })[] = [];
  let end = 0;
  let next = 0;
  for (const match of pattern.matchAll(SPECIFIER)) {
    const [text, index, flags = "", width, precision, time, conversion = ""] = match;
    pieces.push(checked(pattern.slice(end, match.index), place));
    end = match.index + text.length;
    if (conversion === "%" || conversion === "n") {
      pieces.push(conversion === "%" ? "%" : "\n");
      continue;
    }
    if (!isConversion(time === undefined ? conversion : "t", flags)) {
      fail(badConversion(text, place));
    }
    const specifier = {
      text,
      flags,
      width: Math.min(Number(width ?? 0), MAX_WIDTH),
      precision: precision === undefined ? undefined : Number(precision.slice(1)),
      conversion: time === undefined ? conversion : `t${conversion}`,
    };
    pieces.push({
      specifier,
      index: index === undefined ? next++ : Number.parseInt(index, 10) - 1,
    });
    const bounds =
      index === undefined
        ? outOfBounds("format specifiers count", "<= arguments size", place)
        : outOfBounds("index", ">= 1 and <= arguments size", place);
    if (
      values[pieces.length === 0 ? 0 : (pieces.at(-1) as { index: number }).index] === undefined
    ) {
      fail(bounds);
    }
  }
  pieces.push(checked(pattern.slice(end), place));
  return together(pieces.length, (i) => {
    const piece = pieces[i]!;
    if (typeof piece === "string") return piece;
    return print(
      piece.specifier,
      values[piece.index]!,
      position.at("values").at(piece.index),
      call,
    );
  }).join("");
}

/** Whether there is such a conversion, and it knows the flags. */
function isConversion(conversion: string, flags: string): boolean {
  return (
    "dxXofeEgGsSbBt@^".includes(conversion) &&
    !("sSbBt@^".includes(conversion) && /[+ 0,(]/.test(flags))
  );
}

/** Text between specifiers; a percent sign that begins none is an error. */
function checked(text: string, place: Position): string {
  const percent = text.indexOf("%");
  if (percent >= 0) fail(badConversion(text.slice(percent, percent + 2), place));
  return text;
}

function badConversion(conversion: string, position: Position) {
  return invalidArgument(`Invalid conversion format '${conversion}'.`, position);
}

function print(specifier: Specifier, value: Literal, position: Position, { frame }: Call): string {
  const { conversion, text } = specifier;
  switch (conversion) {
    case "d":
    case "x":
    case "X":
    case "o":
      if (typeof value !== "bigint") fail(wrongType(["Integer"], typeOf(value), position));
      return padded(specifier, integerText(specifier, value));
    case "f":
    case "e":
    case "E":
    case "g":
    case "G":
      if (typeof value !== "number") fail(wrongType(["Number"], typeOf(value), position));
      if ((specifier.precision ?? 0) > MAX_PRECISION) fail(badConversion(text, position));
      return padded(specifier, doubleText(specifier, value));
    case "s":
    case "S": {
      const shown = textOf(value);
      if (shown === undefined) {
        fail(invalidArgument(`Cannot cast ${typeOf(value)} to String.`, position));
      }
      const cut = specifier.precision === undefined ? shown : shown.slice(0, specifier.precision);
      return padded(specifier, conversion === "S" ? cut.toUpperCase() : cut);
    }
    case "b":
    case "B": {
      const shown = String(value !== null && value !== false);
      return padded(specifier, conversion === "B" ? shown.toUpperCase() : shown);
    }
    case "@":
      return new Renderer(frame.session, "2.1").text(value);
    case "^":
      return new Renderer(frame.session, frame.version).text(value);
  }
  if (!conversion.startsWith("t")) fail(badConversion(text, position));
  if (!(value instanceof Time) && !(value instanceof LocalDate)) {
    fail(wrongType(["Date", "Time"], typeOf(value), position));
  }
  const shown = timeText(value, conversion.slice(1));
  if (shown === undefined) fail(invalidArgument(`Invalid date/time suffix '${text}'.`, position));
  return padded(specifier, shown);
}

/** The most digits after the point that JavaScript prints. */
const MAX_PRECISION = 100;

function padded({ flags, width }: Specifier, text: string): string {
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0")) return text.padStart(width);
  const sign = /^[+-]/.test(text) ? text[0]! : "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}

function signed(flags: string, isNegative: boolean, digits: string): string {
  if (isNegative) return flags.includes("(") ? `(${digits})` : `-${digits}`;
  return flags.includes("+") ? `+${digits}` : flags.includes(" ") ? ` ${digits}` : digits;
}

function integerText({ flags, conversion }: Specifier, value: bigint): string {
  if (conversion !== "d") {
    const digits = BigInt.asUintN(64, value).toString(conversion === "o" ? 8 : 16);
    const prefix = flags.includes("#") ? (conversion === "o" ? "0" : "0x") : "";
    return conversion === "X" ? (prefix + digits).toUpperCase() : prefix + digits;
  }
  const digits = String(value < 0n ? -value : value);
  return signed(flags, value < 0n, flags.includes(",") ? grouped(digits) : digits);
}

function grouped(digits: string): string {
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function doubleText({ flags, precision = 6, conversion }: Specifier, value: number): string {
  if (Number.isNaN(value)) return "NaN";
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return signed(flags, value < 0, "Infinity");
  const isNegative = value < 0 || Object.is(value, -0);
  if (conversion === "f") {
    const [whole = "", fraction] = magnitude.toFixed(precision).split(".");
    const shown = flags.includes(",") ? grouped(whole) : whole;
    return signed(flags, isNegative, fraction === undefined ? shown : `${shown}.${fraction}`);
  }
  const isScientific = conversion.toLowerCase() === "e";
  const digits = Math.max(precision, isScientific ? 0 : 1);
  const plain =
    isScientific || magnitude < 1e-4 || magnitude >= 10 ** digits
      ? exponent(magnitude.toExponential(isScientific ? digits : digits - 1))
      : magnitude.toPrecision(digits);
  const shown = signed(flags, isNegative, plain);
  return conversion === conversion.toUpperCase() ? shown.toUpperCase() : shown;
}

/** Java writes exponents with at least two digits. */
function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** The part of a time or date that a suffix of `%t` names, in UTC and English; undefined if it has none. */
function timeText(value: Time | LocalDate, suffix: string): string | undefined {
  const iso = value.toString();
  const date = iso.split("T")[0] ?? "";
  const parts = /^([+-]?\d+)-(\d\d)-(\d\d)$/.exec(date);
  const [, year = "", month = "", day = ""] = parts ?? [];
  const epochDay = LocalDate.parse(date).epochDay;
  const shown: Record<string, string> = {
    Y: year,
    y: year.slice(-2),
    C: year.slice(0, -2),
    m: month,
    d: day,
    e: String(Number(day)),
    j: String(epochDay - LocalDate.parse(`${year}-01-01`).epochDay + 1).padStart(3, "0"),
    B: MONTHS[Number(month) - 1] ?? "",
    b: (MONTHS[Number(month) - 1] ?? "").slice(0, 3),
    h: (MONTHS[Number(month) - 1] ?? "").slice(0, 3),
    A: DAYS[(((epochDay + 4) % 7) + 7) % 7] ?? "",
    a: (DAYS[(((epochDay + 4) % 7) + 7) % 7] ?? "").slice(0, 3),
    D: `${month}/${day}/${year.slice(-2)}`,
    F: `${year}-${month}-${day}`,
  };
  return shown[suffix] ?? (value instanceof Time ? clockText(value, suffix, shown) : undefined);
}

function clockText(
  value: Time,
  suffix: string,
  date: Readonly<Record<string, string>>,
): string | undefined {
  const [, hour = "", minute = "", second = ""] = /T(\d\d):(\d\d):(\d\d)/.exec(value.toString())!;
  const nanos = ((value.epochNanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const half = Number(hour) % 12 || 12;
  const isMorning = Number(hour) < 12;
  const time = `${hour}:${minute}:${second}`;
  const twelve = String(half).padStart(2, "0");
  const shown: Record<string, string> = {
    H: hour,
    k: String(Number(hour)),
    I: twelve,
    l: String(half),
    M: minute,
    S: second,
    L: String(nanos / 1_000_000n).padStart(3, "0"),
    N: String(nanos).padStart(9, "0"),
    p: isMorning ? "am" : "pm",
    z: "+0000",
    Z: "Z",
    s: String(value.toMicros() / 1_000_000n),
    Q: String(value.toMicros() / 1000n),
    R: `${hour}:${minute}`,
    T: time,
    r: `${twelve}:${minute}:${second} ${isMorning ? "AM" : "PM"}`,
    c: `${date["a"]} ${date["b"]} ${date["d"]} ${time} Z ${date["Y"]}`,
  };
  return shown[suffix];
}

export const formatForms: readonly Form[] = [
  define({ format: string, values: zeroOrMore(any) }, PURE, (args, call) =>
    format(args.format, args.values, call),
  ),
];
