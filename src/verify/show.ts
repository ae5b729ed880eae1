/** Show: what an archive holds, without a database. */
import { type Archive, openArchive, parseDefinitionLine } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { DEFINITION_KINDS, type DefinitionKind } from "../fauna/fauna.ts";
import { openStore, type Store } from "../store/store.ts";
import { printRecord } from "../values/record.ts";

/** What an archive holds, as `fauna-ark show ARCHIVE --json` prints it. */
export interface ArchiveSummary {
  readonly archive: string;
  readonly created: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly source: { readonly endpoint: string; readonly database: string | null };
  readonly snapshot: { readonly ts: string; readonly time: string };
  readonly compression: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly collections: readonly {
    readonly name: string;
    readonly documents: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
    readonly segments: number;
  }[];
  /** Names of definitions by kind, with the protocol that made each. */
  readonly definitions: Readonly<
    Partial<
      Record<DefinitionKind, readonly { readonly name: string; readonly madeBy: "v4" | "v10" }[]>
    >
  >;
  readonly files: readonly string[];
  readonly notes: readonly { readonly message: string; readonly count: number }[];
}

/** One collection: its schema, its segments. */
export interface CollectionSummary {
  readonly name: string;
  readonly documents: number;
  readonly historyDays: number | null;
  readonly ttlDays: number | null;
  readonly fingerprint: { readonly exact: string; readonly content: string };
  readonly segments: readonly {
    readonly file: string;
    readonly firstId: string;
    readonly lastId: string;
    readonly records: number;
    readonly storedBytes: number;
  }[];
  /** The definition as Fauna printed it, of either protocol, as JSON texts. */
  readonly definition:
    | { readonly v4: string | undefined; readonly v10: string | undefined }
    | undefined;
}

/** @throws ArkError as `openArchive` does. */
export async function showArchive(place: Store | string): Promise<ArchiveSummary> {
  const archive = await open(place);
  const { manifest } = archive;
  const definitions: Record<string, { name: string; madeBy: "v4" | "v10" }[]> = {};
  for (const kind of DEFINITION_KINDS) {
    for await (const line of archive.definitions(kind)) {
      const { name, madeBy } = parseDefinitionLine(line, `${archive.store.place} ${kind}`);
      (definitions[kind] ??= []).push({ name, madeBy });
    }
  }
  return {
    archive: archive.store.place,
    created: manifest.created,
    tool: manifest.tool,
    source: manifest.source,
    snapshot: manifest.snapshot,
    compression: manifest.compression,
    options: manifest.options,
    collections: archive.database().collections.map((entry) => ({
      name: entry.name,
      documents: entry.documents,
      plainBytes: entry.plainBytes,
      storedBytes: entry.storedBytes,
      segments: entry.segments.length,
    })),
    definitions,
    files: [...(await archive.fsl()).keys()],
    notes: manifest.fidelity.notes.map(({ message, count }) => ({ message, count })),
  };
}

/** @throws ArkError ERR_USAGE when the archive has no such collection; as `openArchive` does. */
export async function showCollection(
  place: Store | string,
  name: string,
): Promise<CollectionSummary> {
  const archive = await open(place);
  const entry = archive.collection(name);
  let definition: CollectionSummary["definition"];
  for await (const line of archive.definitions("collections")) {
    const each = parseDefinitionLine(line, `${archive.store.place} collections`);
    if (each.name === name) definition = { v4: each.v4, v10: each.v10 };
  }
  return {
    name,
    documents: entry.documents,
    historyDays: entry.historyDays,
    ttlDays: entry.ttlDays,
    fingerprint: entry.fingerprint,
    segments: entry.segments.map(({ file, firstId, lastId, records, storedBytes }) => ({
      file,
      firstId,
      lastId,
      records,
      storedBytes,
    })),
    definition,
  };
}

/** The line of one document. @throws ArkError ERR_USAGE when there is none of that id. */
export async function showDocument(
  place: Store | string,
  name: string,
  id: string,
): Promise<string> {
  const archive = await open(place);
  if (!/^(0|[1-9]\d{0,18})$/.test(id)) throw noDocument(archive, name, id);
  const record = await archive.record(archive.collection(name), id);
  if (record === undefined) throw noDocument(archive, name, id);
  return printRecord(record);
}

function noDocument(archive: Archive, name: string, id: string): ArkError {
  return new ArkError("ERR_USAGE", `The archive holds no document ${id} of ${name}.`, {
    place: archive.store.place,
    hint: "Ids are decimal numbers; `fauna-ark show ARCHIVE COLLECTION` lists the ranges.",
  });
}

function open(place: Store | string): Promise<Archive> {
  return openArchive(typeof place === "string" ? openStore(place) : place);
}
