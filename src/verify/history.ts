/**
 * The past that an archive tells of a collection and the one that a database tells, up to the archive's snapshot: of
 * the time that both tell of, every version and deletion.
 */
import type { Archive } from "../archive/archive.ts";
import { isArkError } from "../errors/errors.ts";
import { type Connection, historyEdge, historyPages, type PageFlow } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import { withoutCredentials } from "../values/credentials-member.ts";
import { compareHistory, historySince } from "../values/history.ts";
import type { DocumentRecord } from "../values/record.ts";
import { Time } from "../values/time.ts";
import { withoutNulls } from "../values/without-nulls.ts";
import { IDS_LISTED_MAX } from "./comparison.ts";

/** What was found of one collection's past. */
export interface HistoryComparison {
  readonly name: string;
  /** Since when both tell of it, as ISO 8601; null when the database does not reach back to the snapshot any more. */
  readonly since: string | null;
  /** Versions and deletions of that time in the archive. */
  readonly versions: number;
  /** Whether nothing differs but what Fauna makes impossible to keep. True of what could not be compared. */
  readonly equal: boolean;
  /** Versions that differ by no more than nulls inside arrays, which no Fauna takes under an old time (live 11). */
  readonly nulls: number;
  /** Documents of which a version or deletion is another, missing or extra. */
  readonly differing: number;
  /** Some of their ids, at most 100. */
  readonly ids: readonly string[];
}

export interface CompareHistoryOptions {
  readonly path: readonly string[];
  /** Collections that the database has. */
  readonly collections: ReadonlySet<string>;
  /** Whether the archive holds the passwords that documents may have. */
  readonly hasSecrets: boolean;
  readonly flow: PageFlow;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Compares the past of every collection of which the archive tells any. */
export async function* compareHistories(
  archive: Archive,
  connection: Connection | undefined,
  options: CompareHistoryOptions,
): AsyncGenerator<HistoryComparison> {
  for (const collection of archive.database(options.path).collections) {
    const { name, history } = collection;
    if (history === undefined) continue;
    if (connection === undefined || !options.collections.has(name)) {
      const nothing = { since: null, nulls: 0, differing: 0, ids: [] };
      yield { name, versions: history.versions, equal: history.versions === 0, ...nothing };
      continue;
    }
    yield await compareOne(archive, name, connection, options);
  }
}

async function compareOne(
  archive: Archive,
  name: string,
  connection: Connection,
  { path, hasSecrets, flow, signal, onProgress }: CompareHistoryOptions,
): Promise<HistoryComparison> {
  const collection = archive.collection(name, path);
  const history = collection.history!;
  const at = BigInt(archive.manifest.snapshot.ts);
  const from = BigInt(history.from);
  const edge = await historyEdge(connection, { collection: name, signal });
  const total = history.versions;
  const none = { name, versions: 0, equal: true, nulls: 0, differing: 0, ids: [] };
  if (edge > at) return { ...none, since: null };
  const since = edge > from ? edge : from;
  const walk = new Walk(since, (done) =>
    onProgress({ phase: "history", item: name, done, total, unit: "records" }),
  );
  const told = historySince(framesOf(archive.history(collection, { signal })), since);
  const live = historySince(
    recordsOf(historyPages(connection, { collection: name, at, flow, signal }), hasSecrets),
    since,
  );
  try {
    await walk.run(told, live);
  } catch (error) {
    // The window has left the snapshot behind while it was read.
    if (isArkError(error, "ERR_SNAPSHOT_EXPIRED")) return { ...none, since: null };
    throw error;
  }
  // What has left the window meanwhile was not missing when the reading began.
  const now = await historyEdge(connection, { collection: name, signal });
  return walk.result(name, now < since ? since : now);
}

/** A difference, and when it is of. */
interface Found {
  readonly id: string;
  readonly ts: bigint;
}

class Walk {
  readonly #since: bigint;
  readonly #report: (done: number) => void;
  readonly #found: Found[] = [];
  /** What a document was at the very beginning, on one side only. */
  #edge: DocumentRecord | undefined;
  #versions = 0;
  #nulls = 0;

  constructor(since: bigint, report: (done: number) => void) {
    this.#since = since;
    this.#report = report;
  }

  async run(left: Batches, right: Batches): Promise<void> {
    const mine = new Cursor(left);
    const theirs = new Cursor(right);
    try {
      await mine.step();
      await theirs.step();
      while (mine.record !== undefined || theirs.record !== undefined) {
        const order = compareCursors(mine.record, theirs.record);
        const [a, b] = [
          order <= 0 ? mine.record : undefined,
          order >= 0 ? theirs.record : undefined,
        ];
        this.#take(a, b);
        if (a !== undefined) await mine.step();
        if (b !== undefined) await theirs.step();
      }
      this.#report(this.#versions);
    } finally {
      await left.return(undefined);
      await right.return(undefined);
    }
  }

  #take(a: DocumentRecord | undefined, b: DocumentRecord | undefined): void {
    const { id, ts } = (a ?? b)!;
    // That something followed it says that it was there at the beginning, and not superseded before.
    if (this.#edge?.id === id) this.#found.push(this.#edge);
    this.#edge = undefined;
    if (a !== undefined && ++this.#versions % 1000 === 0) this.#report(this.#versions);
    if (a === undefined || b === undefined) {
      if (ts > this.#since) this.#found.push({ id, ts });
      else this.#edge = (a ?? b)!;
      return;
    }
    if (a.ttl === b.ttl && a.dataText === b.dataText && a.extraText === b.extraText) return;
    const isStripped =
      a.ttl === b.ttl &&
      a.extraText === b.extraText &&
      a.dataText !== undefined &&
      b.dataText !== undefined &&
      a.dataText.includes("null") &&
      withoutNulls(a.dataText) === b.dataText;
    if (isStripped) this.#nulls++;
    else this.#found.push({ id, ts });
  }

  result(name: string, since: bigint): HistoryComparison {
    const ids = [
      ...new Set(
        this.#found.filter(({ ts }) => ts > since || since === this.#since).map(({ id }) => id),
      ),
    ];
    return {
      name,
      since: Time.fromMicros(since).toString(),
      versions: this.#versions,
      equal: ids.length === 0,
      nulls: this.#nulls,
      differing: ids.length,
      ids: ids.slice(0, IDS_LISTED_MAX),
    };
  }
}

type Batches = AsyncGenerator<readonly DocumentRecord[]>;

class Cursor {
  record: DocumentRecord | undefined;
  readonly #batches: Batches;
  #batch: readonly DocumentRecord[] = [];
  #next = 0;

  constructor(batches: Batches) {
    this.#batches = batches;
  }

  async step(): Promise<void> {
    while (this.#next === this.#batch.length) {
      const { done, value } = await this.#batches.next();
      if (done === true) {
        this.record = undefined;
        return;
      }
      this.#batch = value;
      this.#next = 0;
    }
    this.record = this.#batch[this.#next++];
  }
}

function compareCursors(a: DocumentRecord | undefined, b: DocumentRecord | undefined): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : compareHistory(a, b);
}

async function* framesOf(frames: ReturnType<Archive["history"]>): Batches {
  for await (const { records } of frames) yield records;
}

async function* recordsOf(pages: ReturnType<typeof historyPages>, hasSecrets: boolean): Batches {
  for await (const { records } of pages)
    yield hasSecrets ? records : records.map(withoutCredentials);
}
