/**
 * What definitions must look like when v10 or a schema file writes them: the types of their fields
 * and the rules beyond types, in Fauna's words (recordings `v10-schema/*`).
 */
import { FslSyntaxError, parseType, renderProblem } from "../../fsl/fsl.ts";
import { renderDiagnostic } from "../fql10/diagnostic.ts";
import { QueryFailure } from "../fql10/failure.ts";
import { parseExpression, parseLambda } from "../fql10/parser/parser.ts";
import { NATIVE, type CollectionId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, isArrayData, isObjectData } from "../data/value.ts";
import { parsePath } from "./documents.ts";
import type { Path, Violation } from "./failure.ts";
import { textOf } from "./fields.ts";
import {
  isReservedGlobal,
  isReservedInCollection,
  isReservedInDocument,
  isValidName,
} from "./reserved.ts";
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
  violation,
} from "./shape.ts";

/** The kinds of definition that v10 makes and schema files hold. */
export type DefinitionKind =
  | typeof NATIVE.Collection
  | typeof NATIVE.Function
  | typeof NATIVE.Role
  | typeof NATIVE.AccessProvider;

type Rule = NonNullable<FieldShape["validate"]>;

const BOOLEAN = scalar("Boolean");
const LAMBDA = union(scalar("Query"), STRING);
const DATA: FieldShape = { type: optional(objectOfAny()) };

const nonNegative: Rule = (path, value) =>
  typeof value === "bigint" && value < 0n ? [violation(path, "Non-negative value required.")] : [];

const identifier: Rule = (path, value, before) =>
  typeof value === "string" && value !== before && !isValidName(value)
    ? [violation(path, "Invalid identifier.")]
    : [];

const roleName: Rule = (path, value) => {
  if (typeof value !== "string") return [];
  if (!isValidName(value)) return [violation(path, "Invalid identifier.")];
  return value === "admin" || value === "server"
    ? [violation(path, `The identifier \`${value}\` is reserved.`)]
    : [];
};

const httpsAddress: Rule = (path, value) => {
  const address = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  return address?.protocol === "https:"
    ? []
    : [violation(path, `\`${typeof value === "string" ? value : ""}\` must be a valid https URI.`)];
};

/** Names of collections and functions share one space with their aliases and the language's own names. */
function globalName(transaction: Transaction): Rule {
  return (path, value, before) => {
    if (typeof value !== "string" || value === before) return [];
    if (isReservedGlobal(value))
      return [violation(path, `The identifier \`${value}\` is reserved.`)];
    if (!isValidName(value)) return [violation(path, "Invalid identifier.")];
    const found = transaction.definitions.findModule(value);
    if (found === undefined) return [];
    const what = found.ref.collection === NATIVE.Function ? "Function" : "Collection";
    const how = found.version.fields.get("name") === value ? "name" : "alias";
    return [violation(path, `A ${what} already exists with the ${how} \`${value}\``)];
  };
}

function memberNames(isReserved: (name: string) => boolean): Rule {
  return (path, value) => {
    if (!isObjectData(value)) return [];
    return [...value.keys()].flatMap((name) => {
      if (!isValidName(name) && name !== "_") return [violation(path, "Invalid identifier.")];
      return isReserved(name) ? [violation(path, `The name '${name}' is reserved.`)] : [];
    });
  };
}

/** Numbers of arguments that a lambda may take; undefined for any. */
function lambda(counts?: readonly number[], allowShort = true): Rule {
  return (path, value) => {
    if (typeof value !== "string") return [];
    try {
      const parsed = parseLambda({ name: `*${String(path.at(-1))}*`, text: value });
      if (parsed.short && !allowShort)
        return [violation(path, `${UNPARSABLE}\nShort lambdas are not allowed here.`)];
      if (counts === undefined || counts.includes(parsed.params.length)) return [];
      const expected =
        counts.length === 1
          ? `exactly ${counts[0]} argument${counts[0] === 1 ? "" : "s"}`
          : `${counts.join(" or ")} arguments`;
      const actual = `the function was defined with ${parsed.params.length} arguments`;
      return [violation(path, `Invalid function arity. Expected ${expected}, but ${actual}`)];
    } catch (error) {
      return [violation(path, `${UNPARSABLE}\n${describeSyntax(error)}`)];
    }
  };
}

