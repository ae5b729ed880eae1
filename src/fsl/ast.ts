/**
 * The schema language as a tree. Every node carries its span, so that a file can be edited without
 * touching what surrounds the edit. FQL expressions inside FSL (bodies, predicates, defaults) stay
 * source text: whoever evaluates them has a parser for them.
 */
import type { Span } from "./span.ts";
import type { TypeExpr } from "./types.ts";

/** A name and where it stands (quotes included in the span, not in the text). */
export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** An FQL v10 expression as it is written. */
export interface Expression {
  readonly text: string;
  readonly span: Span;
}

/** `@alias(X)` or `@role(admin)`. */
export interface Annotation {
  readonly keyword: "alias" | "role";
  readonly value: Name;
  readonly span: Span;
}

/** A path as it is written (`.a.b`, `.["x y"]`), with `mva(…)` and `desc(…)` taken off. */
export interface IndexTerm {
  readonly path: Expression;
  readonly mva: boolean;
  /** Only of `values`; terms are never descending. */
  readonly descending: boolean;
  readonly span: Span;
}

interface DefinedField {
  readonly kind: "field";
  readonly name: Name;
  readonly type: TypeExpr;
  readonly default: Expression | undefined;
  readonly span: Span;
}

interface ComputedField {
  readonly kind: "compute";
  readonly name: Name;
  readonly type: TypeExpr | undefined;
  /** The lambda, parentheses around it included. */
  readonly body: Expression;
  readonly span: Span;
}

interface WildcardField {
  readonly kind: "wildcard";
  readonly type: TypeExpr;
  readonly span: Span;
}

interface IndexMember {
  readonly kind: "index";
  readonly name: Name;
  readonly terms: readonly IndexTerm[] | undefined;
  readonly values: readonly IndexTerm[] | undefined;
  readonly span: Span;
}

interface UniqueMember {
  readonly kind: "unique";
  readonly terms: readonly IndexTerm[];
  readonly span: Span;
}

interface CheckMember {
  readonly kind: "check";
  readonly name: Name;
  /** The lambda, without the parentheses that FSL demands around it. */
  readonly body: Expression;
  readonly span: Span;
}

interface HistoryDaysMember {
  readonly kind: "history_days";
  readonly days: bigint;
  readonly span: Span;
}

interface TtlDaysMember {
  readonly kind: "ttl_days";
  readonly days: bigint;
  readonly span: Span;
}

interface DocumentTtlsMember {
  readonly kind: "document_ttls";
  readonly enabled: boolean;
  readonly span: Span;
}

/** One step of a `migrations` block. Paths are as written. */
export type MigrationStep =
  | { readonly kind: "add" | "drop"; readonly field: Expression; readonly span: Span }
  | {
      readonly kind: "backfill";
      readonly field: Expression;
      readonly value: Expression;
      readonly span: Span;
    }
  | {
      readonly kind: "move";
      readonly field: Expression;
      readonly to: Expression;
      readonly span: Span;
    }
  | {
      readonly kind: "split";
      readonly field: Expression;
      readonly to: readonly Expression[];
      readonly span: Span;
    }
  | {
      readonly kind: "move_conflicts" | "move_wildcard";
      readonly into: Expression;
      readonly span: Span;
    }
  | { readonly kind: "add_wildcard"; readonly span: Span };

interface MigrationsMember {
  readonly kind: "migrations";
  readonly steps: readonly MigrationStep[];
  readonly span: Span;
}

export type CollectionMember =
  | DefinedField
  | ComputedField
  | WildcardField
  | IndexMember
  | UniqueMember
  | CheckMember
  | HistoryDaysMember
  | TtlDaysMember
  | DocumentTtlsMember
  | MigrationsMember;

interface ItemBase {
  readonly name: Name;
  /** Comments right above the item, if any; they belong to its span. */
  readonly doc: Span | undefined;
  readonly annotations: readonly Annotation[];
  /** The item with its comments, annotations and a semicolon behind it. */
  readonly span: Span;
}

export interface CollectionItem extends ItemBase {
  readonly kind: "collection";
  readonly members: readonly CollectionMember[];
}

export interface FunctionArgument {
  readonly name: Name;
  readonly type: TypeExpr | undefined;
  /** `...name`: takes all remaining arguments; always the last. */
  readonly variadic: boolean;
}

export interface FunctionItem extends ItemBase {
  readonly kind: "function";
  readonly args: readonly FunctionArgument[];
  readonly returns: TypeExpr | undefined;
  /** From `(` to the end of the return type. */
  readonly signatureSpan: Span;
  /** The block, braces included. */
  readonly body: Expression;
}

/** What a role may be allowed to do. */
export const ROLE_ACTIONS = [
  "create",
  "create_with_id",
  "delete",
  "read",
  "write",
  "history_read",
  "history_write",
  "unrestricted_read",
  "call",
] as const;
export type RoleAction = (typeof ROLE_ACTIONS)[number];

export interface Action {
  readonly action: RoleAction;
  /** The lambda, without the parentheses that FSL demands around it. */
  readonly predicate: Expression | undefined;
  readonly span: Span;
}

interface PrivilegesMember {
  readonly kind: "privileges";
  readonly resource: Name;
  readonly actions: readonly Action[];
  readonly span: Span;
}

interface MembershipMember {
  readonly kind: "membership";
  readonly resource: Name;
  readonly predicate: Expression | undefined;
  readonly span: Span;
}

export interface RoleItem extends ItemBase {
  readonly kind: "role";
  readonly members: readonly (PrivilegesMember | MembershipMember)[];
}

interface IssuerMember {
  readonly kind: "issuer";
  readonly value: string;
  readonly span: Span;
}

interface JwksUriMember {
  readonly kind: "jwks_uri";
  readonly value: string;
  readonly span: Span;
}

interface ProviderRoleMember {
  readonly kind: "role";
  readonly role: Name;
  readonly predicate: Expression | undefined;
  readonly span: Span;
}

export interface AccessProviderItem extends ItemBase {
  readonly kind: "access provider";
  readonly members: readonly (IssuerMember | JwksUriMember | ProviderRoleMember)[];
}

/** One definition of a schema file. */
export type FslItem = CollectionItem | FunctionItem | RoleItem | AccessProviderItem;

/** The keyword that begins an item. */
export type FslKind = FslItem["kind"];

/** A member of any kind of item. */
export type FslMember =
  | CollectionMember
  | PrivilegesMember
  | MembershipMember
  | IssuerMember
  | JwksUriMember
  | ProviderRoleMember;

/** A schema file that has been read. */
export interface FslFile {
  readonly filename: string;
  readonly text: string;
  readonly items: readonly FslItem[];
}

/** The member of `item` of this kind, the first if there are several. */
export function memberOf<K extends CollectionMember["kind"]>(
  item: CollectionItem,
  kind: K,
): Extract<CollectionMember, { kind: K }> | undefined {
  return item.members.find(
    (member): member is Extract<CollectionMember, { kind: K }> => member.kind === kind,
  );
}

/** All members of `item` of this kind, in source order. */
export function membersOf<K extends CollectionMember["kind"]>(
  item: CollectionItem,
  kind: K,
): Extract<CollectionMember, { kind: K }>[] {
  return item.members.filter(
    (member): member is Extract<CollectionMember, { kind: K }> => member.kind === kind,
  );
}

/** The value of an annotation of `item`, if it has one. */
export function annotationOf(item: FslItem, keyword: Annotation["keyword"]): string | undefined {
  return item.annotations.find((annotation) => annotation.keyword === keyword)?.value.text;
}
