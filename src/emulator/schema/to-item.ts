/**
 * Stored definitions as items of a schema file, printed as the server prints them. Functions and
 * roles in v4's form have no place in schema files (facts §1.6); of an access provider only its
 * predicates must be v10's (recording `fsl/access-provider-with-v4-role`).
 */
import {
  type AccessProviderItem,
  annotations,
  buildCollection,
  buildStep,
  type CollectionItem,
  type Expression,
  expression,
  type FslItem,
  type FunctionArgument,
  type IndexTerm,
  MOST_DAYS,
  type MigrationStep,
  named,
  NO_SPAN,
  parseType,
  ROLE_ACTIONS,
  type RoleItem,
  type TypeExpr,
} from "../../fsl/fsl.ts";
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, DocRef, isObjectData, type ObjectData } from "../data/value.ts";
import { parseLambda } from "../fql10/parser/parser.ts";
import { NO_SOURCE } from "../fql10/source.ts";
import { type IndexedField, indexedFields, uniqueFields } from "./collection.ts";
import type { DefinitionKind } from "./definition-shapes.ts";
import { displayPath } from "./documents.ts";
import { listOf, nameOf, objectsOf, textOf } from "./fields.ts";
import { displayExpr, displayLambda, displaySource } from "./display.ts";

/** FQL of several lines, indented for a place `level` steps deep. */
function indented(text: string, level: number): Expression {
  return expression(text.replaceAll(/\n(?=.)/g, `\n${"  ".repeat(level)}`));
}

/** Every definition that schema files hold: collections, functions, roles, access providers, oldest first. */
export function itemsOfSchema(transaction: Transaction, at?: bigint): FslItem[] {
  const kinds = [NATIVE.Collection, NATIVE.Function, NATIVE.Role, NATIVE.AccessProvider] as const;
  return kinds.flatMap((kind) =>
    [...transaction.definitions.all(kind, at)].flatMap(
      ({ version }) => itemOf(transaction, kind, version.fields) ?? [],
    ),
  );
}

/** Items of definitions, which never change in place. */
const collections = new WeakMap<ObjectData, CollectionItem>();

/** The item of a definition; undefined if schema files cannot hold it. */
export function itemOf(
  transaction: Transaction,
  kind: DefinitionKind,
  fields: ObjectData,
): FslItem | undefined {
  switch (kind) {
    case NATIVE.Collection: {
      const known = collections.get(fields) ?? collectionItem(fields);
      collections.set(fields, known);
      return known;
    }
    case NATIVE.Function:
      return functionItem(transaction, fields);
    case NATIVE.Role:
      return isV10Role(fields) ? roleItem(fields) : undefined;
    case NATIVE.AccessProvider:
      return providerItem(transaction, fields);
  }
}

/** What a file says of days: a server that writes one says no more than it counts with (live 46). */
function counted(days: bigint): bigint {
  return days > MOST_DAYS ? MOST_DAYS : days;
}

function collectionItem(fields: ObjectData): CollectionItem {
  const [historyDays, ttlDays] = [fields.get("history_days"), fields.get("ttl_days")];
  const documentTtls = fields.get("document_ttls");
  return buildCollection({
    name: nameOf(fields),
    alias: textOf(fields, "alias"),
    fields: objectsOf(fields, "fields").map(([name, field]) => {
      const otherwise = textOf(field, "default");
      return {
        name,
        signature: textOf(field, "signature"),
        default: otherwise === undefined ? undefined : indented(displaySource(otherwise), 1),
      };
    }),
    computed: objectsOf(fields, "computed_fields").map(([name, field]) => ({
      name,
      signature: textOf(field, "signature"),
      body: computedBody(textOf(field, "body") ?? ""),
    })),
    wildcard: textOf(fields, "wildcard"),
    indexes: objectsOf(fields, "indexes").map(([name, index]) => ({
      name,
      terms: indexedFields(index, "terms").map(indexTerm),
      values: indexedFields(index, "values").map(indexTerm),
    })),
    unique: uniqueFields(fields).map((unique) => unique.map(indexTerm)),
    checks: listOf(fields.get("constraints")).flatMap((constraint) => {
      const check = isObjectData(constraint) ? constraint.get("check") : undefined;
      if (!isObjectData(check)) return [];
      const body = indented(displayLambda(textOf(check, "body") ?? ""), 1);
      return [{ name: textOf(check, "name") ?? "", body }];
    }),
    historyDays: typeof historyDays === "bigint" ? counted(historyDays) : undefined,
    ttlDays: typeof ttlDays === "bigint" ? counted(ttlDays) : undefined,
    documentTtls: typeof documentTtls === "boolean" ? documentTtls : undefined,
    migrations: listOf(fields.get("migrations")).filter(isObjectData).map(migrationStep),
  });
}

function computedBody(source: string): Expression {
  const lambda = parseLambda({ ...NO_SOURCE, text: source });
  const displayed = displayExpr(lambda);
  return indented(lambda.short ? `(${displayed})` : displayed, 1);
}

function indexTerm({ field, mva, descending }: IndexedField): IndexTerm {
  return {
    path: expression(displayPath(field)),
    mva,
    descending,
    span: NO_SPAN,
  };
}

