import { mapConcurrent } from "../flow/flow.ts";
import { isArkError } from "../errors/errors.ts";
import { fingerprintOf } from "../values/digest-sums.ts";
import { Fingerprint } from "../values/fingerprint.ts";
import { compareHistory } from "../values/history.ts";
import type { LinesSummary } from "../values/packed-lines.ts";
import { LostInWorker, sumFrameAside } from "../values/packing.ts";
import { compareIds, type DocumentRecord, parseRecord } from "../values/record.ts";
import { SealError } from "./age.ts";
import type { Codec } from "./compression.ts";
import { framesAhead, type FramePlace, framePlaces, framesSummed } from "./frame-places.ts";
import { FRAME_PLAIN_BYTES_MAX, type SegmentEntry } from "./manifest.ts";
import { cannotOpen, type Report } from "./problem.ts";
import type { SegmentContent } from "./segment-writer.ts";
import { type OpenStore, StoredCheck } from "./stored-check.ts";

/** The records of one frame. */
export interface RecordFrame {
  /** None where only lines or counts were asked for. */
  readonly records: readonly DocumentRecord[];
  /** How many there are. */
  readonly count: number;
  /** Their lines; empty where only counts were asked for. */
  readonly bytes: Uint8Array;
  /** Bytes that the frame takes compressed and as text, for progress. */
  readonly storedBytes: number;
  readonly plainBytes: number;
}

export interface ReadSegmentOptions {
  readonly collection: string;
  readonly codec: Codec;
  /** Documents unless said otherwise. */
  readonly content?: SegmentContent | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Give the lines only, and do not look into them: for archives that were checked, read once more. */
  readonly linesOnly?: boolean | undefined;
  /** Look at everything, but give no records; several threads share the work. */
  readonly countsOnly?: boolean | undefined;
  /** Recompute the fingerprint and compare it; costs a hash a record. */
  readonly fingerprint?: Fingerprint | undefined;
  /** Takes what is not as the manifest says: throws to stop there, returns to go on. */
  readonly report: Report;
}

const NO_BYTES = new Uint8Array();

/**
 * Reads a whole segment, frame by frame, and compares everything with its entry: sizes, checksum,
 * frames, counts, order, bounds, times and, when asked to, the fingerprint.
 *
 * What the whole file must add up to is known only at its end, so records of a damaged file may have
 * been yielded before its damage is reported. A frame that cannot be read is reported and left out.
 */
export async function* readSegment(
  store: OpenStore,
  entry: SegmentEntry,
  options: ReadSegmentOptions,
): AsyncGenerator<RecordFrame, void, undefined> {
  const { codec, report, signal } = options;
  const { file } = entry;
  const { sha256, storedBytes } = entry;
  const check = new StoredCheck(store.store, { file, bytes: storedBytes, sha256 }, report);
  const corrupt = (message: string) => report({ code: "ERR_ARCHIVE_CORRUPT", message, file });
  const own = options.fingerprint === undefined ? undefined : new Fingerprint();
  const order = new OrderCheck(entry, options.content ?? "documents", report);
  let isWhole = true;
  let isOpen = true;

  async function* opened(): AsyncGenerator<StoredFrame, void, undefined> {
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of store.opener.open(check.bytesWanted())) {
        signal?.throwIfAborted();
        bytes += chunk.length;
        yield chunk;
      }
    }
    try {
      yield* cutFrames(counted(), entry, check);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      isOpen = false;
      if (!check.isMissing) report(cannotOpen(error, file, bytes));
      return;
    }
    const { openedBytes } = entry;
    if (openedBytes !== undefined && bytes !== openedBytes && !check.isMissing)
      corrupt(`the opened file has ${bytes} bytes, the manifest says ${openedBytes}`);
  }

  const isSummed = options.countsOnly === true && options.content !== "history";
  const frames = mapConcurrent(
    opened(),
    // Of what cannot be summed up, texts are made one at a time: a frame may be as large as is said.
    async (frame): Promise<ReadFrame> =>
      isSummed
        ? { frame, summary: await summed(frame, codec, options.collection) }
        : { frame, text: await inflate(frame, codec) },
    { concurrency: isSummed ? framesSummed(entry) : framesAhead(entry) },
  );
  for await (const { frame, summary, text } of frames) {
    signal?.throwIfAborted();
    const { place } = frame;
    const sizes = { storedBytes: place.storedBytes, plainBytes: place.plainBytes };
    if (summary !== undefined && order.takeLines(summary, place)) {
      own?.merge(fingerprintOf(summary.sums));
      yield { records: [], count: place.records, bytes: NO_BYTES, ...sizes };
      continue;
    }
    const { bytes, problem } = text ?? (await inflate(frame, codec));
    if (bytes === undefined) {
      report({ code: "ERR_ARCHIVE_CORRUPT", message: problem, file, offset: place.plainOffset });
      isWhole = false;
      continue;
    }
    if (options.linesOnly === true) {
      yield { records: [], count: place.records, bytes, ...sizes };
      continue;
    }
    const records = parseFrame(bytes, place, file, report);
    if (records.length < place.records) isWhole = false;
    order.take(records, place);
    if (own !== undefined) for (const record of records) own.add(options.collection, record);
    yield { records, count: records.length, bytes, ...sizes };
  }
  if (check.isMissing || !isOpen) return;
  check.compare();
  if (!isWhole || options.linesOnly === true) return;
  order.end();
  if (own === undefined || options.fingerprint === undefined) return;
  options.fingerprint.merge(own);
  if (!own.equals(Fingerprint.parse(entry.fingerprint)))
    corrupt("the records' fingerprint is not the one in the manifest");
}

