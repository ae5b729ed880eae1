import type { Store } from "../store/store.ts";
import type { Sealer } from "./age.ts";
import type { Codec } from "./compression.ts";
import type { Sealing } from "./encryption.ts";
import type { PartJournal, RunJournal, SchemaJournal } from "./manifest.ts";
import type { Naming } from "./names.ts";

/** What all parts of a writer share. */
export interface WriterContext {
  readonly store: Store;
  readonly codec: Codec;
  readonly sealing: Sealing | undefined;
  readonly sealer: Sealer;
  readonly naming: Naming;
  readonly run: RunJournal;
  readonly now: () => Date;
  readonly segmentBytes: number;
  readonly frameBytes: number;
  readonly kept: Kept;
}

/** What an earlier run has left that is whole. */
export interface Kept {
  /** By {@link collectionKey}. */
  readonly parts: ReadonlyMap<string, readonly PartJournal[]>;
  readonly schema: readonly SchemaJournal[];
}

export const NOTHING_KEPT: Kept = { parts: new Map(), schema: [] };

/** What a collection of a database is found by. */
export function collectionKey(database: readonly string[], collection: string): string {
  return JSON.stringify([...database, collection]);
}
