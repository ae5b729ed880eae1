import { ArkError } from "../../errors/errors.ts";
import { compareIds, type DocumentRecord } from "../../values/record.ts";
import { sizeInRequest } from "../write.ts";
import type { ImportSource } from "../source.ts";
import type { Chunk } from "./counterparts.ts";

export interface ChunkLimits {
  readonly batchDocuments: number;
  readonly batchBytes: number;
  /** Whether the chunks' ranges have to cover every id there can be. */
  readonly coverAll: boolean;
}

const LAST_ID = String(2n ** 63n - 1n);

/**
 * A collection's documents in chunks, each with the range of ids that it stands for. Archives are ascending by id, and
 * so are their chunks; of a source that is not, ranges overlap and are read more than once.
 *
 * @throws ArkError ERR_USAGE when ranges have to cover everything and the source is not ascending.
 */
export async function* chunksOf(
  source: ImportSource,
  collection: string,
  { batchDocuments, batchBytes, coverAll }: ChunkLimits,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  let open: DocumentRecord[] = [];
  let bytes = 0;
  let next = "0";
  const close = (isLast: boolean): Chunk => {
    const records = open.toSorted((a, b) => compareIds(a.id, b.id));
    const taken = bytes;
    open = [];
    bytes = 0;
    const first = records[0]?.id ?? next;
    if (coverAll && compareIds(first, next) < 0) throw unsorted(source.place, collection);
    const to = records.at(-1)?.id ?? LAST_ID;
    const chunk = {
      collection,
      records,
      bytes: taken,
      from: coverAll ? next : first,
      to: coverAll && isLast ? LAST_ID : to,
      isSparse: source.isSparse,
    };
    if (compareIds(to, LAST_ID) < 0) next = String(BigInt(to) + 1n);
    return chunk;
  };
  for await (const records of source.records(collection, signal)) {
    for (const record of records) {
      const size = sizeInRequest(record);
      if (open.length > 0 && (open.length >= batchDocuments || bytes + size > batchBytes))
        yield close(false);
      open.push(record);
      bytes += size;
    }
  }
  if (open.length > 0 || coverAll) yield close(true);
}

function unsorted(place: string, collection: string): ArkError {
  return new ArkError(
    "ERR_USAGE",
    `The documents of ${collection} are not in the order of their ids, so that it cannot be told which the target has more.`,
    { place, hint: "Deleting what is extra needs an archive as source." },
  );
}
