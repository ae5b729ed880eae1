/** Definitions that were renamed: what refers to them is printed with their names of now, whatever time it is read at. */
import { ArkError } from "../errors/errors.ts";
import { printString } from "../values/json.ts";
import type { DocumentRecord } from "../values/record.ts";
import { type RecordBatch, recordsOf } from "../values/record-lines.ts";

interface Named {
  readonly kind: string;
  readonly was: string;
  readonly now: string;
}

export class Renames {
  /** Refs by the names of now, with those of then. */
  readonly #refs: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | undefined;

  private constructor(refs: ReadonlyMap<string, string>) {
    this.#refs = refs;
    if (refs.size === 0) return;
    const texts = [...refs.keys()].map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    // What stands in an `@obj` is no ref, but an object that looks like one.
    this.#pattern = new RegExp(`(?<!"@obj":)(?:${texts.join("|")})`, "g");
  }

  /**
   * @param all every definition of then, renamed or not.
   * @throws ArkError ERR_SNAPSHOT_EXPIRED when two of them go by one name now, as after a deletion and a rename.
   */
  static of(all: readonly Named[], place: string): Renames {
    const refs = new Map<string, string>();
    const taken = new Map<string, Named>();
    for (const each of all) {
      const ref = refText(each.kind, each.now);
      const other = taken.get(ref);
      if (other !== undefined && other.was !== each.was) throw ambiguous(other, each, place);
      taken.set(ref, each);
      if (each.now !== each.was) refs.set(ref, refText(each.kind, each.was));
    }
    return new Renames(refs);
  }

  get any(): boolean {
    return this.#refs.size > 0;
  }

  /** v4's text, with refs as they were. Strings cannot be taken for refs: their quotes are escaped. */
  undo(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replaceAll(this.#pattern, (ref) => this.#refs.get(ref) ?? ref);
  }
}

/** The records with refs as they were. */
export function asNamedThen<Batch extends RecordBatch>(
  pages: AsyncGenerator<Batch>,
  renames: Renames | undefined,
): AsyncGenerator<Batch | readonly DocumentRecord[]> {
  return renames?.any === true ? undoneIn(pages, renames) : pages;
}

async function* undoneIn(
  pages: AsyncGenerator<RecordBatch>,
  renames: Renames,
): AsyncGenerator<readonly DocumentRecord[]> {
  for await (const records of pages)
    yield recordsOf(records).map((record) => renamed(record, renames));
}

function renamed(record: DocumentRecord, renames: Renames): DocumentRecord {
  const { dataText, extraText } = record;
  return {
    ...record,
    ...(dataText === undefined ? {} : { dataText: renames.undo(dataText) }),
    ...(extraText === undefined ? {} : { extraText: renames.undo(extraText) }),
  };
}

/** A ref to a definition, as v4 prints it. */
function refText(kind: string, name: string): string {
  return `{"@ref":{"id":${printString(name)},"collection":{"@ref":{"id":"${kind}"}}}}`;
}

function ambiguous(first: Named, second: Named, place: string): ArkError {
  return new ArkError(
    "ERR_SNAPSHOT_EXPIRED",
    `${first.was} and ${second.was} of that time are both called ${first.now} by now, so that references to them cannot be told apart.`,
    { place, hint: "Choose a time after one of them was deleted or renamed." },
  );
}
