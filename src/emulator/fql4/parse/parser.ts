/** From literals to expressions: finds the form of each object, and checks that variables are bound. */
import { fail, invalidExpression, V4Error, V4Failure, wrongForm } from "../failure.ts";
import {
  ArrayExpression,
  AtExpression,
  CallExpression,
  DoExpression,
  type Expression,
  IfExpression,
  LambdaExpression,
  LetExpression,
  LiteralExpression,
  LogicExpression,
  type Member,
  ObjectExpression,
  type Pattern,
  SelectExpression,
  VarExpression,
} from "../expression.ts";
import { FormExpression } from "../form.ts";
import { type Position, ROOT } from "../position.ts";
import type { Session } from "../session.ts";
import { isArray, isObject, type Literal, type ObjectLiteral, typeOf } from "../value.ts";
import { type ApiVersion, atLeast, LAMBDA_DEFAULT_VERSION, newer } from "../version.ts";
import { parseLiteral, parseTagged } from "./literal.ts";

/** The expression of a whole query. */
export function parseQuery(session: Session, input: Literal, version: ApiVersion): Expression {
  const parser = new Parser(session, version);
  const expression = parser.expression(input, ROOT);
  parser.check();
  return expression;
}

/** A lambda that stands for itself; undefined if it uses variables that are not its own. */
export function parseClosedLambda(
  session: Session,
  input: ObjectLiteral,
  version: ApiVersion,
  position: Position,
): LambdaExpression | undefined {
  const parser = new Parser(session, version);
  const { lambda = null, expr = null } = Object.fromEntries(input);
  const expression = parser.lambdaOf(lambda, expr, position);
  if (parser.errors.length > 0) throw new V4Failure(parser.errors);
  return parser.unbound.length > 0 ? undefined : expression;
}

/** A lambda as it was stored, and whether parsing it looked up any reference. */
export function parseStoredLambda(
  session: Session,
  input: ObjectLiteral,
): { expression: LambdaExpression; resolvedRefs: boolean } {
  const version = input.get("api_version");
  const before = session.resolvedRefs;
  const expression = parseClosedLambda(
    session,
    input,
    typeof version === "string" ? (version as ApiVersion) : LAMBDA_DEFAULT_VERSION,
    ROOT,
  );
  if (expression === undefined) throw new Error("A stored lambda has free variables.");
  return { expression, resolvedRefs: session.resolvedRefs !== before };
}

/** A variable in sight, and how many lambdas stand around its place. */
interface Variable {
  readonly name: string;
  readonly depth: number;
  readonly outer: Variable | undefined;
}

/** What stands for an expression that could not be parsed, so that the rest still is. */
const BROKEN: Expression = new LiteralExpression(null);

class Parser {
  readonly session: Session;
  readonly version: ApiVersion;
  readonly errors: V4Error[] = [];
  readonly unbound: V4Error[] = [];
  /** For each lambda around the present place, the outer variables it uses. */
  readonly #free: Set<string>[] = [];
  #variables: Variable | undefined;

  constructor(session: Session, version: ApiVersion) {
    this.session = session;
    this.version = version;
  }

  /** Fails with everything that is wrong; unbound variables count only if nothing else is. */
  check(): void {
    const errors = this.errors.length > 0 ? this.errors : this.unbound;
    if (errors.length > 0) throw new V4Failure(errors);
  }

  expression(input: Literal, position: Position): Expression {
    if (isArray(input)) return new ArrayExpression(this.#items(input, position));
    if (!isObject(input)) return new LiteralExpression(input);
    const expression = this.#syntax(input, position) ?? this.#form(input, position);
    if (expression) return expression;
    return this.#guard(() => this.#tagged(input, position));
  }

  #tagged(input: ObjectLiteral, position: Position): Expression {
    const inner = input.get("@obj");
    if (input.size === 1 && isObject(inner ?? null)) {
      return this.expression(inner!, position.at("@obj"));
    }
    const literal = parseTagged(this.session, input, position);
    if (literal !== undefined) return new LiteralExpression(literal);
    const names = [...input.keys()].join(", ");
    fail(
      invalidExpression(
        `No form/function found, or invalid argument keys: { ${names} }.`,
        position,
      ),
    );
  }

