/**
 * Writing collections, functions, roles and access providers as v10 and schema files do: checked
 * one by one here, and as a whole by {@link finishSchema} before the transaction ends, so that one
 * query can make definitions that need each other in any order (recording `v10-schema/in-one-query`).
 */
import { NATIVE, nativeName, type CollectionId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  mergeObjects,
  type ObjectData,
  objectOf,
} from "../data/value.ts";
import type { Version } from "../data/version.ts";
import { noteChange } from "./changes.ts";
import { type IndexedField, indexedFields, uniqueFields } from "./collection.ts";
import { collectionViolations } from "./definition-rules.ts";
import { type DefinitionKind, definitionShape, isDefinitionKind } from "./definition-shapes.ts";
import { defaultViolations } from "./defaults.ts";
import { ConstraintError, type Violation } from "./failure.ts";
import { nameOf, textOf } from "./fields.ts";
import { indexKey, indexNumbers, uniqueKey } from "./index-numbers.ts";
import {
  buildsAtOnce,
  dropIndexesOf,
  finishBuildsLater,
  indexKeys,
  syncIndexes,
} from "./indexes.ts";
import { deletionViolations, protectionViolations } from "./protected.ts";
import { renameReferences } from "./renames.ts";
import { check, violation } from "./shape.ts";

/** Makes a definition. Null members count as explicitly empty. @throws ConstraintError */
export function createDefinition(
  transaction: Transaction,
  kind: DefinitionKind,
  fields: ObjectData,
): DocRef {
  const title = `Failed to create ${kindName(kind)}.`;
  refuse(title, [
    ...reservedMembers(fields),
    ...shapeViolations(transaction, kind, fields, undefined),
  ]);
  const complete = completed(
    transaction,
    kind,
    undefined,
    withBirthDefaults(kind, fields),
    undefined,
  );
  refuseTwins(transaction, kind, complete, undefined);
  if (kind === NATIVE.Collection) refuse(title, defaultViolations(transaction, complete));
  const ref = transaction.newRef(kind);
  transaction.create(ref, complete);
  settle(transaction, ref, undefined, complete, hiddenIndexes(fields));
  return ref;
}

/** Merges `patch`, whose nulls remove, into a definition. @throws ConstraintError */
export function updateDefinition(
  transaction: Transaction,
  ref: DocRef,
  patch: ObjectData,
): Version {
  const before = current(transaction, ref).fields;
  return rewriteDefinition(
    transaction,
    ref,
    before,
    mergeObjects(before, patch),
    reservedMembers(patch),
  );
}

/** Gives a definition these fields and no others. @throws ConstraintError */
export function replaceDefinition(
  transaction: Transaction,
  ref: DocRef,
  fields: ObjectData,
): Version {
  const before = current(transaction, ref).fields;
  return rewriteDefinition(
    transaction,
    ref,
    before,
    withBirthDefaults(kindOf(ref), fields),
    reservedMembers(fields),
  );
}

/** Deletes a definition, and with a collection the indexes that had no other source. @throws ConstraintError */
export function deleteDefinition(transaction: Transaction, ref: DocRef): Version {
  const version = current(transaction, ref);
  const kind = kindOf(ref);
  const title = `Failed to delete ${kindName(kind)} \`${nameOf(version.fields)}\`.`;
  if (kind === NATIVE.Collection) refuse(title, deletionViolations(transaction));
  noteChange(transaction, ref, version.fields);
  transaction.delete(ref);
  if (kind === NATIVE.Collection) dropIndexesOf(transaction, Number(ref.id));
  return version;
}

function current(transaction: Transaction, ref: DocRef): Version {
  const version = transaction.get(ref);
  // An update of what is not there is refused with the words of the store.
  return version ?? transaction.update(ref, new Map());
}

function kindOf(ref: DocRef): DefinitionKind {
  if (!isDefinitionKind(ref.collection))
    throw new TypeError(`Not a definition: ${ref.collection}/${ref.id}`);
  return ref.collection;
}

