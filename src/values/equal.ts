/** Whether two values are the same to the database, types, key order and every digit included. */
import { printV4 } from "./v4.ts";
import type { Value } from "./value.ts";

/** 1 is not 1.0, 0.0 is not -0.0, NaN is itself, and objects with another key order differ. */
export function equalValues(a: Value, b: Value): boolean {
  return printV4(a) === printV4(b);
}
