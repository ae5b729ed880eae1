/**
 * A collection's definition, understood: what the languages ask when they read, write and index
 * documents. Made once for each version of a definition.
 */
import { parseType, type TypeExpr } from "../../fsl/fsl.ts";
import { type CollectionId, type IndexId, NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, DocRef, isArrayData, isObjectData, type ObjectData } from "../data/value.ts";
import { nameOf, objectsOf, textOf } from "./fields.ts";
import { indexKey, indexNumbers, uniqueKey } from "./index-numbers.ts";
import { pinnedTime } from "./pin.ts";
import { NULL, type ObjectShape, type Shape } from "./shape.ts";
import { type FindCollection, shapeOfType, TypeProblem } from "./types.ts";

/** A field with its type as written. */
export interface DefinedField {
  readonly name: string;
  readonly type: TypeExpr;
  /** FQL source of the default. */
  readonly default: string | undefined;
}

/** A named piece of FQL: a computed field or a check. `body` is a lambda. */
export interface NamedBody {
  readonly name: string;
  readonly body: string;
}

/** A term or value of an index as definitions hold it. */
export interface IndexedField {
  /** `.a.b` */
  readonly field: string;
  readonly mva: boolean;
  readonly descending: boolean;
}

export interface CollectionIndex {
  readonly name: string;
  readonly terms: readonly IndexedField[];
  readonly values: readonly IndexedField[];
  /** Whether queries may use it: allowed by its definition, and built. */
  readonly queryable: boolean;
  readonly status: string;
  /** The index in the store; undefined if it is not (yet) made. */
  readonly id: IndexId | undefined;
}

export interface UniqueConstraint {
  readonly fields: readonly IndexedField[];
  readonly id: IndexId | undefined;
}

export class CollectionSchema {
  readonly id: CollectionId;
  readonly definition: ObjectData;
  readonly fields: ReadonlyMap<string, DefinedField>;
  /** Whether fields without a definition are allowed in a collection that defines some. */
  readonly hasWildcard: boolean;
  readonly computed: ReadonlyMap<string, NamedBody>;
  readonly checks: readonly NamedBody[];
  readonly indexes: ReadonlyMap<string, CollectionIndex>;
  readonly uniques: readonly UniqueConstraint[];
  readonly #find: FindCollection;
  #shape: ObjectShape | undefined;

  constructor(
    id: CollectionId,
    definition: ObjectData,
    numbers: ReadonlyMap<string, IndexId>,
    find: FindCollection,
  ) {
    this.id = id;
    this.definition = definition;
    this.fields = definedFields(definition);
    this.hasWildcard = definition.has("wildcard");
    this.computed = new Map(
      objectsOf(definition, "computed_fields").map(([name, field]) => [
        name,
        { name, body: textOf(field, "body") ?? "" },
      ]),
    );
    this.checks = constraints(definition, "check").map((check) => ({
      name: textOf(check, "name") ?? "",
      body: textOf(check, "body") ?? "",
    }));
    this.indexes = new Map(
      objectsOf(definition, "indexes").map(([name, index]) => [
        name,
        collectionIndex(name, index, numbers),
      ]),
    );
    this.uniques = uniqueFields(definition).map((fields) => ({
      fields,
      id: numbers.get(uniqueKey(fields)),
    }));
    this.#find = find;
  }

  get name(): string {
    return nameOf(this.definition);
  }

  /** Whether it says which fields its documents have. */
  get isTyped(): boolean {
    return this.fields.size > 0;
  }

  /** Days after which documents expire unless they say otherwise. */
  get ttlDays(): bigint | undefined {
    const days = this.definition.get("ttl_days");
    return typeof days === "bigint" ? days : undefined;
  }

