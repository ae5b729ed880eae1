/**
 * Schema files made from definitions, for times that no file is kept of: what a database's own files would say if all
 * of it had been made by queries. Comments, layout and the division into files are not in definitions, and so are lost.
 */
import { isJsonObject, type Json, JsonNumber, type JsonObject, parseJson } from "../values/json.ts";
import {
  type AccessProviderItem,
  type CollectionItem,
  type Expression,
  type FslItem,
  type FunctionArgument,
  type FunctionItem,
  type IndexTerm,
  type MigrationStep,
  ROLE_ACTIONS,
  type RoleItem,
} from "./ast.ts";
import {
  annotations,
  buildCollection,
  buildStep,
  expression,
  named,
  NO_SPAN,
} from "./build-item.ts";
import { closed, type LambdaText, inLines, lambdaOf, withoutParentheses } from "./lambda-text.ts";
import { readFsl } from "./parser.ts";
import { printItem } from "./print.ts";
import { FslSyntaxError } from "./problem.ts";
import { parseType } from "./typeParser.ts";
import type { TypeExpr } from "./types.ts";

/** A definition as either protocol prints it, raw. */
export interface DefinitionText {
  readonly kind: string;
  readonly name: string;
  readonly madeBy: "v4" | "v10";
  readonly v4: string | undefined;
  readonly v10: string | undefined;
}

export interface RebuiltSchema {
  /** One schema file; empty when there is nothing that a schema file can hold. */
  readonly text: string;
  /** Definitions, as `kind name`, that are v10's own and that no schema file can say all the same. */
  readonly left: readonly string[];
}

/**
 * The schema that definitions make, in the order in which they are given. v4's functions and roles have no place in
 * schema files, nor have access providers with v4 predicates, indexes and databases (facts §6.5): they are passed over.
 *
 * @param heading lines for people at the head of the file, without `//`.
 */
export function rebuildSchema(
  definitions: readonly DefinitionText[],
  heading: readonly string[] = [],
): RebuiltSchema {
  const collections = new Set(
    definitions.filter(({ kind }) => kind === "collections").map(({ name }) => name),
  );
  const taken = new Set(definitions.flatMap((each) => [each.name, aliasOf(each) ?? each.name]));
  const items: string[] = [];
  const left: string[] = [];
  for (const definition of definitions) {
    if (!belongsIntoFiles(definition)) continue;
    const hidden = definition.kind === "functions" && collections.has(definition.name);
    const item = printed(definition, hidden ? freeAlias(definition.name, taken) : undefined);
    if (item === undefined) left.push(`${definition.kind} ${definition.name}`);
    else items.push(item);
  }
  const head = heading.map((line) => `// ${line}\n`).join("");
  // An empty line keeps the heading from becoming the comment of the first item.
  return { text: items.length === 0 ? "" : [head, ...items].join("\n"), left };
}

function belongsIntoFiles({ kind, madeBy, v4 }: DefinitionText): boolean {
  if (kind === "collections") return true;
  if (kind === "functions" || kind === "roles") return madeBy === "v10";
  if (kind !== "access_providers") return false;
  const roles = v4 === undefined ? [] : listIn(membersOf(v4), "roles");
  return !roles.some((role) => isJsonObject(role) && isJsonObject(role.get("predicate")));
}

/** The item as text, once it is certain that it reads back as what was meant. */
function printed(definition: DefinitionText, alias: string | undefined): string | undefined {
  try {
    const item = itemOf(definition, alias);
    if (item === undefined) return undefined;
    const text = printItem(item);
    const { items, problems } = readFsl(text);
    const [only] = items;
    const same = only !== undefined && items.length === 1 && outline(only) === outline(item);
    return same && problems.length === 0 ? text : undefined;
  } catch (error) {
    if (error instanceof FslSyntaxError) return undefined;
    throw error;
  }
}

/** What an item consists of: were a part of it to end too soon, the rest would be one more. */
function outline(item: FslItem): string {
  const parts = item.kind === "function" ? item.args : item.members;
  const each = parts.map((part) => [
    "kind" in part ? part.kind : "argument",
    "name" in part ? part.name.text : "",
  ]);
  return JSON.stringify([item.kind, item.name.text, item.annotations.length, each]);
}

