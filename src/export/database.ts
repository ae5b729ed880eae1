/** One database of an export: its schema, secrets and documents, all at the snapshot time. */
import {
  type ArchiveWriter,
  type DatabaseWriter,
  printDefinitionLine,
} from "../archive/archive.ts";
import { DEFINITION_KINDS } from "../fauna/fauna.ts";
import { progressBelow } from "../flow/flow.ts";
import { DocumentsRun } from "./documents.ts";
import { exportHistory } from "./history.ts";
import type { ResolvedExport } from "./options.ts";
import { notePast } from "./past-notes.ts";
import { answersV4 } from "./reading.ts";
import { type CollectionAtSnapshot, checkSchemaHeld, type SchemaSnapshot } from "./schema.ts";
import { noteSecrets, writeSecrets } from "./secrets.ts";
import { checkSameDatabase, type DatabaseAtSnapshot, explainDeleted } from "./tree.ts";
import { checkStillReadable, explainExpired } from "./window.ts";

/** What became of the documents of one database. */
export interface ExportedDatabase {
  readonly path: readonly string[];
  /** Documents whose ttl had passed when they were read, by collection. */
  readonly expired: ReadonlyMap<string, number>;
}

/**
 * Reads one database into the archive.
 *
 * @param chosen collections whose documents are wanted.
 * @throws ArkError ERR_SNAPSHOT_EXPIRED; ERR_TRY_AGAIN when the database is deleted meanwhile.
 */
export async function exportOne(
  archive: ArchiveWriter,
  snapshot: DatabaseAtSnapshot,
  chosen: readonly CollectionAtSnapshot[],
  options: ResolvedExport,
): Promise<ExportedDatabase> {
  const { path, connection: source, schema } = snapshot;
  const { signal, timeoutMs } = options;
  const { at } = schema;
  const own = { ...options, source, onProgress: progressBelow(path, options.onProgress) };
  const documents = new DocumentsRun(own, {
    at,
    hasV4: answersV4(schema),
    renames: schema.past?.renames,
  });
  try {
    const database = archive.database(path);
    if (options.choice.schema) await writeSchema(archive, database, schema, own);
    // Before the documents: of secrets, the past is kept for 15 minutes only.
    if (options.secrets) await writeSecrets(database, source, { at, signal, timeoutMs });
    await documents.run(database, chosen);
    if (options.history) {
      const past = { ...own, at, renames: schema.past?.renames };
      await exportHistory(archive, database, chosen, past);
    }
    const { listedUpTo } = documents;
    await checkStillReadable({ source, at, collections: chosen, listedUpTo, signal, timeoutMs });
  } catch (error) {
    throw explainDeleted(explainExpired(error, chosen, documents.howFar, source.endpoint), path);
  }
  notePast(archive, snapshot);
  noteDocuments(archive, path, documents);
  if (!options.secrets) await noteSecrets(archive, source, { path, signal, timeoutMs });
  return { path, expired: documents.expired };
}

/**
 * Makes sure, when all databases have been read, that each could be read as it was.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED or ERR_TRY_AGAIN when not.
 */
export async function checkHeld(
  snapshot: DatabaseAtSnapshot,
  chosen: readonly CollectionAtSnapshot[],
  { signal, timeoutMs }: Pick<ResolvedExport, "signal" | "timeoutMs">,
): Promise<void> {
  const { path, connection, schema } = snapshot;
  await checkSameDatabase(snapshot, signal);
  const names = new Set(chosen.map(({ name }) => name));
  try {
    await checkSchemaHeld(connection, schema, names, { signal, timeoutMs });
  } catch (error) {
    throw explainDeleted(error, path);
  }
}

/** Writes schema files and definitions, and notes of what could not be had of them. */
export async function writeSchema(
  archive: ArchiveWriter,
  database: DatabaseWriter,
  schema: SchemaSnapshot,
  { signal, onProgress, recursive }: ResolvedExport,
): Promise<void> {
  let done = 0;
  const total = schema.files.length + schema.staged.length + schema.definitions.length;
  const progress = (count: number): void =>
    onProgress({ phase: "schema", done: (done += count), total, unit: "definitions" });
  for (const { filename, content } of schema.files)
    await database.fsl(filename, content, { signal });
  for (const { filename, content } of schema.staged) {
    await database.fsl(filename, content, { staged: true, signal });
  }
  progress(schema.files.length + schema.staged.length);
  for (const kind of DEFINITION_KINDS) {
    const lines = schema.definitions.filter((each) => each.kind === kind).map(printDefinitionLine);
    if (lines.length > 0) await database.definitions(kind, lines, { signal });
    progress(lines.length);
  }
  const { path } = database;
  if (!recursive) noteChildren(archive, path, schema);
  noteV4Off(archive, path, schema);
  if (schema.stagedStatus === "none") return;
  archive.note({
    code: "staged_schema",
    message: `A schema was staged (${schema.stagedStatus}); its files are in schema/fsl-staged, and v10's view of collections is that of the staged schema.`,
    database: [...path],
    collection: null,
    count: schema.staged.length,
    examples: schema.staged.map(({ filename }) => filename).slice(0, 5),
  });
}

function noteChildren(
  archive: ArchiveWriter,
  path: readonly string[],
  { definitions }: SchemaSnapshot,
): void {
  const names = definitions.filter(({ kind }) => kind === "databases").map(({ name }) => name);
  if (names.length === 0) return;
  archive.note({
    code: "child_databases",
    message: "Child databases, which are listed here; --recursive exports them too.",
    database: [...path],
    collection: null,
    count: names.length,
    examples: names.slice(0, 5),
  });
}

function noteV4Off(archive: ArchiveWriter, path: readonly string[], schema: SchemaSnapshot): void {
  if (answersV4(schema)) return;
  archive.note({
    code: "v4_off",
    message:
      "FQL v4 is switched off, so that its indexes, and what is v4's in functions, roles and access providers, could not be read.",
    database: [...path],
    collection: null,
    count: 1,
    examples: [],
  });
}

/** What became of documents and their values that nobody could help. */
export const OF_DOCUMENTS = {
  expired:
    "Documents whose ttl had passed before they were read; Fauna shows them no more, not even at a past time.",
  lost: "Values that look like what v10 shows in place of lambdas, indexes, native and deleted collections; FQL v4, which knows, is switched off.",
} as const;

const NOTES = {
  ...OF_DOCUMENTS,
  credentials: "Passwords inside of documents (`credentials`), left out without --secrets.",
} as const;

/** Notes what became of documents, counted by collection. */
export function noteDocuments(
  archive: ArchiveWriter,
  path: readonly string[],
  documents: Pick<DocumentsRun, "expired" | "lost" | "credentials">,
): void {
  for (const code of ["expired", "lost", "credentials"] as const) {
    for (const [collection, count] of documents[code]) {
      const message = NOTES[code];
      archive.note({ code, message, database: [...path], collection, count, examples: [] });
    }
  }
}
