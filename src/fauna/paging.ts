import { ArkError } from "../errors/errors.ts";
import { failureOf } from "./failure.ts";
import { faunaCode, faunaStatus } from "./refusal.ts";

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

/** Whether a smaller page could have worked. */
export function isTooMuch(error: unknown): boolean {
  const kind = failureOf(error)?.kind;
  if (kind === "oversized" || kind === "deadline") return true;
  if (!(error instanceof ArkError)) return false;
  const status = faunaStatus(error);
  const code = faunaCode(error);
  return code === "time out" || code === "time_out" || code === "value too large" || status === 440;
}
