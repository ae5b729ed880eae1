/** Evaluates syntax trees. */
import { Time } from "../../../values/time.ts";
import { type Expr, type Field, type Link, type Literal, THIS } from "../ast.ts";
import { Absent, callMethod, type Method } from "../modules/table.ts";
import { fieldOf, methodOf, tableOf } from "../modules/tables.ts";
import { typeName } from "../modules/type-name.ts";
import { guardNull } from "../documents/read.ts";
import { displayText } from "../render/text.ts";
import { join, type Name, type Span } from "../source.ts";
import { ValueSet } from "../sets/set.ts";
import {
  accepts,
  arityOf,
  Doc,
  EventSource,
  Double,
  type Func,
  isArray,
  isFunction,
  isObject,
  Lambda,
  Module,
  Null,
  type NullCause,
  printArity,
  type Scope,
  TransactionTime,
  type Value,
  wholeNumber,
} from "../values.ts";
import { type Context, MAX_STACK_FRAMES } from "./context.ts";
import {
  checkSize,
  denied,
  MAX_STRING,
  notFoundMessage,
  nullFailure,
  tooLarge,
  wrongType,
} from "./failures.ts";

/** The value of `expr` where `scope` names what is bound. */
export function evaluate(context: Context, expr: Expr, scope: Scope | undefined): Value {
  switch (expr.kind) {
    case "id":
      return evaluateId(context, expr.name, expr.span, scope);
    case "literal":
      return literalValue(expr.value, expr.span);
    case "template":
      return evaluateTemplate(context, expr.parts, expr.span, scope);
    case "if": {
      const test = evaluate(context, expr.test, scope);
      if (typeof test !== "boolean") throw wrongType(context, "Boolean", test, expr.test.span);
      if (test) return evaluate(context, expr.then, scope);
      return expr.otherwise === undefined
        ? Null.literal(expr.span)
        : evaluate(context, expr.otherwise, scope);
    }
    case "at":
      return evaluate(
        pinned(context, evaluate(context, expr.time, scope), expr.time.span),
        expr.body,
        scope,
      );
    case "lambda":
      return new Lambda(expr.params, expr.rest, expr.body, scope);
    case "chain":
      return evaluateChain(
        context,
        evaluate(context, expr.base, scope),
        expr.base.span,
        expr.links,
        scope,
      );
    case "operator":
      return evaluateOperator(context, expr, scope);
    case "project": {
      const value = evaluate(context, expr.base, scope);
      return project(context.at(expr.span), value, expr.fields, expr.span, scope);
    }
    case "projectAll":
      throw context.failure("invalid_query", "project expr not supported", { span: expr.span });
    case "object":
      return new Map(
        expr.fields.map(([name, value]) => [name.text, evaluate(context, value, scope)]),
      );
    case "tuple": {
      const [only] = expr.items;
      if (expr.items.length === 1 && only !== undefined) return evaluate(context, only, scope);
      return expr.items.map((item) => evaluate(context, item, scope));
    }
    case "array":
      return expr.items.map((item) => evaluate(context, item, scope));
    case "block": {
      let inner = scope;
      let last: Value | undefined;
      for (const statement of expr.statements) {
        last = evaluate(context, statement.value, inner);
        if (statement.kind === "let")
          inner = { name: statement.name.text, value: last, outer: inner };
      }
      return last ?? Null.literal(expr.span);
    }
  }
}

function evaluateId(context: Context, name: string, span: Span, scope: Scope | undefined): Value {
  for (let here = scope; here !== undefined; here = here.outer)
    if (here.name === name) return here.value;
  const value = context.query.global(name);
  if (value === undefined)
    throw context.failure("unbound_variable", `Unbound variable \`${name}\``, { span });
  return value;
}

function literalValue(value: Literal, span: Span): Value {
  if (value === null) return Null.literal(span);
  if (typeof value === "bigint") return wholeNumber(value);
  return typeof value === "number" ? new Double(value) : value;
}

function evaluateTemplate(
  context: Context,
  parts: readonly (string | Expr)[],
  span: Span,
  scope: Scope | undefined,
) {
  let text = "";
  for (const part of parts) {
    text += typeof part === "string" ? part : displayText(context, evaluate(context, part, scope));
    if (text.length > MAX_STRING) {
      throw tooLarge(context, `string size ${text.length} exceeds limit ${MAX_STRING}`, span);
    }
  }
  return text;
}

