import { ArkError } from "../errors/errors.ts";
import { isJsonObject, parseJson, printJson, printString, type Json } from "../values/json.ts";
import { compareIds, makeRecord, type DocumentRecord } from "../values/record.ts";
import { taggedToV4 } from "../values/tagged-to-v4.ts";
import { Time } from "../values/time.ts";
import type { Connection } from "./connection.ts";
import { PageSize } from "./paging.ts";
import type { RecordPage, RecordsOptions } from "./records.ts";
import { v10Pages } from "./v10-page.ts";

/**
 * As `recordPages`, for databases that have v4 switched off: each document's `data`, id, ts and ttl through v10,
 * without computed fields (live 7). What v10 cannot show (lambdas, sets, native refs, live 15) it has lost already.
 *
 * v10 lists from a collection's first id only, so ids below a range are read and dropped.
 */
export async function* recordPagesByV10(
  connection: Connection,
  options: RecordsOptions,
): AsyncGenerator<RecordPage> {
  const { from, to, collection, at, signal, timeoutMs } = options;
  const pageSize = Math.min(options.pageSize ?? new PageSize(1_000).size, 16_000);
  const source = "collection.all().map(d => ({ id: d.id, ts: d.ts, ttl: d.ttl, stored: d.data }))";
  const pages = v10Pages(connection, source, {
    at,
    pageSize,
    signal,
    timeoutMs,
    arguments: { collection: `{"@mod":${printString(collection)}}` },
  });
  for await (const { items } of pages) {
    const all = items.map((item) => parseRow(item, collection));
    const records = all.filter(
      ({ id }) =>
        (from === undefined || compareIds(id, from) >= 0) &&
        (to === undefined || compareIds(id, to) <= 0),
    );
    const size = items.reduce((sum, item) => sum + item.length, 0);
    if (records.length > 0) yield { records, size, gone: 0 };
    const last = all.at(-1);
    if (last !== undefined && to !== undefined && compareIds(last.id, to) > 0) return;
  }
}

/** A row of the query above, `{"id":"1","ts":{"@time":"…"},"ttl":null|{"@time":"…"},"stored":{…}}`. */
function parseRow(item: string, collection: string): DocumentRecord {
  const row = parseJson(item);
  const member = (name: string): Json | undefined =>
    isJsonObject(row) ? row.get(name) : undefined;
  const id = member("id");
  const ts = timeIn(member("ts"));
  const ttl = timeIn(member("ttl"));
  if (typeof id !== "string" || ts === undefined) {
    throw new ArkError("ERR_PROTOCOL", "A document without id or time.", { place: collection });
  }
  return makeRecord(id, String(ts.toMicros()), {
    ttl: ttl?.toString(),
    dataText: printJson(taggedToV4(member("stored") ?? new Map())),
  });
}

function timeIn(json: Json | undefined): Time | undefined {
  const text = isJsonObject(json) ? json.get("@time") : undefined;
  return typeof text === "string" ? Time.parse(text) : undefined;
}