const UNPARSABLE = "Unable to parse FQL source code.";

const expression: Rule = (path, value) => {
  if (typeof value !== "string") return [];
  try {
    parseExpression({ name: `*${String(path.at(-1))}*`, text: value });
    return [];
  } catch (error) {
    return [violation(path, `${UNPARSABLE}\n${describeSyntax(error)}`)];
  }
};

function describeSyntax(error: unknown): string {
  if (!(error instanceof QueryFailure)) throw error;
  const problems = error.options.problems ?? [];
  if (problems.length === 0) return error.message;
  return problems.map((problem) => renderDiagnostic({ name: "error", ...problem })).join("\n");
}

const signature: Rule = (path, value) => {
  if (typeof value !== "string") return [];
  try {
    parseType(value);
    return [];
  } catch (error) {
    if (!(error instanceof FslSyntaxError)) throw error;
    const drawing = renderProblem(error.problem, `*${String(path.at(-1))}*`, value);
    return [violation(path, `Failed parsing user-provided signature.\n${drawing}`)];
  }
};

function indexPath(refused: Readonly<Record<string, string>>): Rule {
  return (path, value) => {
    if (typeof value !== "string") return [];
    if (value === "") return [violation(path, "Value cannot be empty.")];
    const steps = parsePath(value);
    if (steps === undefined)
      return [violation(path, `Value \`${value}\` is not a valid FQL path expression.`)];
    const why = refused[String(steps[0])];
    return why === undefined ? [] : [violation(path, why)];
  };
}

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

const uniqueFields: Rule = (path, value) => {
  const rule = indexPath({
    id: "`id` is not supported as a unique constraint value.",
    coll: "`coll` is not supported as a unique constraint value.",
    ts: "`ts` is not supported as a unique constraint value.",
  });
  if (!isArrayData(value)) return [];
  return value.flatMap((field) =>
    rule(path, isObjectData(field) ? (field.get("field") ?? null) : field, undefined),
  );
};
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

const BUILTIN_ROLES = new Set(["admin", "server", "server-readonly", "client"]);

const providerRoles: Rule = (path, value) => {
  if (!isArrayData(value)) return [];
  const names = value
    .map((role) => (isObjectData(role) ? role.get("role") : role))
    .filter((name) => typeof name === "string");
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return names.flatMap((name, index): Violation[] => {
    if (BUILTIN_ROLES.has(name)) return [violation(path, `Builtin role \`${name}\` not allowed.`)];
    if (!twice.has(name) || names.indexOf(name) !== index) return [];
    return [
      violation(
        path,
        `The role \`${name}\` is present more than once, there can only be one entry per role.`,
      ),
    ];
  });
};

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

/** Rules about a collection as a whole. */
export function collectionViolations(fields: ReadonlyMap<string, Data>): Violation[] {
  const constraints = fields.get("constraints");
  const list = isArrayData(constraints) ? constraints.filter(isObjectData) : [];
  const where: Path = ["constraints"];
  const violations: Violation[] = [];
  const checks = list
    .map((one) => one.get("check"))
    .filter(isObjectData)
    .map((check) => check.get("name"));
  for (const name of repeated(checks))
    violations.push(violation(where, `Duplicate check constraint name '${String(name)}'`));
  const uniques = list.map((one) => one.get("unique")).filter(isArrayData);
  if (uniques.some((unique) => unique.length === 0)) {
    violations.push(violation(where, "Unique constraints must have at least one term"));
  }
  const paths = uniques.map((unique) => `[${unique.map((field) => fieldText(field)).join(", ")}]`);
  for (const path of repeated(paths))
    violations.push(violation(where, `Duplicate unique constraint on path ${String(path)}`));
  const defined = fields.get("fields");
  const computed = fields.get("computed_fields");
  for (const name of isObjectData(computed) ? computed.keys() : []) {
    if (isObjectData(defined) && defined.has(name)) {
      violations.push(
        violation(["computed_fields"], `Computed field '${name}' collides with a defined field`),
      );
    }
  }
  return violations;
}

function fieldText(field: Data): string {
  if (isObjectData(field)) return textOf(field, "field") ?? "";
  return typeof field === "string" ? field : "";
}

function repeated(values: readonly unknown[]): unknown[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
