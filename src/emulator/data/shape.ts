/** What an index is made of, as the store sees it: the languages translate their definitions to this. */
import type { CollectionId } from "./ids.ts";
import type { Data, DocRef } from "./value.ts";
import type { Version } from "./version.ts";

/**
 * A way into a document: names and positions below its fields. `["data", "x"]` is the user field
 * `x`; `["ref"]` the document's reference, `["id"]` its id as a string, `["ts"]` its time in µs
 * (a long), `["ttl"]` its ttl, `["collection"]` (or `["class"]`, `["coll"]`) its collection's reference.
 */
export type FieldPath = readonly (string | number)[];

/** Computes a value of a document for an index: a v4 binding or a v10 computed field. Must be pure; undefined or null if there is none. */
export type Binding = (ref: DocRef, version: Version) => Data | undefined;

/** One term or value of an index. */
export interface IndexField {
  /** Where the value comes from: a path, or a function for all sources, or one for each source that has it. */
  readonly from: FieldPath | Binding | ReadonlyMap<CollectionId, Binding>;
  /**
   * Arrays on the way and at the end give one row for each scalar in them, and what is no scalar
   * is null (always in v4; `mva` in v10). Otherwise the value is taken whole.
   */
  readonly explode?: boolean | undefined;
  /** Values only: descending. */
  readonly reverse?: boolean | undefined;
  /** Strings are folded before they are stored; what is looked up is not (facts §6.2). */
  readonly casefold?: boolean | undefined;
}

export interface IndexShape {
  /** Collections whose documents are in the index; `"all"` is v4's `_`: those of every user collection. */
  readonly sources: "all" | ReadonlySet<CollectionId>;
  readonly terms: readonly IndexField[];
  /** Covered values; rows are ordered by them, then by reference. Empty: just by reference. */
  readonly values: readonly IndexField[];
  /** A second document with the same terms (and values, as v4 has it) is refused. */
  readonly unique?: boolean | undefined;
  /** Rows with nothing but null values are left out, if the index has values (v4, not v10). Default true. Rows with nothing but null terms always are. */
  readonly omitNullValues?: boolean | undefined;
}

/** One row of an index, as a read finds it. */
export interface IndexRow {
  readonly ref: DocRef;
  /** One for each value of the shape, in its order; null where the document has none. */
  readonly values: readonly Data[];
}

/**
 * A place in an index's order: a prefix of its values and, if all are given, perhaps a reference.
 * As a bound a shorter prefix includes every row that starts with it, unless `exclusive`.
 */
export interface IndexKey {
  readonly values: readonly Data[];
  readonly ref?: DocRef | undefined;
  readonly exclusive?: boolean | undefined;
}

/** A stretch of an index: `from` and `to` are in the index's own order, `reverse` walks it from the end. */
export interface IndexRange {
  readonly from?: IndexKey | undefined;
  readonly to?: IndexKey | undefined;
  readonly reverse?: boolean | undefined;
  /** Read as of this time in µs; times after the transaction mean now. */
  readonly at?: bigint | undefined;
}

/** A stretch of a collection by id, both ends included. */
export interface DocumentRange {
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  readonly reverse?: boolean | undefined;
  /** Read as of this time in µs; times after the transaction mean now. */
  readonly at?: bigint | undefined;
}

/** A stretch of time in µs, both ends included. */
export interface TimeRange {
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
}