/** The name of a native collection as messages have it. */
function kindName(kind: CollectionId): string {
  return nativeName(kind) ?? String(kind);
}

function rewriteDefinition(
  transaction: Transaction,
  ref: DocRef,
  before: ObjectData,
  fields: ObjectData,
  reserved: readonly Violation[],
): Version {
  const kind = kindOf(ref);
  const title = `Failed to update ${kindName(kind)} \`${nameOf(before)}\`.`;
  refuse(title, [...reserved, ...shapeViolations(transaction, kind, fields, before)]);
  const complete = completed(transaction, kind, ref, fields, before);
  if (kind === NATIVE.Collection)
    refuse(title, [
      ...protectionViolations(transaction, before, complete),
      ...defaultViolations(transaction, complete),
    ]);
  refuseTwins(transaction, kind, complete, ref);
  const version = transaction.replace(ref, complete);
  settle(transaction, ref, before, complete, hiddenIndexes(fields));
  return version;
}

/** Indexes that queries are not to use. */
function hiddenIndexes(fields: ObjectData): Set<string> {
  const indexes = fields.get("indexes");
  const entries = isObjectData(indexes) ? [...indexes] : [];
  return new Set(
    entries
      .filter(([, index]) => isObjectData(index) && index.get("queryable") === false)
      .map(([name]) => name),
  );
}

function refuse(message: string, violations: readonly Violation[]): void {
  if (violations.length > 0) throw new ConstraintError(message, violations);
}

function reservedMembers(fields: ObjectData): Violation[] {
  return ["id", "coll", "ts"]
    .filter((name) => fields.has(name))
    .map((name) => violation([name], "Is a reserved field and cannot be used"));
}

function shapeViolations(
  transaction: Transaction,
  kind: DefinitionKind,
  fields: ObjectData,
  before: ObjectData | undefined,
): Violation[] {
  const known = new Map([...fields].filter(([name]) => !["id", "coll", "ts"].includes(name)));
  const violations = check(definitionShape(transaction, kind), [], known, before);
  if (violations.length > 0 || kind !== NATIVE.Collection) return violations;
  return collectionViolations(fields);
}

const NOT_UNIQUE = "Failed unique constraint";

/** Roles and access providers by name, access providers by issuer too. */
function refuseTwins(
  transaction: Transaction,
  kind: DefinitionKind,
  fields: ObjectData,
  self: DocRef | undefined,
): void {
  const taken = (name: string) =>
    [...transaction.definitions.all(kind)].some(
      ({ ref, version }) => ref.id !== self?.id && version.fields.get(name) === fields.get(name),
    );
  const names =
    kind === NATIVE.AccessProvider ? ["name", "issuer"] : kind === NATIVE.Role ? ["name"] : [];
  const paths = names.filter(taken).map((name) => [name]);
  refuse(
    `${NOT_UNIQUE}.`,
    paths.map((path) => violation(path, NOT_UNIQUE)),
  );
}

/** What the tokens of an access provider must be made out to. */
export function audience(transaction: Transaction): string {
  return `https://db.fauna.com/db/${transaction.database.globalId}`;
}

/** Members that a definition gets when they are not mentioned. An explicit null stays away (live 20). */
function withBirthDefaults(kind: DefinitionKind, fields: ObjectData): ObjectData {
  const mentioned = fields.has("history_days") || kind !== NATIVE.Collection;
  const entries: (readonly [string, Data])[] = mentioned
    ? [...fields]
    : [...fields, ["history_days", 0n]];
  return objectOf(entries);
}

/** The definition with everything that Fauna adds to it: states of indexes, orders of values. */
function completed(
  transaction: Transaction,
  kind: DefinitionKind,
  ref: DocRef | undefined,
  fields: ObjectData,
  before: ObjectData | undefined,
): ObjectData {
  if (kind === NATIVE.AccessProvider) {
    return objectOf([...fields, ["audience", before?.get("audience") ?? audience(transaction)]]);
  }
  if (kind !== NATIVE.Collection) return fields;
  const indexes = fields.get("indexes") ?? new Map<string, Data>();
  const constraints = fields.get("constraints") ?? [];
  const states = new States(transaction, ref, before);
  return new Map([
    ...fields,
    [
      "indexes",
      isObjectData(indexes)
        ? new Map([...indexes].map(([name, index]) => [name, states.index(index)]))
        : indexes,
    ],
    [
      "constraints",
      isArrayData(constraints)
        ? constraints.map((constraint) => states.constraint(constraint))
        : constraints,
    ],
  ]);
}

