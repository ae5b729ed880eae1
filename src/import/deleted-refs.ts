/**
 * References into collections that are no more. Fauna keeps them, v4 shows them under the old name, and takes none
 * into a collection that is not there (live 33, recording `interplay/deleted-collection-refs`). So they are written
 * while a collection of that name is there, which is deleted afterwards: that leaves them as they were.
 *
 * A reference into an earlier collection of a name that lives again reads like one into the living collection, and
 * is restored as that.
 */
import { type Connection, type Definition, definitions, snapshotTime } from "../fauna/fauna.ts";
import { isJsonObject, parseJson, printString } from "../values/json.ts";
import type { DocumentRecord } from "../values/record.ts";
import { decodeString } from "../values/scan.ts";

/** A reference to a collection, by itself or inside one to a document, as v4 prints it. */
const REF =
  /\{"@ref":\{"id":("(?:[^"\\]|\\.)*"),"collection":\{"@ref":\{"id":"collections"\}\}\}\}/g;
const ANY = '"collection":{"@ref":{"id":"collections"}}';

/** Names of the collections that a record's data refers to. */
export function collectionsNamed({ dataText = "" }: DocumentRecord): ReadonlySet<string> {
  const names = new Set<string>();
  if (!dataText.includes(ANY)) return names;
  for (const [, name] of dataText.matchAll(REF)) names.add(decodeString(name!, 0, name!.length));
  return names;
}

/** What a placeholder's metadata says, so that an import that was killed knows its own. */
const MARK = "fauna-ark placeholder";

/** Whether a definition is a placeholder that an import has made and not yet deleted. */
export function isPlaceholder({ kind, v4 }: Definition): boolean {
  if (kind !== "collections" || v4?.includes(MARK) !== true) return false;
  const json = parseJson(v4);
  const data = isJsonObject(json) ? json.get("data") : undefined;
  return isJsonObject(data) && data.get("made_by") === MARK;
}

/** The placeholders of one database. */
export class Placeholders {
  readonly #target: Connection;
  readonly #signal: AbortSignal;
  #there: Promise<ReadonlySet<string>> | undefined;
  readonly #made = new Map<string, Promise<void>>();

  constructor(target: Connection, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /** Names of collections that a record refers to and the database does not have. */
  async missing(record: DocumentRecord): Promise<string[]> {
    const names = collectionsNamed(record);
    if (names.size === 0) return [];
    const there = await (this.#there ??= this.#list());
    return [...names].filter((name) => !there.has(name));
  }

  /** Makes a placeholder for each collection that the records miss, once; gives the records that miss any. */
  async make(records: readonly DocumentRecord[]): Promise<DocumentRecord[]> {
    const found: DocumentRecord[] = [];
    for (const record of records) {
      const names = await this.missing(record);
      if (names.length > 0) found.push(record);
      for (const name of names) {
        let made = this.#made.get(name);
        if (made === undefined) this.#made.set(name, (made = this.#create(name)));
        await made;
      }
    }
    return found;
  }

  /** Deletes them, when all documents are written; those that an interrupted import has left, too. */
  async remove(): Promise<void> {
    const left = (await this.#collections()).filter(isPlaceholder).map(({ name }) => name);
    for (const name of left) {
      const ref = `{"collection":${printString(name)}}`;
      const query = `{"if":{"exists":${ref}},"then":{"do":[{"delete":${ref}},null]},"else":null}`;
      await this.#target.v4(query, { idempotent: true, signal: this.#signal });
    }
    this.#made.clear();
  }

  async #list(): Promise<ReadonlySet<string>> {
    const all = await this.#collections();
    return new Set(all.filter((each) => !isPlaceholder(each)).map(({ name }) => name));
  }

  async #collections(): Promise<Definition[]> {
    const signal = this.#signal;
    const at = await snapshotTime(this.#target, { signal });
    return definitions(this.#target, "collections", { at, signal });
  }

  async #create(name: string): Promise<void> {
    const ref = `{"collection":${printString(name)}}`;
    const params = `{"name":${printString(name)},"data":{"made_by":${printString(MARK)}}}`;
    const create = `{"do":[{"create_collection":{"quote":${params}}},null]}`;
    const query = `{"if":{"exists":${ref}},"then":null,"else":${create}}`;
    await this.#target.v4(query, { idempotent: true, signal: this.#signal });
  }
}
