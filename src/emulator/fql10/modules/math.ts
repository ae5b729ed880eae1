/** The functions of `Math`. */
import { compareNumbers } from "../interpreter/compare.ts";
import type { Context } from "../interpreter/context.ts";
import type { ValueSet } from "../sets/set.ts";
import { Double, Int, isNumber, Long, type Value } from "../values.ts";
import { add, divide, toDouble } from "./number.ts";
import { on, param, type Signature } from "./table.ts";
import { array, int, number, set } from "./tags.ts";

type Num = Int | Long | Double;

const x = param("x", number);
const zero = new Int(0);

const invalid = (context: Context, reason: string) =>
  context.failure("invalid_argument", `invalid argument \`x\`: ${reason}`);

/** A function of doubles, perhaps only for some of them. */
const real = (
  compute: (x: number) => number,
  domain?: (x: Num) => boolean,
  reason = "",
): Signature<unknown> =>
  on([x], (context, _self, value) => {
    if (domain !== undefined && !domain(value)) throw invalid(context, reason);
    return new Double(compute(toDouble(value)));
  });

const whole = (compute: (x: number) => number): Signature<unknown> =>
  on([x], (_context, _self, value) =>
    value instanceof Double ? new Double(compute(value.value)) : value,
  );

const inUnit = (value: Num) => Math.abs(toDouble(value)) <= 1;
const isPositive = (value: Num) => compareNumbers(value, zero) > 0;

function absolute(value: Num): Num {
  if (value instanceof Int) return new Int(Math.abs(value.value) | 0);
  if (value instanceof Long)
    return new Long(BigInt.asIntN(64, value.value < 0n ? -value.value : value.value));
  return new Double(Math.abs(value.value));
}

function* numbersOf(context: Context, values: Iterable<Value>): Iterable<Num> {
  for (const value of values) {
    if (!isNumber(value)) {
      throw context.failure(
        "invalid_argument",
        "invalid argument `numbers`: all array elements must be numbers",
      );
    }
    yield value;
  }
}

function* members(context: Context, values: ValueSet): Iterable<Value> {
  for (const { value } of values.iterate(context)) yield value;
}

function sum(context: Context, values: Iterable<Value>): Num {
  let total: Num = zero;
  for (const value of numbersOf(context, values)) total = add(total, value);
  return total;
}

function mean(context: Context, values: Iterable<Value>): Value {
  let total: Num = zero;
  let count = 0;
  for (const value of numbersOf(context, values)) {
    total = add(total, value);
    count++;
  }
  return divide(context, total, new Double(count));
}

/** Rounds to `precision` decimal places; negative ones round whole numbers to tens, hundreds … */
function roundTo(value: Num, precision: number, rounding: (x: number) => number): Num {
  if (value instanceof Double) {
    const factor = 10 ** precision;
    const scaled = rounding(value.value * factor) / factor;
    return new Double(Number.isFinite(scaled) ? scaled : value.value);
  }
  const exact = BigInt(value.value);
  if (precision >= 0) return new Long(exact);
  const factor = 10n ** BigInt(Math.min(-precision, 30));
  const half = rounding === Math.trunc ? 0n : (factor / 2n) * (exact < 0n ? -1n : 1n);
  return new Long(((exact + half) / factor) * factor);
}

const numbers = [param("numbers", array)] as const;
const numberSet = [param("numbers", set)] as const;
const rounded = [x, param("precision", int)] as const;

export const mathFields: Readonly<Record<string, () => Value>> = {
  NaN: () => new Double(Number.NaN),
  Infinity: () => new Double(Number.POSITIVE_INFINITY),
  E: () => new Double(Math.E),
  PI: () => new Double(Math.PI),
};

export const mathFunctions: Readonly<
  Record<string, Signature<unknown> | readonly Signature<unknown>[]>
> = {
  abs: on([x], (_context, _self, value) => absolute(value)),
  acos: real(Math.acos, inUnit, "argument must lie in [-1, 1]"),
  asin: real(Math.asin, inUnit, "argument must lie in [-1, 1]"),
  atan: real(Math.atan),
  ceil: whole(Math.ceil),
  cos: real(Math.cos),
  cosh: real(Math.cosh),
  degrees: real((value) => (value * 180) / Math.PI),
  exp: real(Math.exp),
  floor: whole(Math.floor),
  hypot: on(
    [x, param("y", number)],
    (_context, _self, a, b) => new Double(Math.hypot(toDouble(a), toDouble(b))),
  ),
  log: real(Math.log, isPositive, "x must be positive"),
  log10: real(Math.log10, isPositive, "x must be positive"),
  max: on([x, param("y", number)], (_context, _self, a, b) => (compareNumbers(a, b) < 0 ? b : a)),
  min: on([x, param("y", number)], (_context, _self, a, b) => (compareNumbers(a, b) <= 0 ? a : b)),
  mean: [
    on(numbers, (context, _self, values) => mean(context, values)),
    on(numberSet, (context, _self, values) => mean(context, members(context, values))),
  ],
  pow: on(
    [x, param("power", number)],
    (_context, _self, a, b) => new Double(toDouble(a) ** toDouble(b)),
  ),
  radians: real((value) => (value * Math.PI) / 180),
  round: on(rounded, (_context, _self, value, precision) => roundTo(value, precision, Math.round)),
  sign: on([x], (_context, _self, value) => new Int(compareNumbers(value, zero))),
  sin: real(Math.sin),
  sinh: real(Math.sinh),
  sqrt: real(Math.sqrt, (value) => compareNumbers(value, zero) >= 0, "x must be nonnegative"),
  sum: [
    on(numbers, (context, _self, values) => sum(context, values)),
    on(numberSet, (context, _self, values) => sum(context, members(context, values))),
  ],
  tan: real(Math.tan),
  tanh: real(Math.tanh),
  trunc: on(rounded, (_context, _self, value, precision) => roundTo(value, precision, Math.trunc)),
};
