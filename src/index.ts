/**
 * fauna-ark as a library: the verbs of the command line as functions that never print.
 *
 * ```ts
 * import { connect, exportDatabase, importArchive, verifyArchive } from "fauna-ark";
 *
 * const source = connect({ endpoint: "http://127.0.0.1:8443", secret: "secret" });
 * const report = await exportDatabase({ source, target: "./archive" });
 * console.log(report.documents, "documents as of", report.snapshot.time);
 *
 * const target = connect({ endpoint: "http://127.0.0.1:9443", secret: "secret" });
 * await importArchive({ source: "./archive", target });
 * const { equal } = await verifyArchive({ archive: "./archive", against: target });
 * await Promise.all([source.close(), target.close()]);
 * ```
 *
 * Every verb takes `signal` and `onProgress`; every failure is an {@link ArkError} with a code, a place and a hint.
 * Reports are plain objects, the same that `--json` prints. The server for tests is in `fauna-ark/emulator`.
 */
export {
  type ConnectOptions,
  type Connection,
  type Budget,
  type CounterValues,
  connect,
  type LimitOptions,
  type Rates,
  type RetryEvent,
  scoped,
} from "./fauna/fauna.ts";
export {
  type ByteRange,
  FolderStore,
  MemoryStore,
  openStore,
  type Store,
  type StoredFile,
  type WriteOptions,
} from "./store/store.ts";
export {
  type Archive,
  type Compression,
  type Encryption,
  type Manifest,
  openArchive,
  parseIdentities,
  parseRecipients,
  type Problem,
  type Unlock,
} from "./archive/archive.ts";
export {
  canResume,
  type CatchUpOptions,
  type CaughtUp,
  exportDatabase,
  type ExportOptions,
  type ExportReport,
  type RestoredCollection,
  type RestoredHistory,
  restoreHistory,
  type RestoreHistoryOptions,
  type Resumed,
} from "./export/export.ts";
export { parseMoment } from "./export/moment.ts";
export {
  type CollectionPlan,
  type Estimate,
  type ExportPlan,
  type ExportPlanOptions,
  planExport,
} from "./export/plan.ts";
export {
  createDatabase,
  type HistoryReport,
  type ImportOptions,
  type ImportPlan,
  type ImportReport,
  type PlanOptions,
  importArchive,
  planImport,
} from "./import/import.ts";
export { planReplay, type RefusedOptions, replayRefused } from "./import/replay.ts";
export {
  type CopyOptions,
  type CopyReport,
  copyDatabase,
  planCopy,
  type PlanCopyOptions,
} from "./copy/copy.ts";
export {
  type ChangedDocument,
  type CollectionDiff,
  diffDatabases,
  type DiffOptions,
  type DiffReport,
  type FieldChange,
} from "./verify/diff.ts";
export {
  type AgainstReport,
  type ArchiveSummary,
  type CollectionComparison,
  type CollectionSummary,
  type DefinitionDifference,
  type DocumentDifference,
  type HistoryComparison,
  showArchive,
  showCollection,
  showDocument,
  type VerifyOptions,
  type VerifyReport,
  verifyArchive,
} from "./verify/verify.ts";
export { type DocumentRecord, parseRecord, printRecord } from "./values/record.ts";
export {
  ArkError,
  type ArkErrorOptions,
  ERROR_CODES,
  type ErrorCode,
  isArkError,
} from "./errors/errors.ts";
export type { OnProgress, Progress } from "./flow/progress.ts";
