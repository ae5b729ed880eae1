/** What an import reads: an archive, the folder that Fauna's own export writes, or NDJSON of the v4 driver. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DefinitionKind, DefinitionLine, Problem, Unlock } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { parseFsl } from "../fsl/fsl.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/store.ts";
import type { DocumentRecord } from "../values/record.ts";
import { archiveSource } from "./archive-source.ts";
import { driverDumpFiles, driverDumpSource } from "./driver-dump.ts";
import { FAUNA_METADATA, faunaExportSource } from "./fauna-export.ts";

/** One collection of a source. */
export interface SourceCollection {
  readonly name: string;
  readonly documents: number;
}

/** What a source tells of the past of its collections. */
export interface HistorySource {
  readonly collections: readonly {
    readonly name: string;
    /** Versions that are no more, and deletions, where that is known. */
    readonly versions?: number | undefined;
  }[];
  /** Why it is not restored; undefined when it is. */
  readonly leftOut?: string | undefined;
  /**
   * Since when, in microseconds, a collection's past can be told by now; of a source that cannot forget it is
   * undefined.
   */
  readonly edge?: ((collection: string) => Promise<bigint>) | undefined;
  /** A collection's past in the order of `compareHistory`, batch by batch. Reading it twice gives the same. */
  records(collection: string, signal: AbortSignal): AsyncGenerator<readonly DocumentRecord[]>;
}

/** Secrets that are restored with their hashes. */
export type SecretKind = "credentials" | "keys" | "tokens";

export interface SecretsSource {
  readonly counts: Readonly<Record<SecretKind, number>>;
  lines(kind: SecretKind): AsyncGenerator<DefinitionLine>;
}

/** A database below the one that a source begins with. */
export interface ChildSource {
  /** Names from the source's own database down. */
  readonly path: readonly string[];
  /** What its parent says of it; undefined in a source without a schema. */
  readonly definition: DefinitionLine | undefined;
  readonly source: ImportSource;
}

export interface ImportSource {
  readonly place: string;
  /** What the source is, for people. */
  readonly title: string;
  /** Tells this source from every other: an unfinished import can only be continued from the same one. */
  readonly identity: string;
  /** Whether the source says what the schema is. Without it, only documents are imported. */
  readonly hasSchema: boolean;
  /** The schema files, by name. */
  readonly files: ReadonlyMap<string, string>;
  readonly definitions: ReadonlyMap<DefinitionKind, readonly DefinitionLine[]>;
  readonly collections: readonly SourceCollection[];
  /** What the source holds and an import does not write. */
  readonly leftOut: readonly { readonly collection: string; readonly count: number }[];
  /** The database's own id, which its tokens hold; undefined where it is not known. */
  readonly globalId?: string | undefined;
  /** Undefined where the source tells nothing of the past. */
  readonly history?: HistorySource | undefined;
  /** Undefined where the source holds no secrets. */
  readonly secrets?: SecretsSource | undefined;
  /** The databases below, each after the one that it is in. */
  readonly children?: readonly ChildSource[] | undefined;
  /** Whether it holds few documents of many: then an import over what is there looks them up one by one. */
  readonly isSparse?: boolean | undefined;
  /** A collection's documents, batch by batch. Reading it twice gives the same. */
  records(collection: string, signal: AbortSignal): AsyncGenerator<readonly DocumentRecord[]>;
}

/** What an import restores of a source's past; undefined when nothing. */
export function restoredHistory({ history, hasSchema }: ImportSource): HistorySource | undefined {
  return hasSchema && history?.leftOut === undefined ? history : undefined;
}

/** Collections whose past is restored. */
export function pastOf(source: ImportSource): ReadonlySet<string> {
  return new Set(restoredHistory(source)?.collections.map(({ name }) => name));
}

export interface OpenSourceOptions {
  /** Folder of FSL files, for a source that has none of its own. */
  readonly schemaFolder: string | undefined;
  /** What opens an encrypted archive. */
  readonly unlock: Unlock | undefined;
  readonly signal: AbortSignal;
  readonly onCheck: (done: number, total: number) => void;
}

export type { Problem };

/**
 * Opens and validates a source, whole: nothing is written to a target before every byte has been looked at.
 *
 * @throws ArkError of code 2x with file and line when anything in it is wrong.
 */
export async function openSource(
  source: Store | string,
  options: OpenSourceOptions,
): Promise<ImportSource> {
  const opened = await openEither(source, options);
  if (opened.hasSchema) requireCollections(opened, options.schemaFolder);
  return options.schemaFolder === undefined ? opened : withOwnIdentity(opened);
}

/** With other schema files it is another source: an import that was begun with the first ones does not go on with them. */
function withOwnIdentity(source: ImportSource): ImportSource {
  const digest = createHash("sha256").update(JSON.stringify([source.identity, ...source.files]));
  return { ...source, identity: digest.digest("hex") };
}

async function openEither(
  source: Store | string,
  options: OpenSourceOptions,
): Promise<ImportSource> {
  if (typeof source === "string") {
    const folder = await faunaExportFolder(source);
    if (folder !== undefined) return faunaExportSource(folder, options);
    const dump = await driverDumpFiles(source);
    if (dump.length > 0) return driverDumpSource(source, dump, options);
  }
  return archiveSource(typeof source === "string" ? openStore(source) : source, options);
}

/** A schema that lacks a collection would leave its documents nowhere to go. */
function requireCollections(
  { files, definitions, collections, place }: ImportSource,
  schemaFolder: string | undefined,
): void {
  const known = new Set((definitions.get("collections") ?? []).map(({ name }) => name));
  for (const [filename, content] of files) {
    for (const { kind, name } of parseFsl(content, filename).items) {
      if (kind === "collection") known.add(name.text);
    }
  }
  const unknown = collections.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new ArkError("ERR_SCHEMA", `The schema has no collection ${unknown.join(", ")}.`, {
    place: schemaFolder ?? place,
    hint: "Add it to the schema files; `collection NAME { *: Any }` takes any document.",
  });
}

/** The path itself, if it is a folder that Fauna's own export wrote. */
async function faunaExportFolder(path: string): Promise<string | undefined> {
  try {
    await stat(join(path, FAUNA_METADATA));
    return path;
  } catch {
    // Not there or not readable: opening it as an archive says which.
    return undefined;
  }
}
