/** The `credentials` member that old documents may have: it holds the hash of a password. */
import { isJsonObject, parseJson, printJson } from "./json.ts";
import type { DocumentRecord } from "./record.ts";

/** The record without the member; the same object where it has none. */
export function withoutCredentials(record: DocumentRecord): DocumentRecord {
  const { extraText, ...rest } = record;
  if (extraText === undefined || !extraText.includes('"credentials"')) return record;
  const extra = parseJson(extraText);
  if (!isJsonObject(extra) || !extra.delete("credentials")) return record;
  return extra.size === 0 ? rest : { ...rest, extraText: printJson(extra) };
}
