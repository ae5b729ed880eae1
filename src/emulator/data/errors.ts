/** The ways in which the store refuses; each language gives them its own code and words. */
import { ArkError } from "../../errors/errors.ts";
import type { CollectionId, IndexId, NamedKind } from "./ids.ts";
import type { DocRef } from "./value.ts";

/** What went wrong, with the particulars that an answer needs. */
export type DataProblem =
  /** Update, replace or delete of a document that is not there. */
  | { readonly kind: "not_found"; readonly ref: DocRef }
  /** Create with an id that is taken. */
  | { readonly kind: "already_exists"; readonly ref: DocRef }
  /** An id outside 0 … 2^63 − 1. */
  | { readonly kind: "invalid_id"; readonly id: bigint }
  /** A write into a collection that was never made or is deleted. */
  | { readonly kind: "no_collection"; readonly collection: CollectionId }
  /** A definition's name or alias is taken by `by`. */
  | {
      readonly kind: "name_taken";
      readonly definition: NamedKind;
      readonly name: string;
      readonly by: DocRef;
    }
  /** No collection number is left (facts §6.8). */
  | { readonly kind: "ids_exhausted"; readonly definition: NamedKind }
  /** A read before the history window, both times in µs (live 4). */
  | { readonly kind: "stale_read"; readonly requested: bigint; readonly minimum: bigint }
  /** An Insert or Remove later than the transaction. */
  | { readonly kind: "invalid_write_time"; readonly requested: bigint; readonly maximum: bigint }
  /** A unique index or constraint holds the same key for another document. */
  | {
      readonly kind: "not_unique";
      readonly index: IndexId;
      readonly ref: DocRef;
      readonly existing: DocRef;
      /** Further indexes that hold the document's key for another one. */
      readonly others: readonly IndexId[];
    }
  /** A document's rows in one index would take more than a transaction may. */
  | {
      readonly kind: "index_entries_too_large";
      readonly index: IndexId;
      readonly ref: DocRef;
      readonly size: number;
      readonly limit: number;
    }
  /** A version over 8 MiB. */
  | {
      readonly kind: "version_too_large";
      readonly ref: DocRef;
      readonly size: number;
      readonly limit: number;
    }
  /** A transaction over 16 MiB. */
  | { readonly kind: "transaction_too_large"; readonly size: number; readonly limit: number };

export type DataProblemKind = DataProblem["kind"];

/** A refusal by the store. The transaction may go on if the language can say so; nothing was written. */
export class DataError extends ArkError {
  readonly problem: DataProblem;

  constructor(problem: DataProblem) {
    super("ERR_DATABASE", describe(problem));
    this.problem = problem;
  }
}

/** Whether `error` is a {@link DataError} of this kind. */
export function isDataError<K extends DataProblemKind>(
  error: unknown,
  kind: K,
): error is DataError & { readonly problem: Extract<DataProblem, { kind: K }> } {
  return error instanceof DataError && error.problem.kind === kind;
}

function describe(problem: DataProblem): string {
  switch (problem.kind) {
    case "not_found":
      return `Document ${at(problem.ref)} is not there.`;
    case "already_exists":
      return `Document ${at(problem.ref)} exists already.`;
    case "invalid_id":
      return `Document id ${problem.id} is outside 0 to 2^63 - 1.`;
    case "no_collection":
      return `Collection ${problem.collection} is not there.`;
    case "name_taken":
      return `The name ${JSON.stringify(problem.name)} is taken.`;
    case "ids_exhausted":
      return "No more numbers for new definitions of this kind.";
    case "stale_read":
      return `Requested timestamp ${problem.requested} less than minimum allowed timestamp ${problem.minimum}.`;
    case "invalid_write_time":
      return `Write time ${problem.requested} is after the transaction's ${problem.maximum}.`;
    case "not_unique":
      return `Document ${at(problem.ref)} is not unique in index ${problem.index}.`;
    case "index_entries_too_large":
      return `Index entries of ${at(problem.ref)} of ${problem.size} bytes exceed the limit of ${problem.limit}.`;
    case "version_too_large":
      return `Version bytes (${problem.size}) exceeds threshold (${problem.limit})`;
    case "transaction_too_large":
      return `Transaction exceeded limit: got ${problem.size} bytes, limit ${problem.limit} bytes`;
  }
}

function at(ref: DocRef): string {
  return `${ref.collection}/${ref.id}`;
}
