/** Functions as values. */
import { NATIVE } from "../../data/ids.ts";
import { Doc, type Func, type UserFunction } from "../values.ts";
import { baseFor } from "./base.ts";
import { table } from "./table.ts";

export const functionTable = table<Func>({}, baseFor());

/** A user-defined function leads to its definition. */
export const userFunctionTable = table<UserFunction>(
  { fields: { definition: (_context, self) => new Doc(NATIVE.Function, self.id) } },
  baseFor(),
);
