/** The tree that a query is parsed into. Each node evaluates itself, and can say how it was written. */
import type { Json } from "../../values/json.ts";
import { boolean, path as pathCast, stringOrFunction, undefinedRefOf } from "./cast.ts";
import { fail, together } from "./failure.ts";
import { type Bindings, type Effect, type Frame, PURE, WRITE } from "./frame.ts";
import type { Position } from "./position.ts";
import { select } from "./select.ts";
import { timeToRead } from "./time.ts";
import { callFunction } from "./function.ts";
import { isObject, LambdaValue, type Literal, UnresolvedRef } from "./value.ts";
import type { ApiVersion } from "./version.ts";

/** How values inside a lambda are written when it is stored or shown. */
export type Writer = (value: Literal) => Json;

export interface Expression {
  /** The most that evaluating it may do; calls of user functions count as writing. */
  readonly effect: Effect;
  evaluate(frame: Frame): Literal;
  /** The expression as Fauna writes it: lets as objects, arguments in the order of their form. */
  write(writer: Writer): Json;
}

/** A value as it is. */
export class LiteralExpression implements Expression {
  readonly effect = PURE;
  readonly value: Literal;

  constructor(value: Literal) {
    this.value = value;
  }

  evaluate(): Literal {
    return this.value;
  }

  write(writer: Writer): Json {
    const json = writer(this.value);
    // Outside `quote` an object would be read as a form.
    return isObject(this.value) ? new Map([["quote", json]]) : json;
  }
}

export class ArrayExpression implements Expression {
  readonly effect: Effect;
  readonly items: readonly Expression[];

  constructor(items: readonly Expression[]) {
    this.items = items;
    this.effect = most(items);
  }

  evaluate(frame: Frame): Literal {
    return together(this.items.length, (i) => this.items[i]!.evaluate(frame));
  }

  write(writer: Writer): Json {
    return this.items.map((item) => item.write(writer));
  }
}

export type Member = readonly [name: string, value: Expression];

export class ObjectExpression implements Expression {
  readonly effect: Effect;
  readonly members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.members = members;
    this.effect = most(members.map(([, value]) => value));
  }

  evaluate(frame: Frame): Literal {
    return new Map(
      together(this.members.length, (i): [string, Literal] => {
        const [name, value] = this.members[i]!;
        return [name, value.evaluate(frame)];
      }),
    );
  }

  write(writer: Writer): Json {
    return new Map([
      ["object", escaped(this.members.map(([name, value]) => [name, value.write(writer)]))],
    ]);
  }
}

export class VarExpression implements Expression {
  readonly effect = PURE;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  evaluate(frame: Frame): Literal {
    return frame.lookup(this.name);
  }

  write(): Json {
    return new Map([["var", this.name]]);
  }
}

export class LetExpression implements Expression {
  readonly effect: Effect;
  readonly bindings: readonly Member[];
  readonly body: Expression;

  constructor(bindings: readonly Member[], body: Expression) {
    this.bindings = bindings;
    this.body = body;
    this.effect = most([body, ...bindings.map(([, value]) => value)]);
  }

  evaluate(frame: Frame): Literal {
    let inner = frame;
    for (const [name, value] of this.bindings) inner = inner.bind(name, value.evaluate(inner));
    return this.body.evaluate(inner);
  }

  write(writer: Writer): Json {
    return new Map<string, Json>([
      ["let", escaped(this.bindings.map(([name, value]) => [name, value.write(writer)]))],
      ["in", this.body.write(writer)],
    ]);
  }
}

export class IfExpression implements Expression {
  readonly effect: Effect;
  readonly condition: Expression;
  readonly consequence: Expression;
  readonly otherwise: Expression;
  readonly position: Position;

  constructor(
    condition: Expression,
    consequence: Expression,
    otherwise: Expression,
    position: Position,
  ) {
    this.condition = condition;
    this.consequence = consequence;
    this.otherwise = otherwise;
    this.position = position;
    this.effect = most([condition, consequence, otherwise]);
  }

  evaluate(frame: Frame): Literal {
    const condition = boolean(this.condition.evaluate(frame), this.position.at("if"));
    return (condition ? this.consequence : this.otherwise).evaluate(frame);
  }

  write(writer: Writer): Json {
    return new Map([
      ["if", this.condition.write(writer)],
      ["then", this.consequence.write(writer)],
      ["else", this.otherwise.write(writer)],
    ]);
  }
}

export class DoExpression implements Expression {
  readonly effect: Effect;
  readonly steps: readonly Expression[];

  constructor(steps: readonly Expression[]) {
    this.steps = steps;
    this.effect = most(steps);
  }

  evaluate(frame: Frame): Literal {
    let result: Literal = null;
    for (const step of this.steps) result = step.evaluate(frame);
    return result;
  }

  write(writer: Writer): Json {
    return new Map([["do", this.steps.map((step) => step.write(writer))]]);
  }
}

export class AtExpression implements Expression {
  readonly effect: Effect;
  readonly time: Expression;
  readonly body: Expression;
  readonly position: Position;

  constructor(time: Expression, body: Expression, position: Position) {
    this.time = time;
    this.body = body;
    this.position = position;
    this.effect = most([time, body]);
  }

  evaluate(frame: Frame): Literal {
    const time = timeToRead(this.time.evaluate(frame), this.position.at("at"));
    // A time to come is taken for now (live 5).
    const inner = time > frame.session.now ? frame : frame.atTime(time);
    return this.body.evaluate(inner);
  }

  write(writer: Writer): Json {
    return new Map([
      ["at", this.time.write(writer)],
      ["expr", this.body.write(writer)],
    ]);
  }
}

