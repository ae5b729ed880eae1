/** Documents by their ids at a time: those that a feed has named. */
import { holdsNumberLikeString } from "../values/detect.ts";
import { printString } from "../values/json.ts";
import { LossCount } from "../values/loss.ts";
import { cutPage } from "../values/page.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { skipValue, walkArray, walkWhole } from "../values/scan.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { at, documentsOf } from "./query.ts";
import { isTooMuch } from "./records.ts";
import { isV4Disabled } from "./refusal.ts";
import { settleNumbers } from "./settle-numbers.ts";
import { parseRow } from "./v10-records.ts";

export interface DocumentsOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  readonly collection: string;
  /** The time to read at, in microseconds. */
  readonly at: bigint;
}

export interface DocumentsById {
  /** Those that are there, in the order of their ids. */
  readonly records: readonly DocumentRecord[];
  /** Size of the answers they came in, in characters. */
  readonly size: number;
  /** As in `RecordPage`. */
  readonly lost: number;
}

/**
 * The documents of those ids that can be read at a time; ids of none are passed over. What is too much for one answer
 * is asked for in halves.
 *
 * @param ids ascending by number, without repetition.
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the time has left the history window.
 */
export async function documentsById(
  connection: Connection,
  ids: readonly string[],
  options: DocumentsOptions,
): Promise<DocumentsById> {
  if (ids.length === 0) return { records: [], size: 0, lost: 0 };
  try {
    return await read(connection, ids, options);
  } catch (error) {
    if (!isTooMuch(error) || ids.length === 1) throw error;
    const middle = ids.length >> 1;
    const first = await documentsById(connection, ids.slice(0, middle), options);
    const second = await documentsById(connection, ids.slice(middle), options);
    return {
      records: [...first.records, ...second.records],
      size: first.size + second.size,
      lost: first.lost + second.lost,
    };
  }
}

async function read(
  connection: Connection,
  ids: readonly string[],
  options: DocumentsOptions,
): Promise<DocumentsById> {
  const { collection, at: time, signal, timeoutMs } = options;
  // Where less can be asked for, that helps sooner than more time.
  const onTimeout = ids.length > 1 ? "report" : "repeat";
  const work = { kind: "documents", documents: ids.length } as const;
  const calls = { idempotent: true, signal, timeoutMs, onTimeout, ...work } as const;
  let text: string;
  try {
    ({ text } = await connection.v4(at(time, documentsOf(collection, ids)), calls));
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    return await readByV10(connection, ids, options);
  }
  const cut = cutPage(text).items.map(({ record }) => record);
  connection.moved(cut.length);
  const records = holdsNumberLikeString(text)
    ? await settleNumbers(connection, cut, { collection, at: time, signal, timeoutMs })
    : cut;
  return { records, size: text.length, lost: 0 };
}

const ROWS = `at(time) {
  ids.map(id => {
    let d = collection.byId(id)
    if (d.exists()) ({ id: d!.id, ts: d!.ts, ttl: d!.ttl, stored: d!.data })
  })
}`;

/** As `recordPagesByV10`. */
async function readByV10(
  connection: Connection,
  ids: readonly string[],
  { collection, at: time, signal, timeoutMs }: DocumentsOptions,
): Promise<DocumentsById> {
  const { dataText } = await connection.v10(ROWS, {
    arguments: {
      time: `{"@time":${printString(Time.fromMicros(time).toString())}}`,
      collection: `{"@mod":${printString(collection)}}`,
      ids: `[${ids.map(printString).join(",")}]`,
    },
    idempotent: true,
    typecheck: false,
    onTimeout: ids.length > 1 ? "report" : "repeat",
    signal,
    timeoutMs,
  });
  const lost = new LossCount();
  const records: DocumentRecord[] = [];
  walkWhole(dataText, (start) =>
    walkArray(dataText, start, (itemStart) => {
      const end = skipValue(dataText, itemStart);
      const item = dataText.slice(itemStart, end);
      if (item !== "null") records.push(parseRow(item, collection, lost));
      return end;
    }),
  );
  connection.moved(records.length);
  return { records, size: dataText.length, lost: lost.total };
}
