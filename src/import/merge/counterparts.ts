/** The target's side of some documents of the source: what is there under their ids, and what else lies between. */
import { type Connection, recordPages, snapshotTime } from "../../fauna/fauna.ts";
import { isJsonObject, JsonNumber, parseJson, printString } from "../../values/json.ts";
import type { DocumentRecord } from "../../values/record.ts";
import type { Counterpart } from "./decide.ts";

/** Documents of one collection, ascending by id, and the ids that they stand for, `from` and `to` included. */
export interface Chunk {
  readonly collection: string;
  readonly records: readonly DocumentRecord[];
  readonly from: string;
  readonly to: string;
  /** Whether other documents lie between them that nobody asks for: then each is looked up by itself. */
  readonly isSparse?: boolean | undefined;
}

export interface Sides {
  readonly counterparts: ReadonlyMap<string, Counterpart>;
  /** Ids in the chunk's range that the target has and the source has not. */
  readonly extra: readonly string[];
}

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** Reads the target as it is now. */
export async function readCounterparts(
  target: Connection,
  { collection, records, from, to, isSparse = false }: Chunk,
  options: Options,
): Promise<Sides> {
  const wanted = new Set(records.map(({ id }) => id));
  const found = new Map<string, DocumentRecord>();
  const extra: string[] = [];
  const at = await snapshotTime(target, options);
  const ranges = isSparse
    ? (await existing(target, collection, [...wanted], options)).map((id) => ({ from: id, to: id }))
    : [{ from, to }];
  for (const range of ranges) {
    const pages = recordPages(target, { ...options, ...range, collection, at });
    for await (const page of pages) {
      for (const record of page.records) {
        if (wanted.has(record.id)) found.set(record.id, record);
        else extra.push(record.id);
      }
    }
  }
  const absent = records.filter(({ id }) => !found.has(id)).map(({ id }) => id);
  const gone = await newestVersions(target, collection, absent, options);
  const counterparts = new Map(
    records.map(({ id }) => [id, { record: found.get(id), goneAt: gone.get(id) }]),
  );
  return { counterparts, extra };
}

/** Those of the ids under which there is a document. */
async function existing(
  target: Connection,
  collection: string,
  ids: readonly string[],
  { signal, timeoutMs }: Options,
): Promise<string[]> {
  const ref = `{"ref":{"collection":${printString(collection)}},"id":{"var":"i"}}`;
  const each = `{"lambda":"i","expr":{"exists":${ref}}}`;
  const query = `{"map":${each},"collection":[${ids.map((id) => `"${id}"`).join(",")}]}`;
  const { text } = await target.v4(query, { idempotent: true, signal, timeoutMs });
  const answer = parseJson(text);
  const there = isJsonObject(answer) ? answer.get("resource") : undefined;
  return ids.filter((_, index) => Array.isArray(there) && there[index] === true);
}

/** When something last happened to ids without a document: a deletion, or a version whose ttl has passed. */
async function newestVersions(
  target: Connection,
  collection: string,
  ids: readonly string[],
  { signal, timeoutMs }: Options,
): Promise<ReadonlyMap<string, bigint>> {
  if (ids.length === 0) return new Map();
  const ref = `{"ref":{"collection":${printString(collection)}},"id":{"var":"i"}}`;
  const last = `{"paginate":{"events":${ref}},"before":null,"size":1}`;
  const ts = '{"lambda":"e","expr":{"select":"ts","from":{"var":"e"}}}';
  const each = `{"lambda":"i","expr":{"select":["data",0],"from":{"map":${ts},"collection":${last}},"default":null}}`;
  const query = `{"map":${each},"collection":[${ids.map((id) => `"${id}"`).join(",")}]}`;
  const { text } = await target.v4(query, { idempotent: true, signal, timeoutMs });
  const answer = parseJson(text);
  const times = isJsonObject(answer) ? answer.get("resource") : undefined;
  const found = new Map<string, bigint>();
  if (!Array.isArray(times)) return found;
  for (const [index, time] of times.entries()) {
    if (time instanceof JsonNumber) found.set(ids[index]!, BigInt(time.text));
  }
  return found;
}
