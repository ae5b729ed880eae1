/** Between what documents hold and what queries compute with. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
  StoredLambda,
  StoredSet,
} from "../../data/value.ts";
import { printPath } from "../../schema/failure.ts";
import type { Context } from "../interpreter/context.ts";
import { typeName } from "../modules/type-name.ts";
import { NO_SPAN, type Span } from "../source.ts";
import {
  Doc,
  Double,
  Int,
  isArray,
  isObject,
  Lambda,
  Long,
  Null,
  type ObjectOf,
  TransactionTime,
  type Value,
  wholeNumber,
} from "../values.ts";

/** A stored value as queries see it; its references are read as of `readTime`. */
export function fromData(data: Data, span: Span = NO_SPAN, readTime?: bigint): Value {
  if (data === null) return Null.literal(span);
  if (typeof data === "bigint") return wholeNumber(data);
  if (typeof data === "number") return new Double(data);
  if (typeof data === "string" || typeof data === "boolean") return data;
  if (isArrayData(data)) return data.map((item) => fromData(item, span, readTime));
  if (isObjectData(data)) {
    return new Map([...data].map(([key, value]) => [key, fromData(value, span, readTime)]));
  }
  if (data instanceof DocRef) return new Doc(data.collection, data.id, { readTime });
  // v4 lambdas have no form in v10: they show as functions and can be neither called nor written.
  if (data instanceof StoredLambda)
    return new Lambda([], undefined, { kind: "literal", value: null, span: NO_SPAN }, undefined);
  if (data instanceof StoredSet)
    return new Lambda([], undefined, { kind: "literal", value: null, span: NO_SPAN }, undefined);
  return data;
}

class NotStorable extends Error {
  readonly path: readonly (string | number)[];
  readonly value: Value;

  constructor(path: readonly (string | number)[], value: Value) {
    super();
    this.path = path;
    this.value = value;
  }
}

/**
 * An object as documents hold it; its nulls are kept, for they mean something to updates.
 * @throws QueryFailure `invalid_type` for functions, sets, modules …
 */
export function toFields(context: Context, object: ObjectOf): ObjectData {
  try {
    return toData(context, object, []) as ObjectData;
  } catch (error) {
    if (!(error instanceof NotStorable)) throw error;
    if (error.value instanceof Lambda) {
      throw context.failure(
        "invalid_type",
        "Anonymous functions cannot be stored. Use a string of FQL instead.",
      );
    }
    const place = `Value at \`${printPath(error.path)}\` has type ${typeName(error.value)}`;
    throw context.failure("invalid_type", `${place}, which cannot be persisted.`);
  }
}

/** A value as an index term or the like; undefined if it cannot be stored. */
export function toTerm(context: Context, value: Value): Data | undefined {
  try {
    return toData(context, value, []);
  } catch (error) {
    if (error instanceof NotStorable) return undefined;
    throw error;
  }
}

/** About what a stored value takes, in slots of an array. */
const SLOTS = 4;

function toData(context: Context, value: Value, path: readonly (string | number)[]): Data {
  context.query.make(SLOTS);
  if (value instanceof Null) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Int) return BigInt(value.value);
  if (value instanceof Long || value instanceof Double) return value.value;
  if (isArray(value)) return value.map((item, index) => toData(context, item, [...path, index]));
  if (isObject(value))
    return new Map([...value].map(([key, item]) => [key, toData(context, item, [...path, key])]));
  // A definition is stored as the reference that it is, but not one that was found, made or changed by its name.
  if (value instanceof Doc && value.name === undefined)
    return new DocRef(value.collection, value.id);
  if (value instanceof TransactionTime) return Time.fromMicros(context.query.now);
  const isScalar =
    value instanceof Time ||
    value instanceof LocalDate ||
    value instanceof Uint8Array ||
    value instanceof Uuid;
  if (isScalar) return value;
  throw new NotStorable(path, value);
}
