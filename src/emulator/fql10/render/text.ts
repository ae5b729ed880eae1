/** Values as text: what templates and `toString` show, and what `dbg` shows. */
import { printBase64 } from "../../../values/bytes.ts";
import { LocalDate } from "../../../values/date.ts";
import { printDouble } from "../../../values/double.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import { allFields, definitionName } from "../documents/read.ts";
import { collectionInfo } from "../documents/collection.ts";
import { QueryFailure } from "../failure.ts";
import type { Context } from "../interpreter/context.ts";
import { ValueSet } from "../sets/set.ts";
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
import { isPlainName, quote } from "./quote.ts";

/** As templates, `+` and `toString()` show a value: strings bare, whole doubles without a fraction. */
export function displayText(context: Context, value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Id) return String(value.value);
  if (value instanceof Double) return wholeOrDouble(value.value);
  if (value instanceof Uint8Array) return printBase64(value);
  if (value instanceof Time || value instanceof LocalDate) return value.toString();
  if (value instanceof Uuid || value instanceof SetCursor) return value.text;
  return value instanceof TransactionTime ? "[transaction time]" : debugText(context, value);
}

/** Whole doubles without a fraction and without an exponent: their shortest digits, then zeros. */
function wholeOrDouble(value: number): string {
  if (!Number.isInteger(value)) return printDouble(value);
  if (Object.is(value, -0)) return "-0";
  const [mantissa = "", exponent] = String(value).split("e+");
  if (exponent === undefined) return mantissa;
  const [whole = "", fraction = ""] = mantissa.split(".");
  return whole + fraction.padEnd(Number(exponent), "0");
}

/** As `dbg()` shows a value: as one would write it. */
export function debugText(context: Context, value: Value, nested = false): string {
  context.query.make(typeof value === "string" ? value.length : 1);
  if (typeof value === "string") return quote(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Null) return "null";
  if (value instanceof Int || value instanceof Long) return String(value.value);
  if (value instanceof Double) return printDouble(value.value);
  if (value instanceof Id) return `ID("${value.value}")`;
  if (value instanceof Time) return `Time("${value.toString()}")`;
  if (value instanceof LocalDate) return `Date("${value.toString()}")`;
  if (value instanceof Uint8Array) return `Bytes("${printBase64(value)}")`;
  if (value instanceof Uuid) return `UUID("${value.text}")`;
  if (value instanceof TransactionTime) return "TransactionTime()";
  if (value instanceof SetCursor) return quote(value.text);
  if (isArray(value))
    return `[${value.map((item) => debugText(context, item, nested)).join(", ")}]`;
  if (isObject(value)) return debugObject(context, value, nested);
  if (value instanceof Module) return value.name;
  if (value instanceof ValueSet) return "[set]";
  if (value instanceof EventSource) return "[event source]";
  if (value instanceof Doc) return debugDoc(context, value, nested);
  return value instanceof Lambda ? "[function <lambda>]" : `[function ${value.name}()]`;
}

function debugObject(context: Context, value: ReadonlyMap<string, Value>, nested: boolean): string {
  if (value.size === 0) return "{}";
  const fields = [...value].map(([key, item]) => {
    return `${isPlainName(key) ? key : quote(key)}: ${debugText(context, item, nested)}`;
  });
  return `{ ${fields.join(", ")} }`;
}

/** A document shows its fields; inside of another it shows what it is, so that there is an end. */
function debugDoc(context: Context, doc: Doc, nested: boolean): string {
  if (!nested) {
    try {
      return debugText(context, allFields(context, doc), true);
    } catch (error) {
      if (error instanceof QueryFailure) return `[error: ${error.message}]`;
      throw error;
    }
  }
  const info = collectionInfo(context, doc.collection);
  const collection = info?.name ?? "<deleted collection>";
  const isNamed =
    info !== undefined && info.schema === undefined && ![3, 4, 5].includes(doc.collection);
  return `[doc ${isNamed ? definitionName(context, doc) : doc.id} in ${collection}]`;
}
