import {
  type Archive,
  checkArchive,
  type DefinitionKind,
  type DefinitionLine,
  parseDefinitionLine,
  type PlacedProblem,
} from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { DEFINITION_KINDS } from "../fauna/fauna.ts";
import type { Store } from "../store/store.ts";
import { historySince } from "../values/history.ts";
import { readLines } from "../values/line-record.ts";
import type { DocumentRecord } from "../values/record.ts";
import { isJsonObject, parseJson } from "../values/json.ts";
import type {
  ChildSource,
  HistorySource,
  ImportSource,
  OpenSourceOptions,
  SecretKind,
  SecretsSource,
} from "./source.ts";
import { readSchemaFolder } from "./schema-folder.ts";

/** An archive of ours as a source, after every byte of it was checked. */
export async function archiveSource(
  store: Store,
  { signal, unlock, onCheck, schemaFolder }: OpenSourceOptions,
): Promise<ImportSource> {
  const { problems, archive } = await checkArchive(store, {
    unlock,
    mustOpen: true,
    signal,
    onProgress: ({ bytes, bytesTotal }) => onCheck(bytes, bytesTotal),
  });
  if (problems.length > 0 || archive === undefined) throw damaged(store, problems);
  const source = await databaseSource(archive, [], schemaFolder);
  const { manifest } = archive;
  const globalId = manifest.source.globalId ?? undefined;
  return { ...source, globalId, children: await childSources(archive, source) };
}

/** One database of an archive. */
async function databaseSource(
  archive: Archive,
  path: readonly string[],
  schemaFolder?: string,
): Promise<ImportSource> {
  const { store, manifest } = archive;
  const entry = archive.database(path);
  const ownFiles = await archive.fsl(path);
  if (schemaFolder !== undefined && ownFiles.size > 0) {
    throw new ArkError("ERR_USAGE", "The archive has schema files of its own.", {
      place: schemaFolder,
      hint: "Leave out the schema folder; it is for sources without a schema.",
    });
  }
  const files = schemaFolder === undefined ? ownFiles : await readSchemaFolder(schemaFolder);
  const definitions = await readDefinitions(archive, path);
  return {
    place: path.length === 0 ? store.place : `${store.place} database ${path.join("/")}`,
    title: `archive of ${manifest.source.endpoint} at ${manifest.snapshot.time}`,
    identity: archive.digest,
    hasSchema: files.size > 0 || definitions.size > 0,
    files,
    definitions,
    leftOut: [],
    history: historyOf(archive, path),
    secrets: secretsOf(archive, path),
    collections: entry.collections.map(({ name, documents }) => ({ name, documents })),
    async *records(collection, readSignal): AsyncGenerator<readonly DocumentRecord[]> {
      const frames = archive.lines(archive.collection(collection, path), { signal: readSignal });
      const place = `${store.place} collection ${collection}`;
      for await (const { buffer, byteOffset, byteLength } of frames)
        yield readLines(Buffer.from(buffer, byteOffset, byteLength), place);
    },
  };
}

function historyOf(archive: Archive, path: readonly string[]): HistorySource | undefined {
  const collections = archive
    .database(path)
    .collections.flatMap(({ name, history }) =>
      history === undefined ? [] : [{ name, versions: history.versions }],
    );
  if (collections.length === 0) return undefined;
  return {
    collections,
    async *records(name, signal): AsyncGenerator<readonly DocumentRecord[]> {
      const collection = archive.collection(name, path);
      const from = BigInt(collection.history!.from);
      yield* historySince(recordsIn(archive.history(collection, { signal })), from);
    },
  };
}

async function* recordsIn(
  frames: ReturnType<Archive["history"]>,
): AsyncGenerator<readonly DocumentRecord[]> {
  for await (const { records } of frames) yield records;
}

/** The databases below, in the archive's order: each after its parent. */
async function childSources(archive: Archive, top: ImportSource): Promise<ChildSource[]> {
  const children = new Map<string, ChildSource>();
  for (const { path } of archive.manifest.databases) {
    if (path.length === 0) continue;
    const above = path.slice(0, -1);
    const parent = above.length === 0 ? top : children.get(JSON.stringify(above))?.source;
    const definition = parent?.definitions
      .get("databases")
      ?.find(({ name }) => name === path.at(-1));
    const source = await databaseSource(archive, path);
    const globalId = definition === undefined ? undefined : globalIdIn(definition);
    children.set(JSON.stringify(path), { path, definition, source: { ...source, globalId } });
  }
  return [...children.values()];
}

function globalIdIn({ v4, v10 }: DefinitionLine): string | undefined {
  const json = parseJson(v4 ?? v10 ?? "null");
  const document = isJsonObject(json) ? (json.get("@doc") ?? json) : undefined;
  const id = isJsonObject(document) ? document.get("global_id") : undefined;
  return typeof id === "string" ? id : undefined;
}

const SECRETS = ["credentials", "keys", "tokens"] as const satisfies readonly SecretKind[];

function secretsOf(archive: Archive, path: readonly string[]): SecretsSource | undefined {
  const { schema } = archive.database(path);
  const lines = (kind: SecretKind): number =>
    schema.reduce((sum, entry) => sum + (entry.kind === kind ? entry.definitions : 0), 0);
  if (!schema.some(({ kind }) => SECRETS.some((each) => each === kind))) return undefined;
  return {
    counts: {
      credentials: lines("credentials"),
      keys: lines("keys"),
      tokens: lines("tokens"),
    },
    async *lines(kind): AsyncGenerator<DefinitionLine> {
      for await (const line of archive.definitions(kind, path))
        yield parseDefinitionLine(line, `${archive.store.place} ${kind}`);
    },
  };
}

async function readDefinitions(archive: Archive, path: readonly string[]) {
  const definitions = new Map<DefinitionKind, DefinitionLine[]>();
  for (const kind of DEFINITION_KINDS) {
    const lines: DefinitionLine[] = [];
    for await (const line of archive.definitions(kind, path)) {
      lines.push(
        parseDefinitionLine(line, `${archive.store.place} ${kind} line ${lines.length + 1}`),
      );
    }
    if (lines.length > 0) definitions.set(kind, lines);
  }
  return definitions;
}

function damaged(store: Store, problems: readonly PlacedProblem[]): ArkError {
  const first = problems[0]!;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more problems`;
  const line = first.line === undefined ? ` at byte ${first.offset}` : `:${first.line}`;
  return new ArkError(first.code, `The archive is damaged: ${first.message}${more}.`, {
    place: `${store.place}/${first.file}${line}`,
    hint: "Nothing was written. Take another copy; `fauna-ark verify ARCHIVE` lists everything that is damaged.",
    details: { problems },
  });
}