/**
 * The record of this id, read through the frame index: one frame is read, not the file. A sealed file has to be
 * opened from its start, but is read no further than the frame.
 *
 * @returns undefined when the segment holds none.
 */
export async function readOne(
  store: OpenStore,
  entry: SegmentEntry,
  id: string,
  { codec, report }: Pick<ReadSegmentOptions, "codec" | "report">,
): Promise<DocumentRecord | undefined> {
  const place = framePlaces(entry).findLast((frame) => compareIds(frame.firstId, id) <= 0);
  if (place === undefined || compareIds(id, entry.lastId) > 0) return undefined;
  const { file } = entry;
  let stored: Uint8Array;
  try {
    stored = await readFrame(store, entry, place);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report(cannotOpen(error, file));
    return undefined;
  }
  const { bytes, problem } = await inflate({ place, stored }, codec);
  if (bytes === undefined) {
    report({ code: "ERR_ARCHIVE_CORRUPT", message: problem, file, offset: place.plainOffset });
    return undefined;
  }
  return parseFrame(bytes, place, entry.file, report).find((record) => record.id === id);
}

async function readFrame(
  { store, opener }: OpenStore,
  { file, openedBytes }: SegmentEntry,
  { offset, storedBytes }: FramePlace,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (openedBytes === undefined) {
    const range = { offset, length: storedBytes };
    for await (const chunk of store.read(file, range)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  let at = 0;
  for await (const chunk of opener.open(store.read(file))) {
    const wanted = chunk.subarray(Math.max(0, offset - at), offset + storedBytes - at);
    if (wanted.length > 0) chunks.push(wanted);
    at += chunk.length;
    if (at >= offset + storedBytes) break;
  }
  return Buffer.concat(chunks);
}

interface StoredFrame {
  readonly place: FramePlace;
  readonly stored: Uint8Array;
}

/** Cuts the opened bytes of a file into the pieces that the manifest calls frames. */
async function* cutFrames(
  opened: AsyncIterable<Uint8Array>,
  entry: SegmentEntry,
  check: { readonly isMissing: boolean },
): AsyncGenerator<StoredFrame, void, undefined> {
  const places = framePlaces(entry);
  let at = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of opened) {
    let rest = chunk;
    for (let place = places[at]; place !== undefined; place = places[at]) {
      const wanted = place.storedBytes - heldBytes;
      held.push(rest.subarray(0, wanted));
      heldBytes += Math.min(wanted, rest.length);
      if (heldBytes < place.storedBytes) break;
      rest = rest.subarray(wanted);
      yield { place, stored: held.length === 1 ? held[0]! : Buffer.concat(held, heldBytes) };
      held = [];
      heldBytes = 0;
      at++;
    }
  }
  const cut = places[at];
  if (cut !== undefined && !check.isMissing)
    yield { place: cut, stored: Buffer.concat(held, heldBytes) };
}

/** A frame as it was read ahead: summed up, if it could be, or as text. */
interface ReadFrame {
  readonly frame: StoredFrame;
  readonly summary?: LinesSummary | undefined;
  readonly text?: Inflated;
}

/** A frame's text, or why there is none. */
type Inflated =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly problem: undefined }
  | { readonly bytes: undefined; readonly problem: string };

const fail = (problem: string): Inflated => ({ bytes: undefined, problem });

async function inflate({ place, stored }: StoredFrame, codec: Codec): Promise<Inflated> {
  const name = `frame ${place.index + 1}`;
  if (stored.length !== place.storedBytes) return fail(`the file ends within ${name}`);
  if (place.plainBytes > FRAME_PLAIN_BYTES_MAX) return fail(`${name} is too large to be read`);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await codec.decompress(stored, place.plainBytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`${name} cannot be decompressed: ${reason}`);
  }
  return bytes.length === place.plainBytes
    ? { bytes, problem: undefined }
    : fail(`${name} holds ${bytes.length} bytes, the manifest says ${place.plainBytes}`);
}