function itemOf(definition: DefinitionText, alias: string | undefined): FslItem | undefined {
  const { kind, name, v4, v10 } = definition;
  // Only v10 shows migrations; only v4 shows v4's roles in an access provider as what they are.
  const text = kind === "access_providers" ? (v4 ?? v10) : (v10 ?? v4);
  const members = text === undefined ? new Map<string, Json>() : membersOf(text);
  switch (kind) {
    case "collections":
      return collectionItem(name, members);
    case "functions":
      return functionItem(name, members, alias);
    case "roles":
      return roleItem(name, members);
    case "access_providers":
      return providerItem(name, members);
    default:
      return undefined;
  }
}

function aliasOf({ v10, v4 }: DefinitionText): string | undefined {
  const text = v10 ?? v4;
  return text === undefined ? undefined : textIn(membersOf(text), "alias");
}

/** A function that a collection hides needs an alias to stand beside it in a file. */
function freeAlias(name: string, taken: Set<string>): string {
  let alias = `${name}Function`;
  while (taken.has(alias)) alias += "Function";
  taken.add(alias);
  return alias;
}

function collectionItem(name: string, fields: JsonObject): CollectionItem {
  const constraints = listIn(fields, "constraints").filter(isJsonObject);
  const documentTtls = fields.get("document_ttls");
  return buildCollection({
    name,
    alias: textIn(fields, "alias"),
    fields: objectsIn(fields, "fields").map(([field, each]) => {
      const otherwise = textIn(each, "default");
      return {
        name: field,
        signature: textIn(each, "signature"),
        default: otherwise === undefined ? undefined : expression(inLines(closed(otherwise), 1)),
      };
    }),
    computed: objectsIn(fields, "computed_fields").map(([field, each]) => ({
      name: field,
      signature: textIn(each, "signature"),
      body: expression(inLines(closed(textIn(each, "body") ?? ""), 1)),
    })),
    wildcard: textIn(fields, "wildcard"),
    indexes: objectsIn(fields, "indexes").map(([index, each]) => ({
      name: index,
      terms: listIn(each, "terms").map(indexTerm),
      values: listIn(each, "values").map(indexTerm),
    })),
    unique: constraints.flatMap((each) => {
      const terms = each.get("unique");
      return Array.isArray(terms) ? [terms.map(indexTerm)] : [];
    }),
    checks: constraints.flatMap((each) => {
      const check = each.get("check");
      if (!isJsonObject(check)) return [];
      const body = expression(inLines(withoutParentheses(textIn(check, "body") ?? ""), 1));
      return [{ name: textIn(check, "name") ?? "", body }];
    }),
    historyDays: integerIn(fields, "history_days"),
    ttlDays: integerIn(fields, "ttl_days"),
    documentTtls: typeof documentTtls === "boolean" ? documentTtls : undefined,
    migrations: listIn(fields, "migrations").filter(isJsonObject).map(migrationStep),
  });
}

/** `".a"`, `"a"`, or `{field, mva, order}`: queries may say either. */
function indexTerm(json: Json): IndexTerm {
  const given = isJsonObject(json) ? json : new Map<string, Json>([["field", json]]);
  return {
    path: path(given, "field"),
    mva: given.get("mva") === true,
    descending: given.get("order") === "desc",
    span: NO_SPAN,
  };
}

function path(members: JsonObject, name: string): Expression {
  return pathOf(textIn(members, name) ?? "");
}

function pathOf(text: string): Expression {
  return expression(text.startsWith(".") ? text : `.${text}`);
}

function migrationStep(step: JsonObject): MigrationStep {
  const [[kind, body] = ["add_wildcard", null]] = step;
  const inner = isJsonObject(body) ? body : new Map<string, Json>();
  return buildStep(kind, {
    path: (member) => path(inner, member),
    paths: (member) =>
      listIn(inner, member).flatMap((each) => (typeof each === "string" ? pathOf(each) : [])),
    value: (member) => expression(inLines(closed(textIn(inner, member) ?? "null"), 2)),
  });
}

function functionItem(
  name: string,
  fields: JsonObject,
  alias: string | undefined,
): FunctionItem | undefined {
  const lambda = lambdaOf(textIn(fields, "body") ?? "");
  if (lambda === undefined) return undefined;
  const signature = typeIn(fields, "signature");
  const types = signature?.kind === "lambda" ? signature : undefined;
  return {
    kind: "function",
    name: named(name),
    doc: undefined,
    annotations: annotations({
      alias: textIn(fields, "alias") ?? alias,
      role: nameOf(fields.get("role")),
    }),
    args: argumentsOf(lambda, types),
    returns: types?.returns,
    signatureSpan: NO_SPAN,
    body: expression(lambda.block),
    span: NO_SPAN,
  };
}

