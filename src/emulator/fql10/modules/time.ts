/** Times. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import type { Context } from "../interpreter/context.ts";
import { Double, Int, type Long, wholeNumber } from "../values.ts";
import { baseFor } from "./base.ts";
import { toLong } from "./number.ts";
import { on, param, type Signature, table } from "./table.ts";
import { number, string, time } from "./tags.ts";
import { dateParts, NANOS, unitOf } from "./units.ts";

type Num = Int | Long | Double;

const MIN = Time.parse("-999999999-01-01T00:00:00Z").epochNanos;
const MAX = Time.parse("+999999999-12-31T23:59:59.999999999Z").epochNanos;

const floorDiv = (a: bigint, b: bigint) => (a >= 0n ? a / b : -((-a + b - 1n) / b));
const dayOf = (self: Time) => new LocalDate(Number(floorDiv(self.epochNanos, NANOS.day)));
const within = (self: Time, nanos: bigint, count: bigint) => {
  const value = floorDiv(self.epochNanos, nanos);
  return new Int(Number(((value % count) + count) % count));
};

function unit(context: Context, name: string): bigint {
  const nanos = unitOf(name);
  if (nanos === undefined)
    throw context.failure("invalid_unit", `\`${name}\` is not a valid time unit.`);
  return nanos;
}

function checkRange(context: Context, nanos: bigint): Time {
  if (nanos < MIN) throw context.failure("invalid_time", "Time exceeds the minimum value.");
  if (nanos > MAX) throw context.failure("invalid_time", "Time exceeds the maximum value.");
  return new Time(nanos);
}

function plus(context: Context, self: Time, amount: Num, name: string, direction: 1n | -1n): Time {
  const by = unit(context, name);
  const nanos =
    amount instanceof Double && Number.isFinite(amount.value)
      ? BigInt(Math.round(amount.value * Number(by)))
      : toLong(amount) * by;
  return checkRange(context, self.epochNanos + direction * nanos);
}

const amount = param("amount", number);
const unitName = param("unit", string);

export const timeTable = table<Time>(
  {
    fields: {
      year: (_context, self) => new Int(dateParts(dayOf(self)).year),
      month: (_context, self) => new Int(dateParts(dayOf(self)).month),
      dayOfMonth: (_context, self) => new Int(dateParts(dayOf(self)).day),
      dayOfWeek: (_context, self) => new Int(dateParts(dayOf(self)).dayOfWeek),
      dayOfYear: (_context, self) => new Int(dateParts(dayOf(self)).dayOfYear),
      hour: (_context, self) => within(self, NANOS.hour, 24n),
      minute: (_context, self) => within(self, NANOS.minute, 60n),
      second: (_context, self) => within(self, NANOS.second, 60n),
    },
    methods: {
      add: on([amount, unitName], (context, self, by, name) => plus(context, self, by, name, 1n)),
      subtract: on([amount, unitName], (context, self, by, name) =>
        plus(context, self, by, name, -1n),
      ),
      difference: on([param("start", time), unitName], (context, self, start, name) =>
        wholeNumber((self.epochNanos - start.epochNanos) / unit(context, name)),
      ),
      toMicros: on([], (_context, self) => wholeNumber(self.toMicros())),
      toMillis: on([], (_context, self) =>
        wholeNumber(floorDiv(self.epochNanos, NANOS.millisecond)),
      ),
      toSeconds: on([], (_context, self) => wholeNumber(floorDiv(self.epochNanos, NANOS.second))),
    },
  },
  baseFor(),
);

/** `Time(text)` and `Time.fromString(text)`. */
export const timeFromText = on([param("time", string)], (context, _self, text) => {
  try {
    return Time.parse(text);
  } catch {
    throw context.failure("invalid_time", `\`${text}\` is not a valid time.`);
  }
});

export const timeFunctions: Readonly<Record<string, Signature<unknown>>> = {
  fromString: timeFromText,
  now: on([], (context) => {
    context.need("observation", "`now`");
    return Time.fromMicros(context.query.now);
  }),
  epoch: on([param("offset", number), unitName], (context, _self, offset, name) =>
    plus(context, new Time(0n), offset, name, 1n),
  ),
};