  /** What the data of a document must look like; anything at all in a collection without types. */
  get shape(): ObjectShape {
    return (this.#shape ??= {
      kind: "object",
      fields: new Map(
        [...this.fields].map(([name, field]) => [name, { type: this.#typeOf(field) }]),
      ),
      wildcard: this.isTyped && !this.hasWildcard ? undefined : { kind: "scalar", name: "Any" },
    });
  }

  #typeOf(field: DefinedField): Shape {
    try {
      return shapeOfType(field.type, this.#find);
    } catch (error) {
      // A type whose collection was deleted since: nothing can be of it any more but null.
      if (error instanceof TypeProblem) return NULL;
      throw error;
    }
  }
}

/**
 * The collection with this number as queries see it: while a schema is staged, as it was before.
 * Undefined if it is not there, or deleted.
 */
export function collectionSchema(
  transaction: Transaction,
  id: CollectionId,
): CollectionSchema | undefined {
  const ref = new DocRef(NATIVE.Collection, BigInt(id));
  const version = transaction.get(ref, pinnedTime(transaction));
  if (version === undefined) return undefined;
  return schemaOf(transaction, id, version.fields);
}

interface Compiled {
  readonly numbers: ReadonlyMap<string, IndexId>;
  /** Names of types mean what they meant at this version of the schema. */
  readonly schemaVersion: bigint;
  readonly schema: CollectionSchema;
}

const compiled = new WeakMap<ObjectData, Compiled>();

/** `definition`, understood. */
export function schemaOf(
  transaction: Transaction,
  id: CollectionId,
  definition: ObjectData,
): CollectionSchema {
  const numbers = indexNumbers(transaction.database, id);
  const { database } = transaction;
  const { schemaVersion } = database;
  const known = compiled.get(definition);
  if (known?.numbers === numbers && known.schemaVersion === schemaVersion) return known.schema;
  const schema = new CollectionSchema(id, definition, numbers, (name) => {
    const ref = database.names.find(NATIVE.Collection, name);
    return ref === undefined ? undefined : { id: Number(ref.id), name };
  });
  compiled.set(definition, { numbers, schemaVersion, schema });
  return schema;
}

function definedFields(definition: ObjectData): Map<string, DefinedField> {
  return new Map(
    objectsOf(definition, "fields").map(([name, field]) => {
      const otherwise = field.get("default");
      const type = parseType(textOf(field, "signature") ?? "");
      return [name, { name, type, default: typeof otherwise === "string" ? otherwise : undefined }];
    }),
  );
}

function constraints(definition: ObjectData, kind: "check"): ObjectData[] {
  const list = definition.get("constraints");
  if (!isArrayData(list)) return [];
  return list.map((one) => (isObjectData(one) ? one.get(kind) : undefined)).filter(isObjectData);
}

/** The field lists of the unique constraints of a definition. */
export function uniqueFields(definition: ObjectData): IndexedField[][] {
  const list = definition.get("constraints");
  if (!isArrayData(list)) return [];
  return list
    .map((one) => (isObjectData(one) ? one.get("unique") : undefined))
    .filter(isArrayData)
    .map((fields) => fields.map(indexedField));
}

/** The terms or values of an index definition. */
export function indexedFields(index: ObjectData, name: "terms" | "values"): IndexedField[] {
  const list = index.get(name);
  return isArrayData(list) ? list.map(indexedField) : [];
}

function indexedField(value: Data): IndexedField {
  if (!isObjectData(value))
    return { field: typeof value === "string" ? value : "", mva: false, descending: false };
  return {
    field: textOf(value, "field") ?? "",
    mva: value.get("mva") === true,
    descending: value.get("order") === "desc",
  };
}

function collectionIndex(
  name: string,
  index: ObjectData,
  numbers: ReadonlyMap<string, IndexId>,
): CollectionIndex {
  const terms = indexedFields(index, "terms");
  const values = indexedFields(index, "values");
  const status = textOf(index, "status") ?? "";
  const id = numbers.get(indexKey(terms, values));
  const queryable = index.get("queryable") !== false && status === "complete" && id !== undefined;
  return { name, terms, values, queryable, status, id };
}
