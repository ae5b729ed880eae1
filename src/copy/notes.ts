/** What a copy leaves behind in its source, counted. */
import { OF_DOCUMENTS } from "../export/database.ts";
import { pastNotes } from "../export/past-notes.ts";
import { countSecrets } from "../export/secrets.ts";
import type { Connection } from "../fauna/fauna.ts";
import type { LiveSource } from "./live-source.ts";
import type { LiveTree } from "./live-tree.ts";

export interface SourceNote {
  readonly code: string;
  readonly message: string;
  /** Names from the copied database down to the one that is meant. */
  readonly database: readonly string[];
  readonly collection: string | null;
  readonly count: number;
  readonly examples: readonly string[];
}

interface Options {
  readonly recursive: boolean;
  readonly secrets: boolean;
  readonly signal: AbortSignal;
}

/** Notes of what there is any of. */
export async function notesOf(
  { databases }: LiveTree,
  { recursive, secrets, signal }: Options,
): Promise<readonly SourceNote[]> {
  const notes: SourceNote[] = [];
  for (const live of databases) {
    const { path } = live;
    const found: Found[] = [...ofDocuments(live), ...ofSchema(live, recursive)];
    found.push(...pastNotes(live.database), ...live.pastNotes);
    if (!secrets) found.push(...(await ofSecrets(live.connection, signal)));
    notes.push(...found.map((note) => ({ ...note, database: path })));
  }
  return notes.filter(({ count }) => count > 0);
}

type Found = Omit<SourceNote, "database">;

const PASSWORDS =
  "Documents with a password, which was not asked for (--secrets): they were copied without.";

function ofDocuments(live: LiveSource): Found[] {
  return (["expired", "lost", "passwords"] as const).flatMap((code) =>
    [...live.counted(code)].map(([collection, count]) => ({
      code: code === "passwords" ? "credentials" : code,
      message: code === "passwords" ? PASSWORDS : OF_DOCUMENTS[code],
      collection,
      count,
      examples: [],
    })),
  );
}

function ofSchema({ forImport, schema }: LiveSource, recursive: boolean): Found[] {
  if (!forImport.hasSchema) return [];
  const children = schema.definitions
    .filter(({ kind }) => kind === "databases" && !recursive)
    .map(({ name }) => name);
  return [
    {
      code: "child_databases",
      message: "Child databases, which --recursive copies too.",
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

async function ofSecrets(source: Connection, signal: AbortSignal): Promise<Found[]> {
  const counts = await countSecrets(source, { signal, timeoutMs: undefined });
  return [...counts].map(([code, count]) => ({
    code,
    message: `These ${code} were not asked for (--secrets). Make them anew in the target.`,
    collection: null,
    count,
    examples: [],
  }));
}
