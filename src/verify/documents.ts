/**
 * Documents of an archive against those of a live database, at one moment.
 *
 * The ids are cut into ranges at the ends of the archive's segments, so that together they cover all there
 * can be. A range whose fingerprint is the same on both sides is the same; only the others are compared
 * document by document.
 */
import type { Archive, CollectionEntry, SegmentEntry } from "../archive/archive.ts";
import { type Connection, recordPages, snapshotTime } from "../fauna/fauna.ts";
import { holdsNullInArray } from "../values/detect.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";

/** Ids listed for one collection and kind of difference; there may be more, which are counted. */
export const IDS_LISTED_MAX = 100;

export type DocumentDifference = "different" | "missing" | "extra" | "expired" | "newTs";

export interface CollectionComparison {
  readonly name: string;
  readonly archived: number;
  /** Documents that the database has. */
  readonly live: number;
  /** Whether nothing differs but what Fauna makes impossible to keep. */
  readonly equal: boolean;
  readonly counts: Readonly<Record<DocumentDifference, number>>;
  /** Some of the ids concerned, ascending, at most {@link IDS_LISTED_MAX} of a kind. */
  readonly ids: Readonly<Record<DocumentDifference, readonly string[]>>;
}

export interface CompareOptions {
  readonly at: bigint;
  readonly signal: AbortSignal;
  readonly pageSize: number;
  readonly onDocuments: (count: number) => void;
}

/** One range of ids, `from` and `to` included, with the segment of the archive that lies in it. */
export interface ComparedRange {
  readonly collection: CollectionEntry;
  readonly from: string;
  readonly to: string;
  readonly segment: SegmentEntry | undefined;
}

const LAST_ID = String(2n ** 63n - 1n);

/** Ranges that cover every possible id of a collection, each with at most one segment. */
export function rangesOf(collection: CollectionEntry): ComparedRange[] {
  const { segments } = collection;
  if (segments.length === 0) return [{ collection, from: "0", to: LAST_ID, segment: undefined }];
  return segments.map((segment, index) => {
    const before = segments[index - 1];
    return {
      collection,
      from: before === undefined ? "0" : String(BigInt(before.lastId) + 1n),
      to: index === segments.length - 1 ? LAST_ID : segment.lastId,
      segment,
    };
  });
}

/** What was found in the ranges of one collection. */
export class Comparison {
  readonly #collection: CollectionEntry;
  readonly #ids: Record<DocumentDifference, string[]> = noIds();
  readonly #counts: Record<DocumentDifference, number> = noCounts();
  #live = 0;

  constructor(collection: CollectionEntry) {
    this.#collection = collection;
  }

  addLive(count: number): void {
    this.#live += count;
  }

  found(kind: DocumentDifference, id: string): void {
    this.#counts[kind]++;
    if (this.#ids[kind].length < IDS_LISTED_MAX) this.#ids[kind].push(id);
  }

  result(): CollectionComparison {
    const { different, missing, extra } = this.#counts;
    for (const ids of Object.values(this.#ids)) ids.sort(compareIds);
    return {
      name: this.#collection.name,
      archived: this.#collection.documents,
      live: this.#live,
      equal: different + missing + extra === 0,
      counts: this.#counts,
      ids: this.#ids,
    };
  }
}

const noIds = () => ({ different: [], missing: [], extra: [], expired: [], newTs: [] });
const noCounts = () => ({ different: 0, missing: 0, extra: 0, expired: 0, newTs: 0 });

/** Compares one range: by fingerprint, and document by document only when that differs. */
export async function compareRange(
  archive: Archive,
  connection: Connection,
  range: ComparedRange,
  comparison: Comparison,
  options: CompareOptions,
): Promise<void> {
  const { collection, segment } = range;
  const fingerprint = new Fingerprint();
  let documents = 0;
  for await (const { records } of live(connection, range, options)) {
    for (const record of records) fingerprint.add(collection.name, record);
    documents += records.length;
    options.onDocuments(records.length);
  }
  comparison.addLive(documents);
  const archived =
    segment === undefined ? new Fingerprint() : Fingerprint.parse(segment.fingerprint);
  if (fingerprint.equals(archived)) return;

  const left = one(archivedRecords(archive, range, options.signal));
  const right = one(liveRecords(connection, range, options));
  const missing: DocumentRecord[] = [];
  try {
    await mergeById(left, right, (mine, theirs) => {
      const kind = difference(mine, theirs);
      if (kind === "missing" && mine?.ttl !== undefined) missing.push(mine);
      else if (kind !== undefined) comparison.found(kind, (mine ?? theirs)!.id);
    });
  } finally {
    await left.return(undefined);
    await right.return(undefined);
  }
  if (missing.length === 0) return;
  // What expires after `at`, before it is read, is not shown at `at` either (live 3).
  const now = await snapshotTime(connection, { signal: options.signal });
  for (const record of missing)
    comparison.found(hasExpired(record, now) ? "expired" : "missing", record.id);
}

function live(
  connection: Connection,
  { collection, from, to }: ComparedRange,
  options: CompareOptions,
) {
  const { at, pageSize, signal } = options;
  return recordPages(connection, { collection: collection.name, from, to, at, pageSize, signal });
}

async function* liveRecords(connection: Connection, range: ComparedRange, options: CompareOptions) {
  for await (const { records } of live(connection, range, options)) yield records;
}

async function* archivedRecords(
  archive: Archive,
  { collection, segment }: ComparedRange,
  signal: AbortSignal,
) {
  if (segment === undefined) return;
  for await (const { records } of archive.segment(collection, segment, { signal })) yield records;
}

async function* one(
  batches: AsyncIterable<readonly DocumentRecord[]>,
): AsyncGenerator<DocumentRecord> {
  for await (const batch of batches) yield* batch;
}

/** Walks two ascending streams together; `visit` gets the record of either side, or of both when ids meet. */
async function mergeById(
  left: AsyncGenerator<DocumentRecord>,
  right: AsyncGenerator<DocumentRecord>,
  visit: (left: DocumentRecord | undefined, right: DocumentRecord | undefined) => void,
): Promise<void> {
  let mine = await left.next();
  let theirs = await right.next();
  while (mine.done !== true || theirs.done !== true) {
    const order =
      mine.done === true
        ? 1
        : theirs.done === true
          ? -1
          : compareIds(mine.value.id, theirs.value.id);
    visit(
      order <= 0 ? (mine.value as DocumentRecord) : undefined,
      order >= 0 ? (theirs.value as DocumentRecord) : undefined,
    );
    if (order <= 0) mine = await left.next();
    if (order >= 0) theirs = await right.next();
  }
}

function difference(
  mine: DocumentRecord | undefined,
  theirs: DocumentRecord | undefined,
): DocumentDifference | undefined {
  if (mine === undefined) return "extra";
  if (theirs === undefined) return "missing";
  const sameContent =
    mine.dataText === theirs.dataText &&
    mine.extraText === theirs.extraText &&
    mine.ttl === theirs.ttl;
  if (!sameContent) return "different";
  if (mine.ts === theirs.ts) return undefined;
  // Only v10 writes nulls inside arrays, and it gives a new ts (live 11, DESIGN §6).
  return holdsNullInArray(mine.dataText ?? "{}") ? "newTs" : "different";
}

function hasExpired({ ttl }: DocumentRecord, now: bigint): boolean {
  return ttl !== undefined && Time.parse(ttl).toMicros() <= now;
}
