import { skipValueBytes, standsAt } from "../values/byte-scan.ts";
import { textOf } from "../values/page-scan.ts";

const HEAD = Buffer.from('{"resource":{"');
const BEFORE = Buffer.from('before":');
const AFTER = Buffer.from('after":');
const BETWEEN = Buffer.from(',"');
const DATA = Buffer.from('data":');

/** What a page seems to say of the one behind it. */
export type PageHead = { readonly after: string } | "last";

/**
 * What stands before the elements of a v4 page: servers print cursors first, so that the next page can be asked for
 * before this one is taken apart. It is a guess, which taking it apart has to confirm.
 *
 * @returns undefined when nothing can be told.
 */
export function pageHead(body: Uint8Array): PageHead | undefined {
  if (!standsAt(body, 0, HEAD)) return undefined;
  let at = HEAD.length;
  if (standsAt(body, at, BEFORE)) {
    at = skipValueBytes(body, at + BEFORE.length);
    if (at < 0 || !standsAt(body, at, BETWEEN)) return undefined;
    at += BETWEEN.length;
  }
  if (standsAt(body, at, DATA)) return "last";
  if (!standsAt(body, at, AFTER)) return undefined;
  const start = at + AFTER.length;
  const end = skipValueBytes(body, start);
  return end < 0 ? undefined : { after: textOf(body, start, end) };
}
