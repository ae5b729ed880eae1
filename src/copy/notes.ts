/** What a copy leaves behind in its source, counted. */
import { OF_DOCUMENTS } from "../export/export.ts";
import { countSecrets } from "../export/secrets.ts";
import type { Connection } from "../fauna/fauna.ts";
import type { LiveSource } from "./live-source.ts";

export interface SourceNote {
  readonly code: string;
  readonly message: string;
  readonly collection: string | null;
  readonly count: number;
  readonly examples: readonly string[];
}

/** Notes of what there is any of. */
export async function notesOf(
  live: LiveSource,
  source: Connection,
  signal: AbortSignal,
): Promise<readonly SourceNote[]> {
  return [...ofDocuments(live), ...ofSchema(live), ...(await ofSecrets(source, signal))].filter(
    ({ count }) => count > 0,
  );
}

function ofDocuments(live: LiveSource): SourceNote[] {
  return (["expired", "lost"] as const).flatMap((code) =>
    [...live.counted(code)].map(([collection, count]) => ({
      code,
      message: OF_DOCUMENTS[code],
      collection,
      count,
      examples: [],
    })),
  );
}

function ofSchema({ forImport, schema }: LiveSource): SourceNote[] {
  if (!forImport.hasSchema) return [];
  const children = schema.definitions
    .filter(({ kind }) => kind === "databases")
    .map(({ name }) => name);
  return [
    {
      code: "child_databases",
      message: "Child databases, which are copied one by one.",
      collection: null,
      count: children.length,
      examples: children.slice(0, 5),
    },
    {
      code: "staged_schema",
      message: `A schema is staged in the source (${schema.stagedStatus}) and was not copied.`,
      collection: null,
      count: schema.staged.length,
      examples: schema.staged.map(({ filename }) => filename).slice(0, 5),
    },
  ];
}

async function ofSecrets(source: Connection, signal: AbortSignal): Promise<SourceNote[]> {
  const counts = await countSecrets(source, { signal, timeoutMs: undefined });
  return [...counts].map(([code, count]) => ({
    code,
    message: `These ${code} were not copied. Make them anew in the target.`,
    collection: null,
    count,
    examples: [],
  }));
}
