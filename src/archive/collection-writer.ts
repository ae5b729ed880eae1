import assert from "node:assert/strict";
import { compareIds } from "../values/record.ts";
import type { RecordBatch } from "../values/record-lines.ts";
import { UNSEALED } from "./age.ts";
import { HistoryWriter } from "./history-writer.ts";
import { writeDone } from "./journal.ts";
import type { CollectionEntry, SegmentEntry } from "./manifest.ts";
import { sumFingerprints } from "./parse-manifest.ts";
import { RecordSource, writeSegment } from "./segment-writer.ts";
import type { WriterContext } from "./writer-context.ts";

export interface CollectionSettings {
  readonly historyDays?: number | null;
  readonly ttlDays?: number | null;
}

export interface WriteRecordsOptions {
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
  #unfinished = 0;
  #history: HistoryWriter | undefined;

  constructor(context: WriterContext, database: readonly string[], place: CollectionPlace) {
    this.#context = context;
    this.#database = database;
    this.#place = place;
  }

  /**
   * Writes the documents of one id range, ascending by id, as segments; resolves when all are durable
   * and in the journal. Several ranges may be written at once as long as they are disjoint. The source
   * is closed however this ends.
   */
  async write(
    records: AsyncIterable<RecordBatch>,
    { signal, onSegment }: WriteRecordsOptions = {},
  ): Promise<void> {
    const { store, codec, sealer, sealing, naming, segmentBytes, frameBytes } = this.#context;
    const journalSealer = sealing?.hidesManifest === true ? sealer : UNSEALED;
    const { name, folder } = this.#place;
    const source = new RecordSource(records, name);
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
        const done = { database: [...this.#database], collection: name, segment };
        await writeDone(store, done, journalSealer);
        this.#segments.push(segment);
        onSegment?.(segment);
      }
    } finally {
      await source.close();
    }
    this.#unfinished--;
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
