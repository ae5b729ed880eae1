/** What became of the documents of one collection, and that every one of them is accounted for. */
import { ArkError } from "../errors/errors.ts";

export interface CollectionTally {
  readonly name: string;
  read: number;
  /** By this run. */
  written: number;
  /** The target has just these already: from an attempt of the same import, or of its own. */
  there: number;
  /** Their ttl had passed before they were written; Fauna would not show them. */
  expired: number;
  /** The target has others in their place, which were to stay. */
  kept: number;
  refused: number;
  /** Written with a new `ts`, because only v10 writes nulls inside arrays; now, or by an earlier attempt. */
  newTs: number;
  /** Some ids of those with a new `ts`. */
  readonly newTsExamples: string[];
  readonly refusedIds: Set<string>;
  /** Documents with references into collections that are no more: restored if that was asked for, else refused. */
  readonly deletedRefs: { restored: number; refused: number; readonly examples: string[] };
  /** Documents with top-level members that Fauna takes no more. */
  readonly lostMembers: { count: number; readonly examples: string[] };
}

export function newCollectionTally(name: string): CollectionTally {
  return {
    name,
    read: 0,
    written: 0,
    there: 0,
    expired: 0,
    kept: 0,
    refused: 0,
    newTs: 0,
    newTsExamples: [],
    refusedIds: new Set(),
    deletedRefs: { restored: 0, refused: 0, examples: [] },
    lostMembers: { count: 0, examples: [] },
  };
}

type Counts = Pick<CollectionTally, "there" | "expired" | "kept">;

/** Documents that were neither written nor refused, each for a reason that is counted. */
export function skipped({ there, expired, kept }: Counts): number {
  return there + expired + kept;
}

/**
 * Makes sure that no document was lost between the source and the counts: read = written + refused + skipped.
 *
 * @throws ArkError ERR_UNEXPECTED naming the collection where that does not hold: a defect of this program.
 */
export function requireAccounted(tallies: readonly CollectionTally[], place: string): void {
  for (const tally of tallies) {
    const { name, read, written, refused } = tally;
    if (read === written + refused + skipped(tally)) continue;
    throw new ArkError(
      "ERR_UNEXPECTED",
      `Of ${name} ${read} documents were read, but ${written} written, ${refused} refused and ${skipped(tally)} skipped.`,
      {
        place,
        hint: "Do not rely on this import; please report it. `fauna-ark verify ARCHIVE --against` tells what is there.",
      },
    );
  }
}
