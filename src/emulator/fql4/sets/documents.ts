/** The documents of a collection, and the definitions of a kind. */
import type { Database } from "../../data/database.ts";
import { isUserCollection, NATIVE } from "../../data/ids.ts";
import type { DocumentRange } from "../../data/shape.ts";
import { type Data, DocRef } from "../../data/value.ts";
import type { Frame } from "../frame.ts";
import { mayUse, reaches, resourceOf } from "../permission.ts";
import type { Renderer } from "../render/render.ts";
import type { Session } from "../session.ts";
import {
  type Bound,
  type Entry,
  type HistoryEntry,
  REFS_ONLY,
  SetValue,
  type Stretch,
} from "./set.ts";

const NO_VALUES: readonly Data[] = [];

export class DocumentsSet extends SetValue {
  readonly shape = REFS_ONLY;
  /** Undefined for the query's own. */
  readonly database: Database | undefined;
  readonly collection: number;
  readonly #isFiltered: boolean;

  constructor(database: Database | undefined, collection: number, isFiltered = true) {
    super();
    this.database = database;
    this.collection = collection;
    this.#isFiltered = isFiltered;
  }

  override get isFiltered(): boolean {
    return this.#isFiltered;
  }

  *entries(frame: Frame, stretch: Stretch): Iterable<Entry> {
    const { collection } = this;
    const database = this.database ?? frame.session.database;
    const range = this.#range(frame, stretch);
    if (range === undefined) return;
    const sources = [this];
    for (const { ref } of frame.session.in(database).documents(collection, range)) {
      yield { database, values: NO_VALUES, ref, sources };
    }
  }

  override refs(frame: Frame, stretch: Stretch, most: number): readonly DocRef[] | undefined {
    const { session } = frame;
    if ((this.database ?? session.database) !== session.database) return undefined;
    const range = this.#range(frame, stretch);
    if (range === undefined) return [];
    return session.transaction.refs(this.collection, range, most);
  }

  /** Undefined for a stretch in which nothing can be. */
  #range(frame: Frame, { from, to, reverse = false }: Stretch): DocumentRange | undefined {
    const first = lowest(from, this.collection);
    const last = highest(to, this.collection);
    if (first === "none" || last === "none") return undefined;
    return { from: first, to: last, reverse, at: frame.at };
  }

  override history(frame: Frame): HistoryEntry[] {
    const database = this.database ?? frame.session.database;
    const sources = [this];
    return frame.session
      .in(database)
      .documentEvents(this.collection)
      .map(({ ts, action, ref, values }) => ({ database, ts, action, ref, data: values, sources }));
  }

  /** Documents of user collections are asked for one by one; definitions must be readable at all (live 27). */
  permitted(frame: Frame): SetValue | undefined {
    const database = this.database ?? frame.session.database;
    const resource = resourceOf(frame.session, database, this.collection);
    if (isUserCollection(this.collection)) {
      return mayUse(frame, "unrestricted_read", database, resource)
        ? new DocumentsSet(this.database, this.collection, false)
        : this;
    }
    const isAllowed = frame.auth.builtinRole
      ? frame.auth.may("read", resource)
      : reaches(frame, database) && frame.auth.mayList(resource);
    return isAllowed ? this : undefined;
  }

  inner(renderer: Renderer): string {
    return renderer.members([["documents", renderer.ref(this.database, this.#ref())]]);
  }

  data(): ReadonlyMap<string, Data> {
    return new Map([["documents", this.#ref()]]);
  }

  #ref(): DocRef {
    return new DocRef(NATIVE.Collection, BigInt(this.collection));
  }
}

/** The set that a native collection stands for where a set is asked for; shown as its reference. */
export class SchemaSet extends DocumentsSet {
  override text(renderer: Renderer): string {
    return renderer.ref(this.database, new DocRef(NATIVE.Collection, BigInt(this.collection)));
  }

  override stored(_session: Session): Data {
    return new DocRef(NATIVE.Collection, BigInt(this.collection));
  }
}

/** The first id behind a lower bound. Documents of all collections are in one order, by id. */
function lowest(bound: Bound | undefined, collection: number): bigint | undefined | "none" {
  if (bound?.ref === undefined) return bound?.isBehind === true ? "none" : undefined;
  const { ref, isBehind } = bound;
  const isPassed = ref.collection === collection ? isBehind : ref.collection > collection;
  return isPassed ? ref.id + 1n : ref.id;
}

/** The last id before an upper bound. */
function highest(bound: Bound | undefined, collection: number): bigint | undefined | "none" {
  if (bound?.ref === undefined) return bound?.isBehind === false ? "none" : undefined;
  const { ref, isBehind } = bound;
  const isIncluded = ref.collection === collection ? isBehind : ref.collection > collection;
  return isIncluded ? ref.id : ref.id - 1n;
}
