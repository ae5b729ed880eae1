/**
 * The digest of a record. This framing is normative (docs/ARCHIVE_FORMAT.md): change it only with the format version.
 *
 * ```
 * frame(x)  = byte length of x in UTF-8, decimal | ":" | x        when x is there
 *           = "-"                                               when it is absent
 * content   = SHA-256( frame(collection) frame(id) frame(action) frame(ttl) frame(data) frame(extra) )
 * exact     = SHA-256( content as 64 lower-case hex digits | ":" | ts, decimal )
 * ```
 *
 * `data` and `extra` are canonical text; a document without data has `{}`. A frame says where it ends, so that no
 * two different records have the same bytes. `exact` is built on `content` so that a large document is hashed once.
 */
import { createHash, hash } from "node:crypto";
import { release } from "../flow/flow.ts";
import type { DocumentRecord } from "./record.ts";

/** A record's two digests, 64 lower-case hex digits each. */
export interface RecordDigest {
  /** With the time of the write. */
  readonly exact: string;
  /** Without it: the same for a document that was written again with the same content. */
  readonly content: string;
}

/** Characters of data from which on a record is large. */
export const LARGE = 64 * 1024;

/** The digests of `record` as one of `collection`. Its texts must be canonical, as every record's are. */
export function digestRecord(collection: string, record: DocumentRecord): RecordDigest {
  const { id, ts, action, ttl, dataText, extraText } = record;
  if (dataText !== undefined && dataText.length >= LARGE) {
    const data = Buffer.from(dataText);
    const digest = digestLarge(collection, record, data);
    release(data);
    return digest;
  }
  const content = hash(
    "sha256",
    frame(collection) + frame(id) + frame(action) + frame(ttl) + frame(dataText) + frame(extraText),
    "hex",
  );
  return { content, exact: hash("sha256", `${content}:${ts}`, "hex") };
}

/**
 * As {@link digestRecord}, of a record with a large `data`: no further texts of its size are made.
 *
 * @param data the record's `dataText` in UTF-8.
 */
export function digestLarge(
  collection: string,
  { id, ts, action, ttl, extraText }: Omit<DocumentRecord, "dataText">,
  data: Uint8Array,
): RecordDigest {
  const head = frame(collection) + frame(id) + frame(action) + frame(ttl);
  const content = createHash("sha256")
    .update(`${head}${data.length}:`)
    .update(data)
    .update(frame(extraText))
    .digest("hex");
  return { content, exact: hash("sha256", `${content}:${ts}`, "hex") };
}

function frame(text: string | undefined): string {
  return text === undefined ? "-" : `${Buffer.byteLength(text)}:${text}`;
}
