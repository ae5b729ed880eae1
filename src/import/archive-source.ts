import {
  type Archive,
  checkArchive,
  type DefinitionKind,
  type DefinitionLine,
  openArchive,
  parseDefinitionLine,
  type Problem,
} from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { DEFINITION_KINDS } from "../fauna/fauna.ts";
import type { Store } from "../store/store.ts";
import type { DocumentRecord } from "../values/record.ts";
import type { ImportSource, OpenSourceOptions } from "./source.ts";
import { readSchemaFolder } from "./schema-folder.ts";

/** An archive of ours as a source, after every byte of it was checked. */
export async function archiveSource(
  store: Store,
  { signal, onCheck, schemaFolder }: OpenSourceOptions,
): Promise<ImportSource> {
  const { problems } = await checkArchive(store, {
    signal,
    onProgress: ({ bytes, bytesTotal }) => onCheck(bytes, bytesTotal),
  });
  if (problems.length > 0) throw damaged(store, problems);
  const archive = await openArchive(store);
  const entry = archive.onlyDatabase();
  const ownFiles = await archive.fsl();
  if (schemaFolder !== undefined && ownFiles.size > 0) {
    throw new ArkError("ERR_USAGE", "The archive has schema files of its own.", {
      place: schemaFolder,
      hint: "Leave out the schema folder; it is for sources without a schema.",
    });
  }
  const files = schemaFolder === undefined ? ownFiles : await readSchemaFolder(schemaFolder);
  const definitions = await readDefinitions(archive);
  return {
    place: store.place,
    title: `archive of ${archive.manifest.source.endpoint} at ${archive.manifest.snapshot.time}`,
    identity: archive.digest,
    hasSchema: files.size > 0 || definitions.size > 0,
    files,
    definitions,
    leftOut: [],
    collections: entry.collections.map(({ name, documents }) => ({ name, documents })),
    async *records(collection, readSignal): AsyncGenerator<readonly DocumentRecord[]> {
      const frames = archive.records(archive.collection(collection), { signal: readSignal });
      for await (const { records } of frames) yield records;
    },
  };
}

async function readDefinitions(archive: Archive) {
  const definitions = new Map<DefinitionKind, DefinitionLine[]>();
  for (const kind of DEFINITION_KINDS) {
    const lines: DefinitionLine[] = [];
    for await (const line of archive.definitions(kind)) {
      lines.push(
        parseDefinitionLine(line, `${archive.store.place} ${kind} line ${lines.length + 1}`),
      );
    }
    if (lines.length > 0) definitions.set(kind, lines);
  }
  return definitions;
}

function damaged(store: Store, problems: readonly Problem[]): ArkError {
  const first = problems[0]!;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more problems`;
  const line = first.line === undefined ? "" : `:${first.line}`;
  return new ArkError(first.code, `The archive is damaged: ${first.message}${more}.`, {
    place: `${store.place}/${first.file}${line}`,
    hint: "Nothing was written. Take another copy; `fauna-ark verify ARCHIVE` lists everything that is damaged.",
    details: { problems },
  });
}
