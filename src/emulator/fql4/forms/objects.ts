/** Objects: merging, picking out, taking apart. */
import {
  any,
  array,
  boolean,
  type Cast,
  field,
  lambda,
  optional,
  path,
  undefinedRefOf,
  zeroOrMore,
} from "../cast.ts";
import { fail, invalidArgument, V4Error, V4Failure, wrongType } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { PURE } from "../frame.ts";
import { applyLambda } from "../lambda.ts";
import { select } from "../select.ts";
import {
  type AnyLambda,
  DocumentValue,
  isArray,
  isObject,
  type Literal,
  type ObjectLiteral,
  typeOf,
  UnresolvedRef,
} from "../value.ts";
import { membersOf } from "../write/store.ts";

function objectOf(value: Literal): ObjectLiteral | undefined {
  if (isObject(value)) return value;
  return value instanceof DocumentValue ? membersOf(value) : undefined;
}

/** Members of the right objects replace those of the left one; what becomes null goes. */
function merge(
  left: Literal,
  right: Literal,
  resolve: AnyLambda | undefined,
  { frame, position }: Call,
): Literal {
  const errors: V4Error[] = [];
  const take = (value: Literal, place = position.at("merge")): ObjectLiteral => {
    const object = objectOf(value);
    if (object === undefined) errors.push(wrongType(["Object"], typeOf(value), place));
    return object ?? new Map();
  };
  const merged = new Map(take(left));
  const place = position.at("with");
  const others = isArray(right)
    ? right.map((value, i) => take(value, place.at(i)))
    : [take(right, place)];
  if (errors.length > 0) throw new V4Failure(errors);
  for (const other of others) {
    for (const [name, value] of other) {
      const old = merged.get(name) ?? null;
      const chosen = resolve ? applyLambda(frame, resolve, [name, old, value], position) : value;
      if (chosen === null) merged.delete(name);
      else merged.set(name, chosen);
    }
  }
  return merged;
}

const fields: Cast<(readonly [string, Literal])[]> = zeroOrMore(field);

function toObject(value: Literal, { position }: Call): Literal {
  const object = objectOf(value);
  if (object) return object;
  const place = position.at("to_object");
  if (isArray(value)) return new Map(fields(value, place));
  return fail(invalidArgument(`Cannot cast ${typeOf(value)} to Object.`, place));
}

function toArray(value: Literal, { position }: Call): Literal {
  if (isArray(value)) return array(value, position);
  const object = objectOf(value);
  if (object) return [...object].map(([name, member]): Literal => [name, member]);
  return fail(invalidArgument(`Cannot cast ${typeOf(value)} to Array.`, position.at("to_array")));
}

/** Select and its relatives before version 3: the default is always evaluated. */
function oldSelect(name: string, flattens: boolean): Form {
  return define(
    {
      [name]: path,
      from: any,
      ...(name === "select" && { all: optional(boolean) }),
      default: optional(any),
    },
    PURE,
    (all, { frame, position }) => {
      const args = all as Readonly<Record<string, unknown>>;
      const from = args["from"] as Literal;
      const place = position.at("from");
      const otherwise = args["default"] as Literal | undefined;
      if (from instanceof UnresolvedRef) fail(undefinedRefOf(from, place));
      const flatten = flattens || args["all"] === true;
      const steps = args[name] as (string | bigint)[];
      return select(frame, from, steps, flatten, place, otherwise !== undefined) ?? otherwise!;
    },
    { until: "3" },
  );
}

export const objectForms: readonly Form[] = [
  define({ merge: any, with: any, lambda: optional(lambda) }, PURE, (args, call) =>
    merge(args.merge, args.with, args.lambda, call),
  ),
  define({ to_object: any }, PURE, (args, call) => toObject(args.to_object, call)),
  define({ to_array: any }, PURE, (args, call) => toArray(args.to_array, call)),
  oldSelect("select", false),
  oldSelect("select_all", true),
  oldSelect("select_as_index", true),
];
