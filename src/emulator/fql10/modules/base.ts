/** What every value can do: be compared, and say what it looks like. */
import { compareAlike, equal } from "../interpreter/compare.ts";
import { displayText } from "../render/text.ts";
import type { Value } from "../values.ts";
import { on, param, table, type Table } from "./table.ts";
import { any } from "./tags.ts";

const other = param("other", any);

/** Equality and order; values without an order between them compare as false. */
export const comparableTable: Table<Value> = table<Value>({
  operators: {
    "==": on([other], (context, self, value) => equal(context, self, value)),
    "!=": on([other], (context, self, value) => !equal(context, self, value)),
    "<": on([other], (context, self, value) =>
      holds(compareAlike(context, self, value), (order) => order < 0),
    ),
    "<=": on([other], (context, self, value) =>
      holds(compareAlike(context, self, value), (order) => order <= 0),
    ),
    ">": on([other], (context, self, value) =>
      holds(compareAlike(context, self, value), (order) => order > 0),
    ),
    ">=": on([other], (context, self, value) =>
      holds(compareAlike(context, self, value), (order) => order >= 0),
    ),
  },
});

const holds = (order: number | undefined, check: (order: number) => boolean) =>
  order !== undefined && check(order);

/** Comparable, with `toString`. */
export const baseTable: Table<Value> = table<Value>(
  { methods: { toString: on([], (context, self: Value) => displayText(context, self)) } },
  comparableTable,
);

/** The base of the tables of one kind of value. */
export const baseFor = <Self>(): Table<Self> => baseTable as unknown as Table<Self>;

/** The same without `toString`: fields of that name belong to the value's owner. */
export const comparableFor = <Self>(): Table<Self> => comparableTable as unknown as Table<Self>;
