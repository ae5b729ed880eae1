/**
 * Fauna's values, free of any wire form.
 *
 * Longs are bigints and doubles are numbers, because the database tells 1 from 1.0 and holds longs that a
 * JavaScript number rounds.
 */
import type { Json } from "./json.ts";
import type { LocalDate } from "./date.ts";
import type { Time } from "./time.ts";
import type { Uuid } from "./uuid.ts";

/** Any value a document can hold. */
export type Value =
  | null
  | boolean
  | string
  | bigint
  | number
  | Time
  | LocalDate
  | Uint8Array
  | Uuid
  | Ref
  | SetRef
  | Lambda
  | Value[]
  | ObjectValue;

/** An object: any keys (`@x`, `__proto__`, empty, integer-like), in the order they are stored. */
export type ObjectValue = Map<string, Value>;

/**
 * A reference in v4's shape: a document is `Ref("1", Ref("C", Ref("collections")))`, a collection
 * `Ref("C", Ref("collections"))`, the native collection of roles `Ref("roles")`.
 */
export class Ref {
  readonly id: string;
  readonly collection: Ref | undefined;
  /** The database it lives in, where that is another one than the document's. */
  readonly database: Ref | undefined;

  constructor(id: string, collection?: Ref, database?: Ref) {
    this.id = id;
    this.collection = collection;
    this.database = database;
  }
}

/** A stored set (`@set`), its expression as the server prints it. */
export class SetRef {
  readonly expr: Json;

  constructor(expr: Json) {
    this.expr = expr;
  }
}

/** A stored v4 lambda (`@query`): the body as the server prints it, with its `api_version`. */
export class Lambda {
  readonly expr: Json;

  constructor(expr: Json) {
    this.expr = expr;
  }
}

/** The ref of the user collection `name`. */
export function collectionRef(name: string): Ref {
  return new Ref(name, new Ref("collections"));
}

/** The ref of the document `id` of the user collection `collection`. */
export function documentRef(collection: string, id: string): Ref {
  return new Ref(id, collectionRef(collection));
}
