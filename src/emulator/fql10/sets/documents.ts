/** Sets of documents: all of a collection, or what an index finds. */
import { type CollectionId, NATIVE } from "../../data/ids.ts";
import type { IndexKey, IndexRange } from "../../data/shape.ts";
import { type Data, DocRef } from "../../data/value.ts";
import { collectionInfo, resourceOf } from "../documents/collection.ts";
import { fromData, toTerm } from "../documents/convert.ts";
import type { Context } from "../interpreter/context.ts";
import { parsePath } from "../parser/parser.ts";
import { Doc, type Module, type Value } from "../values.ts";
import { type Element, Pinned, type Position, ValueSet } from "./set.ts";

/** The ends of a range, in the order of the index; values, then perhaps an id. */
export interface Bounds {
  readonly from?: readonly Value[] | undefined;
  readonly to?: readonly Value[] | undefined;
}

/** How a set of documents came to be: a function of a collection and its arguments. */
export interface Origin {
  readonly module: Module;
  /** `all`, `byDocument`, or the name of an index. */
  readonly name: string;
  readonly terms: readonly Value[];
  readonly bounds: Bounds | undefined;
  /** Set by `at()`, µs. */
  readonly time: bigint | undefined;
  readonly backwards: boolean;
}

export class IndexSet extends ValueSet {
  readonly origin: Origin;

  constructor(origin: Origin) {
    super();
    this.origin = origin;
  }

  get name(): string {
    return this.origin.name;
  }

  get collection(): CollectionId {
    return this.origin.module.collection ?? NATIVE.Collection;
  }

  collectionName(context: Context): string {
    return collectionInfo(context, this.collection)?.name ?? "";
  }

  /** Whether the caller may read the collection at all. */
  isReadable(context: Context): boolean {
    return context.auth.mayList(this.#resource(context));
  }

  #resource(context: Context) {
    return resourceOf({ id: this.collection, name: this.collectionName(context) });
  }

  *iterate(context: Context, from?: Position): Iterable<Element> {
    const { collection } = this;
    const { time } = this.origin;
    const resource = this.#resource(context);
    const action = time === undefined ? "read" : "history_read";
    for (const { id, values } of this.#rows(context, from)) {
      context.query.tick();
      const ref = new DocRef(collection, id);
      const may = context.auth.may(
        action,
        resource,
        time === undefined ? { ref } : { ref, at: time },
      );
      if (!may) continue;
      const position = (): Position => [...values.map((value) => ({ value: fromData(value) })), id];
      yield { value: new Doc(collection, id, { readTime: time }), position };
    }
  }

  *#rows(
    context: Context,
    from: Position | undefined,
  ): Iterable<{ id: bigint; values: readonly Data[] }> {
    const { collection } = this;
    const { name, terms, time, backwards: reverse } = this.origin;
    const { transaction } = context.query;
    const at = time ?? context.readTime;
    if (name === "all") {
      yield* this.#all(context, from, at);
      return;
    }
    if (name === "byDocument") {
      yield* this.#secretsOf(context, terms[0], at);
      return;
    }
    const index = collectionInfo(context, collection)?.schema?.indexes.get(name);
    if (index?.id === undefined) return;
    const keys = terms.map((term) => toTerm(context, term) ?? null);
    const resume = from === undefined ? undefined : resumed(context, collection, from);
    const [low, high] = [this.#bound(context, "from"), this.#bound(context, "to")];
    const range: IndexRange = reverse
      ? { from: low, to: resume ?? high, reverse, at }
      : { from: resume ?? low, to: high, reverse, at };
    for (const { ref, values } of transaction.rows(index.id, keys, range))
      yield { id: ref.id, values };
  }

  *#all(context: Context, from: Position | undefined, at: bigint | undefined) {
    const { collection } = this;
    const { bounds, backwards: reverse } = this.origin;
    const id = Array.isArray(from) ? (from.at(-1) as bigint) : undefined;
    const low = idOf(bounds?.from?.[0]);
    const high = idOf(bounds?.to?.[0]);
    const range = reverse
      ? { from: low, to: id ?? high, reverse, at }
      : { from: id ?? low, to: high, reverse, at };
    for (const { ref, version } of context.query.transaction.documents(collection, range)) {
      if (collection !== NATIVE.Database || version.fields.get("disabled") !== true)
        yield { id: ref.id, values: [] };
    }
  }

  *#secretsOf(context: Context, owner: Value | undefined, at: bigint | undefined) {
    if (!(owner instanceof Doc)) return;
    for (const { ref, version } of context.query.transaction.documents(this.collection, { at })) {
      const instance = version.fields.get("instance") ?? version.fields.get("document");
      if (
        instance instanceof DocRef &&
        instance.id === owner.id &&
        instance.collection === owner.collection
      ) {
        yield { id: ref.id, values: [] };
      }
    }
  }

  #bound(context: Context, side: "from" | "to"): IndexKey | undefined {
    const values = this.origin.bounds?.[side];
    if (values === undefined) return undefined;
    const covered =
      collectionInfo(context, this.collection)?.schema?.indexes.get(this.origin.name)?.values
        .length ?? 0;
    const ref = idOf(values[covered]);
    return {
      values: values.slice(0, covered).map((value) => toTerm(context, value) ?? null),
      ...(ref === undefined ? {} : { ref: new DocRef(this.collection, ref) }),
    };
  }

  reversed(): ValueSet {
    return new IndexSet({ ...this.origin, backwards: !this.origin.backwards });
  }

  recipe() {
    const { name, module, terms, bounds, time, backwards } = this.origin;
    return [
      "documents",
      module,
      name,
      [...terms],
      bounds?.from ?? false,
      bounds?.to ?? false,
      new Pinned(time),
      backwards,
    ] as const;
  }

  override streamRefusal(): string | undefined {
    const { time, backwards, bounds, name } = this.origin;
    if (time !== undefined)
      return "streaming is not supported for sets created within an `at()` expression.";
    if (backwards) return "streaming is not supported on sets that have been reversed.";
    if (bounds !== undefined)
      return "range queries are not supported yet, use `.where()` method instead.";
    const followable = this.collection >= 1024 && name !== "byDocument";
    return followable ? undefined : "only collections and user defined indexes are streamable.";
  }

  /** The paths that the index does not cover; changes of these cannot be watched. */
  uncovered(
    context: Context,
    paths: readonly (readonly (string | number)[])[],
  ): (readonly (string | number)[])[] {
    if (this.origin.name === "all") return [];
    const index = collectionInfo(context, this.collection)?.schema?.indexes.get(this.origin.name);
    const covered = new Set(
      [...(index?.terms ?? []), ...(index?.values ?? [])].map(({ field }) =>
        JSON.stringify(parsePath(field)),
      ),
    );
    if (covered.has('["ts"]')) return [];
    return paths.filter((path) => path.join(".") !== "id" && !covered.has(JSON.stringify(path)));
  }
}

function idOf(value: Value | undefined): bigint | undefined {
  return value instanceof Doc ? value.id : undefined;
}

function resumed(context: Context, collection: CollectionId, position: Position): IndexKey {
  const parts = Array.isArray(position) ? (position as Position[]) : [];
  const id = parts.at(-1) as bigint;
  const values = parts.slice(0, -1).map((part) => {
    const { value } = part as { readonly value: Value };
    return toTerm(context, value) ?? null;
  });
  return { values, ref: new DocRef(collection, id) };
}
