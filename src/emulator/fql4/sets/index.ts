/** The entries of an index under some terms. */
import type { Database } from "../../data/database.ts";
import { type Data, DocRef } from "../../data/value.ts";
import type { IndexKey } from "../../data/shape.ts";
import type { Frame } from "../frame.ts";
import { definitionResource, mayUse } from "../permission.ts";
import type { Renderer } from "../render/render.ts";
import {
  type Bound,
  type Entry,
  type HistoryEntry,
  SetValue,
  type Shape,
  type Stretch,
} from "./set.ts";

export class IndexSet extends SetValue {
  readonly database: Database;
  readonly index: DocRef;
  readonly terms: readonly Data[];
  readonly shape: Shape;
  readonly #isFiltered: boolean;

  constructor(
    database: Database,
    index: DocRef,
    terms: readonly Data[],
    shape: Shape,
    isFiltered = true,
  ) {
    super();
    this.#isFiltered = isFiltered;
    this.database = database;
    this.index = index;
    this.terms = terms;
    this.shape = shape;
  }

  *entries(frame: Frame, { from, to, reverse = false }: Stretch): Iterable<Entry> {
    const { database, index, terms } = this;
    const sources = [this];
    const range = { from: keyOf(from, true), to: keyOf(to, false), reverse, at: frame.at };
    for (const { ref, values } of frame.session.in(database).rows(index.id, terms, range)) {
      // An index of several collections forgets those that are deleted.
      if (database.store(ref.collection).isDeleted) continue;
      yield { database, values, ref, sources };
    }
  }

  override history(frame: Frame): HistoryEntry[] {
    const { database } = this;
    const sources = [this];
    return frame.session
      .in(database)
      .indexEvents(this.index.id, this.terms)
      .map(({ ts, action, ref, values }) => ({ database, ts, action, ref, data: values, sources }));
  }

  override get isFiltered(): boolean {
    return this.#isFiltered;
  }

  permitted(frame: Frame): SetValue | undefined {
    const { database, index, terms, shape } = this;
    const resource = definitionResource(frame.session, database, "index", index);
    const allows = (action: "read" | "unrestricted_read"): boolean =>
      mayUse(frame, action, database, resource, () => ({ terms }));
    if (allows("unrestricted_read")) return new IndexSet(database, index, terms, shape, false);
    return allows("read") ? this : undefined;
  }

  inner(renderer: Renderer): string {
    const members: [string, string][] = [["match", renderer.ref(this.database, this.index)]];
    if (this.terms.length > 0) members.push(["terms", renderer.text(this.#terms())]);
    return renderer.members(members);
  }

  data(): ReadonlyMap<string, Data> {
    const data = new Map<string, Data>([["match", this.index]]);
    if (this.terms.length > 0) data.set("terms", this.#terms());
    return data;
  }

  #terms(): Data {
    return this.terms.length === 1 ? (this.terms[0] ?? null) : this.terms;
  }
}

function keyOf(bound: Bound | undefined, isLower: boolean): IndexKey | undefined {
  if (!bound) return undefined;
  const { values, ref, isBehind } = bound;
  return { values, ref, exclusive: isBehind === isLower };
}
