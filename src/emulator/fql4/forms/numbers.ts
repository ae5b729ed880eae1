/** Arithmetic on longs (64 bits, wrapping as Java's) and doubles; one double makes the result a double. */
import { printDouble } from "../../../values/double.ts";
import { integer, number, oneOrMore, optional } from "../cast.ts";
import { fail, invalidArgument, outOfBounds } from "../failure.ts";
import { define, type Form, type Lifetime } from "../form.ts";
import { PURE } from "../frame.ts";
import type { Position } from "../position.ts";

type Numeric = bigint | number;

/** A 64-bit long. */
export function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

const MAX_LONG = 2n ** 63n - 1n;

/** A double as a long: cut off, and held within the range, as Java casts. */
export function toLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return MAX_LONG;
  if (value <= -(2 ** 63)) return -MAX_LONG - 1n;
  return BigInt(Math.trunc(value));
}

type Longs = (a: bigint, b: bigint) => bigint;
type Doubles = (a: number, b: number) => number;

function fold(name: string, longs: Longs, doubles: Doubles, more: FoldOptions = {}): Form {
  const combine = (a: Numeric, b: Numeric, position: Position): Numeric => {
    if (more.divides && Number(b) === 0) {
      fail(invalidArgument("Illegal division by zero.", position));
    }
    return typeof a === "bigint" && typeof b === "bigint"
      ? wrap(longs(a, b))
      : doubles(Number(a), Number(b));
  };
  return define(
    { [name]: oneOrMore(number) },
    PURE,
    (args, { position }) =>
      (args[name] as Numeric[]).reduce((sum, operand) => combine(sum, operand, position)),
    more.lifetime,
  );
}

interface FoldOptions {
  readonly divides?: boolean;
  readonly lifetime?: Lifetime;
}

/** A function of one number. */
function unary(
  name: string,
  apply: (value: Numeric, position: Position) => Numeric,
  lifetime: Lifetime = {},
): Form {
  return define(
    { [name]: number },
    PURE,
    (args, { position }) => apply(args[name] as Numeric, position),
    lifetime,
  );
}

/** A function of one number whose result is a double. */
const real = (name: string, apply: (value: number) => number): Form =>
  unary(name, (value) => apply(Number(value)));

/** A function that leaves longs as they are. */
const rounding = (name: string, apply: (value: number) => number): Form =>
  unary(name, (value) => (typeof value === "bigint" ? value : apply(value)));

/** `bitand` until the unstable version, which calls it `bit_and`. */
function bits(old: string, name: string, make: (name: string, lifetime: Lifetime) => Form): Form[] {
  return [make(old, { until: "UNSTABLE" }), make(name, { since: "UNSTABLE" })];
}

const bitFold = (longs: Longs) => (name: string, lifetime: Lifetime) =>
  fold(name, longs, (a, b) => Number(longs(toLong(a), toLong(b))), { lifetime });

/** Cuts off, or rounds, behind `precision` decimals; negative ones count before the point. */
function atPrecision(value: Numeric, precision: bigint | undefined, half: number): Numeric {
  if (precision === undefined && typeof value === "bigint") return value;
  const digits = Number(precision ?? 2n);
  const scale = 10 ** digits;
  if (digits <= 0) {
    const cut = Number(toLong(Number(value) * scale + half)) / scale;
    return typeof value === "bigint" ? toLong(cut) : half > 0 ? Math.trunc(cut) : cut;
  }
  if (typeof value === "bigint") return value;
  // The whole part is kept aside, so that the scaled fraction cannot overflow.
  const whole = Math.trunc(value);
  const step = Math.trunc(scale);
  return whole + Math.trunc((value - whole + half / step) * step) / step;
}

function precise(name: string, half: number): Form {
  return define({ [name]: number, precision: optional(integer) }, PURE, (args) =>
    atPrecision(args[name] as Numeric, args["precision"], half),
  );
}

function twoReals(
  name: string,
  other: string,
  apply: Doubles,
  missing: (first: number) => number,
): Form {
  return define({ [name]: number, [other]: optional(number) }, PURE, (args) => {
    const first = Number(args[name]);
    return apply(first, args[other] === undefined ? missing(first) : Number(args[other]));
  });
}

function sqrt(value: Numeric, position: Position): number {
  if (value >= 0) return Math.sqrt(Number(value));
  const text = typeof value === "bigint" ? String(value) : printDouble(value);
  fail(outOfBounds(text, "positive", position));
}

function sign(value: Numeric): bigint {
  if (value < 0) return -1n;
  return value === 0n ? 0n : 1n;
}

export const numberForms: readonly Form[] = [
  fold(
    "add",
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  fold(
    "subtract",
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  fold(
    "multiply",
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  fold(
    "divide",
    (a, b) => a / b,
    (a, b) => a / b,
    { divides: true },
  ),
  fold(
    "modulo",
    (a, b) => a % b,
    (a, b) => a % b,
    { divides: true },
  ),
  ...bits(
    "bitand",
    "bit_and",
    bitFold((a, b) => a & b),
  ),
  ...bits(
    "bitor",
    "bit_or",
    bitFold((a, b) => a | b),
  ),
  ...bits(
    "bitxor",
    "bit_xor",
    bitFold((a, b) => a ^ b),
  ),
  ...bits("bitnot", "bit_not", (name, lifetime) =>
    unary(name, (v) => wrap(~(typeof v === "bigint" ? v : toLong(v))), lifetime),
  ),
  unary("abs", (v) => (typeof v === "bigint" ? wrap(v < 0n ? -v : v) : Math.abs(v))),
  unary("sign", sign),
  unary("sqrt", sqrt),
  rounding("ceil", Math.ceil),
  rounding("floor", Math.floor),
  precise("round", 0.5),
  precise("trunc", 0),
  real("acos", Math.acos),
  real("asin", Math.asin),
  real("atan", Math.atan),
  real("cos", Math.cos),
  real("cosh", Math.cosh),
  real("sin", Math.sin),
  real("sinh", Math.sinh),
  real("tan", Math.tan),
  real("tanh", Math.tanh),
  real("degrees", (v) => (v * 180) / Math.PI),
  real("radians", (v) => (v / 180) * Math.PI),
  real("exp", Math.exp),
  real("ln", Math.log),
  real("log", Math.log10),
  twoReals(
    "hypot",
    "b",
    (a, b) => Math.hypot(a, b),
    (a) => a,
  ),
  twoReals(
    "pow",
    "exp",
    (a, b) => a ** b,
    () => 2,
  ),
];
