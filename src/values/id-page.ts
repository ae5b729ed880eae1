/** The ids of a page of refs: the answer to a bare `Paginate(Documents(c))`. */
import { isArkError } from "../errors/errors.ts";
import { skipValueBytes, standsAt, UNSURE } from "./byte-scan.ts";
import { readDocumentRef } from "./document.ts";
import { cutRefPage } from "./page.ts";
import { Ends } from "./packed-lines.ts";
import { PageKernel } from "./page-kernel.ts";
import { type PageFrame, scanPage, textOf } from "./page-scan.ts";
import { RecordSpans } from "./record-spans.ts";

/** Ids in ascending order; whoever only counts them makes no texts of them. */
export interface Ids extends Iterable<string> {
  readonly length: number;
  at(index: number): string | undefined;
}

export interface IdPage extends PageFrame {
  readonly ids: Ids;
}

/** Ids that lie in a page. */
class IdsInPage implements Ids {
  readonly #page: Buffer;
  readonly #ends = new Ends();
  #all: Uint32Array | undefined;

  constructor(page: Uint8Array) {
    this.#page = Buffer.from(page.buffer, page.byteOffset, page.length);
  }

  get length(): number {
    return this.#ends.length;
  }

  /** @param end where an id's digits end. */
  push(end: number): void {
    this.#ends.push(end);
  }

  at(index: number): string | undefined {
    this.#all ??= this.#ends.take();
    const end = this.#all.at(index);
    if (end === undefined) return undefined;
    let start = end;
    while (this.#page[start - 1] !== QUOTE) start--;
    return this.#page.toString("latin1", start, end);
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!;
  }

  /** As {@link splitIds}, without a text for each. */
  split(take: TakeSplit): void {
    this.#all ??= this.#ends.take();
    const page = this.#page;
    for (const end of this.#all) {
      let at = end;
      let low = 0;
      for (let unit = 1; unit < LOW_UNIT && page[at - 1] !== QUOTE; unit *= 10)
        low += unit * (page[--at]! - ZERO);
      let high = 0;
      for (let unit = 1; page[at - 1] !== QUOTE; unit *= 10) high += unit * (page[--at]! - ZERO);
      take(high, low);
    }
  }
}

/** Is given an id as two numbers that are exact: the last nine of its digits, and those before them. */
export type TakeSplit = (high: number, low: number) => void;

/** @param id decimal digits, 19 at most. */
export function splitId(id: string, take: TakeSplit): void {
  const split = Math.max(0, id.length - LOW_DIGITS);
  take(digits(id, 0, split), digits(id, split, id.length));
}

/** As {@link splitId}, of each of some ids. */
export function splitIds(ids: Ids, take: TakeSplit): void {
  if (ids instanceof IdsInPage) ids.split(take);
  else for (const id of ids) splitId(id, take);
}

function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (text.charCodeAt(at) - ZERO);
  return value;
}

const LOW_DIGITS = 9;
const LOW_UNIT = 10 ** LOW_DIGITS;
const ZERO = 0x30;
const QUOTE = 0x22;
const REF_HEAD = Buffer.from('{"@ref":{"id":"');

/**
 * The ids in the answer `page`, which must be UTF-8.
 *
 * @throws ArkError ERR_PROTOCOL as `cutRefPage`, which says what a page means and is asked wherever that is not plain.
 */
export function cutIdPage(page: Uint8Array): IdPage {
  const ids = new IdsInPage(page);
  const spans = new RecordSpans();
  const kernel = PageKernel.begin();
  const frame = scanPage(page, (start) => {
    const run = kernel.refs(page, start, (end) => ids.push(end));
    if (run.count > 0) return run.end;
    if (!standsAt(page, start, REF_HEAD)) return UNSURE;
    const at = spans.readId(page, start + REF_HEAD.length);
    if (at < 0) return UNSURE;
    ids.push(at);
    const end = skipValueBytes(page, start);
    if (end < 0 || !names(textOf(page, start, end), textOf(page, spans.id, at))) return UNSURE;
    kernel.tail = page.subarray(at, end);
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
