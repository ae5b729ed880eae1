/**
 * What v4 expressions evaluate to: everything that can be stored, and what only lives inside a query
 * (documents, pages, sets, events, functions).
 */
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import type { Database } from "../data/database.ts";
import { isUserCollection, NATIVE } from "../data/ids.ts";
import { type Data, DocRef, StoredLambda, StoredSet } from "../data/value.ts";
import type { Action, Version } from "../data/version.ts";
import type { SetValue } from "./sets/set.ts";
import type { Bindings } from "./frame.ts";
import type { LambdaExpression } from "./expression.ts";

/** Any value of a v4 query. Longs are bigints, doubles numbers; a stored value is one as it is. */
export type Literal =
  | Data
  | ForeignRef
  | UnresolvedRef
  | DocumentValue
  | PageValue
  | EventValue
  | ElementValue
  | SetValue
  | LambdaValue
  | readonly Literal[]
  | ObjectLiteral;

/** An object, in the order it was written. Null members are kept until it is stored. */
export type ObjectLiteral = ReadonlyMap<string, Literal>;

/** A reference to something in another database than the query's. */
export class ForeignRef {
  readonly database: Database;
  readonly ref: DocRef;

  constructor(database: Database, ref: DocRef) {
    this.database = database;
    this.ref = ref;
  }
}

/** A reference that leads somewhere, in this database or another. */
export type AnyRef = DocRef | ForeignRef;

/** The reference without its database. */
export function bare(ref: AnyRef): DocRef {
  return ref instanceof ForeignRef ? ref.ref : ref;
}

/** The kinds of name that can lead nowhere, in the words of error messages. */
export type NamedType =
  | "database"
  | "collection"
  | "index"
  | "function"
  | "role"
  | "access_provider"
  | "key";

/** A reference whose definition is not there. It can be asked for with Exists, and nothing else. */
export class UnresolvedRef {
  readonly type: NamedType;
  readonly name: string;
  /** Of a document of an undefined collection. */
  readonly id: bigint | undefined;
  /** The name of the child database it was looked for in. */
  readonly database: string | undefined;

  constructor(type: NamedType, name: string, id?: bigint, database?: string) {
    this.type = type;
    this.name = name;
    this.id = id;
    this.database = database;
  }
}

/** A document as Get or a write returns it. */
export class DocumentValue {
  readonly database: Database;
  readonly ref: DocRef;
  readonly version: Version;
  /** What is shown of it: the version's fields without internal ones, with those only shown at creation. */
  readonly fields: ReadonlyMap<string, Data>;
  /** Made by this query: the answer is 201. */
  readonly isNew: boolean;

  constructor(
    database: Database,
    ref: DocRef,
    version: Version,
    fields: ReadonlyMap<string, Data>,
    isNew = false,
  ) {
    this.database = database;
    this.ref = ref;
    this.version = version;
    this.fields = fields;
    this.isNew = isNew;
  }
}

/** What Paginate returns. */
export class PageValue {
  readonly items: readonly Literal[];
  readonly before: Literal | undefined;
  readonly after: Literal | undefined;
  #cursors: readonly Literal[] | (() => readonly Literal[]);

  /** @param cursors what gives the cursors, where hardly anybody asks for them. */
  constructor(
    items: readonly Literal[],
    cursors: readonly Literal[] | (() => readonly Literal[]),
    before: Literal | undefined,
    after: Literal | undefined,
  ) {
    this.items = items;
    this.#cursors = cursors;
    this.before = before;
    this.after = after;
  }

  /** The cursor that starts at each item, for Take and Drop; maps of the page keep them. */
  get cursors(): readonly Literal[] {
    if (typeof this.#cursors === "function") this.#cursors = this.#cursors();
    return this.#cursors;
  }

  /** The same page with other items. */
  with(
    items: readonly Literal[],
    cursors: readonly Literal[] | (() => readonly Literal[]) = () => this.cursors,
  ): PageValue {
    return new PageValue(items, cursors, this.before, this.after);
  }
}

/** An entry of the history of a document or a set; also the cursor that stands for one. */
export class EventValue {
  readonly database: Database;
  readonly ts: bigint;
  readonly action: Action | "add" | "remove";
  /** Undefined for a cursor that is just a time. */
  readonly ref: DocRef | undefined;
  /** Of a document: what changed. Of a set: the covered values. Of a cursor: nothing. */
  readonly data: ReadonlyMap<string, Data> | readonly Data[] | null | undefined;

