/** What messages call the type of a value. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import {
  Doc,
  Double,
  EventSource,
  Id,
  Int,
  isArray,
  isObject,
  Lambda,
  Long,
  Module,
  Null,
  SetCursor,
  TransactionTime,
  type Value,
} from "../values.ts";
import { ValueSet } from "../sets/set.ts";

/** `Int`, `String`, `Array<Any>`, `{ *: Any }`, `Doc`; a module's is its name. */
export function typeName(value: Value): string {
  if (typeof value === "string") return "String";
  if (typeof value === "boolean") return "Boolean";
  if (isArray(value)) return "Array<Any>";
  if (isObject(value)) return "{ *: Any }";
  if (value instanceof Module) return value.name;
  if (value instanceof ValueSet) return "Set<Any>";
  for (const [type, name] of CLASSES) if (value instanceof type) return name;
  return "Function";
}

// oxlint-disable-next-line typescript/no-explicit-any -- only used for instanceof
const CLASSES: readonly (readonly [abstract new (...args: any[]) => unknown, string])[] = [
  [Null, "Null"],
  [Int, "Int"],
  [Long, "Long"],
  [Double, "Double"],
  [Id, "ID"],
  [Time, "Time"],
  [TransactionTime, "TransactionTime"],
  [LocalDate, "Date"],
  [Uint8Array, "Bytes"],
  [Uuid, "UUID"],
  [Doc, "Doc"],
  [SetCursor, "SetCursor"],
  [EventSource, "EventSource<Any>"],
  [Lambda, "Lambda"],
];
