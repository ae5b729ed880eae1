/** Which of the texts "NaN", "Infinity" and "-Infinity" in a v4 page are numbers (live 11). */
import { ArkError } from "../errors/errors.ts";
import { holdsNumberLikeString } from "../values/detect.ts";
import { isJsonObject, parseJson, printJson, printString, type Json } from "../values/json.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import type { CallOptions, Connection } from "./connection.ts";

const NUMBERS: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);

/** `data` is all that is stored, in its order, without computed fields (live 7). */
const DATA_QUERY = "at(time) { ids.map(id => collection.byId(id)?.data) }";

/** What one such query asks for at most. */
const BATCH = 500;

/**
 * The same records, with `{"@double":"NaN"}` where the database holds a number of that name and the plain text where
 * it holds a text. Only documents that show such a text are asked about, through v10, at the same time.
 *
 * @throws ArkError ERR_MISMATCH when v10 does not know a document that v4 has just shown.
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
  for (let start = 0; start < doubtful.length; start += BATCH) {
    const batch = doubtful.slice(start, start + BATCH);
    const datas = await readData(connection, batch, options);
    batch.forEach(({ id, dataText }, i) => {
      const data = datas[i];
      if (!isJsonObject(data)) throw gone(connection, options.collection, id);
      settled.set(id, printJson(withNumbers(parseJson(dataText!), data)));
    });
  }
  return records.map((record) => {
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
    hint: "Its ttl may just have passed; run again.",
    details: { collection, id },
  });
}

/**
 * `v4` with `{"@double":…}` in place of each text that is a number in `tagged`, the same value as v10 tells it. Where
 * the two differ in shape (sets, lambdas and refs, which v10 tells otherwise) v4 is right and holds no number.
 */
export function withNumbers(v4: Json, tagged: Json | undefined): Json {
  if (typeof v4 === "string") {
    return NUMBERS.has(v4) && isNumber(v4, tagged) ? new Map([["@double", v4]]) : v4;
  }
  if (Array.isArray(v4)) {
    return Array.isArray(tagged) ? v4.map((item, i) => withNumbers(item, tagged[i])) : v4;
  }
  if (!isJsonObject(v4) || !isJsonObject(tagged)) return v4;
  const escaped = v4.size === 1 ? v4.get("@obj") : undefined;
  if (isJsonObject(escaped)) return new Map([["@obj", membersWithNumbers(escaped, tagged)]]);
  const tag = v4.size === 1 && [...v4.keys()][0]!.startsWith("@");
  return tag ? v4 : membersWithNumbers(v4, tagged);
}

function membersWithNumbers(v4: Map<string, Json>, tagged: Map<string, Json>): Map<string, Json> {
  const escaped = tagged.size === 1 ? tagged.get("@object") : undefined;
  const members = isJsonObject(escaped) ? escaped : tagged;
  return new Map([...v4].map(([key, value]) => [key, withNumbers(value, members.get(key))]));
}

function isNumber(text: string, tagged: Json | undefined): boolean {
  return isJsonObject(tagged) && tagged.size === 1 && tagged.get("@double") === text;
}
