/** Casts: what the arguments of functions are taken as, and what is refused. */
import { javaRegex } from "../text/regex.ts";
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { NATIVE } from "../data/ids.ts";
import { DocRef } from "../data/value.ts";
import { fail, invalidArgument, together, undefinedRef, wrongType } from "./failure.ts";
import type { Position } from "./position.ts";
import {
  type AnyLambda,
  type AnyRef,
  bare,
  ForeignRef,
  isArray,
  isLambda,
  isObject,
  isSet,
  type Literal,
  type ObjectLiteral,
  PageValue,
  typeOf,
  UnresolvedRef,
} from "./value.ts";
import type { SetValue } from "./sets/set.ts";
import { setOfNative } from "./sets/native.ts";

/** Takes an argument as a `T`, or fails at `position`. */
export interface Cast<T> {
  (value: Literal, position: Position): T;
  /** The argument may be left out. */
  readonly optional?: true;
  /** How the argument is parsed, if not as an expression. */
  readonly parse?: "lambda" | "lambda or expression";
}

/** The type that a cast gives. */
export type Taken<C> = C extends Cast<infer T> ? T : never;

function cast<T>(
  expected: readonly string[],
  take: (value: Literal) => T | undefined,
  parse?: "lambda" | "lambda or expression",
): Cast<T> {
  const identifier = expected.some((type) => IDENTIFIERS.has(type));
  const casting = (value: Literal, position: Position): T => {
    const taken = take(value);
    if (taken !== undefined) return taken;
    if (identifier && value instanceof UnresolvedRef) fail(undefinedRefOf(value, position));
    fail(wrongType(expected, typeOf(value), position));
  };
  return parse === undefined ? casting : Object.assign(casting, { parse });
}

/** Types whose casts say that a reference leads nowhere, rather than that it is of the wrong type. */
const IDENTIFIERS = new Set([
  "Identifier",
  "Ref",
  "Set",
  "Collection Ref",
  "Index Ref",
  "Database Ref",
  "Key Ref",
  "User Function Ref",
]);

/** The error for a reference that leads nowhere. */
export function undefinedRefOf(value: UnresolvedRef, position: Position) {
  return undefinedRef(value.type, value.name, position);
}

const only = <T extends Literal>(test: (value: Literal) => value is T) => {
  return (value: Literal): T | undefined => (test(value) ? value : undefined);
};

/** The same cast for an argument that may be missing; a null that is given is not missing. */
export function optional<T>(inner: Cast<T>): Cast<T | undefined> & { readonly optional: true } {
  const casting = (value: Literal, position: Position): T | undefined => inner(value, position);
  return Object.assign(casting, {
    optional: true as const,
    ...(inner.parse && { parse: inner.parse }),
  });
}

export const any: Cast<Literal> = (value) => value;
export const string = cast(["String"], (v) => (typeof v === "string" ? v : undefined));
export const boolean = cast(["Boolean"], (v) => (typeof v === "boolean" ? v : undefined));
export const integer = cast(["Integer"], (v) => (typeof v === "bigint" ? v : undefined));
/** A long or a double. */
export const number = cast(["Number"], (v) =>
  typeof v === "bigint" || typeof v === "number" ? v : undefined,
);
export const object: Cast<ObjectLiteral> = cast(["Object"], only(isObject));
export const array: Cast<readonly Literal[]> = cast(["Array"], only(isArray));
/** Null, for forms that take nothing. Gives true, since null cannot be told from nothing. */
export const nothing = cast(["Null"], (v) => (v === null ? true : undefined));
export const scalar = cast<Literal>(["Scalar"], (v) =>
  isArray(v) || isObject(v) || isLambda(v) || v instanceof PageValue ? undefined : v,
);
export const lambda: Cast<AnyLambda> = cast(["Lambda"], only(isLambda), "lambda");
export const lambdaOrAny: Cast<Literal> = Object.assign((value: Literal) => value, {
  parse: "lambda or expression" as const,
});

/** A time, or a long of microseconds. */
export const timestamp = cast(["Time"], (v) =>
  v instanceof Time ? v : typeof v === "bigint" ? Time.fromMicros(v) : undefined,
);
export const temporal = cast(["Temporal"], (v) =>
  v instanceof Time || v instanceof LocalDate ? v : undefined,
);

function isRef(value: Literal): value is AnyRef {
  return value instanceof DocRef || value instanceof ForeignRef;
}

const refTo = (collection: number) => (value: Literal) =>
  isRef(value) && bare(value).collection === collection ? value : undefined;

