/** The target's side of some documents of the source: what is there under their ids, and what else lies between. */
import { type Connection, type PageFlow, recordPages, snapshotTime } from "../../fauna/fauna.ts";
import { IdList } from "../../values/id-list.ts";
import { isJsonObject, JsonNumber, parseJson, printString } from "../../values/json.ts";
import type { DocumentRecord } from "../../values/record.ts";
import type { Counterpart } from "./decide.ts";

/** Documents of one collection, ascending by id, and the ids that they stand for, `from` and `to` included. */
export interface Chunk {
  readonly collection: string;
  readonly records: readonly DocumentRecord[];
  /** About as many as the records take. */
  readonly bytes: number;
  readonly from: string;
  readonly to: string;
  /** Whether other documents lie between them that nobody asks for: then each is looked up by itself. */
  readonly isSparse?: boolean | undefined;
}

export interface Sides<T> {
  /** What was made of each document and its counterpart. */
  readonly judged: ReadonlyMap<DocumentRecord, T>;
  /** Ids in the chunk's range that the target has and the source has not, ascending. */
  readonly extra: BigUint64Array;
}

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

interface ReadingOptions<T> extends Options {
  /** What all chunks' pages have in common. */
  readonly flow: PageFlow;
  /** Asked at once: what the target has is not held any longer than the page that it comes in. */
  readonly judge: (record: DocumentRecord, counterpart: Counterpart) => T;
}

/** Reads the target as it is now. */
export async function readCounterparts<T>(
  target: Connection,
  { collection, records, from, to, isSparse = false }: Chunk,
  { flow, judge, ...options }: ReadingOptions<T>,
): Promise<Sides<T>> {
  const wanted = new Map<string, DocumentRecord[]>();
  for (const record of records) {
    const same = wanted.get(record.id);
    if (same === undefined) wanted.set(record.id, [record]);
    else same.push(record);
  }
  const judged = new Map<DocumentRecord, T>();
  const extra = new IdList();
  const at = await snapshotTime(target, options);
  const ranges = isSparse
    ? (await existing(target, collection, [...wanted.keys()], options)).map((id) => ({
        from: id,
        to: id,
      }))
    : [{ from, to }];
  for (const range of ranges) {
    const pages = recordPages(target, { ...options, ...range, collection, at, flow });
    for await (const page of pages) {
      for (const there of page.records) {
        const mine = wanted.get(there.id);
        if (mine === undefined) extra.add(BigInt(there.id));
        else
          for (const record of mine)
            judged.set(record, judge(record, { record: there, goneAt: undefined }));
      }
    }
  }
  const absent = records.filter((record) => !judged.has(record));
  const ids = absent.map(({ id }) => id);
  const gone = await newestVersions(target, collection, ids, options);
  for (const record of absent)
    judged.set(record, judge(record, { record: undefined, goneAt: gone.get(record.id) }));
  return { judged, extra: extra.ascending() };
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
