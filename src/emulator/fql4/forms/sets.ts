/** Making sets. */
import { DocRef } from "../../data/value.ts";
import {
  any,
  type Cast,
  collectionRef,
  identifier,
  lambdaOrAny,
  oneOrMore,
  ref,
  set,
  setOrArray,
  stringOrIndex,
  undefinedRefOf,
  zeroOrMore,
} from "../cast.ts";
import { Bag } from "../equals.ts";
import { fail, invalidArgument, together, wrongType } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { PURE } from "../frame.ts";
import { expressionOf } from "../lambda.ts";
import { databaseOf, resolveName } from "../resolve.ts";
import { AlgebraicSet } from "../sets/algebra.ts";
import { parseCursor } from "../sets/cursor.ts";
import { EventsSet, JoinSet, RangeSet } from "../sets/derived.ts";
import { DocumentsSet } from "../sets/documents.ts";
import { indexShapeOf, matchIndex } from "../sets/match.ts";
import { DocumentSet, SingletonSet } from "../sets/singleton.ts";
import type { SetValue } from "../sets/set.ts";
import {
  ForeignRef,
  isArray,
  isLambda,
  isSet,
  type Literal,
  typeOf,
  UnresolvedRef,
  type AnyRef,
  bare,
} from "../value.ts";
import { NATIVE } from "../../data/ids.ts";
import { toData } from "../write/store.ts";

/** A term of an index: anything that leads somewhere. */
const term: Cast<Literal> = (value, position) =>
  value instanceof UnresolvedRef ? fail(wrongType(["Any"], typeOf(value), position)) : value;

function match(
  index: string | AnyRef,
  terms: readonly Literal[],
  { frame, position }: Call,
): Literal {
  const { session } = frame;
  const place = position.at("index");
  const found = typeof index === "string" ? resolveName(session, "index", index) : index;
  if (found instanceof UnresolvedRef) return fail(undefinedRefOf(found, place));
  const data = terms.map((value) => toData(session, value));
  return matchIndex(session, databaseOf(session, found), bare(found), data, place);
}

type Operation = "union" | "intersection" | "difference";

/** Union, Intersection and Difference, of sets or of arrays. */
function algebra(
  operation: Operation,
  combine: (left: readonly Literal[], right: readonly Literal[]) => readonly Literal[],
): Form {
  return define({ [operation]: oneOrMore(setOrArray) }, PURE, (args, { position }) => {
    const operands = args[operation] as (readonly Literal[] | SetValue)[];
    const place = position.at(operation);
    if (operands.every(isArray)) return operands.reduce(combine);
    const sets = operands.filter((operand): operand is SetValue => isSet(operand));
    if (sets.length < operands.length) {
      fail(
        invalidArgument("Arguments cannot be of different types, expected Set or Array.", place),
      );
    }
    const [first, ...rest] = sets;
    if (rest.some((other) => !isCompatible(first!, other))) {
      fail(invalidArgument("Sets are not compatible.", place));
    }
    return new AlgebraicSet(operation, [first!, ...rest]);
  });
}

function isCompatible(a: SetValue, b: SetValue): boolean {
  return a.shape.values === b.shape.values && a.isHistorical === b.isHistorical;
}

/** Each value as often as it is in the array that has it most often. */
function unionOf(left: readonly Literal[], right: readonly Literal[]): readonly Literal[] {
  const result = [...left];
  const had = new Bag(left);
  const wanted = new Bag(right);
  for (const item of right) {
    if (had.count(item) >= wanted.count(item)) continue;
    had.add(item);
    result.push(item);
  }
  return result;
}

function without(left: readonly Literal[], right: readonly Literal[]): readonly Literal[] {
  const rest = new Bag(right);
  return left.filter((item) => !rest.take(item));
}

function intersectionOf(left: readonly Literal[], right: readonly Literal[]): readonly Literal[] {
  return without(left, without(left, right));
}

function events(value: AnyRef | SetValue, { frame, position }: Call): Literal {
  if (!isSet(value)) {
    return new EventsSet(new DocumentSet(databaseOf(frame.session, value), bare(value)));
  }
  if (value.isHistorical) {
    fail(invalidArgument("Set does not support events history.", position));
  }
  return new EventsSet(value);
}

function join(source: SetValue, target: Literal, { frame, position }: Call): Literal {
  const { session } = frame;
  const place = position.at("with");
  if (isLambda(target)) {
    if (expressionOf(target, session).body.effect !== PURE) {
      fail(
        invalidArgument(
          "Invalid lambda. Lambda in this context may not read, write, or call a user function.",
          place,
        ),
      );
    }
    return new JoinSet(source, target, undefined, position);
  }
  if (target instanceof UnresolvedRef) fail(undefinedRefOf(target, place));
  const isIndex = target instanceof DocRef || target instanceof ForeignRef;
  if (!isIndex || bare(target).collection !== NATIVE.Index) {
    return fail(wrongType(["Lambda", "Index Ref"], typeOf(target), place));
  }
  const database = databaseOf(session, target);
  const shape = indexShapeOf(session, database, bare(target));
  return new JoinSet(source, { database, index: bare(target) }, shape, position);
}

export const setForms: readonly Form[] = [
  define({ match: zeroOrMore(term), index: stringOrIndex }, PURE, (args, call) =>
    match(args.index, args.match, call),
  ),
  define({ match: stringOrIndex, terms: zeroOrMore(term) }, PURE, (args, call) =>
    match(args.match, args.terms, call),
  ),
  define({ match: stringOrIndex }, PURE, (args, call) => match(args.match, [], call)),
  define({ documents: collectionRef }, PURE, ({ documents }, { frame }) => {
    const database = databaseOf(frame.session, documents);
    return new DocumentsSet(database, Number(bare(documents).id));
  }),
  define(
    { singleton: ref },
    PURE,
    ({ singleton }, { frame }) =>
      new SingletonSet(databaseOf(frame.session, singleton), bare(singleton)),
  ),
  define({ events: identifier }, PURE, (args, call) => events(args.events, call)),
  algebra("union", unionOf),
  algebra("intersection", intersectionOf),
  algebra("difference", without),
  define({ range: set, from: any, to: any }, PURE, (args, { frame, position }) => {
    const { session } = frame;
    const [from, to] = together(2, (i) =>
      i === 0
        ? parseCursor(session, args.range, args.from, position.at("from"))
        : parseCursor(session, args.range, args.to, position.at("to"), true),
    );
    return new RangeSet(args.range, from!, to!);
  }),
  define({ join: set, with: lambdaOrAny }, PURE, (args, call) => join(args.join, args.with, call)),
];
