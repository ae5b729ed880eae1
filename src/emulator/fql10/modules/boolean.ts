import { baseFor } from "./base.ts";
import { on, table } from "./table.ts";

export const booleanTable = table<boolean>(
  { operators: { "!": on([], (_context, self) => !self) } },
  baseFor(),
);
