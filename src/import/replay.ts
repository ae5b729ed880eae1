/**
 * Replay: documents that a target refused are sent again, when what was in their way is mended there or in their file.
 *
 * It is an import over what is there, of few documents: each is looked up first, so that a replay can be repeated, and
 * read again at the end. What is refused again goes to a new file; the old one is left alone.
 */
import { ArkError } from "../errors/errors.ts";
import { type Connection, identity } from "../fauna/fauna.ts";
import {
  type ImportPlan,
  type ImportReport,
  importSource,
  planSource,
  type ReplayOptions,
} from "./import.ts";
import { type RefusedSource, refusedSource } from "./refused-source.ts";

export interface RefusedOptions extends Pick<
  ReplayOptions,
  | "onConflict"
  | "restoreDeletedRefs"
  | "window"
  | "batchDocuments"
  | "batchBytes"
  | "maxMemory"
  | "onTuned"
  | "deadLetterFile"
  | "timeoutMs"
  | "signal"
  | "onProgress"
> {
  /** The file of refused documents that an import or a copy has written. */
  readonly file: string;
  /** The database that refused them, opened with an admin secret. */
  readonly target: Connection;
}

/**
 * Sends the documents of a file of refused ones again. Those that are there already are left; what becomes of one in
 * whose place another is, `onConflict` says: without it, nothing is written at all.
 *
 * @throws ArkError ERR_RECORD with the line of what is wrong in the file, before anything is sent; ERR_USAGE when
 * another database refused them; ERR_SCHEMA when the target has not their collections; ERR_TARGET_NOT_EMPTY for
 * conflicts, or when the import itself never finished; as `importArchive` does. What is refused again is no error but
 * `documents.refused`.
 */
export async function replayRefused(options: RefusedOptions): Promise<ImportReport> {
  const source = await open(options);
  return importSource(source, asImport(options));
}

/** What {@link replayRefused} would do with the same options; writes nothing. @throws as it does. */
export async function planReplay(options: RefusedOptions): Promise<ImportPlan> {
  const source = await open(options);
  return planSource(source, { ...asImport(options), target: options.target });
}

async function open({ file, target, signal }: RefusedOptions): Promise<RefusedSource> {
  const stop = signal ?? new AbortController().signal;
  const source = await refusedSource(file, stop);
  const { globalId } = await identity(target, { signal: stop });
  if (source.database === undefined || source.database === globalId) return source;
  throw new ArkError(
    "ERR_USAGE",
    `These documents were refused by another database (${source.database}, this one: ${globalId}).`,
    {
      place: target.place,
      hint: `Name the one they are of; or take the member "database" out of the lines of ${file} to send them here.`,
    },
  );
}

function asImport(options: RefusedOptions): ReplayOptions {
  const { file, onConflict = "fail", deadLetterFile = file, ...rest } = options;
  return { ...rest, onConflict, deadLetterFile };
}