  #items(input: readonly Literal[], position: Position): Expression[] {
    return input.map((item, i) =>
      typeof item === "object" && item !== null
        ? this.expression(item, position.at(i))
        : new LiteralExpression(item),
    );
  }

  #members(input: ObjectLiteral, position: Position): Member[] {
    return [...input].map(([name, value]) => [name, this.expression(value, position.at(name))]);
  }

  #guard(parse: () => Expression): Expression {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof V4Failure)) throw error;
      this.errors.push(...error.errors);
      return BROKEN;
    }
  }

  #broken(error: V4Error): Expression {
    this.errors.push(error);
    return BROKEN;
  }

  /** The forms that bind, branch or do not evaluate their arguments. */
  #syntax(input: ObjectLiteral, position: Position): Expression | undefined {
    const [head] = input.keys();
    if (head === undefined) return undefined;
    const has = (...names: string[]): boolean =>
      input.size === names.length && names.every((name) => input.has(name));
    const part = (name: string): Expression => this.expression(input.get(name)!, position.at(name));
    const option = (name: string): Expression | undefined =>
      input.has(name) ? part(name) : undefined;
    if (has("var")) return this.#var(input.get("var")!, position);
    if (has("quote")) {
      return this.#guard(
        () =>
          new LiteralExpression(
            parseLiteral(this.session, input.get("quote")!, position.at("quote")),
          ),
      );
    }
    if (has("object")) return this.#guard(() => this.#object(input.get("object")!, position));
    if (has("let", "in")) return this.#let(input, position);
    if (has("if", "then", "else")) {
      return new IfExpression(part("if"), part("then"), part("else"), position);
    }
    if (has("do")) return this.#do(input.get("do")!, position);
    if (has("at", "expr")) return new AtExpression(part("at"), part("expr"), position);
    if (has("call") || has("call", "arguments")) {
      return new CallExpression(part("call"), option("arguments"), position);
    }
    if (atLeast(this.version, "3")) {
      if (has("and")) return this.#logic("and", input.get("and")!, position);
      if (has("or")) return this.#logic("or", input.get("or")!, position);
      return this.#select(input, position, option);
    }
    return undefined;
  }

  #select(
    input: ObjectLiteral,
    position: Position,
    option: (name: string) => Expression | undefined,
  ): Expression | undefined {
    const name = ["select", "select_all", "select_as_index"].find((head) => input.has(head));
    if (name === undefined || !input.has("from")) return undefined;
    const known = new Set([name, "from", "default", ...(name === "select" ? ["all"] : [])]);
    if ([...input.keys()].some((key) => !known.has(key))) return undefined;
    const path = option(name)!;
    const from = option("from")!;
    const all = option("all");
    const otherwise = option("default");
    return new SelectExpression(
      name,
      { path, from, ...(all && { all }), ...(otherwise && { otherwise }) },
      position,
    );
  }

  #var(name: Literal, position: Position): Expression {
    if (typeof name !== "string") {
      return this.#broken(wrongForm(["String"], typeOf(name), position.at("var")));
    }
    let found = this.#variables;
    while (found && found.name !== name) found = found.outer;
    if (!found) {
      this.unbound.push(invalidExpression(`Variable '${name}' is not defined.`, position));
    } else {
      for (let i = found.depth; i < this.#free.length; i++) this.#free[i]!.add(name);
    }
    return new VarExpression(name);
  }

  #object(value: Literal, position: Position): Expression {
    const place = position.at("object");
    if (!isObject(value)) fail(wrongForm(["Object"], typeOf(value), place));
    return new ObjectExpression(this.#members(this.#unescaped(value, place, position), place));
  }

  /** The members of an object that is written out; tags in it are read, and must be an `@obj`. */
  #unescaped(value: ObjectLiteral, place: Position, position: Position): ObjectLiteral {
    const inner = value.get("@obj");
    if (value.size === 1 && isObject(inner ?? null)) return inner as ObjectLiteral;
    const literal = parseTagged(this.session, value, place);
    if (literal !== undefined) fail(wrongForm(["Object"], typeOf(literal), position));
    return value;
  }

  #let(input: ObjectLiteral, position: Position): Expression {
    const outer = this.#variables;
    const bindings: Member[] = [];
    const bind = (name: string, value: Literal, place: Position): void => {
      bindings.push([name, this.expression(value, place)]);
      this.#variables = { name, depth: this.#free.length, outer: this.#variables };
    };
    this.#guard(() => {
      for (const [name, value, place] of this.#bindings(input.get("let")!, position)) {
        bind(name, value, place);
      }
      return BROKEN;
    });
    const body = this.expression(input.get("in")!, position.at("in"));
    this.#variables = outer;
    return new LetExpression(bindings, body);
  }

  *#bindings(input: Literal, position: Position): Generator<[string, Literal, Position]> {
    const place = position.at("let");
    if (isArray(input)) {
      for (const [i, item] of input.entries()) {
        if (!isObject(item) || item.size !== 1) {
          this.errors.push(wrongForm(["Object"], typeOf(item), place.at(i)));
          continue;
        }
        for (const [name, value] of item) yield [name, value, place.at(i).at(name)];
      }
    } else if (isObject(input)) {
      for (const [name, value] of this.#unescaped(input, place, position)) {
        yield [name, value, place.at(name)];
      }
    } else {
      fail(wrongForm(["Array"], typeOf(input), place));
    }
  }

  #do(input: Literal, position: Position): Expression {
    const place = position.at("do");
    if (!isArray(input)) return this.#broken(wrongForm(["Array"], typeOf(input), place));
    if (input.length === 0) return this.#broken(emptyList(place));
    return new DoExpression(this.#items(input, place));
  }

  #logic(name: "and" | "or", input: Literal, position: Position): Expression {
    const place = position.at(name);
    if (!isArray(input))
      return new LogicExpression(name, [this.expression(input, place)], position);
    if (input.length === 0) return this.#broken(emptyList(place));
    return new LogicExpression(name, this.#items(input, place), position);
  }

  #form(input: ObjectLiteral, position: Position): Expression | undefined {
    const form = this.session.grammar.findForm(input, this.version);
    if (form === undefined) return undefined;
    const args = form.names.map((name, i) => {
      const value = input.get(name);
      if (value === undefined) return undefined;
      const place = position.at(name);
      const parse = form.casts[i]!.parse;
      if (parse === undefined) {
        return typeof value === "object" && value !== null
          ? this.expression(value, place)
          : new LiteralExpression(value);
      }
      if (isLambdaForm(value))
        return this.lambdaOf(value.get("lambda")!, value.get("expr")!, place);
      if (parse === "lambda or expression") return this.expression(value, place);
      return this.#broken(notALambda(value, place));
    });
    return new FormExpression(form, args, position);
  }

  /** A lambda written out; its body sees the variables around it. */
  lambdaOf(params: Literal, body: Literal, position: Position): LambdaExpression {
    const pattern = this.#pattern(params, position.at("lambda"));
    const outer = this.#variables;
    const free = new Set<string>();
    this.#free.push(free);
    for (const name of typeof pattern === "string" ? [pattern] : pattern) {
      if (name === "_") continue;
      this.#variables = { name, depth: this.#free.length, outer: this.#variables };
    }
    const expression = this.expression(body, position.at("expr"));
    this.#variables = outer;
    this.#free.pop();
    const version = newer(this.version, LAMBDA_DEFAULT_VERSION);
    return new LambdaExpression(pattern, expression, [...free], version);
  }

  #pattern(params: Literal, position: Position): Pattern {
    if (typeof params === "string") return params;
    if (!isArray(params)) {
      this.errors.push(wrongForm(["String", "Array"], typeOf(params), position));
      return "_";
    }
    return params.map((name, i) => {
      if (typeof name === "string") return name;
      this.errors.push(wrongForm(["String"], typeOf(name), position.at(i)));
      return "_";
    });
  }
}

function isLambdaForm(value: Literal): value is ObjectLiteral {
  return isObject(value) && value.size === 2 && value.has("lambda") && value.has("expr");
}

function notALambda(value: Literal, position: Position): V4Error {
  if (!isObject(value)) return wrongForm(["Lambda"], typeOf(value), position);
  const names = [...value.keys()].join(", ");
  return invalidExpression(
    `No form/function found, or invalid argument keys: { ${names} }.`,
    position,
  );
}

function emptyList(position: Position): V4Error {
  return invalidExpression("Expression list cannot be empty.", position);
}
