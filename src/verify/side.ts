/** One side of a comparison: an archive, or a live database at one moment. */
import type { DefinitionKind, DefinitionLine } from "../archive/archive.ts";
import { DEFINITION_KINDS, type PageFlow } from "../fauna/fauna.ts";
import type { Fingerprint } from "../values/fingerprint.ts";
import type { DocumentRecord } from "../values/record.ts";
import type { RecordBatch } from "../values/record-lines.ts";

/** Ids from one to another, both included. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

export const FIRST_ID = "0";
export const LAST_ID = String(2n ** 63n - 1n);
export const EVERY_ID: Range = { from: FIRST_ID, to: LAST_ID };

/** Definitions that are compared. Child databases are databases of their own. */
export const COMPARED_KINDS = DEFINITION_KINDS.filter((kind) => kind !== "databases");

export interface NamedDefinition extends DefinitionLine {
  readonly kind: DefinitionKind;
}

export interface Side {
  readonly kind: "archive" | "database";
  readonly place: string;
  /** The moment it shows, in microseconds. */
  readonly at: bigint;
  /** Collections whose documents it holds or has. */
  readonly collections: ReadonlySet<string>;
  /** Whether it was asked to hold the documents of some collections only, so that what it lacks says nothing. */
  readonly isPartial: boolean;
  /** Whether it is an archive that tells the past of collections. */
  readonly hasHistory?: boolean | undefined;
  /** Whether it says what the schema is. */
  readonly hasSchema: boolean;
  /** Of every kind. */
  readonly definitions: readonly NamedDefinition[];
  /** Schema files by name. */
  readonly files: ReadonlyMap<string, string>;
  /** How many documents there are, where it is known without looking. */
  documents(collection: string): number | undefined;
  /**
   * The ids behind which a collection is best cut, ascending; looked for, if need be, in a listing of its refs.
   *
   * @param look whether to look for them where none are known.
   */
  cuts(collection: string, look: boolean, signal: AbortSignal): Promise<readonly string[]>;
  /** Whether a cut behind this id leaves every fingerprint that is known usable. */
  isCleanCut(collection: string, id: string): boolean;
  /** The fingerprint of what lies in the range, where it is known without reading it. */
  known(collection: string, range: Range): Fingerprint | undefined;
  /**
   * What lies in the range, ascending by id; nothing when there is no such collection.
   *
   * @param flow of the pages of a database, in the place of the one that it shares with others.
   */
  records(
    collection: string,
    range: Range,
    signal: AbortSignal,
    flow?: PageFlow,
  ): AsyncGenerator<readonly DocumentRecord[]>;
  /** Bytes that are held at a time while a range is read, where that is known: pages of databases are set aside when they are asked for. */
  held?(collection: string, range: Range): number;
  /** The same in the form that is the fastest to be had, for those who only sum it up. */
  batches?(collection: string, range: Range, signal: AbortSignal): AsyncGenerator<RecordBatch>;
  /** The time, in microseconds, until which a ttl that passes hides a document from it (live 3). */
  hidesUntil(signal: AbortSignal): Promise<bigint>;
}
