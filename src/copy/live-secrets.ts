import type { DefinitionLine } from "../archive/archive.ts";
import { secretLines } from "../export/secrets.ts";
import type { DatabaseAtSnapshot } from "../export/tree.ts";
import type { ImportSource } from "../import/import.ts";

interface Options {
  readonly database: DatabaseAtSnapshot;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

type Secrets = NonNullable<ImportSource["secrets"]>;

/** The credentials, keys and tokens of a live database at its moment; read once to be counted, and again to be written. */
export async function liveSecrets({ database, signal, timeoutMs }: Options): Promise<Secrets> {
  const { connection, schema } = database;
  const lines = (kind: keyof Secrets["counts"]): AsyncGenerator<DefinitionLine> =>
    secretLines(connection, kind, { at: schema.at, signal, timeoutMs });
  const count = async (kind: keyof Secrets["counts"]) => {
    let number = 0;
    for await (const _ of lines(kind)) number++;
    return number;
  };
  return {
    counts: {
      credentials: await count("credentials"),
      keys: await count("keys"),
      tokens: await count("tokens"),
    },
    lines,
  };
}
