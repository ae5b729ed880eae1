/** Documents by their ids at a time: those that a feed has named. */
import { release } from "../flow/flow.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { printString } from "../values/json.ts";
import { LossCount } from "../values/loss.ts";
import { cutPage } from "../values/page.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { skipValue, walkArray, walkWhole } from "../values/scan.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { PageTurn } from "./page-flow.ts";
import { at, documentsOf } from "./query.ts";
import { isV4Disabled } from "./refusal.ts";
import { settleNumbers } from "./settle-numbers.ts";
import { parseRow } from "./v10-records.ts";

export interface DocumentsOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  readonly collection: string;
  /** The time to read at, in microseconds. */
  readonly at: bigint;
  /** What was set aside for them. */
  readonly turn?: Pick<PageTurn, "maxAnswerBytes" | "arrived"> | undefined;
}

export interface DocumentsById {
  /** Those that are there, in the order of their ids. */
  readonly records: readonly DocumentRecord[];
  /** As in `RecordPage`. */
  readonly lost: number;
}

/**
 * The documents of those ids that can be read at a time, in one answer; ids of none are passed over.
 *
 * @param ids ascending by number, without repetition.
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the time has left the history window; what `isTooMuch` knows when fewer
 * have to be asked for.
 */
export async function documentsById(
  connection: Connection,
  ids: readonly string[],
  options: DocumentsOptions,
): Promise<DocumentsById> {
  if (ids.length === 0) return { records: [], lost: 0 };
  const { collection, at: time, signal, timeoutMs, turn } = options;
  // Where less can be asked for, that helps sooner than more time.
  const onTimeout = ids.length > 1 ? "report" : "repeat";
  const { maxAnswerBytes } = turn ?? {};
  const work = { kind: "documents", documents: ids.length, maxAnswerBytes } as const;
  const calls = { idempotent: true, signal, timeoutMs, onTimeout, ...work } as const;
  let body: Uint8Array;
  try {
    body = await connection.v4Body(at(time, documentsOf(collection, ids)), calls);
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    return await readByV10(connection, ids, options);
  }
  const { length: size } = body;
  const text = Buffer.from(body.buffer, body.byteOffset, size).toString();
  release(body);
  const cut = cutPage(text).items.map(({ record }) => record);
  connection.moved(cut.length);
  turn?.arrived(cut.length, size);
  const records = holdsNumberLikeString(text)
    ? await settleNumbers(connection, cut, { collection, at: time, signal, timeoutMs })
    : cut;
  return { records, lost: 0 };
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
  { collection, at: time, signal, timeoutMs, turn }: DocumentsOptions,
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
    maxAnswerBytes: turn?.maxAnswerBytes,
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
  turn?.arrived(records.length, Buffer.byteLength(dataText));
  return { records, lost: lost.total };
}
