/**
 * Secrets of a database: credentials, keys and tokens with their hashes. They are written only when asked for;
 * otherwise they are counted, so that nobody misses them too late.
 */
import {
  type ArchiveWriter,
  type DatabaseWriter,
  type DefinitionLine,
  printDefinitionLine,
} from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { type Connection, secretDocuments } from "../fauna/fauna.ts";
import { withoutCredentials } from "../values/credentials-member.ts";
import { isJsonObject, type Json, type JsonObject, parseJson } from "../values/json.ts";
import type { DocumentRecord } from "../values/record.ts";
import { type RecordBatch, RecordLines, recordsOf } from "../values/record-lines.ts";

/** Counted no further than this: a database may have millions of tokens. */
const COUNTED_MAX = 10_000;

const KINDS = { keys: "Key", tokens: "Token", credentials: "Credential" } as const;

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/**
 * Writes credentials, keys and tokens as they were at a time. A kind without any gets an empty file, which says that it
 * was asked for.
 *
 * @throws ArkError as `secretDocuments` does.
 */
export async function writeSecrets(
  database: DatabaseWriter,
  source: Connection,
  options: Options & { readonly at: bigint },
): Promise<void> {
  for (const kind of ["credentials", "keys", "tokens"] as const) {
    if (database.has(kind)) continue;
    const lines = printed(secretLines(source, kind, options));
    await database.definitions(kind, lines, { signal: options.signal, keep: true });
  }
}

async function* printed(lines: AsyncGenerator<DefinitionLine>): AsyncGenerator<string> {
  for await (const line of lines) yield printDefinitionLine(line);
}

/** Secrets of one kind as they were at a time, each named by its id. @throws ArkError as `secretDocuments` does. */
export async function* secretLines(
  source: Connection,
  kind: "credentials" | "keys" | "tokens",
  options: Options & { readonly at: bigint },
): AsyncGenerator<DefinitionLine> {
  for await (const v4 of secretDocuments(source, kind, options)) {
    const name = idIn(parseJson(v4));
    if (name === undefined) {
      throw new ArkError("ERR_PROTOCOL", "A secret without an id.", { place: source.place });
    }
    yield { name, madeBy: "v4", v4, v10: undefined };
  }
}

function idIn(document: Json): string | undefined {
  const ref = isJsonObject(document) ? document.get("ref") : undefined;
  const inner = isJsonObject(ref) ? ref.get("@ref") : undefined;
  const id = isJsonObject(inner) ? inner.get("id") : undefined;
  return typeof id === "string" ? id : undefined;
}

/**
 * The pages without the passwords that old documents may hold.
 *
 * @param onLeftOut told of each document that had one.
 */
export async function* withoutSecrets<Batch extends RecordBatch>(
  pages: AsyncGenerator<Batch>,
  onLeftOut: (id: string) => void,
): AsyncGenerator<Batch | readonly DocumentRecord[]> {
  for await (const records of pages) {
    // Passwords are among a record's other members.
    if (records instanceof RecordLines && !records.hasExtra) yield records;
    else {
      yield recordsOf(records).map((record) => {
        const kept = withoutCredentials(record);
        if (kept !== record) onLeftOut(record.id);
        return kept;
      });
    }
  }
}

/** Adds a note for each kind of secret there is any of. */
export async function noteSecrets(
  archive: ArchiveWriter,
  source: Connection,
  { path, ...options }: Options & { readonly path: readonly string[] },
): Promise<void> {
  for (const [kind, count] of await countSecrets(source, options)) {
    if (count === 0) continue;
    archive.note({
      code: kind,
      message: `${count === COUNTED_MAX ? "At least so many " : ""}${kind} are not in this archive, for they were not asked for (--secrets). Make them anew where it is restored.`,
      database: [...path],
      collection: null,
      count,
      examples: [],
    });
  }
}

/** How many there are of each kind; of more than {@link COUNTED_MAX}, so many. */
export async function countSecrets(
  source: Connection,
  options: Options,
): Promise<ReadonlyMap<keyof typeof KINDS, number>> {
  const counts = Object.entries(KINDS).map(
    ([kind, module]) => `${kind}: ${module}.all().take(${COUNTED_MAX}).count()`,
  );
  const { dataText } = await source.v10(`{ ${counts.join(", ")} }`, {
    ...options,
    idempotent: true,
  });
  const data = parseJson(dataText) as JsonObject;
  return new Map(
    (Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => {
      const count = data.get(kind);
      return [kind, isJsonObject(count) ? Number(count.get("@int")) : 0];
    }),
  );
}
