/**
 * Forms: the functions of the language, each a declaration of its arguments, what it may do, and how it is done.
 * `define({ take: integer, collection: any }, PURE, ({ take, collection }) => …)` is `{"take": 2, "collection": […]}`.
 */
import type { Json } from "../../values/json.ts";
import type { Cast, Taken } from "./cast.ts";
import { type Expression, LambdaExpression, most, type Writer } from "./expression.ts";
import { fail, V4Error, V4Failure } from "./failure.ts";
import { type Effect, type Frame, READ } from "./frame.ts";
import type { Position } from "./position.ts";
import type { Literal } from "./value.ts";
import type { ApiVersion } from "./version.ts";

/** Where a function is called. */
export interface Call {
  readonly frame: Frame;
  readonly position: Position;
}

// The arguments of different forms have nothing in common but that a cast made them.
// oxlint-disable-next-line no-explicit-any
type Signature = Record<string, Cast<any>>;

type Arguments<S extends Signature> = { readonly [K in keyof S]: Taken<S[K]> };

export interface Form {
  readonly names: readonly string[];
  readonly casts: readonly Cast<unknown>[];
  readonly effect: Effect;
  /** The first and the last version (exclusive) that knows it. */
  readonly since: ApiVersion | undefined;
  readonly until: ApiVersion | undefined;
  run(args: Record<string, unknown>, call: Call): Literal;
}

/** Versions that know a form. */
export interface Lifetime {
  readonly since?: ApiVersion;
  readonly until?: ApiVersion;
}

/** Declares a form. The first argument names it; the order is the one that it is written in. */
export function define<S extends Signature>(
  signature: S,
  effect: Effect,
  run: (args: Arguments<S>, call: Call) => Literal,
  lifetime: Lifetime = {},
): Form {
  return {
    names: Object.keys(signature),
    casts: Object.values(signature),
    effect,
    since: lifetime.since,
    until: lifetime.until,
    run: (args, call) => run(args as Arguments<S>, call),
  };
}

/** One call of a form in a query. */
export class FormExpression implements Expression {
  readonly effect: Effect;
  readonly form: Form;
  /** In the order of the form; undefined where an optional argument is left out. */
  readonly args: readonly (Expression | undefined)[];
  readonly position: Position;
  readonly #places: readonly Position[];

  constructor(form: Form, args: readonly (Expression | undefined)[], position: Position) {
    this.form = form;
    this.args = args;
    this.position = position;
    this.#places = form.names.map((name) => position.at(name));
    // A lambda that is given is a lambda that is called.
    const inner = most(args.map((arg) => (arg instanceof LambdaExpression ? arg.body : arg)));
    this.effect = inner > form.effect ? inner : form.effect;
  }

  evaluate(frame: Frame): Literal {
    const { form, position } = this;
    if (form.effect > frame.limit.effect) fail(forbiddenEffect(form.effect, frame, position));
    frame.session.step();
    const args: Record<string, unknown> = {};
    let errors: V4Error[] | undefined;
    for (let i = 0; i < form.names.length; i++) {
      const arg = this.args[i];
      if (arg === undefined) continue;
      try {
        const value = arg.evaluate(frame);
        frame.session.take(value);
        args[form.names[i]!] = form.casts[i]!(value, this.#places[i]!);
      } catch (error) {
        if (!(error instanceof V4Failure)) throw error;
        errors ??= [];
        errors.push(...error.errors);
      }
    }
    if (errors) throw new V4Failure(errors);
    const made = form.run(args, { frame, position });
    frame.session.make(made);
    return made;
  }

  write(writer: Writer): Json {
    const json = new Map<string, Json>();
    for (const [i, name] of this.form.names.entries()) {
      const arg = this.args[i];
      if (arg) json.set(name, arg.write(writer));
    }
    return json;
  }
}

function forbiddenEffect(effect: Effect, frame: Frame, position: Position): V4Error {
  const what = effect === READ ? "read" : "write";
  return new V4Error(
    "invalid expression",
    `Call performs a ${what}, which is not allowed in ${frame.limit.reason}.`,
    position,
  );
}
