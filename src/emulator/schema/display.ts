/**
 * FQL expressions as Fauna prints them: definitions hold bodies, predicates and defaults in this
 * form whenever they come from a schema file, and generated files are made of it (recordings
 * `fsl/schema-from-queries`, `fsl/self-push`).
 */
import { FslSyntaxError, parseType, printName, printString, printType } from "../../fsl/fsl.ts";
import { printDouble } from "../../values/double.ts";
import {
  type Expr,
  type Field,
  type LambdaExpr,
  type Link,
  type Literal,
  type Statement,
  THIS,
} from "../fql10/ast.ts";
import { parseExpression, parseLambda } from "../fql10/parser/parser.ts";
import { NO_SOURCE } from "../fql10/source.ts";

/** `expr`, two spaces a level, its first line without indentation. */
export function displayExpr(expr: Expr): string {
  const display = new Display();
  display.expr(expr);
  return display.text;
}

/** An expression in FQL's own layout. @throws QueryFailure `invalid_query` */
export function displaySource(text: string): string {
  return displayExpr(parseExpression({ ...NO_SOURCE, text }));
}

/**
 * The lambda that `text` spells: long, or short with or without the parentheses that definitions
 * hold it in and schema files stand around it. @throws QueryFailure `invalid_query`
 */
export function readLambda(text: string, name: string = NO_SOURCE.name): LambdaExpr {
  const source = { name, text };
  const expr = parseExpression(source, { short: true });
  const inner = expr.kind === "tuple" && expr.items.length === 1 ? expr.items[0] : expr;
  return inner?.kind === "lambda" ? inner : parseLambda(source);
}

/** A lambda in FQL's own layout; a short one (`.a`) without its parentheses. @throws QueryFailure `invalid_query` */
export function displayLambda(text: string): string {
  return displayExpr(readLambda(text));
}

/** A lambda as definitions hold it: a short one in parentheses. @throws QueryFailure `invalid_query` */
export function displayStoredLambda(text: string): string {
  const lambda = readLambda(text);
  return lambda.short ? `(${displayExpr(lambda)})` : displayExpr(lambda);
}

class Display {
  text = "";
  private level = 0;
  private fresh = true;

  expr(expr: Expr): void {
    switch (expr.kind) {
      case "id":
        if (expr.name !== THIS) this.write(expr.name);
        return;
      case "literal":
        return this.write(displayLiteral(expr.value));
      case "template":
        return this.template(expr.parts);
      case "if":
        this.write("if (");
        this.expr(expr.test);
        this.write(") ");
        this.expr(expr.then);
        if (expr.otherwise !== undefined) {
          this.write(" else ");
          this.expr(expr.otherwise);
        }
        return;
      case "at":
        this.write("at (");
        this.expr(expr.time);
        this.write(") ");
        return this.expr(expr.body);
      case "lambda":
        return this.lambda(expr);
      case "chain":
        this.expr(expr.base);
        for (const link of expr.links) this.link(link);
        return;
      case "operator":
        return this.operator(expr);
      case "project":
        this.expr(expr.base);
        this.write(" ");
        this.fields(expr.fields);
        return this.line();
      case "projectAll":
        this.expr(expr.base);
        this.write(" { * }");
        return this.line();
      case "object":
        return this.fields(expr.fields);
      case "tuple":
        this.write("(");
        this.list(expr.items);
        return this.write(")");
      case "array":
        this.write("[");
        this.list(expr.items);
        return this.write("]");
      case "block":
        return this.block(expr.statements);
    }
  }

  private write(text: string): void {
    if (this.fresh) this.text += "  ".repeat(this.level);
    this.fresh = false;
    this.text += text;
  }

  private line(): void {
    this.write("\n");
    this.fresh = true;
  }

  private template(parts: readonly (string | Expr)[]): void {
    this.write('"');
    for (const part of parts) {
      if (typeof part === "string") this.write(printString(part).slice(1, -1));
      else {
        this.write("#{");
        this.expr(part);
        this.write("}");
      }
    }
    this.write('"');
  }

  private lambda(expr: LambdaExpr): void {
    if (!expr.short) {
      const params = expr.params.map((name) => name ?? "_");
      if (expr.rest !== undefined) params.push(`...${expr.rest}`);
      this.write(`(${params.join(", ")}) => `);
    }
    this.expr(expr.body);
  }

  private operator(expr: Extract<Expr, { kind: "operator" }>): void {
    if (expr.right === undefined) {
      this.write(expr.op.text);
      return this.expr(expr.left);
    }
    this.expr(expr.left);
    this.write(` ${expr.op.text} `);
    this.expr(expr.right);
  }

  private link(link: Link): void {
    switch (link.kind) {
      case "bang":
        return this.write("!");
      case "select":
        return this.write(`${link.optional ? "?" : ""}.${link.field.text}`);
      case "apply":
        this.write(link.optional ? "?.(" : "(");
        this.list(link.args);
        return this.write(")");
      case "access":
        this.write(link.optional ? "?.[" : "[");
        this.list(link.args);
        return this.write("]");
      case "call":
        this.write(
          `${link.optional ? "?" : ""}.${link.field.text}${link.applyOptional ? "?." : ""}(`,
        );
        this.list(link.args);
        return this.write(")");
    }
  }

  private list(items: readonly Expr[]): void {
    for (const [index, item] of items.entries()) {
      if (index > 0) this.write(", ");
      this.expr(item);
    }
  }

  private fields(fields: readonly Field[]): void {
    this.write("{");
    this.line();
    this.level++;
    for (const [index, [name, value]] of fields.entries()) {
      this.write(`${printName(name.text)}: `);
      this.expr(value);
      if (index < fields.length - 1) this.write(",");
      this.line();
    }
    this.level--;
    this.write("}");
  }

  private block(statements: readonly Statement[]): void {
    this.write("{");
    this.line();
    this.level++;
    for (const statement of statements) {
      if (statement.kind === "let") {
        const type = statement.type === undefined ? "" : `: ${displayType(statement.type)}`;
        this.write(`let ${statement.name.text}${type} = `);
      }
      this.expr(statement.value);
      this.line();
    }
    this.level--;
    this.write("}");
  }
}

/** An annotation that nothing has checked: one that is no type stays as it is. */
function displayType(text: string): string {
  try {
    return printType(parseType(text));
  } catch (error) {
    if (error instanceof FslSyntaxError) return text;
    throw error;
  }
}

function displayLiteral(value: Literal): string {
  if (typeof value === "string") return printString(value);
  // Decimals are kept and printed as Scala's BigDecimal prints them, which has no exponent for common ones.
  return typeof value === "number" ? printDouble(value) : String(value);
}
