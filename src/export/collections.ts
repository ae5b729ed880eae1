/** Collections as their definitions describe them, at one moment. */
import { type Connection, type Definition, isV4Disabled } from "../fauna/fauna.ts";
import { isJsonObject, JsonNumber, parseJson, printString } from "../values/json.ts";
import { Time } from "../values/time.ts";

export interface CollectionAtSnapshot {
  readonly name: string;
  /** Days that past versions are kept; null keeps them for ever. */
  readonly historyDays: number | null;
  readonly ttlDays: number | null;
  readonly definition: Definition;
  /** What it is called by now, when that is another name. */
  readonly nameNow?: string | undefined;
}

/** What a definition says of its collection. */
export function settings(definition: Definition): CollectionAtSnapshot {
  const historyDays = days(definition, "history_days");
  return {
    name: definition.name,
    // Only a definition that keeps history for ever has no such member (facts §4).
    historyDays: historyDays !== null && historyDays > 36_500_000 ? null : historyDays,
    ttlDays: days(definition, "ttl_days"),
    definition,
  };
}

function days({ v4, v10 }: Definition, member: string): number | null {
  const json = parseJson(v4 ?? v10 ?? "{}");
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  const value = isJsonObject(inner) ? inner.get(member) : undefined;
  if (value instanceof JsonNumber) return Number(value.text);
  if (!isJsonObject(value)) return null;
  const tagged = value.get("@int") ?? value.get("@long");
  return typeof tagged === "string" ? Number(tagged) : null;
}

/** Those names that reads at `at` find no collection for, or only one that was made later. */
export async function notThereAt(
  connection: Connection,
  names: readonly string[],
  at: bigint,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number | undefined },
): Promise<ReadonlySet<string>> {
  const each = names.map((name) => `{"exists":{"collection":${printString(name)}}}`);
  const query = `{"at":${at},"expr":[${each.join(",")}]}`;
  try {
    const { text } = await connection.v4(query, { idempotent: true, signal, timeoutMs });
    const answer = parseJson(text);
    const there = isJsonObject(answer) ? answer.get("resource") : undefined;
    return new Set(names.filter((_, index) => !Array.isArray(there) || there[index] !== true));
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    return notThereByV10(connection, names, at, { signal, timeoutMs });
  }
}

async function notThereByV10(
  connection: Connection,
  names: readonly string[],
  at: bigint,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number | undefined },
): Promise<ReadonlySet<string>> {
  const query = "at(moment) { names.map(name => Collection.byName(name).exists()) }";
  const { dataText } = await connection.v10(query, {
    ...options,
    idempotent: true,
    typecheck: false,
    arguments: {
      moment: `{"@time":${printString(Time.fromMicros(at).toString())}}`,
      names: `[${names.map((name) => printString(name)).join(",")}]`,
    },
  });
  const there = parseJson(dataText);
  return new Set(names.filter((_, index) => !Array.isArray(there) || there[index] !== true));
}

/** What of a collection's definition decides in which shape its documents are read. */
export function shape({ v10, v4 }: Definition): string {
  const json = parseJson(v10 ?? v4 ?? "{}");
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  return isJsonObject(inner) ? JSON.stringify(plain(inner.get("migrations") ?? null)) : "";
}

function plain(json: unknown): unknown {
  if (json instanceof Map) return [...json].map(([key, value]) => [key, plain(value)]);
  if (json instanceof JsonNumber) return json.text;
  return Array.isArray(json) ? json.map(plain) : json;
}
