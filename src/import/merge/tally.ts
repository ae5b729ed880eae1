/** What became of one collection's documents in a database that held some already. */
import { compareIds } from "../../values/record.ts";
import type { CollectionTally } from "../documents.ts";

export interface MergeTally extends CollectionTally {
  /** The target had just these. */
  same: number;
  /** The target had these under a `ts` that is not set back. */
  otherTs: number;
  /** Written where none was. */
  created: number;
  /** Written in the place of another. */
  replaced: number;
  /** Written as of the time of the write, because a newer version or deletion would have hidden them. */
  asOfNow: number;
  readonly asOfNowExamples: string[];
  /** Left as the target had them, though the source has others. */
  kept: number;
  readonly keptExamples: string[];
  /** Other than the source's, where that is to fail. */
  conflicts: number;
  readonly conflictExamples: string[];
  /** In the target and not in the source. */
  extra: number;
  readonly extraExamples: string[];
  deleted: number;
}

export function newTally(name: string): MergeTally {
  return {
    name,
    read: 0,
    written: 0,
    expired: 0,
    refused: 0,
    newTs: 0,
    newTsExamples: [],
    refusedIds: new Set(),
    deletedRefs: { restored: 0, refused: 0, examples: [] },
    lostMembers: { count: 0, examples: [] },
    same: 0,
    otherTs: 0,
    created: 0,
    replaced: 0,
    asOfNow: 0,
    asOfNowExamples: [],
    kept: 0,
    keptExamples: [],
    conflicts: 0,
    conflictExamples: [],
    extra: 0,
    extraExamples: [],
    deleted: 0,
  };
}

const EXAMPLES = 10;

/** Keeps some ids, in their order. */
export function example(list: string[], id: string): void {
  if (list.length >= EXAMPLES) return;
  list.push(id);
  list.sort(compareIds);
}