export const ref: Cast<AnyRef> = cast(["Ref"], only(isRef));
export const collectionRef: Cast<AnyRef> = cast(["Collection Ref"], refTo(NATIVE.Collection));
export const databaseRef: Cast<AnyRef> = cast(["Database Ref"], refTo(NATIVE.Database));
const stringOr = (take: (value: Literal) => AnyRef | undefined): Cast<string | AnyRef> =>
  cast<string | AnyRef>(["Identifier"], (v) => (typeof v === "string" ? v : take(v)));
export const stringOrRef = stringOr(only(isRef));
export const stringOrIndex = stringOr(refTo(NATIVE.Index));
export const stringOrFunction = stringOr(refTo(NATIVE.Function));

/** A reference to read, or a set; a native collection is the set of its documents. */
export const identifier: Cast<AnyRef | SetValue> = cast<AnyRef | SetValue>(["Ref", "Set"], (v) =>
  isSet(v) ? v : isRef(v) ? (setOfNative(v) ?? v) : undefined,
);
/** What Exists takes: an identifier, or a reference that leads nowhere. */
export const unresolved: Cast<AnyRef | SetValue | UnresolvedRef> = (value, position) =>
  value instanceof UnresolvedRef ? value : identifier(value, position);

const asSet = (value: Literal): SetValue | undefined =>
  isSet(value) ? value : isRef(value) ? setOfNative(value) : undefined;

export const set: Cast<SetValue> = cast(["Set"], asSet);

export type Iterable4 = readonly Literal[] | PageValue | SetValue;

/** What can be gone through. */
export const iterable: Cast<Iterable4> = (value, position) => {
  if (isArray(value) || value instanceof PageValue) return value;
  if (value instanceof UnresolvedRef) fail(undefinedRefOf(value, position));
  return asSet(value) ?? fail(wrongType(["Array, Set, or Page"], typeOf(value), position));
};

export const setOrArray: Cast<readonly Literal[] | SetValue> = (value, position) => {
  const taken = iterable(value, position);
  return taken instanceof PageValue ? fail(wrongType(["Set", "Array"], "Page", position)) : taken;
};

/** One value, or an array of them. */
export function zeroOrMore<T>(inner: Cast<T>): Cast<T[]> {
  return (value, position) =>
    isArray(value)
      ? together(value.length, (i) => inner(value[i] ?? null, position.at(i)))
      : [inner(value, position)];
}

/** One value, or an array of at least one. */
export function oneOrMore<T>(inner: Cast<T>): Cast<T[]> {
  const many = zeroOrMore(inner);
  return (value, position) => {
    const taken = many(value, position);
    return taken.length > 0 ? taken : fail(invalidArgument("Non-empty array expected.", position));
  };
}

/** Steps into a value: names and positions. */
export const path: Cast<(string | bigint)[]> = zeroOrMore(
  cast<string | bigint>(["String", "Integer"], (v) =>
    typeof v === "string" || typeof v === "bigint" ? v : undefined,
  ),
);

/** `null`, or what `inner` takes. */
export function nullable<T>(inner: Cast<T>, alternatives: readonly string[]): Cast<T | null> {
  return (value, position) => {
    if (value === null) return null;
    if (value instanceof UnresolvedRef) return inner(value, position);
    try {
      return inner(value, position);
    } catch {
      fail(wrongType([...alternatives, "Null"], typeOf(value), position));
    }
  };
}

/** A field of to_object: a name and a value. */
export const field = cast<readonly [string, Literal]>(["Field/Value"], (v) => {
  if (!isArray(v) || v.length !== 2) return undefined;
  const [name, value] = v;
  return typeof name === "string" && value !== undefined ? [name, value] : undefined;
});

export const DOCUMENT_ACTIONS = ["create", "update", "delete"] as const;
export type DocumentAction = (typeof DOCUMENT_ACTIONS)[number];

/** What a version did to its document. */
export const documentAction: Cast<DocumentAction> = (value, position) =>
  DOCUMENT_ACTIONS.find((action) => action === value) ??
  fail(
    invalidArgument(
      `String 'create', 'update', or 'delete' expected, ${typeOf(value)} provided.`,
      position,
    ),
  );

/** A regular expression in Java's syntax, as far as JavaScript's is the same. */
export const regex: Cast<RegExp> = (value, position) => {
  const source = string(value, position);
  try {
    return javaRegex(source, "g");
  } catch {
    return fail(
      invalidArgument(`Search pattern /${source}/ is not a valid regular expression.`, position),
    );
  }
};
