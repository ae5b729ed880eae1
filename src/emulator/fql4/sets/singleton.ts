/** Sets of one document, and its history. */
import type { Database } from "../../data/database.ts";
import type { Data, DocRef } from "../../data/value.ts";
import type { Frame } from "../frame.ts";
import { may } from "../permission.ts";
import type { Renderer } from "../render/render.ts";
import { historyOf } from "../read.ts";
import { cut, type Entry, type HistoryEntry, REFS_ONLY, SetValue, type Stretch } from "./set.ts";

/** `Singleton(ref)`: the document while it is there. */
export class SingletonSet extends SetValue {
  readonly shape = REFS_ONLY;
  readonly database: Database | undefined;
  readonly ref: DocRef;

  constructor(database: Database | undefined, ref: DocRef) {
    super();
    this.database = database;
    this.ref = ref;
  }

  entries(frame: Frame, stretch: Stretch): Iterable<Entry> {
    const database = this.database ?? frame.session.database;
    const found = frame.session.in(database).get(this.ref, frame.at);
    const entry = { database, values: [], ref: this.ref, sources: [this] };
    return cut(found ? [entry] : [], stretch, []);
  }

  override history(frame: Frame): HistoryEntry[] {
    const database = this.database ?? frame.session.database;
    const sources = [this];
    const { ref } = this;
    return historyOf(frame, database, ref)
      .filter((event) => event.action !== "update")
      .map(({ ts, action }) => ({
        database,
        ts,
        action: action === "create" ? ("add" as const) : ("remove" as const),
        ref,
        data: [],
        sources,
      }));
  }

  /** The right to read a history is one of its own: with it, nobody is asked about reading. */
  override get isFiltered(): boolean {
    return false;
  }

  permitted(frame: Frame): SetValue | undefined {
    const database = this.database ?? frame.session.database;
    return may(frame, "history_read", database, this.ref) ? this : undefined;
  }

  inner(renderer: Renderer): string {
    return renderer.members([["singleton", renderer.ref(this.database, this.ref)]]);
  }

  data(): ReadonlyMap<string, Data> {
    return new Map([["singleton", this.ref]]);
  }
}

/** A reference where a set is asked for: the document, and its versions as history. */
export class DocumentSet extends SingletonSet {
  override history(frame: Frame): HistoryEntry[] {
    const database = this.database ?? frame.session.database;
    const { ref } = this;
    const sources = [this];
    return historyOf(frame, database, ref).map(({ ts, action, diff }) => ({
      database,
      ts,
      action,
      ref,
      data: diff,
      sources,
    }));
  }

  override text(renderer: Renderer): string {
    return renderer.ref(this.database, this.ref);
  }

  override stored(): Data {
    return this.ref;
  }
}
