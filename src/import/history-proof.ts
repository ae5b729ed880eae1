/** Whether a target tells of its past what was written into it. */
import { ArkError } from "../errors/errors.ts";
import type { Connection } from "../fauna/fauna.ts";
import { compareHistory } from "../values/history.ts";
import type { DocumentRecord } from "../values/record.ts";

export interface CompareHistoriesOptions {
  /** Since when, in microseconds, the target tells everything; asked again where something differs. */
  readonly edge: () => Promise<bigint>;
  readonly hasExpired: (record: DocumentRecord) => boolean;
  readonly onRecord: () => void;
}

/**
 * Walks what was written and what is told in step, both in the order of `compareHistory`. What is told of a document
 * after the last that was written of it is not looked at: that is the document itself.
 *
 * @returns ids of documents that differ, and how much of what was written is told.
 */
export async function compareHistories(
  expected: AsyncGenerator<DocumentRecord>,
  found: AsyncGenerator<DocumentRecord>,
  { edge, hasExpired, onRecord }: CompareHistoriesOptions,
): Promise<{ readonly differing: ReadonlySet<string>; readonly told: number }> {
  const differing = new Set<string>();
  let told = 0;
  const differs = async ({ id, ts }: DocumentRecord): Promise<void> => {
    if (ts > (await edge())) differing.add(id);
  };
  /** Written as a version, told as a deletion since its ttl passed. */
  let lapsed: DocumentRecord | undefined;
  try {
    let mine = await next(expected);
    let theirs = await next(found);
    while (mine !== undefined) {
      const order = theirs === undefined ? -1 : compareHistory(mine, theirs);
      if (order === 0) {
        told++;
        if (!isSame(mine, theirs!)) await differs(mine);
      } else if (order < 0) {
        if (hasExpired(mine)) lapsed = mine;
        else await differs(mine);
      } else if (theirs!.id === mine.id && !(lapsed?.id === mine.id && lapsed.ts === theirs!.ts)) {
        await differs(theirs!);
      }
      if (order >= 0) theirs = await next(found);
      if (order > 0) continue;
      mine = await next(expected);
      onRecord();
    }
    return { differing, told };
  } finally {
    await expected.return(undefined);
    await found.return(undefined);
  }
}

async function next(records: AsyncGenerator<DocumentRecord>): Promise<DocumentRecord | undefined> {
  const { done, value } = await records.next();
  return done === true ? undefined : value;
}

/** Whether nothing differs but what follows from other versions (the action), or what no Fauna takes (the rest). */
function isSame(a: DocumentRecord, b: DocumentRecord): boolean {
  return a.ttl === b.ttl && a.dataText === b.dataText;
}

const IDS_NAMED = 20;

export function historyMismatch(
  target: Connection,
  collection: string,
  differing: ReadonlySet<string>,
): ArkError {
  const ids = [...differing];
  const named = `${ids.slice(0, IDS_NAMED).join(", ")}${ids.length > IDS_NAMED ? ", …" : ""}`;
  return new ArkError(
    "ERR_MISMATCH",
    `${collection} does not tell the past that was written into it: ${ids.length} documents differ (${named}).`,
    {
      place: `${target.place} collection ${collection}`,
      hint: "Import into an empty database that nobody else writes to.",
      details: { collection, ids: ids.slice(0, 1000) },
    },
  );
}
