/** Sets from their recipes: the counterpart of each kind's `recipe()`. */
import type { Context } from "../interpreter/context.ts";
import { type Func, Int, Module, type Value } from "../values.ts";
import { ConcatSet, DropSet, PagedSet, TakeSet } from "./cut.ts";
import { IndexSet } from "./documents.ts";
import { Deferred, FilteredSet, FlatMappedSet, MappedSet } from "./mapped.ts";
import { ArraySet, SequenceSet, SingletonSet } from "./plain.ts";
import { DistinctSet, OrderedSet, ReversedSet } from "./sorted.ts";
import { Pinned, type RecipePart, type ValueSet } from "./set.ts";

const asSet = (part: RecipePart | undefined) => part as ValueSet;
const asInt = (part: RecipePart | undefined) => (part instanceof Int ? part.value : 0);
const asArray = (part: RecipePart | undefined) =>
  Array.isArray(part) ? (part as readonly Value[]) : [];
const asTime = (part: RecipePart | undefined) => (part instanceof Pinned ? part.micros : undefined);

/**
 * The set that `kind` and `parts` describe.
 * @throws QueryFailure `unbound_variable` if its collection is not there.
 */
export function restoreSet(context: Context, kind: string, parts: readonly RecipePart[]): ValueSet {
  const [first, second, third, fourth] = parts;
  const deferred = () => new Deferred(second as Func, asTime(third), []);
  switch (kind) {
    case "array":
      return new ArraySet(asArray(first));
    case "single":
      return new SingletonSet(first as Value);
    case "sequence":
      return new SequenceSet(asInt(first), asInt(second), third === true);
    case "map":
      return new MappedSet(asSet(first), deferred());
    case "where":
      return new FilteredSet(asSet(first), deferred());
    case "flatMap":
      return new FlatMappedSet(asSet(first), deferred(), fourth === true);
    case "take":
      return new TakeSet(asSet(first), asInt(second));
    case "drop":
      return new DropSet(asSet(first), asInt(second));
    case "concat":
      return new ConcatSet(asSet(first), asSet(second));
    case "paged":
      return new PagedSet(asSet(first), asInt(second));
    case "order": {
      const orderings = asArray(second).map((key) => {
        const [accessor, ascending] = key as readonly [Func, boolean];
        return { accessor, ascending };
      });
      return new OrderedSet(asSet(first), orderings);
    }
    case "distinct":
      return new DistinctSet(asSet(first));
    case "reverse":
      return new ReversedSet(asSet(first));
    case "documents":
      return restoreDocuments(context, parts);
    default:
      throw context.failure("invalid_cursor", "Cursor cursor is invalid or expired.");
  }
}

function restoreDocuments(context: Context, parts: readonly RecipePart[]): ValueSet {
  const [module, name, terms, from, to, time, backwards] = parts;
  if (!(module instanceof Module))
    throw context.failure("invalid_cursor", "Cursor cursor is invalid or expired.");
  const bound = (part: RecipePart | undefined) => (part === false ? undefined : asArray(part));
  const bounds = from === false && to === false ? undefined : { from: bound(from), to: bound(to) };
  return new IndexSet({
    module,
    name: typeof name === "string" ? name : "",
    terms: asArray(terms),
    bounds,
    time: asTime(time),
    backwards: backwards === true,
  });
}
