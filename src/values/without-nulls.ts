import { isJsonObject, type Json, parseJson, printJson } from "./json.ts";

/**
 * The data as v4 writes it: without the nulls inside of arrays (live 11).
 *
 * @param dataText a record's data.
 */
export function withoutNulls(dataText: string): string {
  return printJson(kept(parseJson(dataText), false));
}

function kept(json: Json, isEscaped: boolean): Json {
  if (Array.isArray(json)) {
    return json.filter((item) => item !== null).map((item) => kept(item, false));
  }
  if (!isJsonObject(json)) return json;
  return new Map(
    [...json].map(([key, value]): [string, Json] =>
      // The nulls of a stored lambda or set are code.
      !isEscaped && (key === "@query" || key === "@set")
        ? [key, value]
        : [key, kept(value, !isEscaped && key === "@obj")],
    ),
  );
}
