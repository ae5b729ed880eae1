/** The syntax tree of FQL v10. Every node knows where it was written. */
import type { Name, Span } from "./source.ts";

/** A literal as written; whole numbers of any size, so that the reader decides between Int, Long and Double. */
export type Literal = null | boolean | string | bigint | number;

export type Expr =
  | { readonly kind: "id"; readonly name: string; readonly span: Span }
  | { readonly kind: "literal"; readonly value: Literal; readonly span: Span }
  | { readonly kind: "template"; readonly parts: readonly (string | Expr)[]; readonly span: Span }
  | {
      readonly kind: "if";
      readonly test: Expr;
      readonly then: Expr;
      readonly otherwise?: Expr;
      readonly span: Span;
    }
  | { readonly kind: "at"; readonly time: Expr; readonly body: Expr; readonly span: Span }
  | LambdaExpr
  | {
      readonly kind: "chain";
      readonly base: Expr;
      readonly links: readonly Link[];
      readonly span: Span;
    }
  | {
      readonly kind: "operator";
      readonly op: Name;
      readonly left: Expr;
      /** Absent for `-x`, `!x`, `~x`, whose operand is `left`. */
      readonly right?: Expr;
      readonly span: Span;
    }
  | {
      readonly kind: "project";
      readonly base: Expr;
      readonly fields: readonly Field[];
      readonly span: Span;
    }
  | { readonly kind: "projectAll"; readonly base: Expr; readonly span: Span }
  | { readonly kind: "object"; readonly fields: readonly Field[]; readonly span: Span }
  | { readonly kind: "tuple"; readonly items: readonly Expr[]; readonly span: Span }
  | { readonly kind: "array"; readonly items: readonly Expr[]; readonly span: Span }
  | { readonly kind: "block"; readonly statements: readonly Statement[]; readonly span: Span };

export interface LambdaExpr {
  readonly kind: "lambda";
  /** `undefined` for `_`. */
  readonly params: readonly (string | undefined)[];
  /** The name behind `...`; `"_"` binds nothing. */
  readonly rest?: string;
  readonly body: Expr;
  /** Written as `.a.b`: its one parameter is {@link THIS}. */
  readonly short: boolean;
  readonly span: Span;
}

export type Field = readonly [name: Name, value: Expr];

export type Statement =
  | {
      readonly kind: "let";
      readonly name: Name;
      /** The annotation as written; nothing checks it. */
      readonly type?: string;
      readonly value: Expr;
      readonly span: Span;
    }
  | { readonly kind: "expr"; readonly value: Expr; readonly span: Span };

/** One step of `a.b(c)!?.[d]`. A `call` is a selection that is applied at once. */
export type Link =
  | {
      readonly kind: "select";
      readonly field: Name;
      readonly optional: boolean;
      readonly span: Span;
    }
  | { readonly kind: "bang"; readonly span: Span }
  | {
      readonly kind: "apply";
      readonly args: readonly Expr[];
      readonly optional: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: "access";
      readonly args: readonly Expr[];
      readonly optional: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: "call";
      readonly field: Name;
      readonly args: readonly Expr[];
      readonly optional: boolean;
      readonly applyOptional: boolean;
      /** Of the parentheses. */
      readonly span: Span;
    };

/** The name that stands for the element in short lambdas and projections. */
export const THIS = "$this";

/** The variable that holds the n-th value of a query made of fragments. */
export const placeholderName = (index: number): string => `$${index}`;

/** What a query's text holds in place of a value: NUL cannot be written by users. */
export const PLACEHOLDER = "\u0000value>";
