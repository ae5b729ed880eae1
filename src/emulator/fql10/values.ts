/**
 * The values that queries compute with. Strings and booleans are JavaScript's own, arrays are arrays,
 * objects are Maps in field order; everything else has a class, for Fauna tells an Int from a Long
 * and a Double, and remembers of a null how it came to be.
 */
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import type { CollectionId, DocumentId } from "../data/ids.ts";
import type { Version } from "../data/version.ts";
import type { Expr } from "./ast.ts";
import type { Context } from "./interpreter/context.ts";
import type { Table } from "./modules/table.ts";
import { NO_SPAN, type Span } from "./source.ts";
import type { ValueSet } from "./sets/set.ts";

export type Value =
  | Null
  | boolean
  | string
  | Int
  | Long
  | Double
  | Id
  | Time
  | TransactionTime
  | LocalDate
  | Uint8Array
  | Uuid
  | Doc
  | Module
  | Lambda
  | NativeFunction
  | UserFunction
  | ValueSet
  | SetCursor
  | EventSource
  | readonly Value[]
  | ObjectOf;

export type ObjectOf = ReadonlyMap<string, Value>;

/** Why a null is null. */
export type NullCause =
  | { readonly kind: "literal" | "denied"; readonly span: Span }
  | { readonly kind: "number"; readonly span: Span }
  | { readonly kind: "field"; readonly of: Value; readonly name: string; readonly span: Span }
  | { readonly kind: "element"; readonly reason: string; readonly span: Span }
  | {
      readonly kind: "not found" | "deleted";
      readonly doc: Doc;
      readonly collection: string;
      readonly span: Span;
    }
  | { readonly kind: "collection deleted"; readonly doc: Doc; readonly span: Span };

export class Null {
  readonly cause: NullCause;

  constructor(cause: NullCause) {
    this.cause = cause;
  }

  static literal(span: Span = NO_SPAN): Null {
    return new Null({ kind: "literal", span });
  }

  static element(reason: string, span: Span): Null {
    return new Null({ kind: "element", reason, span });
  }
}

/** A whole number of 32 bits. */
export class Int {
  readonly kind = "int" as const;
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A whole number of 64 bits. */
export class Long {
  readonly kind = "long" as const;
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

export class Double {
  readonly kind = "double" as const;
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A document's id. Equal to a string or number of the same value. */
export class Id {
  readonly kind = "id" as const;
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** The time of the running transaction, as long as it is not known. */
export class TransactionTime {
  readonly kind = "transaction time" as const;
}

/** The only one. */
export const TRANSACTION_TIME = new TransactionTime();

export interface DocOptions {
  /** Read as of this time (`at`), µs. */
  readonly readTime?: bigint | undefined;
  /** The name it was asked for by, for definitions that are not there. */
  readonly name?: string | undefined;
  /** Shows this state instead of what the database holds. */
  readonly version?: Version | undefined;
}

/** A reference to a document, which may or may not be there; reading happens when it is used. */
export class Doc {
  readonly collection: CollectionId;
  readonly id: DocumentId;
  readonly readTime: bigint | undefined;
  readonly name: string | undefined;
  readonly version: Version | undefined;

  constructor(collection: CollectionId, id: DocumentId, options: DocOptions = {}) {
    this.collection = collection;
    this.id = id;
    this.readTime = options.readTime;
    this.name = options.name;
    this.version = options.version;
  }
}

/** A named object with functions: `Math`, `Collection`, or a user's collection. */
export class Module {
  readonly name: string;
  readonly table: Table<Module>;
  /** The collection it stands for. */
  readonly collection: CollectionId | undefined;
  /** Whether a value is of the type that the module names, for `isa`. */
  readonly contains: (value: Value) => boolean;

