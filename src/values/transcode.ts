/** Streams of documents from one wire form to another, line by line, in memory that does not grow with them. */
import { ArkError } from "../errors/errors.ts";
import type { CutDocument } from "./document.ts";
import type { OnLoss } from "./loss.ts";
import { parseRecord, printRecord } from "./record.ts";
import { parseSimpleDocument, type SimpleLost } from "./simple-document.ts";
import {
  parseTaggedDocument,
  printTaggedDocument,
  type TaggedLineLoss,
  type TaggedLineLost,
} from "./tagged-document.ts";

type Lines = AsyncIterable<string> | Iterable<string>;

/** How a stream of lines is read. */
export interface TranscodeOptions<Kind extends string> {
  /** Told of every loss, with the line in the pointer's stead before it (`3#/name`). */
  readonly onLoss?: OnLoss<Kind>;
  /** What the lines are from, for errors: a file's name. */
  readonly place?: string;
}

/**
 * Segment lines as lines of Fauna's own export. Deletions have no line there.
 *
 * @param collection the collection that the segment is of.
 * @throws ArkError ERR_RECORD at a malformed line, and at what the form cannot hold unless `onLoss` lets it pass.
 */
export async function* recordsToTagged(
  collection: string,
  lines: Lines,
  { onLoss, place }: TranscodeOptions<TaggedLineLoss> = {},
): AsyncGenerator<string> {
  for await (const [number, line] of numbered(lines)) {
    const tagged = at(place, number, () =>
      printTaggedDocument({ collection, record: parseRecord(line) }, inLine(onLoss, number)),
    );
    if (tagged !== undefined) yield tagged;
  }
}

/**
 * Lines of Fauna's own export (tagged) as documents.
 *
 * @throws ArkError ERR_RECORD with the line's number at a malformed line.
 */
export async function* taggedToDocuments(
  lines: Lines,
  { onLoss, place }: TranscodeOptions<TaggedLineLost> = {},
): AsyncGenerator<CutDocument> {
  for await (const [number, line] of numbered(lines)) {
    yield at(place, number, () => parseTaggedDocument(line, inLine(onLoss, number)));
  }
}

/**
 * Lines in the simple format as documents, every value at its face.
 *
 * @throws ArkError ERR_RECORD with the line's number at a malformed line.
 */
export async function* simpleToDocuments(
  lines: Lines,
  { onLoss = () => {}, place }: TranscodeOptions<SimpleLost> = {},
): AsyncGenerator<CutDocument> {
  for await (const [number, line] of numbered(lines)) {
    yield at(place, number, () => parseSimpleDocument(line, inLine(onLoss, number) ?? onLoss));
  }
}

/** Documents as segment lines. */
export async function* documentsToRecords(
  documents: AsyncIterable<CutDocument> | Iterable<CutDocument>,
): AsyncGenerator<string> {
  for await (const { record } of documents) yield printRecord(record);
}

async function* numbered(lines: Lines): AsyncGenerator<readonly [number, string]> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line !== "") yield [number, line];
  }
}

function at<T>(place: string | undefined, line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ArkError)) throw error;
    const { code, message, hint, details } = error;
    const inside = error.place === undefined ? "" : ` at ${error.place}`;
    const where = `${place === undefined ? "line " : `${place}:`}${line}${inside}`;
    throw new ArkError(code, message, { place: where, hint, details, cause: error });
  }
}

function inLine<Kind extends string>(
  onLoss: OnLoss<Kind> | undefined,
  line: number,
): OnLoss<Kind> | undefined {
  return onLoss && (({ kind, pointer }) => onLoss({ kind, pointer: `${line}#${pointer}` }));
}
