/** Arithmetic: whole numbers stay whole until they leave 64 bits, then they become doubles. */
import { Double, Int, Long, wholeNumber } from "../values.ts";
import type { Context } from "../interpreter/context.ts";
import { baseFor } from "./base.ts";
import { on, param, table } from "./table.ts";
import { number } from "./tags.ts";

type Num = Int | Long | Double;

const isWhole = (value: Num): value is Int | Long => !(value instanceof Double);
const whole = (value: Int | Long): bigint =>
  value instanceof Int ? BigInt(value.value) : value.value;
/** The value as a double. */
export const toDouble = (value: Num): number => Number(value.value);

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** The 64-bit number that Java's cast from double gives. */
export function toLong(value: Num): bigint {
  if (isWhole(value)) return whole(value);
  if (Number.isNaN(value.value)) return 0n;
  if (value.value >= 2 ** 63) return MAX_LONG;
  return value.value <= -(2 ** 63) ? MIN_LONG : BigInt(Math.trunc(value.value));
}

type Exact = (a: bigint, b: bigint) => bigint;
type Rough = (a: number, b: number) => number;

function arithmetic(a: Num, b: Num, exact: Exact, rough: Rough): Num {
  if (a instanceof Int && b instanceof Int) {
    const result = rough(a.value, b.value);
    // Within 2^53 doubles are exact, so small whole numbers need no detour.
    if (Number.isSafeInteger(result) && result !== 0)
      return (result | 0) === result ? new Int(result) : new Long(BigInt(result));
  }
  if (!isWhole(a) || !isWhole(b)) return new Double(rough(toDouble(a), toDouble(b)));
  const result = exact(whole(a), whole(b));
  return result >= MIN_LONG && result <= MAX_LONG
    ? wholeNumber(result)
    : new Double(rough(toDouble(a), toDouble(b)));
}

/** The sum, as `+` gives it. */
export const add = (a: Num, b: Num): Num =>
  arithmetic(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );

/** The quotient, as `/` gives it: of whole numbers without the rest. */
export function divide(context: Context, a: Num, b: Num): Num {
  if (isWhole(a) && isWhole(b)) {
    checkDivisor(context, b);
    return wholeNumber(BigInt.asIntN(64, whole(a) / whole(b)));
  }
  return new Double(toDouble(a) / toDouble(b));
}

function remainder(context: Context, a: Num, b: Num): Num {
  if (isWhole(a) && isWhole(b)) {
    checkDivisor(context, b);
    return wholeNumber(whole(a) % whole(b));
  }
  return new Double(toDouble(a) % toDouble(b));
}

function checkDivisor(context: Context, divisor: Int | Long): void {
  if (whole(divisor) === 0n)
    throw context.failure("divide_by_zero", "Attempted integer division by zero.");
}

/** Powers beyond this many bits are doubles anyway. */
const MAX_EXACT_POWER = 64n;

function power(a: Num, b: Num): Num {
  if (!isWhole(a) || !isWhole(b)) return new Double(toDouble(a) ** toDouble(b));
  const [x, y] = [whole(a), whole(b)];
  if (y === 0n || x === 1n) return new Int(1);
  if (x === -1n) return new Int(y % 2n === 0n ? 1 : -1);
  if (x === 0n && y > 0n) return new Int(0);
  return y > 0n && y <= MAX_EXACT_POWER ? wholeNumber(x ** y) : new Double(Number(x) ** Number(y));
}

/** The negative; the smallest numbers of their kind have none and stay. */
function negate(value: Num): Num {
  if (value instanceof Int) return new Int(-value.value | 0);
  return value instanceof Long
    ? new Long(BigInt.asIntN(64, -value.value))
    : new Double(-value.value);
}

const other = param("other", number);
const bits = (combine: Exact) =>
  on([other], (_context, self: Num, value) => wholeNumber(combine(toLong(self), toLong(value))));

export const numberTable = table<Num>(
  {
    operators: {
      "+": on([other], (_context, self, value) => add(self, value)),
      "-": [
        on([other], (_context, self, value) =>
          arithmetic(
            self,
            value,
            (x, y) => x - y,
            (x, y) => x - y,
          ),
        ),
        on([], (_context, self) => negate(self)),
      ],
      "*": on([other], (_context, self, value) =>
        arithmetic(
          self,
          value,
          (x, y) => x * y,
          (x, y) => x * y,
        ),
      ),
      "/": on([other], (context, self, value) => divide(context, self, value)),
      "%": on([other], (context, self, value) => remainder(context, self, value)),
      "**": on([param("exponent", number)], (_context, self, exponent) => power(self, exponent)),
      "&": bits((x, y) => x & y),
      "|": bits((x, y) => x | y),
      "^": bits((x, y) => x ^ y),
      "~": on([], (_context, self) => wholeNumber(~toLong(self))),
    },
  },
  baseFor(),
);
