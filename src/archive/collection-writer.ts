import assert from "node:assert/strict";
import { compareIds } from "../values/record.ts";
import type { RecordBatch } from "../values/record-lines.ts";
import { UNSEALED } from "./age.ts";
import { HistoryWriter } from "./history-writer.ts";
import { removeAll, takeBack, writeDone, writeNone } from "./journal.ts";
import type { CollectionEntry, JournalPart, PartJournal, SegmentEntry } from "./manifest.ts";
import { sumFingerprints } from "./parse-manifest.ts";
import { RecordSource, writeSegment } from "./segment-writer.ts";
import { collectionKey, type WriterContext } from "./writer-context.ts";

export interface CollectionSettings {
  readonly historyDays?: number | null;
  readonly ttlDays?: number | null;
}

/** What a source of records stands for. What of it is durable the journal says, and a resumed run needs not read. */
export interface Part {
  /** The first id. */
  readonly from: string;
  /** The last id. It is looked at when the source has ended, and may have become less by then. */
  readonly to: string;
  /** How many documents were listed from there to there. */
  readonly documents: number;
  /** What has been seen of the ids up to this one and is not counted by their records; asked for once for each id. */
  counted(upTo: string): Readonly<Record<string, number>>;
}

export interface WriteRecordsOptions {
  /** With it, what the source gave before it failed is kept. */
  readonly part?: Part | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each segment once it is durable. */
  readonly onSegment?: (segment: SegmentEntry) => void;
}

interface CollectionPlace {
  readonly name: string;
  readonly folder: string;
  readonly settings: CollectionSettings;
}

/** The part of an archive that holds one collection's documents. */
export class CollectionWriter {
  readonly #context: WriterContext;
  readonly #database: readonly string[];
  readonly #place: CollectionPlace;
  readonly #segments: SegmentEntry[] = [];
  readonly #firstIds = new Set<string>();
  #kept: readonly PartJournal[];
  #unfinished = 0;
  #history: HistoryWriter | undefined;

  constructor(context: WriterContext, database: readonly string[], place: CollectionPlace) {
    this.#context = context;
    this.#database = database;
    this.#place = place;
    this.#kept = context.kept.parts.get(collectionKey(database, place.name)) ?? [];
    for (const { segment } of this.#kept) {
      if (segment === null) continue;
      this.#segments.push(segment);
      this.#firstIds.add(segment.firstId);
    }
  }

  /** What an earlier run has left of this collection, which is in the archive already. */
  get kept(): readonly PartJournal[] {
    return this.#kept;
  }

  /** Does away with what an earlier run has left. */
  async forget(): Promise<void> {
    const { store } = this.#context;
    const files = this.#segments.map(({ file }) => file);
    await takeBack(store, this.#place.folder, this.#kept);
    await removeAll(store, files);
    this.#kept = [];
    this.#segments.length = 0;
    this.#firstIds.clear();
  }

  /**
   * Writes the documents of one id range, ascending by id, as segments; resolves when all are durable
   * and in the journal. Several ranges may be written at once as long as they are disjoint. The source
   * is closed however this ends. When the source of a part fails, what it gave before is durable and in the journal too.
   */
  async write(
    records: AsyncIterable<RecordBatch>,
    { part, signal, onSegment }: WriteRecordsOptions = {},
  ): Promise<void> {
    const { store, codec, sealer, sealing, naming, segmentBytes, frameBytes } = this.#context;
    const journalSealer = sealing?.hidesManifest === true ? sealer : UNSEALED;
    const { name, folder } = this.#place;
    const until = new UntilFailure(records);
    const source = new RecordSource(part === undefined ? records : until.records(), name);
    let from = part?.from ?? "0";
    this.#unfinished++;
    try {
      await source.load();
      for (let id = source.nextId; id !== undefined; id = source.nextId) {
        assert(!this.#firstIds.has(id), `two segments of ${name} begin with ${id}`);
        this.#firstIds.add(id);
        const limits = { segmentBytes, frameBytes, signal };
        const segment = await writeSegment(store, source, {
          folder,
          codec,
          sealer,
          naming,
          ...limits,
        });
        const isLast = source.nextId === undefined && until.failure === undefined;
        const entry = { database: [...this.#database], collection: name, segment };
        const to = isLast && part !== undefined ? part.to : segment.lastId;
        const own = part === undefined ? {} : { part: journalled(part, from, to) };
        await writeDone(store, { ...entry, ...own }, journalSealer);
        from = String(BigInt(segment.lastId) + 1n);
        this.#segments.push(segment);
        onSegment?.(segment);
      }
      if (until.failure !== undefined) throw until.failure.error;
      const wroteNone = part !== undefined && from === part.from;
      if (wroteNone && journalSealer === UNSEALED) await this.#writeNone(part);
    } finally {
      await source.close();
    }
    this.#unfinished--;
  }

  async #writeNone(part: Part): Promise<void> {
    const entry = { database: [...this.#database], collection: this.#place.name, segment: null };
    const none = { ...entry, part: journalled(part, part.from, part.to) };
    await writeNone(this.#context.store, this.#place.folder, none);
  }

  /** The part for the collection's history, which is in the archive from now on. */
  history(): HistoryWriter {
    const { name, folder } = this.#place;
    return (this.#history ??= new HistoryWriter(this.#context, name, folder));
  }

  /** The manifest's entry. Every write must have ended well. */
  entry(): CollectionEntry {
    const { name, folder, settings } = this.#place;
    assert.equal(this.#unfinished, 0, `not every write of ${name} has ended well`);
    const segments = this.#segments.toSorted((a, b) => compareIds(a.firstId, b.firstId));
    const fingerprint = sumFingerprints(segments).toJSON();
    return {
      name,
      folder,
      historyDays: settings.historyDays ?? null,
      ttlDays: settings.ttlDays ?? null,
      documents: fingerprint.records,
      plainBytes: segments.reduce((sum, segment) => sum + segment.plainBytes, 0),
      storedBytes: segments.reduce((sum, segment) => sum + segment.storedBytes, 0),
      fingerprint,
      segments,
      ...(this.#history === undefined ? {} : { history: this.#history.entry() }),
    };
  }
}

/** What the journal says of a part of which everything between two ids is durable. */
function journalled(part: Part, from: string, to: string): JournalPart {
  const range = { from: part.from, to: part.to, documents: part.documents };
  return { range, done: { from, to }, counted: part.counted(to) };
}

/** The records of a source up to its end or its failure, which is kept. */
class UntilFailure {
  failure: { readonly error: unknown } | undefined;
  readonly #source: AsyncIterable<RecordBatch>;

  constructor(source: AsyncIterable<RecordBatch>) {
    this.#source = source;
  }

  async *records(): AsyncGenerator<RecordBatch, void, undefined> {
    try {
      for await (const batch of this.#source) yield batch;
    } catch (error) {
      this.failure = { error };
    }
  }
}
