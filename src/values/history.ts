/**
 * The history of documents: versions that are no more, and deletions, as records with an action; ascending by id, and
 * those of one document by time.
 */
import { type Action, compareIds, type DocumentRecord } from "./record.ts";

type Place = Pick<DocumentRecord, "id" | "ts" | "action">;

/**
 * Orders records of a history. Two of one document may be of one time only when one of them is its deletion, which
 * comes second, as the server tells it.
 */
export function compareHistory(a: Place, b: Place): number {
  const byId = compareIds(a.id, b.id);
  if (byId !== 0) return byId;
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return Number(a.action === "delete") - Number(b.action === "delete");
}

/**
 * A history as it is told from a time on: each document's state at that time, if it had one, and all that came after,
 * with the actions that follow from it. What was told from an earlier time becomes comparable with what is told from
 * a later one.
 *
 * A state that was superseded by the document's present version at or before that time is still there: a history does
 * not hold the present versions.
 *
 * @param from microseconds.
 */
export async function* historySince(
  pages: AsyncIterable<readonly DocumentRecord[]>,
  from: bigint,
): AsyncGenerator<readonly DocumentRecord[]> {
  const teller = new Teller(from);
  for await (const records of pages) {
    const told = records.flatMap((record) => teller.take(record));
    if (told.length > 0) yield told;
  }
  const rest = teller.end();
  if (rest.length > 0) yield rest;
}

class Teller {
  readonly #from: bigint;
  #id: string | undefined;
  /** The newest state at or before the time. */
  #held: DocumentRecord | undefined;
  #isThere = false;

  constructor(from: bigint) {
    this.#from = from;
  }

  take(record: DocumentRecord): DocumentRecord[] {
    const told = record.id === this.#id ? [] : this.end();
    this.#id = record.id;
    if (record.ts <= this.#from) {
      this.#held = record;
      return told;
    }
    return [...told, ...this.#release(), this.#tell(record)];
  }

  end(): DocumentRecord[] {
    const told = this.#release();
    this.#isThere = false;
    return told;
  }

  #release(): DocumentRecord[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined || held.action === "delete" ? [] : [this.#tell(held)];
  }

  #tell(record: DocumentRecord): DocumentRecord {
    const action: Action =
      record.action === "delete" ? "delete" : this.#isThere ? "update" : "create";
    this.#isThere = action !== "delete";
    return record.action === action ? record : { ...record, action };
  }
}
