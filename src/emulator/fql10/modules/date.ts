/** Dates. */
import { LocalDate } from "../../../values/date.ts";
import type { Context } from "../interpreter/context.ts";
import { Double, Int, Long } from "../values.ts";
import { baseFor } from "./base.ts";
import { toLong } from "./number.ts";
import { on, param, type Signature, table } from "./table.ts";
import { date, number, string } from "./tags.ts";
import { dateParts, NANOS, unitOf } from "./units.ts";

function plus(
  context: Context,
  self: LocalDate,
  amount: Int | Long | Double,
  name: string,
  direction: 1n | -1n,
) {
  if (unitOf(name) !== NANOS.day)
    throw context.failure("invalid_unit", `\`${name}\` is not a valid date unit.`);
  const days = amount instanceof Double ? BigInt(Math.round(amount.value)) : toLong(amount);
  return new LocalDate(self.epochDay + Number(direction * days));
}

const amount = param("amount", number);
const unitName = param("unit", string);

export const dateTable = table<LocalDate>(
  {
    fields: {
      year: (_context, self) => new Int(dateParts(self).year),
      month: (_context, self) => new Int(dateParts(self).month),
      dayOfMonth: (_context, self) => new Int(dateParts(self).day),
      dayOfWeek: (_context, self) => new Int(dateParts(self).dayOfWeek),
      dayOfYear: (_context, self) => new Int(dateParts(self).dayOfYear),
    },
    methods: {
      add: on([amount, unitName], (context, self, by, name) => plus(context, self, by, name, 1n)),
      subtract: on([amount, unitName], (context, self, by, name) =>
        plus(context, self, by, name, -1n),
      ),
      difference: on(
        [param("start", date)],
        (_context, self, start) => new Long(BigInt(self.epochDay - start.epochDay)),
      ),
    },
  },
  baseFor(),
);

/** `Date(text)` and `Date.fromString(text)`. */
export const dateFromText = on([param("date", string)], (context, _self, text) => {
  try {
    return LocalDate.parse(text);
  } catch {
    throw context.failure("invalid_date", `\`${text}\` is not a valid date.`);
  }
});

const MICROS_PER_DAY = 86_400_000_000n;

export const dateFunctions: Readonly<Record<string, Signature<unknown>>> = {
  fromString: dateFromText,
  today: on([], (context) => new LocalDate(Number(context.query.now / MICROS_PER_DAY))),
};
