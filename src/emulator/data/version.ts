/** One version of a document. */
import { sizeOf } from "./size.ts";
import type { Data, DocRef, ObjectData } from "./value.ts";
import { EMPTY_OBJECT, microsOf } from "./value.ts";

/** What a write did to a document. */
export type Action = "create" | "update" | "delete";

/**
 * A document as it was from `ts` on. `fields` is everything stored but id, collection and ts:
 * `data`, `ttl`, `credentials` … of a user document, `name`, `body`, `role` … of a definition.
 */
export class Version {
  /** Valid time in µs. */
  readonly ts: bigint;
  readonly action: Action;
  readonly fields: ObjectData;
  /** Bytes in storage (errors-limits/document-size). */
  readonly size: number;

  constructor(ts: bigint, action: Action, fields: ObjectData) {
    this.ts = ts;
    this.action = action;
    this.fields = fields;
    this.size = sizeOf(fields);
  }

  static deleted(ts: bigint): Version {
    return new Version(ts, "delete", EMPTY_OBJECT);
  }

  get isDeleted(): boolean {
    return this.action === "delete";
  }

  /** When the document expires, in µs; undefined if never. */
  get ttl(): bigint | undefined {
    return microsOf(this.fields, "ttl");
  }
}

/** A document as a read found it. */
export interface Found {
  readonly ref: DocRef;
  readonly version: Version;
}

/** One entry of a document's history. */
export interface HistoryEvent {
  readonly ts: bigint;
  /** `update` when the version before it was there and not deleted. */
  readonly action: Action;
  readonly version: Version;
  /** The state that `version` replaced, if there was one. */
  readonly before: Version | undefined;
}

/** An entry or exit of a document in a set. */
export interface SetEvent {
  readonly ts: bigint;
  readonly action: "add" | "remove";
  readonly ref: DocRef;
  /** The covered values of the index row; none for the set of all documents. */
  readonly values: readonly Data[];
}

/** One change of a document in a collection, by transaction (event feeds). */
export interface Change {
  /** Transaction time in µs. */
  readonly ts: bigint;
  readonly ref: DocRef;
  /** The document before and after the transaction; undefined where it was not there. */
  readonly before: Version | undefined;
  readonly after: Version | undefined;
}
