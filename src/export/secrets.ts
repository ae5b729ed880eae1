/** Secrets that a database holds and an archive does not: said in the manifest, so that nobody misses them too late. */
import type { ArchiveWriter } from "../archive/archive.ts";
import type { Connection } from "../fauna/fauna.ts";
import { isJsonObject, type JsonObject, parseJson } from "../values/json.ts";

/** Counted no further than this: a database may have millions of tokens. */
const COUNTED_MAX = 10_000;

const KINDS = { keys: "Key", tokens: "Token", credentials: "Credential" } as const;

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/** Adds a note for each kind of secret there is any of. */
export async function noteSecrets(
  archive: ArchiveWriter,
  source: Connection,
  options: Options,
): Promise<void> {
  for (const [kind, count] of await countSecrets(source, options)) {
    if (count === 0) continue;
    archive.note({
      code: kind,
      message: `${count === COUNTED_MAX ? "At least so many " : ""}${kind} are not in this archive, because it is not encrypted. Make them anew where it is restored.`,
      database: [],
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
