/** Tables of what values can do: fields, methods, operators, application and access by index. */
import type { Context } from "../interpreter/context.ts";
import { type Arity, NativeFunction, type NullCause, type Value } from "../values.ts";
import type { Tag } from "./tags.ts";
import { typeName } from "./type-name.ts";

/** A parameter: its name in messages, and what it takes. */
export interface Param<T> {
  readonly name: string;
  readonly tag: Tag<T>;
}

/** What a parameter list becomes for the function behind it. */
type Cast<P extends readonly Param<unknown>[]> = {
  -readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never;
};

/** One way to call a method. */
export interface Signature<Self> {
  readonly params: readonly Param<unknown>[];
  /** All arguments are of `params[0]`. */
  readonly variadic?: boolean;
  readonly run: (context: Context, self: Self, args: readonly unknown[]) => Value;
}

export interface Method<Self> {
  readonly name: string;
  readonly signatures: readonly Signature<Self>[];
  readonly arity: Arity;
}

/** Says that the receiver is null, as the result of reading a field. */
export class Absent {
  readonly cause: NullCause;

  constructor(cause: NullCause) {
    this.cause = cause;
  }
}

export interface Table<Self> {
  readonly fields: ReadonlyMap<string, (context: Context, self: Self) => Value>;
  readonly methods: ReadonlyMap<string, Method<Self>>;
  readonly operators: ReadonlyMap<string, Method<Self>>;
  readonly apply?: Method<Self> | undefined;
  readonly access?: Method<Self> | undefined;
}

/** The parameter `name` that takes what `tag` takes. */
export const param = <T>(name: string, tag: Tag<T>): Param<T> => ({ name, tag });

/** A signature of these parameters. */
export function on<Self, const P extends readonly Param<unknown>[]>(
  params: P,
  run: (context: Context, self: Self, ...args: Cast<P>) => Value,
): Signature<Self> {
  return { params, run: (context, self, args) => run(context, self, ...(args as Cast<P>)) };
}

/** A signature of any number of arguments of one kind. */
export function onAll<Self, T>(
  each: Param<T>,
  run: (context: Context, self: Self, args: readonly T[]) => Value,
): Signature<Self> {
  return {
    params: [each],
    variadic: true,
    run: (context, self, args) => run(context, self, args as readonly T[]),
  };
}

type Signatures<Self> = Signature<Self> | readonly Signature<Self>[];

export interface TableParts<Self> {
  readonly fields?: Readonly<Record<string, (context: Context, self: Self) => Value>>;
  readonly methods?: Readonly<Record<string, Signatures<Self>>>;
  readonly operators?: Readonly<Record<string, Signatures<Self>>>;
  readonly apply?: Signatures<Self>;
  readonly access?: Signatures<Self>;
}

/** A table of `parts`, on top of what `base` has. */
export function table<Self>(parts: TableParts<Self>, base?: Table<Self>): Table<Self> {
  const apply = parts.apply === undefined ? base?.apply : method("apply", parts.apply);
  const access = parts.access === undefined ? base?.access : method("[]", parts.access);
  return {
    fields: new Map([...(base?.fields ?? []), ...Object.entries(parts.fields ?? {})]),
    methods: new Map([...(base?.methods ?? []), ...methods(parts.methods)]),
    operators: new Map([...(base?.operators ?? []), ...methods(parts.operators)]),
    ...(apply === undefined ? {} : { apply }),
    ...(access === undefined ? {} : { access }),
  };
}

const methods = <Self>(all: Readonly<Record<string, Signatures<Self>>> = {}) =>
  Object.entries(all).map(([name, signatures]) => [name, method(name, signatures)] as const);

/** A method of one signature or several that differ in their parameters. */
export function method<Self>(name: string, signatures: Signatures<Self>): Method<Self> {
  const all = Array.isArray(signatures)
    ? (signatures as readonly Signature<Self>[])
    : [signatures as Signature<Self>];
  const arity: Arity = all.some(({ variadic }) => variadic)
    ? { atLeast: 0 }
    : { counts: [...new Set(all.map(({ params }) => params.length))] };
  return { name, signatures: all, arity };
}

/** Calls a method with arguments whose number is right. */
export function callMethod<Self>(
  context: Context,
  callee: Method<Self>,
  self: Self,
  args: readonly Value[],
): Value {
  const { signatures } = callee;
  const [only] = signatures;
  if (signatures.length === 1 && only !== undefined)
    return only.run(context, self, castAll(context, only, args));
  for (const signature of signatures) {
    if (signature.params.length !== args.length) continue;
    const cast = args.map((arg, index) => signature.params[index]?.tag.cast(arg));
    if (cast.every((arg) => arg !== undefined)) return signature.run(context, self, cast);
  }
  const fitting = signatures.filter(({ params }) => params.length === args.length);
  const [single] = fitting;
  if (fitting.length === 1 && single !== undefined) castAll(context, single, args);
  const expected = fitting
    .map(({ params }) => `(${params.map(({ tag }) => tag.display).join(", ")})`)
    .join(" | ");
  const received = `(${args.map((arg) => typeName(arg)).join(", ")})`;
  throw context.failure(
    "invalid_argument",
    `expected arguments to \`${callee.name}\` of type ${expected}, received ${received}`,
  );
}

function castAll<Self>(
  context: Context,
  { params, variadic }: Signature<Self>,
  args: readonly Value[],
): unknown[] {
  return args.map((arg, index) => {
    const taker = params[variadic === true ? 0 : index];
    const cast = taker?.tag.cast(arg);
    if (taker === undefined || cast !== undefined) return cast;
    const name = variadic === true ? `${taker.name}${index}` : taker.name;
    throw wrongArgument(context, name, taker.tag.display, arg);
  });
}

/** The failure of an argument of the wrong type. */
export const wrongArgument = (context: Context, name: string, expected: string, actual: Value) =>
  context.failure(
    "invalid_argument",
    `expected value for \`${name}\` of type ${expected}, received ${typeName(actual)}`,
  );

/** The method as a value: a function that remembers whom it was taken from. */
export function bind<Self>(callee: Method<Self>, self: Self): NativeFunction {
  return new NativeFunction(callee.name, callee.arity, (context, args) =>
    callMethod(context, callee, self, args),
  );
}