/** Sums a frame up without its text. @returns undefined when it has to be looked at as text. */
async function summed(
  { place, stored }: StoredFrame,
  { compression }: Codec,
  collection: string,
): Promise<LinesSummary | undefined> {
  const { plainBytes, storedBytes } = place;
  if (stored.length !== storedBytes || plainBytes > FRAME_PLAIN_BYTES_MAX) return undefined;
  try {
    return await sumFrameAside(stored, { compression, plainBytes, collection });
  } catch (error) {
    if (!(error instanceof LostInWorker)) throw error;
    return undefined;
  }
}

function parseFrame(
  bytes: Uint8Array,
  place: FramePlace,
  file: string,
  report: Report,
): DocumentRecord[] {
  const at = { file, offset: place.plainOffset };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    report({ code: "ERR_RECORD", message: "bytes that are not UTF-8", ...at });
    return [];
  }
  const records: DocumentRecord[] = [];
  let line = place.linesBefore;
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    line++;
    try {
      records.push(parseRecord(text.slice(start, end)));
    } catch (error) {
      if (!isArkError(error)) throw error;
      report({ code: error.code, message: error.message, ...at, line });
    }
    start = end + 1;
  }
  if (start < text.length)
    report({ code: "ERR_RECORD", message: "the last line has no end", ...at, line: line + 1 });
  const found = line - place.linesBefore;
  if (found !== place.records) {
    const message = `frame ${place.index + 1} has ${found} lines, the manifest says ${place.records}`;
    report({ code: "ERR_ARCHIVE_CORRUPT", message, ...at });
  }
  return records;
}

/** Compares ids and times, as they come, with what the segment's entry says of them. */
class OrderCheck {
  readonly #entry: SegmentEntry;
  readonly #report: Report;
  readonly #isHistory: boolean;
  #last: DocumentRecord | undefined;
  #minTs: bigint | undefined;
  #maxTs: bigint | undefined;

  constructor(entry: SegmentEntry, content: SegmentContent, report: Report) {
    this.#entry = entry;
    this.#isHistory = content === "history";
    this.#report = report;
  }

  /** Takes lines that are as the manifest says. @returns whether they are; else they are as if never seen. */
  takeLines({ sums, firstId, lastId, minTs, maxTs }: LinesSummary, place: FramePlace): boolean {
    const isAsSaid = sums.records === place.records && firstId === place.firstId;
    const last = this.#last;
    if (!isAsSaid || (last !== undefined && compareIds(last.id, firstId) >= 0)) return false;
    this.#last = { id: lastId, ts: maxTs };
    if (this.#minTs === undefined || minTs < this.#minTs) this.#minTs = minTs;
    if (this.#maxTs === undefined || maxTs > this.#maxTs) this.#maxTs = maxTs;
    return true;
  }

  take(records: readonly DocumentRecord[], place: FramePlace): void {
    const first = records[0];
    if (first !== undefined && first.id !== place.firstId)
      this.#corrupt(`frame ${place.index + 1} begins with ${first.id}, not with ${place.firstId}`);
    records.forEach((record, i) => {
      const { id, ts, action } = record;
      const last = this.#last;
      const order =
        last === undefined ? -1 : (this.#isHistory ? compareHistory : compareById)(last, record);
      if (order >= 0) this.#corrupt(`${id} follows ${last?.id}`, place.linesBefore + i + 1);
      if ((action !== undefined) !== this.#isHistory) {
        const what = this.#isHistory ? "without an action" : "with an action";
        this.#corrupt(`${id} is there ${what}`, place.linesBefore + i + 1);
      }
      this.#last = record;
      if (this.#minTs === undefined || ts < this.#minTs) this.#minTs = ts;
      if (this.#maxTs === undefined || ts > this.#maxTs) this.#maxTs = ts;
    });
  }

  end(): void {
    const { lastId, minTs, maxTs } = this.#entry;
    const last = this.#last?.id;
    if (last !== lastId) this.#corrupt(`the last id is ${last}, not ${lastId}`);
    if (String(this.#minTs) !== minTs)
      this.#corrupt(`the least ts is ${this.#minTs}, not ${minTs}`);
    if (String(this.#maxTs) !== maxTs) this.#corrupt(`the last ts is ${this.#maxTs}, not ${maxTs}`);
  }

  #corrupt(message: string, line?: number): void {
    const { file } = this.#entry;
    const code = "ERR_ARCHIVE_CORRUPT";
    this.#report(line === undefined ? { code, message, file } : { code, message, file, line });
  }
}

function compareById(a: DocumentRecord, b: DocumentRecord): number {
  return compareIds(a.id, b.id);
}