/** `and`, `or` from version 3 on: the rest is not evaluated once the answer is known. */
export class LogicExpression implements Expression {
  readonly effect: Effect;
  readonly name: "and" | "or";
  readonly operands: readonly Expression[];
  readonly position: Position;

  constructor(name: "and" | "or", operands: readonly Expression[], position: Position) {
    this.name = name;
    this.operands = operands;
    this.position = position;
    this.effect = most(operands);
  }

  evaluate(frame: Frame): Literal {
    const decisive = this.name === "or";
    for (const [i, operand] of this.operands.entries()) {
      const value = boolean(operand.evaluate(frame), this.position.at(this.name).at(i));
      if (value === decisive) return decisive;
    }
    return !decisive;
  }

  write(writer: Writer): Json {
    return new Map([[this.name, this.operands.map((operand) => operand.write(writer))]]);
  }
}

/** `select` and its relatives from version 3 on: the default is evaluated only when it is needed. */
export class SelectExpression implements Expression {
  readonly effect: Effect;
  readonly name: string;
  readonly path: Expression;
  readonly from: Expression;
  readonly all: Expression | undefined;
  readonly otherwise: Expression | undefined;
  readonly position: Position;

  constructor(
    name: string,
    parts: { path: Expression; from: Expression; all?: Expression; otherwise?: Expression },
    position: Position,
  ) {
    this.name = name;
    this.path = parts.path;
    this.from = parts.from;
    this.all = parts.all;
    this.otherwise = parts.otherwise;
    this.position = position;
    this.effect = most([this.path, this.from, this.all, this.otherwise]);
  }

  evaluate(frame: Frame): Literal {
    const [path = null, from = null, all = null] = together(3, (i): Literal => {
      if (i === 0) return this.path.evaluate(frame);
      if (i === 1) return this.from.evaluate(frame);
      return this.all === undefined ? this.name !== "select" : this.all.evaluate(frame);
    });
    const steps = pathCast(path, this.position.at(this.name));
    const flatten = boolean(all, this.position.at("all"));
    const place = this.position.at("from");
    if (from instanceof UnresolvedRef) fail(undefinedRefOf(from, place));
    const found = select(frame, from, steps, flatten, place, this.otherwise !== undefined);
    return found === undefined ? this.otherwise!.evaluate(frame) : found;
  }

  write(writer: Writer): Json {
    const json = new Map<string, Json>([
      [this.name, this.path.write(writer)],
      ["from", this.from.write(writer)],
    ]);
    if (this.all) json.set("all", this.all.write(writer));
    if (this.otherwise) json.set("default", this.otherwise.write(writer));
    return json;
  }
}

/** A call of a user function. What it may do is not known before. */
export class CallExpression implements Expression {
  readonly effect = WRITE;
  readonly callee: Expression;
  readonly argument: Expression | undefined;
  readonly position: Position;

  constructor(callee: Expression, argument: Expression | undefined, position: Position) {
    this.callee = callee;
    this.argument = argument;
    this.position = position;
  }

  evaluate(frame: Frame): Literal {
    const [callee = null, argument = null] = together(2, (i): Literal => {
      if (i === 0) return this.callee.evaluate(frame);
      return this.argument === undefined ? [] : this.argument.evaluate(frame);
    });
    const place = this.position.at("call");
    return callFunction(frame, stringOrFunction(callee, place), argument, this.position);
  }

  write(writer: Writer): Json {
    const json = new Map([["call", this.callee.write(writer)]]);
    if (this.argument) json.set("arguments", this.argument.write(writer));
    return json;
  }
}

/** The parameters of a lambda: one name, or a name for each element of an array. `_` binds nothing. */
export type Pattern = string | readonly string[];

/** A lambda: evaluating it captures the variables in sight. */
export class LambdaExpression implements Expression {
  readonly effect = PURE;
  readonly pattern: Pattern;
  readonly body: Expression;
  /** Variables of the surroundings that the body uses, in the order of their first use. */
  readonly free: readonly string[];
  readonly version: ApiVersion;

  constructor(pattern: Pattern, body: Expression, free: readonly string[], version: ApiVersion) {
    this.pattern = pattern;
    this.body = body;
    this.free = free;
    this.version = version;
  }

  evaluate(frame: Frame): LambdaValue {
    return new LambdaValue(this, frame.bindings);
  }

  write(writer: Writer): Json {
    return this.#write(this.body.write(writer));
  }

  /** As it is stored: captured variables become a let around the body. */
  writeClosed(bindings: Bindings | undefined, writer: Writer): Json {
    if (this.free.length === 0) return this.write(writer);
    const captured = this.free.map((name): Member => {
      let here = bindings;
      while (here !== undefined && here.name !== name) here = here.outer;
      return [name, new LiteralExpression(here?.value ?? null)];
    });
    return this.#write(new LetExpression(captured, this.body).write(writer));
  }

  #write(body: Json): Json {
    const pattern = typeof this.pattern === "string" ? this.pattern : [...this.pattern];
    return new Map<string, Json>([
      ["lambda", pattern],
      ["expr", body],
    ]);
  }
}

/** The most that any of these expressions may do. */
export function most(expressions: readonly (Expression | undefined)[]): Effect {
  let effect: Effect = PURE;
  for (const expression of expressions) {
    if (expression && expression.effect > effect) effect = expression.effect;
  }
  return effect;
}

/** An object with names that begin with `@` is wrapped in `@obj`. */
function escaped(members: readonly (readonly [string, Json])[]): Json {
  const json = new Map(members);
  return members.some(([name]) => name.startsWith("@")) ? new Map([["@obj", json]]) : json;
}
