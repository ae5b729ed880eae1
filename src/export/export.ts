/**
 * Export: a database, read at one moment, becomes an archive.
 *
 *     pick the moment T and read the schema at T        (schema.ts)
 *     begin the archive                                 (refuses a place that is not empty)
 *     write schema files and definitions
 *     list refs, cut collections into id ranges, read and write them at T      (documents.ts)
 *     check that T can still be read and that no collection was migrated or deleted meanwhile
 *     write the manifest: only now it is an archive
 *
 * Whatever fails before the last line leaves files without a manifest, which nothing takes for an archive.
 */
import {
  type ArchiveWriter,
  createArchive,
  type DatabaseWriter,
  type Manifest,
  printDefinitionLine,
} from "../archive/archive.ts";
import { DEFINITION_KINDS, identity } from "../fauna/fauna.ts";
import { DocumentsRun } from "./documents.ts";
import { type ExportOptions, type ResolvedExport, resolveExport } from "./options.ts";
import { checkSchemaHeld, readSchema, type SchemaSnapshot } from "./schema.ts";
import { noteSecrets } from "./secrets.ts";
import { checkStillReadable, explainExpired } from "./window.ts";

export type { ExportOptions } from "./options.ts";

/** What an export did. Its form is the `--json` contract: members may be added, none change their meaning. */
export interface ExportReport {
  /** Where the archive is. */
  readonly archive: string;
  readonly snapshot: { readonly ts: string; readonly time: string };
  readonly documents: number;
  readonly definitions: number;
  readonly plainBytes: number;
  readonly storedBytes: number;
  readonly segments: number;
  readonly collections: readonly {
    readonly name: string;
    readonly documents: number;
    /** Listed, but their ttl had passed when they were read. */
    readonly expired: number;
  }[];
  /** What could not be exported exactly, counted. */
  readonly notes: Manifest["fidelity"]["notes"];
  readonly seconds: number;
  readonly requests: number;
}

/**
 * Exports a database at one snapshot time.
 *
 * Promises: every record is what the database holds at that time; when that cannot be had, the export fails and
 * leaves no manifest. Memory does not grow with the database.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY; ERR_USAGE when a glob names no collection; ERR_SNAPSHOT_EXPIRED when history ran out; ERR_TRY_AGAIN when the schema
 * was changed in a way that touches documents; what connection and store throw; the signal's reason.
 */
export async function exportDatabase(options: ExportOptions): Promise<ExportReport> {
  const resolved = resolveExport(options);
  const { source, store, signal, timeoutMs } = resolved;
  const started = performance.now();
  const requestsBefore = source.counters.requests;

  const { globalId } = await identity(source, { signal });
  const schema = await readSchema(source, { signal, timeoutMs });
  const chosen = resolved.choice.choose(schema.collections, source.place);
  const archive = await createArchive(store, {
    tool: resolved.tool,
    source: {
      endpoint: source.endpoint,
      database: source.path === "" ? null : source.path,
      globalId,
    },
    snapshotTs: schema.at,
    compression: resolved.compression,
    options: resolved.asked,
    segmentBytes: resolved.segmentBytes,
    now: resolved.now,
  });
  const database = archive.database();
  if (resolved.choice.schema) await writeSchema(archive, database, schema, resolved);
  const documents = new DocumentsRun(resolved, schema.at);
  try {
    await documents.run(database, chosen);
    await checkStillReadable({ source, at: schema.at, collections: chosen, signal, timeoutMs });
  } catch (error) {
    throw explainExpired(error, chosen, documents.howFar, source.endpoint);
  }
  await checkSchemaHeld(source, schema, new Set(chosen.map(({ name }) => name)), {
    signal,
    timeoutMs,
  });
  noteDocuments(archive, documents);
  await noteSecrets(archive, source, { signal, timeoutMs });
  signal.throwIfAborted();
  const manifest = await archive.finish({ counters: { ...source.counters } });

  return report(manifest, documents.expired, {
    archive: store.place,
    seconds: (performance.now() - started) / 1000,
    requests: source.counters.requests - requestsBefore,
  });
}

async function writeSchema(
  archive: ArchiveWriter,
  database: DatabaseWriter,
  schema: SchemaSnapshot,
  { signal, onProgress }: ResolvedExport,
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
  noteChildren(archive, schema);
  noteV4Off(archive, schema);
  if (schema.stagedStatus === "none") return;
  archive.note({
    code: "staged_schema",
    message: `A schema was staged (${schema.stagedStatus}); its files are in schema/fsl-staged, and v10's view of collections is that of the staged schema.`,
    database: [],
    collection: null,
    count: schema.staged.length,
    examples: schema.staged.map(({ filename }) => filename).slice(0, 5),
  });
}

function noteChildren(archive: ArchiveWriter, { definitions }: SchemaSnapshot): void {
  const names = definitions.filter(({ kind }) => kind === "databases").map(({ name }) => name);
  if (names.length === 0) return;
  archive.note({
    code: "child_databases",
    message: "Child databases, which are listed here and exported one by one.",
    database: [],
    collection: null,
    count: names.length,
    examples: names.slice(0, 5),
  });
}

function noteV4Off(archive: ArchiveWriter, { definitions }: SchemaSnapshot): void {
  // v4 shows every definition, whichever protocol made it.
  if (definitions.some(({ v4 }) => v4 !== undefined)) return;
  if (definitions.length === 0) return;
  archive.note({
    code: "v4_off",
    message:
      "FQL v4 is switched off, so that its indexes, and what is v4's in functions, roles and access providers, could not be read.",
    database: [],
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

function noteDocuments(archive: ArchiveWriter, documents: DocumentsRun): void {
  for (const code of ["expired", "lost"] as const) {
    for (const [collection, count] of documents[code]) {
      const message = OF_DOCUMENTS[code];
      archive.note({ code, message, database: [], collection, count, examples: [] });
    }
  }
}

function report(
  manifest: Manifest,
  expired: ReadonlyMap<string, number>,
  run: Pick<ExportReport, "archive" | "seconds" | "requests">,
): ExportReport {
  const { documents, definitions, plainBytes, storedBytes, segments } = manifest.totals;
  const collections = manifest.databases.flatMap((database) => database.collections);
  return {
    archive: run.archive,
    snapshot: manifest.snapshot,
    documents,
    definitions,
    plainBytes,
    storedBytes,
    segments,
    collections: collections.map(({ name, documents: count }) => ({
      name,
      documents: count,
      expired: expired.get(name) ?? 0,
    })),
    notes: manifest.fidelity.notes,
    seconds: run.seconds,
    requests: run.requests,
  };
}
