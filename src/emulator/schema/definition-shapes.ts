/**
 * What definitions must look like when v10 or a schema file writes them: the types of their fields
 * and the rules beyond types, in Fauna's words (recordings `v10-schema/*`).
 */
import { type CollectionId, NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import {
  expression,
  globalName,
  httpsAddress,
  identifier,
  indexPath,
  lambda,
  memberNames,
  nonNegative,
  providerRoles,
  roleName,
  signature,
  uniqueFields,
} from "./definition-rules.ts";
import { isReservedInCollection, isReservedInDocument } from "./reserved.ts";
import {
  array,
  type FieldShape,
  objectOfAny,
  type ObjectShape,
  optional,
  record,
  scalar,
  type Shape,
  STRING,
  union,
} from "./shape.ts";

/** The kinds of definition that v10 makes and schema files hold. */
export type DefinitionKind =
  | typeof NATIVE.Collection
  | typeof NATIVE.Function
  | typeof NATIVE.Role
  | typeof NATIVE.AccessProvider;

const BOOLEAN = scalar("Boolean");
const LAMBDA = union(scalar("Query"), STRING);
const DATA: FieldShape = { type: optional(objectOfAny()) };

const TERM = record({
  field: {
    type: STRING,
    validate: indexPath({
      id: "`id` is not supported as an index term, use the native byId method to look up a document by its id.",
      coll: "`coll` is not supported as an index term.",
      ts: "`ts` may only be used as an index value, not as an index term.",
    }),
  },
  mva: optional(BOOLEAN),
});
const VALUE = record({
  field: {
    type: STRING,
    validate: indexPath({ coll: "`coll` is not supported as a specified index value." }),
  },
  order: optional(union({ kind: "literal", value: "asc" }, { kind: "literal", value: "desc" })),
  mva: optional(BOOLEAN),
});
const STATUS: FieldShape = {
  type: optional(
    union(
      ...["building", "complete", "failed"].map((value): Shape => ({ kind: "literal", value })),
    ),
  ),
  readOnly: true,
};
const INDEX_STATE = { status: STATUS, queryable: optional(BOOLEAN) };
const INDEX = union(
  record({ terms: array(TERM), ...INDEX_STATE }),
  record({ values: array(VALUE), ...INDEX_STATE }),
  record({ terms: array(TERM), values: array(VALUE), ...INDEX_STATE }),
);

const UNIQUE = record({
  unique: {
    type: union(array(STRING), array(record({ field: STRING, mva: optional(BOOLEAN) }))),
    validate: uniqueFields,
  },
  status: { type: optional(STRING), readOnly: true },
});
const CHECK = record({
  check: record({
    name: { type: STRING, validate: identifier },
    body: { type: STRING, validate: lambda([1]) },
  }),
});

const FIELD_PATH = { field: STRING };
const MIGRATION = union(
  record({ backfill: record({ ...FIELD_PATH, value: { type: STRING, validate: expression } }) }),
  record({ drop: record(FIELD_PATH) }),
  record({ split: record({ ...FIELD_PATH, to: array(STRING) }) }),
  record({ move: record({ ...FIELD_PATH, to: STRING }) }),
  record({ add: record(FIELD_PATH) }),
  record({ move_conflicts: record({ into: STRING }) }),
  record({ move_wildcard: record({ into: STRING }) }),
  record({ add_wildcard: record({}) }),
);

function collectionShape(transaction: Transaction): ObjectShape {
  const days: FieldShape = { type: optional(scalar("Long")), validate: nonNegative };
  const computed = record({
    body: { type: STRING, validate: lambda([1]) },
    signature: { type: optional(STRING), validate: signature },
  });
  const field = record({
    signature: { type: STRING, validate: signature },
    default: { type: optional(STRING), validate: expression },
  });
  return record({
    name: { type: STRING, validate: globalName(transaction) },
    alias: { type: optional(STRING), validate: globalName(transaction) },
    computed_fields: {
      type: optional(objectOfAny(computed)),
      validate: memberNames(isReservedInDocument),
    },
    fields: { type: optional(objectOfAny(field)), validate: memberNames(isReservedInDocument) },
    migrations: optional(array(MIGRATION)),
    wildcard: { type: optional(STRING), validate: signature },
    history_days: days,
    ttl_days: days,
    document_ttls: optional(BOOLEAN),
    indexes: { type: optional(objectOfAny(INDEX)), validate: memberNames(isReservedInCollection) },
    constraints: optional(array(union(CHECK, UNIQUE))),
    data: DATA,
  });
}

function functionShape(transaction: Transaction): ObjectShape {
  return record({
    name: { type: STRING, validate: globalName(transaction) },
    alias: { type: optional(STRING), validate: globalName(transaction) },
    role: optional(STRING),
    body: { type: LAMBDA, validate: lambda(undefined, false) },
    signature: { type: optional(STRING), validate: signature },
    data: DATA,
  });
}

const action = (counts?: readonly number[]): FieldShape => ({
  type: optional(union(BOOLEAN, STRING, scalar("Query"))),
  validate: lambda(counts),
});
const ACTIONS = record({
  read: action([1]),
  create: action([1]),
  history_read: action([1]),
  history_write: action([4]),
  delete: action([1]),
  unrestricted_read: action([1]),
  create_with_id: action([1, 2]),
  call: action(),
  write: action([2, 3]),
});
const PRIVILEGE = record({ resource: STRING, actions: optional(ACTIONS) });
const MEMBERSHIP = record({
  resource: STRING,
  predicate: { type: optional(LAMBDA), validate: lambda([1]) },
});
const zeroOrMore = (type: Shape) => union(array(type), type, scalar("Null"));

const ROLE = record({
  name: { type: STRING, validate: roleName },
  privileges: zeroOrMore(PRIVILEGE),
  membership: zeroOrMore(MEMBERSHIP),
  data: DATA,
});

const ACCESS_PROVIDER = record({
  name: { type: STRING, validate: identifier },
  issuer: STRING,
  jwks_uri: { type: STRING, validate: httpsAddress },
  roles: {
    type: zeroOrMore(
      union(STRING, record({ role: STRING, predicate: { type: LAMBDA, validate: lambda([1]) } })),
    ),
    validate: providerRoles,
  },
  audience: { type: optional(STRING), readOnly: true },
  data: DATA,
});

/** What a definition of this kind must look like. */
export function definitionShape(transaction: Transaction, kind: DefinitionKind): ObjectShape {
  switch (kind) {
    case NATIVE.Collection:
      return collectionShape(transaction);
    case NATIVE.Function:
      return functionShape(transaction);
    case NATIVE.Role:
      return ROLE;
    case NATIVE.AccessProvider:
      return ACCESS_PROVIDER;
  }
}

/** Whether definitions of this kind are in schema files. */
export function isDefinitionKind(kind: CollectionId): kind is DefinitionKind {
  return (
    kind === NATIVE.Collection ||
    kind === NATIVE.Function ||
    kind === NATIVE.Role ||
    kind === NATIVE.AccessProvider
  );
}