  constructor(
    database: Database,
    ts: bigint,
    action: Action | "add" | "remove",
    ref: DocRef | undefined,
    data?: ReadonlyMap<string, Data> | readonly Data[] | null,
  ) {
    this.database = database;
    this.ts = ts;
    this.action = action;
    this.ref = ref;
    this.data = data;
  }
}

/** An item of a page with the sets it came from (`sources: true`). */
export class ElementValue {
  readonly value: Literal;
  readonly sources: readonly SetValue[];

  constructor(value: Literal, sources: readonly SetValue[]) {
    this.value = value;
    this.sources = sources;
  }
}

/** A function made in this query, with the variables it has captured. */
export class LambdaValue {
  readonly expression: LambdaExpression;
  readonly bindings: Bindings | undefined;

  constructor(expression: LambdaExpression, bindings: Bindings | undefined) {
    this.expression = expression;
    this.bindings = bindings;
  }
}

/** A lambda of either kind. */
export type AnyLambda = LambdaValue | StoredLambda;

/** Common ancestor of sets, so that this file need not know their kinds. */
export abstract class SetLike {
  abstract readonly isSet: true;
}

export function isLambda(value: Literal): value is AnyLambda {
  return value instanceof LambdaValue || value instanceof StoredLambda;
}

export function isSet(value: Literal): value is SetValue {
  return value instanceof SetLike;
}

export function isArray(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

export function isObject(value: Literal): value is ObjectLiteral {
  return value instanceof Map;
}

/** What a value is called in `… expected, … provided.` */
export function typeOf(value: Literal): string {
  switch (typeof value) {
    case "bigint":
      return "Integer";
    case "number":
      return "Double";
    case "boolean":
      return "Boolean";
    case "string":
      return "String";
  }
  if (value === null) return "Null";
  if (value instanceof DocRef) return typeOfRef(value);
  if (value instanceof ForeignRef) return typeOfRef(value.ref);
  if (value instanceof UnresolvedRef) return typeOfUnresolved(value);
  if (value instanceof Time) return "Time";
  if (value instanceof LocalDate) return "Date";
  if (value instanceof Uint8Array) return "Bytes";
  if (value instanceof Uuid) return "UUID";
  if (isLambda(value)) return "Lambda";
  if (isSet(value) || value instanceof StoredSet) return "Set";
  if (value instanceof PageValue) return "Page";
  return isArray(value) ? "Array" : "Object";
}

function typeOfRef(ref: DocRef): string {
  switch (ref.collection) {
    case NATIVE.Collection:
      return "Collection Ref";
    case NATIVE.Index:
      return "Index Ref";
    case NATIVE.Database:
      return "Database Ref";
    case NATIVE.Key:
      return "Key Ref";
    case NATIVE.Function:
      return "User Function Ref";
    default:
      return "Ref";
  }
}

function typeOfUnresolved({ type, id }: UnresolvedRef): string {
  if (id !== undefined && type !== "key") return "Ref";
  switch (type) {
    case "collection":
      return "Collection Ref";
    case "index":
      return "Index Ref";
    case "database":
      return "Database Ref";
    case "function":
      return "User Function Ref";
    case "role":
      return "Role Ref";
    case "access_provider":
      return "Access Provider Ref";
    case "key":
      return "Key Ref";
  }
}

/** Whether `ref` is a native collection itself, such as `Keys()`; which one. */
export function nativeCollectionOf(ref: DocRef): number | undefined {
  if (ref.collection !== NATIVE.Collection) return undefined;
  const id = Number(ref.id);
  return isUserCollection(id) ? undefined : id;
}
