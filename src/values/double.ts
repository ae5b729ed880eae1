/** Doubles as the server prints them: the text of Java's `Double.toString`. */
import { ArkError } from "../errors/errors.ts";

const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * `n` as Java prints it: `1.0`, `1.0E10`, `-0.0`, `NaN`, `-Infinity`. Always tells a double from a long, and
 * reads back as the same double.
 */
export function printDouble(n: number): string {
  if (Number.isNaN(n)) return "NaN";
  if (n === Infinity) return "Infinity";
  if (n === -Infinity) return "-Infinity";
  if (n === 0) return Object.is(n, -0) ? "-0.0" : "0.0";
  const magnitude = Math.abs(n);
  const [mantissa, exponent] = shortest(magnitude);
  const sign = n < 0 ? "-" : "";
  if (magnitude >= 1e-3 && magnitude < 1e7)
    return sign + decimal(mantissa.replace(".", ""), exponent);
  return `${sign}${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${exponent}`;
}

/** The shortest digits that read back as `magnitude`, as `d.ddd` and a power of ten. */
function shortest(magnitude: number): [string, number] {
  const digits = splitExponent(magnitude.toExponential());
  // Java never prints one digit only, and of the two-digit texts takes the nearest: 4.9E-324, not 5E-324.
  return digits[0].length === 1 ? splitExponent(magnitude.toExponential(1)) : digits;
}

function splitExponent(text: string): [string, number] {
  const e = text.indexOf("e");
  return [text.slice(0, e), Number(text.slice(e + 1))];
}

function decimal(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits.replace(/(?<=.)0+$/, "")}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/**
 * The double that `text` names: Java's forms and JSON's.
 *
 * @throws ArkError ERR_RECORD when it is neither.
 */
export function parseDouble(text: string): number {
  if (text === "NaN") return NaN;
  if (text === "Infinity") return Infinity;
  if (text === "-Infinity") return -Infinity;
  if (!DOUBLE.test(text))
    throw new ArkError("ERR_RECORD", `Not a double: ${JSON.stringify(text.slice(0, 60))}.`);
  return Number(text);
}

/** Whether a number's text is that of a double (it has a point or an exponent) rather than of a long. */
export function isDoubleText(text: string): boolean {
  return /[.eE]/.test(text);
}
