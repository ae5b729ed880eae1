/** Items of a schema file as the definitions that Fauna stores for them. */
import {
  type AccessProviderItem,
  annotationOf,
  type CollectionItem,
  type CollectionMember,
  type Expression,
  type FslItem,
  type FslKind,
  type FunctionItem,
  type IndexTerm,
  type MigrationStep,
  printType,
  type RoleItem,
  type TypeExpr,
} from "../../fsl/fsl.ts";
import { NATIVE } from "../data/ids.ts";
import { type Data, type ObjectData, objectOf } from "../data/value.ts";
import type { DefinitionKind } from "./definition-shapes.ts";
import { displayPath } from "./documents.ts";
import { displaySource, displayStoredLambda } from "./display.ts";

const KINDS: Readonly<Record<FslKind, DefinitionKind>> = {
  collection: NATIVE.Collection,
  function: NATIVE.Function,
  role: NATIVE.Role,
  "access provider": NATIVE.AccessProvider,
};

/** The native collection that definitions of this kind are documents of. */
export function kindOfItem(kind: FslKind): DefinitionKind {
  return KINDS[kind];
}

const object = (members: Readonly<Record<string, Data | undefined>>): ObjectData =>
  objectOf(Object.entries(members));

/** The definition an item stands for, its own `data` carried over. @throws QueryFailure for an expression that is not FQL. */
export function fieldsOfItem(item: FslItem, data: Data | undefined): ObjectData {
  switch (item.kind) {
    case "collection":
      return collectionFields(item, data);
    case "function":
      return object({
        name: item.name.text,
        body: functionBody(item),
        signature: functionSignature(item),
        alias: annotationOf(item, "alias"),
        role: annotationOf(item, "role"),
        data,
      });
    case "role":
      return roleFields(item, data);
    case "access provider":
      return providerFields(item, data);
  }
}

function collectionFields(item: CollectionItem, data: Data | undefined): ObjectData {
  const result = new Map<string, Data>([["name", item.name.text]]);
  const alias = annotationOf(item, "alias");
  if (alias !== undefined) result.set("alias", alias);
  const pick = <K extends CollectionMember["kind"]>(kind: K) =>
    item.members.filter(
      (member): member is Extract<CollectionMember, { kind: K }> => member.kind === kind,
    );
  result.set("history_days", pick("history_days")[0]?.days ?? 0n);
  for (const { days } of pick("ttl_days")) result.set("ttl_days", days);
  const computed = pick("compute").map(({ name, body, type }): [string, Data] => [
    name.text,
    object({ body: lambda(body), signature: type && printType(type) }),
  ]);
  const fields = pick("field").map((field): [string, Data] => [
    field.name.text,
    object({
      signature: printType(displayedType(field.type)),
      default: field.default && displaySource(field.default.text),
    }),
  ]);
  const [wildcard] = pick("wildcard");
  if (wildcard !== undefined) result.set("wildcard", printType(wildcard.type));
  for (const { enabled } of pick("document_ttls")) result.set("document_ttls", enabled);
  const indexes = pick("index").map(({ name, terms, values }): [string, Data] => [
    name.text,
    object({ terms: terms?.map(termData), values: values?.map(valueData) }),
  ]);
  result.set("indexes", new Map(indexes));
  result.set("constraints", [
    ...pick("unique").map(({ terms }) => object({ unique: terms.map(termData) })),
    ...pick("check").map(({ name, body }) =>
      object({ check: object({ name: name.text, body: lambda(body) }) }),
    ),
  ]);
  if (computed.length > 0) result.set("computed_fields", new Map(computed));
  if (fields.length > 0) result.set("fields", new Map(fields));
  const steps = pick("migrations").flatMap((block) => block.steps);
  if (steps.length > 0) result.set("migrations", steps.map(stepData));
  if (data !== undefined) result.set("data", data);
  return result;
}

/** A type with the defaults inside it in FQL's own layout. */
function displayedType(type: TypeExpr): TypeExpr {
  if (type.kind !== "object") return type;
  const fields = type.fields.map((field) => ({
    ...field,
    type: displayedType(field.type),
    default: field.default && { ...field.default, text: displaySource(field.default.text) },
  }));
  return { ...type, fields };
}

/** A lambda as definitions hold it. */
function lambda(expression: Expression): string {
  return displayStoredLambda(expression.text);
}

function termData({ path, mva }: IndexTerm): ObjectData {
  return object({ field: displayPath(path.text), mva });
}

function valueData({ path, mva, descending }: IndexTerm): ObjectData {
  return object({ field: displayPath(path.text), order: descending ? "desc" : "asc", mva });
}

function stepData(step: MigrationStep): ObjectData {
  switch (step.kind) {
    case "add":
    case "drop":
      return object({ [step.kind]: object({ field: displayPath(step.field.text) }) });
    case "backfill":
      return object({
        backfill: object({
          field: displayPath(step.field.text),
          value: displaySource(step.value.text),
        }),
      });
    case "move":
      return object({
        move: object({ field: displayPath(step.field.text), to: displayPath(step.to.text) }),
      });
    case "split":
      return object({
        split: object({
          field: displayPath(step.field.text),
          to: step.to.map((path) => displayPath(path.text)),
        }),
      });
    case "move_conflicts":
    case "move_wildcard":
      return object({ [step.kind]: object({ into: displayPath(step.into.text) }) });
    case "add_wildcard":
      return object({ add_wildcard: new Map() });
  }
}

function functionBody({ args, body }: FunctionItem): string {
  const names = args.map(({ name, variadic }) => `${variadic ? "..." : ""}${name.text}`);
  return `(${names.join(", ")}) => ${displaySource(body.text)}`;
}

/** Only a function whose arguments and result all have types has a signature. */
function functionSignature({ args, returns }: FunctionItem): string | undefined {
  if (returns === undefined) return undefined;
  const types: string[] = [];
  for (const { name, type, variadic } of args) {
    if (type === undefined) return undefined;
    types.push(`${name.text}: ${variadic ? "..." : ""}${printType(type)}`);
  }
  return `(${types.join(", ")}) => ${printType(returns)}`;
}

function roleFields(item: RoleItem, data: Data | undefined): ObjectData {
  const privileges: Data[] = [];
  const membership: Data[] = [];
  for (const member of item.members) {
    const resource = member.resource.text;
    if (member.kind === "membership") {
      membership.push(
        object({ resource, predicate: member.predicate && lambda(member.predicate) }),
      );
      continue;
    }
    const actions = member.actions.map(({ action, predicate }): [string, Data] => [
      action,
      predicate === undefined ? true : lambda(predicate),
    ]);
    privileges.push(
      object({ resource, actions: actions.length === 0 ? undefined : new Map(actions) }),
    );
  }
  return object({ name: item.name.text, privileges, membership, data });
}

function providerFields(item: AccessProviderItem, data: Data | undefined): ObjectData {
  const roles = item.members
    .filter((member) => member.kind === "role")
    .map(({ role, predicate }): Data =>
      predicate === undefined
        ? role.text
        : object({ role: role.text, predicate: lambda(predicate) }),
    );
  return object({
    name: item.name.text,
    issuer: item.members.find((member) => member.kind === "issuer")?.value,
    jwks_uri: item.members.find((member) => member.kind === "jwks_uri")?.value,
    roles: roles.length === 0 ? undefined : roles,
    data,
  });
}
