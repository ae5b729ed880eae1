/** Names of definitions: who has which now. Collections, functions and their aliases share one space (facts §6.1). */
import { DataError } from "./errors.ts";
import { NATIVE, type NamedKind } from "./ids.ts";
import type { Journal } from "./journal.ts";
import { DocRef, sameRef, type ObjectData } from "./value.ts";

export class Names {
  readonly #spaces = new Map<number, Map<string, DocRef>>();

  /** The definition that `name` (or alias) means among those of `kind`. */
  find(kind: NamedKind, name: string): DocRef | undefined {
    const ref = this.#space(kind).get(name);
    return ref !== undefined && ref.collection === kind ? ref : undefined;
  }

  /** The collection or function that `name` (or alias) means. */
  findModule(name: string): DocRef | undefined {
    return this.#space(NATIVE.Collection).get(name);
  }

  /**
   * Moves the names of `ref` from those in `before` to those in `after`; either may be undefined.
   *
   * @throws DataError name_taken, and then nothing has changed.
   */
  change(
    journal: Journal,
    kind: NamedKind,
    ref: DocRef,
    before: ObjectData | undefined,
    after: ObjectData | undefined,
  ): void {
    const space = this.#space(kind);
    const old = namesIn(before);
    const fresh = namesIn(after);
    for (const name of fresh) {
      const holder = space.get(name);
      if (holder !== undefined && !sameRef(holder, ref)) {
        throw new DataError({ kind: "name_taken", definition: kind, name, by: holder });
      }
    }
    for (const name of old) if (!fresh.includes(name)) this.#set(journal, space, name, undefined);
    for (const name of fresh) if (!old.includes(name)) this.#set(journal, space, name, ref);
  }

  #set(journal: Journal, space: Map<string, DocRef>, name: string, ref: DocRef | undefined): void {
    const known = space.get(name);
    if (ref === undefined) space.delete(name);
    else space.set(name, ref);
    journal.record(() => {
      if (known === undefined) space.delete(name);
      else space.set(name, known);
    });
  }

  #space(kind: NamedKind): Map<string, DocRef> {
    const key = kind === NATIVE.Function ? NATIVE.Collection : kind;
    let space = this.#spaces.get(key);
    if (space === undefined) this.#spaces.set(key, (space = new Map()));
    return space;
  }
}

function namesIn(fields: ObjectData | undefined): string[] {
  const names = [fields?.get("name"), fields?.get("alias")];
  return names.filter((name) => typeof name === "string");
}