  constructor(
    name: string,
    table: Table<Module>,
    options: { collection?: CollectionId; contains?: (value: Value) => boolean } = {},
  ) {
    this.name = name;
    this.table = table;
    this.collection = options.collection;
    this.contains = options.contains ?? ((value) => value === this);
  }
}

/** Names that a closure sees, innermost first. */
export interface Scope {
  readonly name: string;
  readonly value: Value;
  readonly outer: Scope | undefined;
}

/** A function written in FQL, with what it closes over. */
export class Lambda {
  readonly params: readonly (string | undefined)[];
  /** The name behind `...`, if there is one. */
  readonly rest: string | undefined;
  readonly body: Expr;
  readonly scope: Scope | undefined;

  constructor(
    params: readonly (string | undefined)[],
    rest: string | undefined,
    body: Expr,
    scope: Scope | undefined,
  ) {
    this.params = params;
    this.rest = rest;
    this.body = body;
    this.scope = scope;
  }
}

/** How many arguments a function takes: one of these numbers, or any from a minimum on. */
export type Arity = { readonly counts: readonly number[] } | { readonly atLeast: number };

/** A built-in function, perhaps bound to the value it was taken from. */
export class NativeFunction {
  readonly name: string;
  readonly arity: Arity;
  readonly call: (context: Context, args: readonly Value[]) => Value;

  constructor(
    name: string,
    arity: Arity,
    call: (context: Context, args: readonly Value[]) => Value,
  ) {
    this.name = name;
    this.arity = arity;
    this.call = call;
  }
}

/** A function that the database defines. */
export class UserFunction {
  readonly name: string;
  readonly id: DocumentId;
  readonly arity: Arity;
  readonly call: (context: Context, args: readonly Value[]) => Value;

  constructor(
    name: string,
    id: DocumentId,
    arity: Arity,
    call: (context: Context, args: readonly Value[]) => Value,
  ) {
    this.name = name;
    this.id = id;
    this.arity = arity;
    this.call = call;
  }
}

export type Func = Lambda | NativeFunction | UserFunction;

/** The text of a page's `after`. It renders as a string. */
export class SetCursor {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Stands for a set's changes; its token goes to `/feed/1` and `/stream/1`. */
export class EventSource {
  readonly set: ValueSet;
  /** Fields whose changes are reported; none means all. */
  readonly watched: readonly (readonly (string | number)[])[];

  constructor(set: ValueSet, watched: readonly (readonly (string | number)[])[] = []) {
    this.set = set;
    this.watched = watched;
  }
}

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** A whole number as Fauna holds it: an Int if it fits, else a Long, else a Double. */
export function wholeNumber(value: bigint): Int | Long | Double {
  if (value >= -2147483648n && value <= 2147483647n) return new Int(Number(value));
  return value >= MIN_LONG && value <= MAX_LONG ? new Long(value) : new Double(Number(value));
}

export const isNumber = (value: Value): value is Int | Long | Double =>
  value instanceof Int || value instanceof Long || value instanceof Double;

export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isObject = (value: Value): value is ObjectOf => value instanceof Map;

export const isFunction = (value: Value): value is Func =>
  value instanceof Lambda || value instanceof NativeFunction || value instanceof UserFunction;

/** An object of these fields. */
export const objectOf = (fields: Iterable<readonly [string, Value]>): ObjectOf => new Map(fields);

/** How many arguments a function takes. */
export function arityOf(fn: Func): Arity {
  if (!(fn instanceof Lambda)) return fn.arity;
  return fn.rest === undefined ? { counts: [fn.params.length] } : { atLeast: fn.params.length };
}

/** Whether a function may be called with `count` arguments. */
export const accepts = (arity: Arity, count: number): boolean =>
  "counts" in arity ? arity.counts.includes(count) : count >= arity.atLeast;

/** An arity in words: "exactly 1 argument", "2 or 3 arguments". */
export function printArity(arity: Arity, word = "argument"): string {
  if ("atLeast" in arity)
    return `at least ${arity.atLeast} ${word}${arity.atLeast === 1 ? "" : "s"}`;
  const [only] = arity.counts;
  if (arity.counts.length === 1) return `exactly ${only} ${word}${only === 1 ? "" : "s"}`;
  const counts = arity.counts.toSorted((a, b) => a - b);
  return `${counts.slice(0, -1).join(", ")} or ${counts.at(-1)} ${word}s`;
}