/** Which of a collection's indexes are built. */
class States {
  private readonly ready: boolean;
  private readonly known: ReadonlyMap<string, string>;

  constructor(transaction: Transaction, ref: DocRef | undefined, before: ObjectData | undefined) {
    const collection = ref === undefined ? undefined : Number(ref.id);
    this.ready = collection === undefined || buildsAtOnce(transaction, collection);
    const numbers =
      collection === undefined ? new Map() : indexNumbers(transaction.database, collection);
    this.known =
      before === undefined
        ? new Map()
        : new Map([...statusesOf(before)].filter(([key]) => numbers.has(key)));
  }

  index(index: Data): Data {
    if (!isObjectData(index)) return index;
    const key = indexKey(indexedFields(index, "terms"), indexedFields(index, "values"));
    const status = this.known.get(key) ?? (this.ready ? "complete" : "building");
    const values = index.get("values");
    const ordered = isArrayData(values) ? values.map(withOrder) : values;
    return objectOf([
      ["terms", index.get("terms")],
      ["values", ordered],
      ...[...index].filter(([name]) => !["terms", "values", "queryable", "status"].includes(name)),
      ["queryable", status === "building" ? false : (index.get("queryable") ?? true)],
      ["status", status],
    ]);
  }

  /** An index on the same fields that is built serves a constraint too (recording `v10-schema/index-async-build`). */
  private isIndexed(fields: readonly IndexedField[]): boolean {
    return this.known.get(indexKey(fields, [])) === "complete";
  }

  constraint(constraint: Data): Data {
    if (!isObjectData(constraint) || !constraint.has("unique")) return constraint;
    const [fields = []] = uniqueFields(new Map([["constraints", [constraint]]]));
    const status =
      this.known.get(uniqueKey(fields)) ??
      (this.ready || this.isIndexed(fields) ? "active" : "pending");
    return new Map([...constraint, ["status", status]]);
  }
}

function withOrder(value: Data): Data {
  if (!isObjectData(value) || value.has("order")) return value;
  const { field, ...rest } = Object.fromEntries(value);
  return objectOf([["field", field], ["order", "asc"], ...Object.entries(rest)]);
}

function* statusesOf(fields: ObjectData): Generator<[string, string]> {
  const indexes = fields.get("indexes");
  for (const index of isObjectData(indexes) ? indexes.values() : []) {
    if (!isObjectData(index)) continue;
    yield [
      indexKey(indexedFields(index, "terms"), indexedFields(index, "values")),
      textOf(index, "status") ?? "",
    ];
  }
  const constraints = fields.get("constraints");
  for (const constraint of isArrayData(constraints) ? constraints : []) {
    const [unique] = uniqueFields(new Map([["constraints", [constraint]]]));
    if (unique !== undefined && isObjectData(constraint))
      yield [uniqueKey(unique), textOf(constraint, "status") ?? ""];
  }
}

/** What follows from a write: indexes, names elsewhere. */
function settle(
  transaction: Transaction,
  ref: DocRef,
  before: ObjectData | undefined,
  after: ObjectData,
  unqueryable: ReadonlySet<string>,
): void {
  noteChange(transaction, ref, before);
  renameReferences(transaction, ref, before, after);
  if (ref.collection !== NATIVE.Collection) return;
  const collection = Number(ref.id);
  const known = new Set(before === undefined ? [] : indexKeys(before));
  const isBuilding =
    !buildsAtOnce(transaction, collection) && indexKeys(after).some((key) => !known.has(key));
  syncIndexes(transaction, collection, after, before);
  if (isBuilding) finishBuildsLater(transaction, collection, unqueryable);
}