function migrationStep(step: ObjectData): MigrationStep {
  const [[kind, body] = ["add_wildcard", null]] = step;
  const inner = isObjectData(body) ? body : new Map<string, Data>();
  return buildStep(kind, {
    path: (member) => expression(displayPath(textOf(inner, member) ?? "")),
    paths: (member) =>
      listOf(inner.get(member)).flatMap((each) =>
        typeof each === "string" ? expression(displayPath(each)) : [],
      ),
    value: (member) => indented(displaySource(textOf(inner, member) ?? "null"), 2),
  });
}

function functionItem(transaction: Transaction, fields: ObjectData): FslItem | undefined {
  const source = textOf(fields, "body");
  const name = nameOf(fields);
  if (source === undefined) return undefined;
  const lambda = parseLambda({ ...NO_SOURCE, text: source });
  const signature = signatureOf(textOf(fields, "signature"));
  const args: FunctionArgument[] = lambda.params.map((param, index) => ({
    name: named(param ?? "_"),
    type: signature?.parameters[index]?.type,
    variadic: false,
  }));
  if (lambda.rest !== undefined)
    args.push({ name: named(lambda.rest), type: signature?.variadic?.type, variadic: true });
  const { body } = lambda;
  const block =
    body.kind === "block"
      ? body
      : ({
          kind: "block",
          statements: [{ kind: "expr", value: body, span: body.span }],
          span: body.span,
        } as const);
  return {
    kind: "function",
    name: named(name),
    doc: undefined,
    annotations: annotations({
      alias: textOf(fields, "alias") ?? freeAlias(transaction, name),
      role: roleName(transaction, fields.get("role")),
    }),
    args,
    returns: signature?.returns,
    signatureSpan: NO_SPAN,
    body: expression(displayExpr(block)),
    span: NO_SPAN,
  };
}

/** A function that a collection hides needs an alias to stand beside it in a file. */
function freeAlias(transaction: Transaction, name: string): string | undefined {
  if (transaction.definitions.find(NATIVE.Collection, name) === undefined) return undefined;
  let alias = `${name}Function`;
  while (transaction.definitions.findModule(alias) !== undefined) alias += "Function";
  return alias;
}

function signatureOf(
  signature: string | undefined,
): Extract<TypeExpr, { kind: "lambda" }> | undefined {
  if (signature === undefined) return undefined;
  const type = parseType(signature);
  return type.kind === "lambda" ? type : undefined;
}

function roleName(transaction: Transaction, role: Data | undefined): string | undefined {
  if (typeof role === "string") return role;
  return role instanceof DocRef ? transaction.definitions.nameOf(role) : undefined;
}

/** Whether a role is written in v10's terms throughout: names for resources, source text for predicates. */
export function isV10Role(fields: ObjectData): boolean {
  const parts = [...listOf(fields.get("privileges")), ...listOf(fields.get("membership"))];
  return parts.filter(isObjectData).every((part) => {
    const actions = part.get("actions");
    const policies = isObjectData(actions) ? [...actions.values()] : [];
    const predicate = part.get("predicate") ?? true;
    const known = [...policies, predicate].every(
      (policy) => typeof policy === "boolean" || typeof policy === "string",
    );
    return typeof part.get("resource") === "string" && known;
  });
}

function predicateOf(policy: Data | undefined, level: number): Expression | undefined {
  if (typeof policy !== "string") return undefined;
  return indented(displayLambda(policy), level);
}

function roleItem(fields: ObjectData): RoleItem {
  const members: RoleItem["members"][number][] = [];
  for (const privilege of listOf(fields.get("privileges")).filter(isObjectData)) {
    const actions = privilege.get("actions");
    const policies = isObjectData(actions) ? actions : new Map<string, Data>();
    members.push({
      kind: "privileges",
      resource: named(textOf(privilege, "resource") ?? ""),
      actions: [...policies].flatMap(([name, policy]) => {
        const action = ROLE_ACTIONS.find((known) => known === name);
        if (action === undefined || policy === false || policy === null) return [];
        return [{ action, predicate: predicateOf(policy, 3), span: NO_SPAN }];
      }),
      span: NO_SPAN,
    });
  }
  for (const membership of listOf(fields.get("membership")).filter(isObjectData)) {
    const resource = named(textOf(membership, "resource") ?? "");
    members.push({
      kind: "membership",
      resource,
      predicate: predicateOf(membership.get("predicate"), 2),
      span: NO_SPAN,
    });
  }
  return {
    kind: "role",
    name: named(nameOf(fields)),
    doc: undefined,
    annotations: [],
    members,
    span: NO_SPAN,
  };
}

function providerItem(
  transaction: Transaction,
  fields: ObjectData,
): AccessProviderItem | undefined {
  const roles = listOf(fields.get("roles"));
  const parts = roles.map((role) => {
    const predicate = isObjectData(role) ? role.get("predicate") : undefined;
    return {
      role: roleName(transaction, isObjectData(role) ? role.get("role") : role) ?? "",
      predicate,
    };
  });
  if (parts.some(({ predicate }) => predicate !== undefined && typeof predicate !== "string"))
    return undefined;
  return {
    kind: "access provider",
    name: named(nameOf(fields)),
    doc: undefined,
    annotations: [],
    members: [
      { kind: "issuer", value: textOf(fields, "issuer") ?? "", span: NO_SPAN },
      { kind: "jwks_uri", value: textOf(fields, "jwks_uri") ?? "", span: NO_SPAN },
      ...parts.map(({ role, predicate }) => ({
        kind: "role" as const,
        role: named(role),
        predicate: predicateOf(predicate, 2),
        span: NO_SPAN,
      })),
    ],
    span: NO_SPAN,
  };
}
