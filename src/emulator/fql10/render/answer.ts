/** The JSON of whole answers. */
import { printString } from "../../../values/json.ts";
import { renderDiagnostic } from "../diagnostic.ts";
import type { ConstraintFailure, QueryFailure, RequestFailure } from "../failure.ts";
import type { Format } from "../fql10.ts";
import type { Query } from "../query.ts";
import { renderDecorated } from "./decorated.ts";
import { renderSimple, renderTagged } from "./json.ts";
import type { Shown } from "./materialise.ts";

/** What every answer tells about the run. */
export interface AnswerFacts {
  readonly query: Query;
  /** When it began, on the clock of `performance.now()`. */
  readonly started: number;
  readonly queryTags: string | undefined;
  readonly format: Format;
}

/** A value in one of the formats, as JSON text. */
export function renderValue(shown: Shown, format: Format, now: bigint): string {
  switch (format) {
    case "tagged":
      return renderTagged(shown, now);
    case "simple":
      return renderSimple(shown, now);
    case "decorated":
      return printString(renderDecorated(shown, now));
  }
}

export function renderSuccess(facts: AnswerFacts, shown: Shown, computeOps: number): string {
  const data = renderValue(shown, facts.format, facts.query.now);
  return `{"data":${data},${renderFacts(facts, "", computeOps)}}`;
}

export function renderFailure(
  facts: AnswerFacts,
  failure: QueryFailure,
  abort: Shown | undefined,
  computeOps: number,
): string {
  const { constraintFailures = [] } = failure.options;
  const parts = [
    `"code":${printString(failure.code)}`,
    `"message":${printString(failure.message)}`,
  ];
  if (constraintFailures.length > 0) {
    parts.push(`"constraint_failures":[${constraintFailures.map(renderConstraint).join(",")}]`);
  }
  if (abort !== undefined)
    parts.push(`"abort":${renderValue(abort, facts.format, facts.query.now)}`);
  return `{"error":{${parts.join(",")}},${renderFacts(facts, failure.summary, computeOps)}}`;
}

/** A request that was not run, or not to its end: no summary, no times. */
export const renderRefusal = ({ code, message }: RequestFailure): string =>
  `{"error":{"code":${printString(code)},"message":${printString(message)}}}`;

const renderPath = (path: readonly (string | number)[]): string =>
  `[${path.map((step) => (typeof step === "number" ? String(step) : printString(step))).join(",")}]`;

function renderConstraint({ paths, message }: ConstraintFailure): string {
  return `{"paths":[${paths.map(renderPath).join(",")}],"message":${printString(message)}}`;
}

function renderFacts(
  { query, started, queryTags }: AnswerFacts,
  problem: string,
  computeOps: number,
): string {
  const { transaction } = query;
  const { ops } = transaction;
  const summary = [
    ...query.logs.map((log) => renderDiagnostic(log)),
    ...(problem === "" ? [] : [problem]),
  ].join("\n\n");
  const stats = [
    `"compute_ops":${computeOps}`,
    `"read_ops":${ops.readOps}`,
    `"write_ops":${ops.writeOps}`,
    `"query_time_ms":${Math.round(performance.now() - started)}`,
    `"contention_retries":0`,
    `"storage_bytes_read":${ops.bytesRead}`,
    `"storage_bytes_write":${ops.bytesWritten}`,
    `"rate_limits_hit":[]`,
  ];
  const tags =
    queryTags === undefined || queryTags === "" ? "" : `"query_tags":${printString(queryTags)},`;
  return (
    `"summary":${printString(summary)},"txn_ts":${transaction.now},"stats":{${stats.join(",")}},` +
    `${tags}"schema_version":${transaction.database.schemaVersion}`
  );
}
