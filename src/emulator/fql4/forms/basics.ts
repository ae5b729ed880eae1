/** Comparison, logic, and what values are. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import { NATIVE } from "../../data/ids.ts";
import { compareData } from "../../data/order.ts";
import { DocRef } from "../../data/value.ts";
import {
  any,
  boolean,
  identifier,
  lambda,
  oneOrMore,
  path,
  string,
  undefinedRefOf,
} from "../cast.ts";
import { equals, looselyEquals } from "../equals.ts";
import { aborted, fail, V4Failure, wrongType } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { PURE, READ } from "../frame.ts";
import { readable, visibleEntries } from "../pages.ts";
import { at, collectionOf, idOf } from "../select.ts";
import {
  DocumentValue,
  EventValue,
  ForeignRef,
  isArray,
  isLambda,
  isObject,
  isSet,
  type Literal,
  PageValue,
  typeOf,
  UnresolvedRef,
  bare,
} from "../value.ts";
import { toData } from "../write/store.ts";

function comparison(name: string, holds: (order: number) => boolean): Form {
  return define({ [name]: oneOrMore(any) }, PURE, (args, { frame, position }) => {
    const operands = args[name] as Literal[];
    const lost = operands.filter((operand) => operand instanceof UnresolvedRef);
    if (lost.length > 0) {
      throw new V4Failure(lost.map((operand) => undefinedRefOf(operand, position.at(name))));
    }
    const data = operands.map((operand) => toData(frame.session, operand));
    return data.every((operand, i) => i === 0 || holds(compareData(data[i - 1]!, operand)));
  });
}

function containsField(value: Literal, field: string, { frame, position }: Call): boolean {
  if (isArray(value)) fail(wrongType(["Object"], "Array", position.at("in")));
  return at(frame, value, [field]) !== undefined;
}

function containsValue(value: Literal, container: Literal, call: Call): boolean {
  const { frame, position } = call;
  const has = (values: Iterable<Literal>): boolean => {
    for (const candidate of values) if (equals(candidate, value)) return true;
    return false;
  };
  if (isArray(container)) return has(container);
  if (isObject(container)) return has(container.values());
  if (container instanceof PageValue) {
    return has([container.items, container.before ?? null, container.after ?? null]);
  }
  if (container instanceof DocumentValue) {
    const { ref, version, fields } = container;
    return has([ref, version.ts, collectionOf(frame, ref), ...fields.values()]);
  }
  if (container instanceof EventValue) {
    return has([container.ts, container.action, container.ref ?? null]);
  }
  if (isSet(container)) {
    const wanted = toData(frame.session, value);
    for (const entry of visibleEntries(frame, readable(frame, container, position))) {
      const shown = toData(frame.session, container.show(entry, frame.session));
      if (compareData(shown, wanted) === 0) return true;
    }
    return false;
  }
  if (container instanceof DocRef || container instanceof ForeignRef) {
    return has([idOf(frame, container) ?? null, collectionOf(frame, container)]);
  }
  if (isLambda(container) || container instanceof UnresolvedRef) return false;
  return fail(wrongType(["Object", "Array", "Page", "Set", "Ref"], "Scalar", position.at("in")));
}

/** A test of what a value is. */
function is(name: string, test: (value: Literal) => boolean): Form {
  return define({ [name]: any }, PURE, (args) => test(args[name] as Literal));
}

/** A reference to, or a document of, one kind of definition. */
function isOf(name: string, collection: number): Form {
  return is(name, (value) => {
    if (value instanceof DocumentValue) return value.ref.collection === collection;
    return isResolved(value) && bare(value).collection === collection;
  });
}

function isResolved(value: Literal): value is DocRef | ForeignRef {
  return value instanceof DocRef || value instanceof ForeignRef;
}

function isSetOrNative(value: Literal): boolean {
  return isSet(value) || (isResolved(value) && isSet(identifier(value, NOWHERE)));
}

/** Where a cast that cannot fail would fail. */
const NOWHERE = undefined as never;

const OLD = { until: "3" } as const;
const NEW = { since: "3" } as const;

export const basicForms: readonly Form[] = [
  define({ abort: string }, PURE, ({ abort }, { position }) => fail(aborted(abort, position))),
  define({ query: lambda }, PURE, ({ query }) => query),
  define({ equals: oneOrMore(any) }, PURE, ({ equals: operands }) =>
    operands.every((operand) => looselyEquals(operands[0]!, operand)),
  ),
  comparison("lt", (order) => order < 0),
  comparison("lte", (order) => order <= 0),
  comparison("gt", (order) => order > 0),
  comparison("gte", (order) => order >= 0),
  define({ not: boolean }, PURE, (args) => !args.not),
  define({ and: oneOrMore(boolean) }, PURE, (args) => args.and.every(Boolean), OLD),
  define({ or: oneOrMore(boolean) }, PURE, (args) => args.or.some(Boolean), OLD),
  define(
    { contains: path, in: any },
    PURE,
    (args, { frame }) => at(frame, args.in, args.contains) !== undefined,
  ),
  define(
    { contains_path: path, in: any },
    PURE,
    (args, { frame }) => at(frame, args.in, args.contains_path) !== undefined,
    NEW,
  ),
  define(
    { contains_field: string, in: any },
    PURE,
    (args, call) => containsField(args.in, args.contains_field, call),
    NEW,
  ),
  define(
    { contains_value: any, in: any },
    READ,
    (args, call) => containsValue(args.contains_value, args.in, call),
    NEW,
  ),
  is("is_number", (v) => typeof v === "bigint" || typeof v === "number"),
  is("is_double", (v) => typeof v === "number"),
  is("is_integer", (v) => typeof v === "bigint"),
  is("is_boolean", (v) => typeof v === "boolean"),
  is("is_null", (v) => v === null),
  is("is_bytes", (v) => v instanceof Uint8Array),
  is("is_timestamp", (v) => v instanceof Time),
  is("is_date", (v) => v instanceof LocalDate),
  is("is_uuid", (v) => v instanceof Uuid),
  is("is_string", (v) => typeof v === "string"),
  is("is_array", isArray),
  is("is_object", (v) => typeOf(v) === "Object" || v instanceof PageValue),
  is("is_ref", (v) => isResolved(v) || v instanceof UnresolvedRef),
  is("is_set", isSetOrNative),
  is("is_doc", (v) => isResolved(v) || v instanceof DocumentValue),
  is("is_lambda", isLambda),
  isOf("is_collection", NATIVE.Collection),
  isOf("is_database", NATIVE.Database),
  isOf("is_index", NATIVE.Index),
  isOf("is_function", NATIVE.Function),
  isOf("is_key", NATIVE.Key),
  isOf("is_token", NATIVE.Token),
  isOf("is_credentials", NATIVE.Credential),
  isOf("is_role", NATIVE.Role),
];
