/**
 * Items of schema files that come from definitions and not from a file: what a definition says, in whatever form it is
 * read, put together in the order in which the server prints it.
 */
import type {
  Annotation,
  CollectionItem,
  CollectionMember,
  Expression,
  IndexTerm,
  MigrationStep,
  Name,
} from "./ast.ts";
import { parseType } from "./typeParser.ts";

/** Nothing of such an item has a place in a file. */
export const NO_SPAN = { start: 0, end: 0 };
const MAX_LONG = 2n ** 63n - 1n;

/** A name that no file has. */
export const named = (text: string): Name => ({ text, span: NO_SPAN });

/** FQL that no file has. */
export const expression = (text: string): Expression => ({ text, span: NO_SPAN });

/** The annotations that have a value. */
export function annotations(
  values: Partial<Record<Annotation["keyword"], string | undefined>>,
): Annotation[] {
  return (["alias", "role"] as const).flatMap((keyword) => {
    const value = values[keyword];
    return value === undefined ? [] : [{ keyword, value: named(value), span: NO_SPAN }];
  });
}

/** What a collection's definition says. Types are text. */
export interface CollectionParts {
  readonly name: string;
  readonly alias: string | undefined;
  readonly fields: readonly {
    readonly name: string;
    readonly signature: string | undefined;
    readonly default: Expression | undefined;
  }[];
  readonly computed: readonly {
    readonly name: string;
    readonly signature: string | undefined;
    readonly body: Expression;
  }[];
  readonly wildcard: string | undefined;
  readonly indexes: readonly {
    readonly name: string;
    readonly terms: readonly IndexTerm[];
    readonly values: readonly IndexTerm[];
  }[];
  readonly unique: readonly (readonly IndexTerm[])[];
  readonly checks: readonly { readonly name: string; readonly body: Expression }[];
  /** Undefined where history is kept for ever. */
  readonly historyDays: bigint | undefined;
  readonly ttlDays: bigint | undefined;
  readonly documentTtls: boolean | undefined;
  readonly migrations: readonly MigrationStep[];
}

/** @throws FslSyntaxError for a type that is none. */
export function buildCollection(parts: CollectionParts): CollectionItem {
  const span = NO_SPAN;
  const members: CollectionMember[] = [
    ...parts.fields.map(({ name, signature, default: otherwise }) => ({
      kind: "field" as const,
      name: named(name),
      type: parseType(signature ?? "Any"),
      default: otherwise,
      span,
    })),
    ...parts.computed.map(({ name, signature, body }) => ({
      kind: "compute" as const,
      name: named(name),
      type: signature === undefined ? undefined : parseType(signature),
      body,
      span,
    })),
  ];
  if (parts.wildcard !== undefined)
    members.push({ kind: "wildcard", type: parseType(parts.wildcard), span });
  for (const { name, terms, values } of parts.indexes) {
    members.push({
      kind: "index",
      name: named(name),
      terms: terms.length === 0 ? undefined : terms,
      values: values.length === 0 ? undefined : values,
      span,
    });
  }
  for (const terms of parts.unique) members.push({ kind: "unique", terms, span });
  for (const { name, body } of parts.checks)
    members.push({ kind: "check", name: named(name), body, span });
  members.push(...settings(parts));
  const steps = parts.migrations;
  if (steps.length > 0) members.push({ kind: "migrations", steps, span });
  return {
    kind: "collection",
    name: named(parts.name),
    doc: undefined,
    annotations: annotations({ alias: parts.alias }),
    members,
    span,
  };
}

/** History for ever is stored as nothing and written as the largest number (recording `fsl/history-days-infinite`). */
function settings({ historyDays, ttlDays, documentTtls }: CollectionParts): CollectionMember[] {
  const span = NO_SPAN;
  const members: CollectionMember[] = [];
  const days = historyDays ?? MAX_LONG;
  if (days !== 0n) members.push({ kind: "history_days", days, span });
  if (ttlDays !== undefined) members.push({ kind: "ttl_days", days: ttlDays, span });
  if (documentTtls !== undefined)
    members.push({ kind: "document_ttls", enabled: documentTtls, span });
  return members;
}

/** How the members of a migration's step are read, by their names. */
export interface StepParts {
  readonly path: (member: string) => Expression;
  readonly paths: (member: string) => readonly Expression[];
  readonly value: (member: string) => Expression;
}

/** The step that a definition calls `kind`. */
export function buildStep(kind: string, { path, paths, value }: StepParts): MigrationStep {
  const span = NO_SPAN;
  switch (kind) {
    case "add":
    case "drop":
      return { kind, field: path("field"), span };
    case "backfill":
      return { kind, field: path("field"), value: value("value"), span };
    case "move":
      return { kind, field: path("field"), to: path("to"), span };
    case "split":
      return { kind, field: path("field"), to: paths("to"), span };
    case "move_conflicts":
    case "move_wildcard":
      return { kind, into: path("into"), span };
    default:
      return { kind: "add_wildcard", span };
  }
}
