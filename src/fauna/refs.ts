import { cutIdPage, type Ids } from "../values/id-page.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { nextPageOf } from "./paging.ts";
import { at, refsPage, type IdBounds } from "./query.ts";
import { isV4Disabled } from "./refusal.ts";
import { idsByV10 } from "./v10-records.ts";

export interface IdsOptions extends IdBounds, Pick<CallOptions, "signal" | "timeoutMs"> {
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** Ids a request asks for, 10,000 by default: an answer of that many is about a megabyte. The server gives at most 100,000 (facts §8). */
  readonly pageSize?: number | undefined;
}

/**
 * The ids of a collection's documents at a time, ascending by number, in pages. Twenty times cheaper than reading the
 * documents: this is how they are counted, and how it is found which are gone.
 *
 * Documents whose ttl has passed may be among them.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the time has left the history window.
 */
export async function* ids(
  connection: Connection,
  options: IdsOptions,
): AsyncGenerator<readonly string[]> {
  for await (const page of idPages(connection, options))
    yield Array.isArray(page) ? page : [...page];
}

/** As {@link ids}, for those who need few of them as texts. */
export async function* idPages(connection: Connection, options: IdsOptions): AsyncGenerator<Ids> {
  const { pageSize = 10_000, signal, timeoutMs } = options;
  let after: string | undefined;
  do {
    const query = at(options.at, refsPage(options, pageSize, after));
    let body: Uint8Array;
    try {
      body = await connection.v4Body(query, {
        idempotent: true,
        signal,
        timeoutMs,
        kind: "refs",
      });
    } catch (error) {
      if (after !== undefined || !isV4Disabled(error)) throw error;
      yield* idsByV10(connection, options);
      return;
    }
    const page = cutIdPage(body);
    if (page.ids.length > 0) yield page.ids;
    after = nextPageOf(page, after, connection.place);
  } while (after !== undefined);
}
