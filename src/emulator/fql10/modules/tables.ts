/**
 * What values answer to: their tables, fields and methods. The tables themselves come from `all.ts`;
 * they call the interpreter, which stands on this file.
 */
import { docField, guardNull } from "../documents/read.ts";
import type { Context } from "../interpreter/context.ts";
import type { Name } from "../source.ts";
import { Doc, isObject, Module, Null, type Value } from "../values.ts";
import { Absent, bind, type Method, type Table } from "./table.ts";

let tableFor: (value: Value) => unknown = () => {
  throw new Error("The tables of FQL values are not loaded.");
};

/** Says where tables come from. */
export function useTables(find: (value: Value) => unknown): void {
  tableFor = find;
}

/** The table of a value. */
export function tableOf(value: Value): Table<Value> {
  return tableFor(value) as Table<Value>;
}

/** A field of a value; {@link Absent} if the value is null or a document that is not there. */
export function fieldOf(context: Context, value: Value, name: Name): Value | Absent {
  const { fields, methods } = tableOf(value);
  const field = fields.get(name.text);
  const method = methods.get(name.text);
  if (value instanceof Doc) {
    if (field === undefined && method === undefined) return docField(context, value, name);
    const cause = name.text === "exists" ? undefined : guardNull(context, value, "Reading a field");
    if (cause !== undefined) return new Absent(cause);
  }
  if (field !== undefined) return field(context, value);
  if (method !== undefined) return bind(method, value);
  if (value instanceof Null) return new Absent(value.cause);
  const own = isObject(value)
    ? value.get(name.text)
    : value instanceof Module
      ? context.query.moduleField(value, name)
      : undefined;
  return own ?? new Null({ kind: "field", of: value, name: name.text, span: name.span });
}

/** A method of a value, undefined if it has none of that name. */
export function methodOf(
  context: Context,
  value: Value,
  name: Name,
): Method<Value> | Absent | undefined {
  const method = tableOf(value).methods.get(name.text);
  if (value instanceof Doc && name.text !== "exists") {
    const cause = guardNull(context, value, "Reading a field");
    if (cause !== undefined) return new Absent(cause);
  }
  return method === undefined && value instanceof Null ? new Absent(value.cause) : method;
}
