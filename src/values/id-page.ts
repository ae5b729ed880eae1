/** The ids of a page of refs: the answer to a bare `Paginate(Documents(c))`. */
import { isArkError } from "../errors/errors.ts";
import { skipValueBytes, standsAt, UNSURE } from "./byte-scan.ts";
import { readDocumentRef } from "./document.ts";
import { cutRefPage } from "./page.ts";
import { type PageFrame, scanPage, textOf } from "./page-scan.ts";
import { RecordSpans } from "./record-spans.ts";

export interface IdPage extends PageFrame {
  readonly ids: readonly string[];
}

const REF_HEAD = Buffer.from('{"@ref":{"id":"');

/**
 * The ids in the answer `page`, which must be UTF-8.
 *
 * @throws ArkError ERR_PROTOCOL as `cutRefPage`, which says what a page means and is asked wherever that is not plain.
 */
export function cutIdPage(page: Uint8Array): IdPage {
  const ids: string[] = [];
  const spans = new RecordSpans();
  const text = Buffer.from(page.buffer, page.byteOffset, page.length);
  let tail: Uint8Array | undefined;
  const frame = scanPage(page, (start) => {
    if (!standsAt(page, start, REF_HEAD)) return UNSURE;
    const at = spans.readId(page, start + REF_HEAD.length);
    if (at < 0) return UNSURE;
    const id = text.toString("latin1", spans.id, at);
    ids.push(id);
    if (tail !== undefined && standsAt(page, at, tail)) return at + tail.length;
    const end = skipValueBytes(page, start);
    if (end < 0 || !names(textOf(page, start, end), id)) return UNSURE;
    tail = page.slice(at, end);
    return end;
  });
  if (frame !== undefined) return { ids, ...frame };
  const { items, after } = cutRefPage(textOf(page, 0, page.length));
  return { ids: items.map(({ id }) => id), ...(after === undefined ? {} : { after }) };
}

/** Whether a text is the ref of the document of an id, in a collection. */
export function names(ref: string, id: string): boolean {
  try {
    return readDocumentRef(ref, 0)[0].id === id;
  } catch (error) {
    if (isArkError(error)) return false;
    throw error;
  }
}
