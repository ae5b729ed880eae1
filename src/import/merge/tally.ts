/** What became of one collection's documents in a database that held some already. */
import { compareIds } from "../../values/record.ts";
import { type CollectionTally, newCollectionTally } from "../tally.ts";

export interface MergeTally extends CollectionTally {
  /** Of those that are `there`, the ones under a `ts` that is not set back. */
  otherTs: number;
  /** Written where none was. */
  created: number;
  /** Written in the place of another. */
  replaced: number;
  /** Written as of the time of the write, because a newer version or deletion would have hidden them. */
  asOfNow: number;
  readonly asOfNowExamples: string[];
  /** Some ids of those that are `kept`. */
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
    ...newCollectionTally(name),
    otherTs: 0,
    created: 0,
    replaced: 0,
    asOfNow: 0,
    asOfNowExamples: [],
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
