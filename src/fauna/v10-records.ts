import { ArkError } from "../errors/errors.ts";
import { isJsonObject, parseJson, printJson, printString, type Json } from "../values/json.ts";
import { LossCount } from "../values/loss.ts";
import { compareIds, makeRecord, type DocumentRecord } from "../values/record.ts";
import { taggedToV4 } from "../values/tagged-to-v4.ts";
import { Time } from "../values/time.ts";
import type { Connection } from "./connection.ts";
import { PageFlow, type PageTurns } from "./page-flow.ts";
import type { IdBounds } from "./query.ts";
import type { RecordPage, RecordsOptions } from "./records.ts";
import type { IdsOptions } from "./refs.ts";
import { V10_PAGE_MAX, v10Pages } from "./v10-page.ts";

/**
 * As `recordPages`, for databases that have v4 switched off: each document's `data`, id, ts and ttl through v10,
 * without computed fields (live 7). What v10 cannot show (lambdas, sets, native refs, live 15) it has lost already;
 * values that may be such are counted.
 *
 * v10 lists from a collection's first id only, so ids below a range are read and dropped.
 */
export async function* recordPagesByV10(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<RecordPage> {
  const flow = options.flow ?? new PageFlow({ pageSize: options.pageSize ?? 4_000 });
  const turns = flow.stream(options.collection, { most: V10_PAGE_MAX });
  const row = "{ id: d.id, ts: d.ts, ttl: d.ttl, stored: d.data }";
  for await (const items of pagesOf(row, connection, { ...options, turns })) {
    connection.moved(items.length);
    const lost = new LossCount();
    const records = items
      .map((item) => parseRow(item, options.collection, lost))
      .filter(({ id }) => isWithin(id, options));
    const size = items.reduce((sum, item) => sum + item.length, 0);
    if (records.length > 0) yield { records, size, gone: 0, lost: lost.total };
  }
}

/** As `ids`, for databases that have v4 switched off. */
export async function* idsByV10(
  connection: Connection,
  options: IdsOptions,
): AsyncGenerator<readonly string[]> {
  const pageSize = Math.min(options.pageSize ?? V10_PAGE_MAX, V10_PAGE_MAX);
  const turns = new PageFlow({ pageSize }).stream(options.collection, { first: pageSize });
  for await (const items of pagesOf("{ id: d.id }", connection, { ...options, turns })) {
    const page = items
      .map((item) => idIn(parseJson(item), options.collection))
      .filter((id) => isWithin(id, options));
    if (page.length > 0) yield page;
  }
}

/** Pages of a collection's documents `d`, each as the object `row` of it, up to the one that goes beyond `to`. */
async function* pagesOf(
  row: string,
  connection: Connection,
  { collection, to, at, turns, signal, timeoutMs }: IdsOptions & { readonly turns: PageTurns },
): AsyncGenerator<readonly string[]> {
  const pages = v10Pages(connection, `collection.all().map(d => (${row}))`, {
    at,
    turns,
    signal,
    timeoutMs,
    arguments: { collection: `{"@mod":${printString(collection)}}` },
  });
  for await (const { items } of pages) {
    yield items;
    const last = items.at(-1);
    if (last === undefined || to === undefined) continue;
    if (compareIds(idIn(parseJson(last), collection), to) > 0) return;
  }
}

function isWithin(id: string, { from, to }: IdBounds): boolean {
  return (
    (from === undefined || compareIds(id, from) >= 0) &&
    (to === undefined || compareIds(id, to) <= 0)
  );
}

/** A row as the queries ask for, `{"id":"1","ts":{"@time":"…"},"ttl":null|{"@time":"…"},"stored":{…}}`. */
export function parseRow(item: string, collection: string, lost: LossCount): DocumentRecord {
  const row = parseJson(item);
  const member = (name: string): Json | undefined =>
    isJsonObject(row) ? row.get(name) : undefined;
  const ts = timeIn(member("ts"));
  const ttl = timeIn(member("ttl"));
  if (ts === undefined) throw incomplete(collection);
  return makeRecord(idIn(row, collection), String(ts.toMicros()), {
    ttl: ttl?.toString(),
    dataText: printJson(taggedToV4(member("stored") ?? new Map(), lost.onLoss)),
  });
}

function idIn(row: Json, collection: string): string {
  const id = isJsonObject(row) ? row.get("id") : undefined;
  if (typeof id === "string") return id;
  throw incomplete(collection);
}

function incomplete(collection: string): ArkError {
  return new ArkError("ERR_PROTOCOL", "A document without id or time.", { place: collection });
}

function timeIn(json: Json | undefined): Time | undefined {
  const text = isJsonObject(json) ? json.get("@time") : undefined;
  return typeof text === "string" ? Time.parse(text) : undefined;
}
