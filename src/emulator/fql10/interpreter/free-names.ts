/** Which names an expression takes from outside. */
import type { Expr, Link, Statement } from "../ast.ts";

/** The names that `expr` uses without binding them itself. */
export function freeNames(expr: Expr): Set<string> {
  const free = new Set<string>();
  visit(expr, new Set(), free);
  return free;
}

function visit(expr: Expr, bound: ReadonlySet<string>, free: Set<string>): void {
  const all = (exprs: readonly Expr[]) => exprs.forEach((inner) => visit(inner, bound, free));
  switch (expr.kind) {
    case "id":
      if (!bound.has(expr.name)) free.add(expr.name);
      return;
    case "literal":
      return;
    case "template":
      return all(expr.parts.filter((part) => typeof part !== "string"));
    case "if":
      return all([expr.test, expr.then, ...(expr.otherwise === undefined ? [] : [expr.otherwise])]);
    case "at":
      return all([expr.time, expr.body]);
    case "lambda": {
      const names = [...expr.params, expr.rest].filter((name) => name !== undefined);
      return visit(expr.body, new Set([...bound, ...names]), free);
    }
    case "chain":
      all([expr.base]);
      return expr.links.forEach((link) => all(argsOf(link)));
    case "operator":
      return all(expr.right === undefined ? [expr.left] : [expr.left, expr.right]);
    case "project": {
      all([expr.base]);
      const inner = new Set([...bound, "$this"]);
      return expr.fields.forEach(([, value]) => visit(value, inner, free));
    }
    case "projectAll":
      return all([expr.base]);
    case "object":
      return all(expr.fields.map(([, value]) => value));
    case "tuple":
    case "array":
      return all(expr.items);
    case "block":
      return visitBlock(expr.statements, bound, free);
  }
}

const argsOf = (link: Link): readonly Expr[] => ("args" in link ? link.args : []);

function visitBlock(
  statements: readonly Statement[],
  bound: ReadonlySet<string>,
  free: Set<string>,
): void {
  const names = new Set(bound);
  for (const statement of statements) {
    visit(statement.value, names, free);
    if (statement.kind === "let") names.add(statement.name.text);
  }
}