function pinned(context: Context, time: Value, span: Span): Context {
  const { now } = context.query;
  if (time instanceof TransactionTime) return context.withUserTime(now);
  if (!(time instanceof Time)) throw wrongType(context, "Time", time, span);
  if (time.epochNanos > Time.fromMicros(now).epochNanos) {
    throw context.failure(
      "invalid_argument",
      "invalid argument `at_time`: cannot evaluate `at` in the future",
      { span },
    );
  }
  return context.withUserTime(time.toMicros());
}

function evaluateOperator(
  context: Context,
  expr: Extract<Expr, { kind: "operator" }>,
  scope: Scope | undefined,
): Value {
  const { op, left, right } = expr;
  const value = evaluate(context, left, scope);
  if (right !== undefined) {
    switch (op.text) {
      case "??": {
        const isNull =
          value instanceof Null ||
          (value instanceof Doc && guardNull(context.at(left.span), value, "`??`") !== undefined);
        return isNull ? evaluate(context, right, scope) : value;
      }
      case "&&":
      case "||": {
        if (typeof value !== "boolean") throw wrongType(context, "Boolean", value, left.span);
        if (value === (op.text === "||")) return value;
        const other = evaluate(context, right, scope);
        if (typeof other !== "boolean") throw wrongType(context, "Boolean", other, right.span);
        return other;
      }
      case "isa": {
        const type = evaluate(context, right, scope);
        if (type instanceof Module) return type.contains(value);
        throw context.failure(
          "invalid_argument",
          "invalid argument `type_object`: expected a module object",
          {
            span: right.span,
          },
        );
      }
      default:
        break;
    }
  }
  const span = (right ?? left).span;
  const operator = tableOf(value).operators.get(op.text);
  if (operator === undefined) throw missing(context, op.text, value, op.span);
  const args = right === undefined ? [] : [evaluate(context, right, scope)];
  return callNative(context.at(span), operator, value, args);
}

/** The failure of a method that a value does not have. */
function missing(context: Context, name: string, on: Value, span: Span) {
  const hints =
    on instanceof Null ? [{ message: "Null value created here", span: on.cause.span }] : [];
  return context.failure(
    "invalid_function_invocation",
    `The function \`${name}\` does not exist on \`${typeName(on)}\``,
    { span, hints },
  );
}

function callNative(
  context: Context,
  method: Method<Value>,
  self: Value,
  args: readonly Value[],
): Value {
  checkArity(context, method.arity, args.length);
  context.query.tick();
  return counted(context, callMethod(context, method, self, args));
}

/** What a function of the language made. */
function counted(context: Context, result: Value): Value {
  if (isArray(result)) checkSize(context, result.length);
  return result;
}

function checkArity(context: Context, arity: Method<Value>["arity"], count: number): void {
  if (accepts(arity, count)) return;
  throw context.failure(
    "invalid_function_invocation",
    `callee function expects ${printArity(arity)}, but ${count} ${count === 1 ? "was" : "were"} provided.`,
  );
}

/** Calls a function that stands behind the frame of `context`. */
export function apply(context: Context, fn: Func, args: readonly Value[]): Value {
  context.query.tick();
  checkArity(context, arityOf(fn), args.length);
  if (!(fn instanceof Lambda)) return counted(context, fn.call(context, args));
  if (context.depth - 1 > MAX_STACK_FRAMES) {
    throw context.failure(
      "stack_overflow",
      `number of stack frames exceeded limit of ${MAX_STACK_FRAMES}`,
    );
  }
  let { scope } = fn;
  for (const [index, name] of fn.params.entries()) {
    const value = args[index];
    if (name !== undefined && value !== undefined) scope = { name, value, outer: scope };
  }
  if (fn.rest !== undefined && fn.rest !== "_") {
    scope = { name: fn.rest, value: args.slice(fn.params.length), outer: scope };
  }
  return evaluate(context, fn.body, scope);
}