function argumentsOf(
  { parameters, rest }: LambdaText,
  types: Extract<TypeExpr, { kind: "lambda" }> | undefined,
): FunctionArgument[] {
  const args = parameters.map((parameter, index) => ({
    name: named(parameter),
    type: types?.parameters[index]?.type,
    variadic: false,
  }));
  return rest === undefined
    ? args
    : [...args, { name: named(rest), type: types?.variadic?.type, variadic: true }];
}

function predicate(policy: Json | undefined, level: number): Expression | undefined {
  return typeof policy === "string"
    ? expression(inLines(withoutParentheses(policy), level))
    : undefined;
}

function roleItem(name: string, fields: JsonObject): RoleItem {
  const members: RoleItem["members"][number][] = [];
  for (const privilege of listIn(fields, "privileges").filter(isJsonObject)) {
    const actions = privilege.get("actions");
    members.push({
      kind: "privileges",
      resource: named(nameOf(privilege.get("resource")) ?? ""),
      actions: [...(isJsonObject(actions) ? actions : [])].flatMap(([word, policy]) => {
        const action = ROLE_ACTIONS.find((known) => known === word);
        if (action === undefined || policy === false || policy === null) return [];
        return [{ action, predicate: predicate(policy, 3), span: NO_SPAN }];
      }),
      span: NO_SPAN,
    });
  }
  for (const membership of listIn(fields, "membership").filter(isJsonObject)) {
    members.push({
      kind: "membership",
      resource: named(nameOf(membership.get("resource")) ?? ""),
      predicate: predicate(membership.get("predicate"), 2),
      span: NO_SPAN,
    });
  }
  return {
    kind: "role",
    name: named(name),
    doc: undefined,
    annotations: [],
    members,
    span: NO_SPAN,
  };
}

function providerItem(name: string, fields: JsonObject): AccessProviderItem {
  const roles = listIn(fields, "roles").map((role) => {
    const inner = isJsonObject(role) && role.has("role") ? role : undefined;
    return {
      kind: "role" as const,
      role: named(nameOf(inner === undefined ? role : inner.get("role")) ?? ""),
      predicate: predicate(inner?.get("predicate"), 2),
      span: NO_SPAN,
    };
  });
  return {
    kind: "access provider",
    name: named(name),
    doc: undefined,
    annotations: [],
    members: [
      { kind: "issuer", value: textIn(fields, "issuer") ?? "", span: NO_SPAN },
      { kind: "jwks_uri", value: textIn(fields, "jwks_uri") ?? "", span: NO_SPAN },
      ...roles,
    ],
    span: NO_SPAN,
  };
}

/** A definition's name where another mentions it: text in v10, a ref in v4 and in tagged values. */
function nameOf(json: Json | undefined): string | undefined {
  if (typeof json === "string") return json;
  if (!isJsonObject(json)) return undefined;
  const inner = json.get("@ref") ?? json.get("@doc");
  if (!isJsonObject(inner)) return undefined;
  return textIn(inner, "id") ?? textIn(inner, "name");
}

/** The members of v4's document, or of v10's tagged one. */
function membersOf(text: string): JsonObject {
  const json = parseJson(text);
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : undefined;
  return isJsonObject(inner) ? inner : new Map<string, Json>();
}

function textIn(members: JsonObject, name: string): string | undefined {
  const value = members.get(name);
  return typeof value === "string" ? value : undefined;
}

function typeIn(members: JsonObject, name: string): TypeExpr | undefined {
  const text = textIn(members, name);
  return text === undefined ? undefined : parseType(text);
}

function integerIn(members: JsonObject, name: string): bigint | undefined {
  const value = members.get(name);
  if (value instanceof JsonNumber) return BigInt(value.text);
  const tagged = isJsonObject(value) ? (value.get("@int") ?? value.get("@long")) : undefined;
  return typeof tagged === "string" ? BigInt(tagged) : undefined;
}

function listIn(members: JsonObject, name: string): readonly Json[] {
  const value = members.get(name);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function objectsIn(members: JsonObject, name: string): [string, JsonObject][] {
  const value = members.get(name);
  if (!isJsonObject(value)) return [];
  return [...value].flatMap(([key, each]) => (isJsonObject(each) ? [[key, each]] : []));
}
