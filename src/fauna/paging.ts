import { ArkError } from "../errors/errors.ts";

/**
 * The cursor to go on with; undefined after the last page.
 * @throws ArkError ERR_PROTOCOL when the server gives the same cursor again: paging would never end.
 */
export function nextPageOf(
  page: { readonly after?: string | undefined },
  before: string | undefined,
  place: string,
): string | undefined {
  if (page.after !== undefined && page.after === before) {
    throw new ArkError("ERR_PROTOCOL", "The database gives the same page again and again.", {
      place,
    });
  }
  return page.after;
}

/** How many documents a page asks for: as many as fill a page of the wanted size, going by those seen so far. */
export class PageSize {
  /** A page's text is meant to be about this large, so that memory depends on bytes and not on documents. */
  static readonly TARGET_BYTES = 4 * 1024 * 1024;
  readonly #max: number;
  #size: number;

  /** @param max the most a page may hold; the first page is smaller, as nothing is known yet. */
  constructor(max: number) {
    this.#max = max;
    this.#size = Math.min(max, 250);
  }

  get size(): number {
    return this.#size;
  }

  /** Learns from a page of `documents` that took `bytes`. */
  saw(documents: number, bytes: number): void {
    if (documents === 0) return;
    const wanted = Math.floor(PageSize.TARGET_BYTES / (bytes / documents));
    this.#size = Math.max(1, Math.min(this.#max, wanted, this.#size * 4));
  }

  /** Halves after a page that was too much. @returns whether there was anything left to halve. */
  halve(): boolean {
    if (this.#size === 1) return false;
    this.#size = Math.ceil(this.#size / 2);
    return true;
  }
}