function evaluateChain(
  context: Context,
  base: Value,
  baseSpan: Span,
  links: readonly Link[],
  scope: Scope | undefined,
): Value {
  let value = base;
  let span = baseSpan;
  /** A `?.` met null: everything but `!` is skipped. */
  let skipping = false;
  const evaluateArgs = (args: readonly Expr[]) => args.map((arg) => evaluate(context, arg, scope));

  const nullAccess = (field: Name, cause: NullCause, optional: boolean): Value => {
    if (optional) {
      skipping = true;
      const moved = value instanceof Doc && (cause.kind === "not found" || cause.kind === "denied");
      return new Null(moved ? { ...cause, span } : cause);
    }
    if (value instanceof Doc && cause.kind === "not found")
      throw context.failure("document_not_found", notFoundMessage(cause.doc, cause.collection), {
        span,
      });
    if (value instanceof Doc && cause.kind === "denied") throw denied(context.at(span));
    throw context.failure("invalid_null_access", `Cannot access \`${field.text}\` on null.`, {
      span: field.span,
      hints: [{ message: "Null value created here", span: cause.span }],
    });
  };

  const select = (field: Name, optional: boolean): Value => {
    const found = fieldOf(context.at(field.span), value, field);
    return found instanceof Absent ? nullAccess(field, found.cause, optional) : found;
  };

  const applyTo = (
    callee: Value,
    args: readonly Expr[],
    optional: boolean,
    at: Span,
    field: Name | undefined,
  ): Value => {
    if (callee instanceof Null) {
      if (optional) {
        skipping = true;
        return callee;
      }
      if (callee.cause.kind === "field") {
        const named = { text: callee.cause.name, span: callee.cause.span };
        throw missing(context, named.text, callee.cause.of, named.span);
      }
    }
    if (isFunction(callee)) return apply(context.at(at), callee, evaluateArgs(args));
    const applied = tableOf(callee).apply;
    if (applied !== undefined)
      return callNative(context.at(at), applied, callee, evaluateArgs(args));
    if (field === undefined) throw wrongType(context, "Function", callee, at);
    throw context.failure(
      "invalid_function_invocation",
      `\`${field.text}\`: Expected a function, found \`${typeName(callee)}\``,
      { span: field.span },
    );
  };

  for (const link of links) {
    if (link.kind === "bang") {
      span = join(span, link.span);
      const cause =
        value instanceof Doc
          ? guardNull(context.at(span), value, "`!`")
          : value instanceof Null
            ? value.cause
            : undefined;
      if (cause !== undefined) throw nullFailure(context, cause, span);
      continue;
    }
    if (skipping) {
      span = link.span;
      continue;
    }
    switch (link.kind) {
      case "select":
        value = select(link.field, link.optional);
        span = link.field.span;
        break;
      case "apply":
        value = applyTo(value, link.args, link.optional, link.span, undefined);
        span = link.span;
        break;
      case "access": {
        const access = tableOf(value).access;
        if (access === undefined) throw missing(context, "[]", value, link.span);
        value = evaluateAccess(context, value, access, evaluateArgs(link.args), link, nullAccess);
        span = link.span;
        break;
      }
      case "call": {
        const method = methodOf(context, value, link.field);
        if (method instanceof Absent) value = nullAccess(link.field, method.cause, link.optional);
        else if (method !== undefined)
          value = callNative(context.at(link.span), method, value, evaluateArgs(link.args));
        else {
          const callee = select(link.field, link.optional);
          value = skipping
            ? callee
            : applyTo(callee, link.args, link.applyOptional, link.span, link.field);
        }
        span = link.span;
        break;
      }
    }
  }
  return value;
}

function evaluateAccess(
  context: Context,
  value: Value,
  access: Method<Value>,
  args: readonly Value[],
  link: Extract<Link, { kind: "access" }>,
  nullAccess: (field: Name, cause: NullCause, optional: boolean) => Value,
): Value {
  const inside = context.at(link.span);
  if (value instanceof Null)
    return nullAccess({ text: "[]", span: link.span }, value.cause, link.optional);
  checkArity(inside, access.arity, args.length);
  const [key] = args;
  if (typeof key === "string" && (isObject(value) || value instanceof Doc)) {
    const field = { text: key, span: link.span };
    const found = fieldOf(inside, value, field);
    return found instanceof Absent
      ? nullAccess({ text: "[]", span: link.span }, found.cause, link.optional)
      : found;
  }
  return callMethod(inside, access, value, args);
}

function project(
  context: Context,
  value: Value,
  fields: readonly Field[],
  span: Span,
  scope: Scope | undefined,
): Value {
  const fn = new Lambda([THIS], undefined, { kind: "object", fields, span }, scope);
  if (value instanceof Doc) {
    const cause = guardNull(context, value, "Projection");
    return cause === undefined ? apply(context, fn, [value]) : new Null(cause);
  }
  if (isObject(value)) return apply(context, fn, [value]);
  if (isArray(value) || value instanceof ValueSet || value instanceof EventSource) {
    const map = tableOf(value).methods.get("map");
    if (map !== undefined) return callNative(context, map, value, [fn]);
  }
  return value;
}
