/** Show: what an archive holds, without a database. */
import {
  type Archive,
  type DatabaseEntry,
  openArchive,
  parseDefinitionLine,
  type SegmentEntry,
  type Unlock,
} from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { DEFINITION_KINDS, type DefinitionKind } from "../fauna/fauna.ts";
import { openStore, type Store } from "../store/store.ts";
import { Time } from "../values/time.ts";
import { printRecord } from "../values/record.ts";

/** What an archive holds, as `fauna-ark show ARCHIVE --json` prints it. */
export interface ArchiveSummary {
  readonly archive: string;
  readonly created: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly source: { readonly endpoint: string; readonly database: string | null };
  readonly snapshot: { readonly ts: string; readonly time: string };
  readonly compression: string;
  /** Whom it is encrypted for, or null; `opened` is false when no key was given, and then definitions are not shown. */
  readonly encryption: {
    readonly recipients: readonly string[];
    readonly passphrase: boolean;
    readonly opened: boolean;
  } | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** Path of the database that is shown; "" for the exported one. */
  readonly database: string;
  /** Paths of all databases below the exported one. */
  readonly databases: readonly string[];
  /** How many secrets it holds; null when the export was not asked for any. */
  readonly secrets: Readonly<Record<SecretKind, number>> | null;
  readonly collections: readonly {
    readonly name: string;
    readonly documents: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
    readonly segments: number;
    /** Past versions and deletions; null when the archive tells nothing of its past. */
    readonly versions: number | null;
  }[];
  /** Names of definitions by kind, with the protocol that made each. */
  readonly definitions: Readonly<
    Partial<
      Record<DefinitionKind, readonly { readonly name: string; readonly madeBy: "v4" | "v10" }[]>
    >
  >;
  readonly files: readonly string[];
  readonly notes: readonly {
    readonly message: string;
    readonly database: readonly string[];
    readonly count: number;
  }[];
}

type SecretKind = (typeof SECRETS)[number];

const SECRETS = ["credentials", "keys", "tokens"] as const;

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
  /** What is told of its past: since when, in ISO 8601, and how much; null when nothing. */
  readonly history: {
    readonly since: string;
    readonly versions: number;
    readonly segments: CollectionSummary["segments"];
  } | null;
  /** The definition as Fauna printed it, of either protocol, as JSON texts. */
  readonly definition:
    | { readonly v4: string | undefined; readonly v10: string | undefined }
    | undefined;
}

export interface ShowOptions {
  /** What opens an encrypted archive. */
  readonly unlock?: Unlock | undefined;
  /** Names from the exported database down; it is shown itself without any. */
  readonly database?: readonly string[] | undefined;
}

/** @throws ArkError ERR_USAGE when the archive has no such database; as `openArchive` does. */
export async function showArchive(
  place: Store | string,
  { unlock, database: path = [] }: ShowOptions = {},
): Promise<ArchiveSummary> {
  const archive = await open(place, unlock);
  const { manifest } = archive;
  const database = archive.database(path);
  const opened = archive.opener !== undefined;
  const definitions: Record<string, { name: string; madeBy: "v4" | "v10" }[]> = {};
  for (const kind of opened ? DEFINITION_KINDS : []) {
    for await (const line of archive.definitions(kind, path)) {
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
    encryption: manifest.encryption === undefined ? null : { ...manifest.encryption, opened },
    options: manifest.options,
    database: path.join("/"),
    databases: manifest.databases.slice(1).map((each) => each.path.join("/")),
    secrets: secretsOf(database),
    collections: database.collections.map((entry) => ({
      name: entry.name,
      documents: entry.documents,
      plainBytes: entry.plainBytes,
      storedBytes: entry.storedBytes,
      segments: entry.segments.length,
      versions: entry.history?.versions ?? null,
    })),
    definitions,
    files: database.schema
      .filter(({ kind }) => kind === "fsl")
      .map(({ name, file }) => name ?? file),
    notes: manifest.fidelity.notes.map((note) => ({
      message: note.message,
      database: note.database,
      count: note.count,
    })),
  };
}

function secretsOf({ schema }: DatabaseEntry): ArchiveSummary["secrets"] {
  const entries = schema.filter(({ kind }) => SECRETS.some((each) => each === kind));
  if (entries.length === 0) return null;
  const count = (kind: SecretKind): number =>
    entries.reduce((sum, entry) => sum + (entry.kind === kind ? entry.definitions : 0), 0);
  return { credentials: count("credentials"), keys: count("keys"), tokens: count("tokens") };
}

/** @throws ArkError ERR_USAGE when the archive has no such collection; as `openArchive` does. */
export async function showCollection(
  place: Store | string,
  name: string,
  { unlock, database }: ShowOptions = {},
): Promise<CollectionSummary> {
  const archive = await open(place, unlock);
  const entry = archive.collection(name, database);
  let definition: CollectionSummary["definition"];
  const lines = archive.opener === undefined ? [] : archive.definitions("collections", database);
  for await (const line of lines) {
    const each = parseDefinitionLine(line, `${archive.store.place} collections`);
    if (each.name === name) definition = { v4: each.v4, v10: each.v10 };
  }
  return {
    name,
    documents: entry.documents,
    historyDays: entry.historyDays,
    ttlDays: entry.ttlDays,
    fingerprint: entry.fingerprint,
    segments: entry.segments.map(segmentSummary),
    history:
      entry.history === undefined
        ? null
        : {
            since: Time.fromMicros(BigInt(entry.history.from)).toString(),
            versions: entry.history.versions,
            segments: entry.history.segments.map(segmentSummary),
          },
    definition,
  };
}

function segmentSummary({ file, firstId, lastId, records, storedBytes }: SegmentEntry) {
  return { file, firstId, lastId, records, storedBytes };
}

/** The line of one document. @throws ArkError ERR_USAGE when there is none of that id. */
export async function showDocument(
  place: Store | string,
  name: string,
  id: string,
  { unlock, database }: ShowOptions = {},
): Promise<string> {
  const archive = await open(place, unlock);
  if (!/^(0|[1-9]\d{0,18})$/.test(id)) throw noDocument(archive, name, id);
  const record = await archive.record(archive.collection(name, database), id);
  if (record === undefined) throw noDocument(archive, name, id);
  return printRecord(record);
}

function noDocument(archive: Archive, name: string, id: string): ArkError {
  return new ArkError("ERR_USAGE", `The archive holds no document ${id} of ${name}.`, {
    place: archive.store.place,
    hint: "Ids are decimal numbers; `fauna-ark show ARCHIVE COLLECTION` lists the ranges.",
  });
}

function open(place: Store | string, unlock: Unlock | undefined): Promise<Archive> {
  return openArchive(typeof place === "string" ? openStore(place) : place, unlock);
}
