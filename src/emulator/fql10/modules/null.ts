import type { Null } from "../values.ts";
import { baseFor } from "./base.ts";
import { on, param, table } from "./table.ts";
import { any } from "./tags.ts";

/** Nulls compare and print; access to them is refused by whoever accesses. */
export const nullTable = table<Null>(
  { access: on([param("key", any)], (_context, self) => self) },
  baseFor(),
);
