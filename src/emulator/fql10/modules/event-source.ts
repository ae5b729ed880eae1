/** Event sources: sets whose changes a feed or stream follows. */
import { denied } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import { THIS } from "../ast.ts";
import { Deferred, FilteredSet, MappedSet } from "../sets/mapped.ts";
import { IndexSet } from "../sets/documents.ts";
import type { ValueSet } from "../sets/set.ts";
import { EventSource, type Func, Lambda } from "../values.ts";
import { baseFor } from "./base.ts";
import { checkCallback } from "./callbacks.ts";
import { on, param, table } from "./table.ts";
import { fn } from "./tags.ts";

/** The event source of a set, watching `fields` (short lambdas) or all. `called` is the method, for messages. */
export function eventSource(
  context: Context,
  set: ValueSet,
  fields: readonly Func[],
  called: string,
): EventSource {
  const watched = fields.map((field, index) => {
    const path = pathOf(field);
    if (path === undefined) {
      throw context.failure(
        "invalid_argument",
        `invalid argument \`${index}\`: invalid field path given`,
      );
    }
    return path;
  });
  const refusal = set.streamRefusal();
  if (refusal !== undefined) throw refused(context, called, refusal);
  const source = sourceOf(set);
  if (watched.length > 0 && source !== set)
    throw refused(context, ".changesOn()", "it was not called on the source set.");
  if (source instanceof IndexSet) {
    if (!source.isReadable(context)) {
      throw denied(
        context,
        `Insufficient privileges to read from collection ${source.collectionName(context)}.`,
      );
    }
    const bare = source.uncovered(context, watched);
    if (bare.length > 0) {
      const names = bare.map((path) => `\`.${path.join(".")}\``).join(", ");
      throw context.failure(
        "invalid_argument",
        `invalid argument \`fields\`: ${names} not covered by the \`${source.name}\` index.`,
      );
    }
  }
  return new EventSource(set, watched);
}

const refused = (context: Context, called: string, reason: string) =>
  context.failure("invalid_receiver", `can't call \`${called}\` because ${reason}`);

/** The set that a mapped or filtered one comes from. */
function sourceOf(set: ValueSet): ValueSet {
  return set instanceof MappedSet || set instanceof FilteredSet ? sourceOf(set.inner) : set;
}

/** The path of a short lambda that only selects. */
function pathOf(field: Func): (string | number)[] | undefined {
  if (!(field instanceof Lambda) || field.params[0] !== THIS || field.body.kind !== "chain")
    return undefined;
  const path: (string | number)[] = [];
  for (const link of field.body.links) {
    if (link.kind === "select" && !link.optional) path.push(link.field.text);
    else if (link.kind === "access") {
      const [key] = link.args;
      if (key?.kind !== "literal") return undefined;
      if (typeof key.value === "string") path.push(key.value);
      else if (typeof key.value === "bigint") path.push(Number(key.value));
      else return undefined;
    } else return undefined;
  }
  return path;
}

export const eventSourceTable = table<EventSource>(
  {
    methods: {
      where: on([param("predicate", fn)], (context, self, predicate) => {
        const deferred = Deferred.here(context, checkCallback(context, "pred", 1, predicate));
        return new EventSource(new FilteredSet(self.set, deferred), self.watched);
      }),
      map: on([param("mapper", fn)], (context, self, mapper) => {
        const deferred = Deferred.here(context, checkCallback(context, "mapper", 1, mapper));
        return new EventSource(new MappedSet(self.set, deferred), self.watched);
      }),
    },
  },
  baseFor(),
);
