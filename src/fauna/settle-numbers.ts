/** Which of the texts "NaN", "Infinity" and "-Infinity" in a v4 page are numbers (live 11). */
import { ArkError } from "../errors/errors.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { isJsonObject, parseJson, printString, type Json } from "../values/json.ts";
import type { DocumentRecord } from "../values/record.ts";
import { restoreDoubles } from "../values/restore-doubles.ts";
import { Time } from "../values/time.ts";
import type { CallOptions, Connection } from "./connection.ts";

/** `data` is all that is stored, in its order, without computed fields (live 7). */
const DATA_QUERY = "at(time) { ids.map(id => collection.byId(id)?.data) }";

/** What one such query asks for at most. */
const BATCH = 500;

/**
 * The same records, with `{"@double":"NaN"}` where the database holds a number of that name and the plain text where
 * it holds a text. Only documents that show such a text are asked about, through v10, at the same time. Those whose
 * ttl has passed since v4 showed them are left out.
 *
 * @throws ArkError ERR_MISMATCH when v10 does not know a document that v4 has just shown, ERR_PROTOCOL when it does
 *   not show such a text's place.
 */
export async function settleNumbers(
  connection: Connection,
  records: readonly DocumentRecord[],
  options: { collection: string; at: bigint } & Pick<CallOptions, "signal" | "timeoutMs">,
): Promise<readonly DocumentRecord[]> {
  const doubtful = records.filter(
    ({ dataText }) => dataText !== undefined && holdsNumberLikeString(dataText),
  );
  const settled = new Map<string, string>();
  const expired = new Set<string>();
  for (let start = 0; start < doubtful.length; start += BATCH) {
    const batch = doubtful.slice(start, start + BATCH);
    const datas = await readData(connection, batch, options);
    batch.forEach(({ id, ttl, dataText }, i) => {
      const data = datas[i];
      if (!isJsonObject(data)) {
        if (ttl === undefined) throw gone(connection, options.collection, id);
        expired.add(id);
        return;
      }
      const place = `${connection.place}, ${options.collection} ${id} `;
      settled.set(id, restoreDoubles(dataText!, data, place));
    });
  }
  return records
    .filter(({ id }) => !expired.has(id))
    .map((record) => {
      const dataText = settled.get(record.id);
      return dataText === undefined ? record : { ...record, dataText };
    });
}

async function readData(
  connection: Connection,
  batch: readonly DocumentRecord[],
  { collection, at, signal, timeoutMs }: Parameters<typeof settleNumbers>[2],
): Promise<Json[]> {
  const { dataText } = await connection.v10(DATA_QUERY, {
    arguments: {
      time: `{"@time":"${Time.fromMicros(at).toString()}"}`,
      collection: `{"@mod":${printString(collection)}}`,
      ids: `[${batch.map(({ id }) => printString(id)).join(",")}]`,
    },
    idempotent: true,
    typecheck: false,
    signal,
    timeoutMs,
  });
  const datas = parseJson(dataText);
  if (Array.isArray(datas)) return datas;
  throw new ArkError("ERR_PROTOCOL", "The database did not answer with a list of documents.", {
    place: connection.place,
  });
}

function gone(connection: Connection, collection: string, id: string): ArkError {
  return new ArkError("ERR_MISMATCH", "A document that v4 shows is not there through v10.", {
    place: `${connection.place}, ${collection} ${id}`,
    hint: "Run again; if it happens again, v4 and v10 do not see the same database.",
    details: { collection, id },
  });
}
