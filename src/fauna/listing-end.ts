import { ArkError } from "../errors/errors.ts";
import { LAST_ID } from "./ranges.ts";
import { recordPages } from "./records.ts";
import type { Connection } from "./connection.ts";
import type { IdsOptions } from "./refs.ts";

export interface ListingEndOptions extends Pick<IdsOptions, "at" | "signal" | "timeoutMs"> {
  /** What the collection is called now. */
  readonly collection: string;
  /** What errors call it. */
  readonly name?: string | undefined;
  /** The first id behind all that was listed; "0" when nothing was. */
  readonly end: string;
}

/**
 * Makes sure, with a page of documents, that a listing has not ended too early: of what it lacks nothing else would
 * ever miss anything.
 *
 * @throws ArkError ERR_MISMATCH when there is a document behind its end; ERR_SNAPSHOT_EXPIRED when the time has left
 * the history window.
 */
export async function checkListingEnd(
  connection: Connection,
  { collection, name = collection, end, ...request }: ListingEndOptions,
): Promise<void> {
  if (BigInt(end) > BigInt(LAST_ID)) return;
  const from = end === "0" ? undefined : end;
  const pages = recordPages(connection, { ...request, collection, from, pageSize: 1 });
  for await (const { records } of pages) {
    const [missed] = records;
    if (missed === undefined) continue;
    throw new ArkError(
      "ERR_MISMATCH",
      `${name} has the document ${missed.id} at the snapshot time, but the listing of its documents ended before it.`,
      {
        place: `${connection.place} collection ${name}`,
        hint: "Begin again; if it happens again, the database's index of documents is damaged.",
      },
    );
  }
}
