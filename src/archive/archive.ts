/**
 * The archive: the folder that one export writes. Knows nothing of databases on a network.
 *
 * Terminology. A *segment* is one NDJSON file of one collection, ascending by id. A *frame* is the
 * piece of a segment (about 1 MiB of plain text) that can be decompressed without the others. A
 * *record* is one line. *Plain* bytes are those of the lines, *stored* bytes those of the file. The
 * *manifest* is written last: an archive without one is not an archive. The *journal* is what a run
 * leaves behind that did not come so far.
 *
 * `createArchive` writes one, `findUnfinished` goes on with one, `openArchive` reads one, `checkArchive` proves one. The format is
 * `docs/ARCHIVE_FORMAT.md`.
 */
export { ArchiveWriter, createArchive, type CreateArchiveOptions } from "./archive-writer.ts";
export {
  CollectionWriter,
  type CollectionSettings,
  type Part,
  type WriteRecordsOptions,
} from "./collection-writer.ts";
export { DatabaseWriter } from "./database-writer.ts";
export { Archive, type ReadOptions } from "./archive-reader.ts";
export { checkArchive, type CheckOptions, type CheckProgress, type CheckReport } from "./check.ts";
export { type CountedNote, type Fidelity, type FidelityEntry, fidelityOf } from "./fidelity.ts";
export {
  type DefinitionLine,
  parseDefinitionLine,
  printDefinitionLine,
} from "./definition-line.ts";
export {
  type DefinitionsByKind,
  emptiedRoles,
  filesWithoutLost,
  type LivingDefinitions,
  type LostReference,
  withoutLostReferences,
} from "./lost-references.ts";
export type { Compression } from "./compression.ts";
export type { Encryption, Unlock } from "./encryption.ts";
export { parseIdentities, parseRecipients } from "./key-file.ts";
export { bytesRead } from "./frame-places.ts";
export { ArchiveLock, type ArchiveLockOptions } from "./lock.ts";
export { isLockFile } from "./names.ts";
export {
  type CollectionEntry,
  type CollectionHistory,
  type DatabaseEntry,
  type DefinitionKind,
  type FidelityNote,
  type Manifest,
  type PartJournal,
  type SchemaFileEntry,
  type SchemaKind,
  type SegmentEntry,
} from "./manifest.ts";
export type { HistoryWriter } from "./history-writer.ts";
export { openArchive } from "./open-archive.ts";
export {
  findUnfinished,
  type ResumeArchiveOptions,
  type ResumedArchive,
  type UnfinishedArchive,
  unfinishedOptions,
} from "./resume-archive.ts";
export type { PlacedProblem, Problem } from "./problem.ts";
export {
  type RaisedCollection,
  type RaisedHistory,
  readRaisedHistory,
  removeRaisedHistory,
  writeRaisedHistory,
} from "./raised-history.ts";
export type { RecordFrame } from "./segment-reader.ts";
