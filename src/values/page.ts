/** A v4 answer with a page of documents, cut into records by one pass over its text. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { type CutDocument, cutDocumentAt, type DocumentName, DocumentRefs } from "./document.ts";
import { malformed, skipValue, walkArray, walkObject, walkWhole } from "./scan.ts";

/** A page: what it holds, and the text of the cursors to the pages around it. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The cursor's JSON text, to be spliced into the next request; absent on the last page. */
  readonly after?: string;
  readonly before?: string;
  /** Elements that were `null`: documents that were listed but no longer there to be read. */
  readonly gone: number;
}

/** Reads the item at an offset: what it is, and the offset behind it. */
type ReadItem<T> = (text: string, start: number) => [item: T, end: number];

/**
 * The records of `{"resource":{"data":[document,…],"after"?,"before"?}}`, members in any order.
 *
 * @throws ArkError ERR_PROTOCOL with the offset when the answer is cut off, malformed or no page of documents.
 */
export function cutPage(answer: string): Page<CutDocument> {
  const refs = new DocumentRefs();
  return readPage(answer, (text, start) => cutDocumentAt(text, start, refs));
}

/**
 * The documents that a page of refs names: the answer to a bare `Paginate(Documents(c))`.
 *
 * @throws ArkError ERR_PROTOCOL as {@link cutPage}.
 */
export function cutRefPage(answer: string): Page<DocumentName> {
  const refs = new DocumentRefs();
  return readPage(answer, (text, start) => refs.read(text, start));
}

/**
 * The page in `answer` with its elements as texts, whatever they are.
 *
 * @throws ArkError ERR_PROTOCOL as {@link cutPage}.
 */
export function cutTextPage(answer: string): Page<string> {
  return readPage(answer, (text, start) => {
    const end = skipValue(text, start);
    return [text.slice(start, end), end];
  });
}

function readPage<T>(answer: string, readItem: ReadItem<T>): Page<T> {
  try {
    let page: Page<T> | undefined;
    walkWhole(answer, (start) =>
      walkObject(answer, start, (name, at) => {
        if (name !== "resource" || page !== undefined) return skipValue(answer, at);
        const [found, end] = readPageAt(answer, at, readItem);
        page = found;
        return end;
      }),
    );
    if (page === undefined) throw malformed(answer, answer.length, 'a "resource"');
    return page;
  } catch (error) {
    if (!isArkError(error, "ERR_RECORD")) throw error;
    throw new ArkError("ERR_PROTOCOL", `The answer is no page of documents. ${error.message}`, {
      cause: error,
      details: { ...error.details, length: answer.length },
    });
  }
}

function readPageAt<T>(text: string, start: number, readItem: ReadItem<T>): [Page<T>, number] {
  let items: T[] | undefined;
  let gone = 0;
  const cursors: { after?: string; before?: string } = {};
  const end = walkObject(text, start, (name, at) => {
    if (name === "data" && items === undefined) {
      const found: T[] = [];
      items = found;
      return walkArray(text, at, (itemStart) => {
        if (text.startsWith("null", itemStart)) {
          gone += 1;
          return itemStart + 4;
        }
        const [item, itemEnd] = readItem(text, itemStart);
        found.push(item);
        return itemEnd;
      });
    }
    const valueEnd = skipValue(text, at);
    if (name === "after" || name === "before") cursors[name] ??= text.slice(at, valueEnd);
    return valueEnd;
  });
  if (items === undefined) throw malformed(text, start, 'a page with "data"');
  return [{ items, gone, ...cursors }, end];
}
