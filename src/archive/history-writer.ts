import assert from "node:assert/strict";
import type { DocumentRecord } from "../values/record.ts";
import type { CollectionHistory, SegmentEntry } from "./manifest.ts";
import { sumFingerprints } from "./parse-manifest.ts";
import { RecordSource, writeSegment } from "./segment-writer.ts";
import type { WriterContext } from "./writer-context.ts";

/**
 * The part of an archive that holds the history of one collection. It is in no journal: whoever resumes an export
 * writes it anew.
 */
export class HistoryWriter {
  readonly #context: WriterContext;
  readonly #collection: string;
  readonly #folder: string;
  readonly #segments: SegmentEntry[] = [];
  #from: bigint | undefined;

  /** @param folder that of the collection. */
  constructor(context: WriterContext, collection: string, folder: string) {
    this.#context = context;
    this.#collection = collection;
    this.#folder = `${folder}${context.naming.folder("history", new Set())}/`;
  }

  /**
   * Writes the whole history, in the order of `compareHistory`; resolves when it is durable. The source is closed
   * however this ends. Once.
   */
  async write(
    records: AsyncIterable<readonly DocumentRecord[]>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    assert(this.#segments.length === 0, `the history of ${this.#collection} is written twice`);
    const { store, codec, sealer, naming, segmentBytes, frameBytes } = this.#context;
    const source = new RecordSource(records, this.#collection, "history");
    try {
      await source.load();
      while (source.nextId !== undefined) {
        const segment = await writeSegment(store, source, {
          folder: this.#folder,
          codec,
          sealer,
          naming,
          segmentBytes,
          frameBytes,
          signal,
        });
        this.#segments.push(segment);
      }
    } finally {
      await source.close();
    }
  }

  /**
   * The history is complete.
   *
   * @param from since when, in microseconds.
   */
  end(from: bigint): void {
    this.#from = from;
  }

  /** The manifest's entry. */
  entry(): CollectionHistory {
    assert(this.#from !== undefined, `the history of ${this.#collection} has not ended well`);
    const segments = this.#segments;
    const fingerprint = sumFingerprints(segments).toJSON();
    return {
      folder: this.#folder,
      from: String(this.#from),
      versions: fingerprint.records,
      plainBytes: segments.reduce((sum, segment) => sum + segment.plainBytes, 0),
      storedBytes: segments.reduce((sum, segment) => sum + segment.storedBytes, 0),
      fingerprint,
      segments,
    };
  }
}
