/**
 * Fauna's values, their wire forms, the record and its digest, without loss.
 *
 * The record's form is v4's JSON text. On the way from a server's answer into an archive and back it stays text:
 * `page` and `document` cut it, `canonical` spells it, `digest` and `fingerprint` prove it. The other forms are
 * converted by way of lossless JSON trees (`json`), in which numbers keep their text: `v4-to-tagged` and `tagged-to-v4`
 * value by value, `tagged-document` and `simple-document` for whole documents, `transcode` for streams. Each
 * says in a `…_CANNOT_HOLD` or `…_HAS_LOST` table what it cannot carry. `value` and the codecs `v4` and `tagged` are for
 * those who compute with values.
 */
export { arrayElements, type ArrayElementsOptions } from "./array-elements.ts";
export { parseBase64, printBase64 } from "./bytes.ts";
export { canonicalText } from "./canonical.ts";
export { LocalDate } from "./date.ts";
export { holdsDoubleTag, holdsNullInArray, holdsNumberLikeString } from "./detect.ts";
export { digestRecord, type RecordDigest } from "./digest.ts";
export { type CutDocument, cutDocument, type DocumentName } from "./document.ts";
export { isDoubleText, parseDouble, printDouble } from "./double.ts";
export { equalValues } from "./equal.ts";
export { Fingerprint, type FingerprintJson } from "./fingerprint.ts";
export {
  isJsonObject,
  type Json,
  JsonNumber,
  type JsonObject,
  parseJson,
  printJson,
  printString,
} from "./json.ts";
export { fitsInt, parseLong } from "./long.ts";
export { type CannotHold, type Loss, LossCount, type OnLoss, refuseLoss } from "./loss.ts";
export { cutPage, cutRefPage, cutTextPage, type Page } from "./page.ts";
export {
  type Action,
  compareIds,
  type DocumentRecord,
  makeRecord,
  parseRecord,
  printRecord,
} from "./record.ts";
export { restoreDoubles } from "./restore-doubles.ts";
export {
  parseSimpleDocument,
  readSimpleDocument,
  SIMPLE_HAS_LOST,
  type SimpleLost,
} from "./simple-document.ts";
export {
  parseTaggedDocument,
  printTaggedDocument,
  readTaggedDocument,
  RESERVED_FIELDS,
  TAGGED_LINE_CANNOT_HOLD,
  TAGGED_LINE_HAS_LOST,
  type TaggedLineLoss,
  type TaggedLineLost,
} from "./tagged-document.ts";
export { parseTagged, printTagged } from "./tagged.ts";
export { TAGGED_HAS_LOST, type TaggedLost, taggedToV4 } from "./tagged-to-v4.ts";
export { Time } from "./time.ts";
export {
  documentsToRecords,
  recordsToTagged,
  simpleToDocuments,
  taggedToDocuments,
  type TranscodeOptions,
} from "./transcode.ts";
export { Uuid } from "./uuid.ts";
export { parseV4, printV4, V4_RECORD_CANNOT_HOLD, V4_WIRE_CANNOT_HOLD } from "./v4.ts";
export { TAGGED_CANNOT_HOLD, type TaggedLoss, v4ToTagged } from "./v4-to-tagged.ts";
export {
  collectionRef,
  documentRef,
  Lambda,
  type ObjectValue,
  Ref,
  SetRef,
  type Value,
} from "./value.ts";
export { printWriteExpression } from "./write-expression.ts";
