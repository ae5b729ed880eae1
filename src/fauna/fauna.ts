/**
 * A database as a client sees it.
 *
 * `connect` gives a `Connection`: FQL v4 and v10 as raw text over one HTTP transport (`http.ts`), which is retried and
 * throttled (`with/`), with the official drivers composing what is not bulk (`drivers.ts`). On it stand the schema
 * (`schema.ts`, `definitions.ts`), the ids (`refs.ts`, `ranges.ts`) and the records (`records.ts`) of a database at one time.
 *
 *     const connection = connect({ endpoint, secret });
 *     const at = await snapshotTime(connection);
 *     for await (const record of records(connection, { collection: "Product", at })) …
 */
export {
  connect,
  type CallOptions,
  type ConnectOptions,
  type Connection,
  type V10Answer,
  type V10Options,
  type V4Answer,
  type V4Options,
} from "./connection.ts";
export type { CounterValues } from "./counters.ts";
export {
  allDefinitions,
  DEFINITION_KINDS,
  definitions,
  type Definition,
  type DefinitionKind,
  type DefinitionsOptions,
} from "./definitions.ts";
export type { LimitOptions } from "./limits.ts";
export type { Fence } from "./fence.ts";
export { failureOf, type Failure, type FailureKind } from "./failure.ts";
export { Feed, type FeedOptions, type FeedPage, isFeedGone } from "./feed.ts";
export { type DocumentsById, documentsById, type DocumentsOptions } from "./feed-documents.ts";
export { historiesOf, historyPages } from "./history.ts";
export { historyEdge, type HistoryOptions } from "./history-edge.ts";
export type { HistoryPage } from "./history-states.ts";
export { identity, ping, rights, snapshotTime, type Identity, type Rights } from "./identity.ts";
export {
  type Cut,
  type Extent,
  type IdRange,
  idRanges,
  largestFirst,
  LAST_ID,
  measure,
  type RangesOptions,
} from "./ranges.ts";
export { redactor, scrub, type Redact } from "./redact.ts";
export {
  type Admitted,
  BatchFlow,
  type BatchFlowOptions,
  type BatchFlowStep,
  type BatchSize,
} from "./batch-flow.ts";
export { bytesToHold } from "./memory.ts";
export {
  isTooLarge,
  PAGE_SIZES,
  PageFlow,
  type PageFlowOptions,
  type PageFlowStep,
  type PageTurn,
  type PageTurns,
} from "./page-flow.ts";
export {
  linePages,
  type LinePage,
  recordPages,
  records,
  type RecordPage,
  type RecordsOptions,
} from "./records.ts";
export { faunaCode, faunaStatus, isV4Disabled } from "./refusal.ts";
export { checkListingEnd, type ListingEndOptions } from "./listing-end.ts";
export { idPages, ids, type IdsOptions } from "./refs.ts";
export {
  endStaging,
  pushSchema,
  schemaFiles,
  stagedStatus,
  validateSchema,
  type PushOptions,
  type SchemaFile,
  type SchemaFiles,
  type StagedStatus,
} from "./schema.ts";
export { scoped } from "./scope.ts";
export { secretDocuments } from "./secret-documents.ts";
export { type Role, type Secret } from "./secret.ts";
export type { Answer, FaunaRequest, Transport } from "./transport.ts";
export type { Budget } from "./with/budget.ts";
export type { Rates } from "./with/pace.ts";
export type { RetryEvent } from "./with/retry.ts";
export type { ShrinkEvent } from "./with/throttle.ts";
