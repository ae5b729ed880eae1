/**
 * The store of an in-memory Fauna: what there is, when it was, and nothing of how it is asked.
 *
 * - A **cluster** is a tree of **databases** and one clock; see {@link Cluster}.
 * - A database holds **documents** in numbered **collections**. Definitions (collections,
 *   functions, roles, child databases …) are documents of native collections, found by name too.
 * - A document is a list of **versions** by valid time (µs); reads see one of them, inside the
 *   collection's history window.
 * - An **index** keeps rows of terms and values for documents, with the times each came and went.
 * - A **transaction** reads at one time, writes at that time, and is kept or taken back whole.
 * - What the store refuses is a {@link DataError} with its particulars; each language words it.
 */
export { Cluster, type ClusterOptions } from "./cluster.ts";
export type { Clock } from "./clock.ts";
export type { EntryParts } from "./entries.ts";
export { DataError, isDataError, type DataProblem, type DataProblemKind } from "./errors.ts";
export {
  MAX_DOCUMENT_ID,
  NATIVE,
  type CollectionId,
  type DocumentId,
  type IndexId,
  type NamedKind,
  type NativeName,
} from "./ids.ts";
export type { Ops } from "./ops.ts";
export { compareData } from "./order.ts";
export type {
  Binding,
  DocumentRange,
  FieldPath,
  IndexField,
  IndexKey,
  IndexRange,
  IndexRow,
  IndexShape,
  TimeRange,
} from "./shape.ts";
export { Transaction, type WriteOptions } from "./transaction.ts";
export { DocRef, StoredLambda, StoredSet, objectOf, type Data, type ObjectData } from "./value.ts";
export type { Action, Change, Found, HistoryEvent, SetEvent } from "./version.ts";
