/**
 * The event feed of a collection: which documents were made, changed or deleted since it was opened, in the order
 * of transactions (facts §1.4, §4).
 *
 * Only ids are asked for: what an event shows of a document is v10's view of it, and computed fields that fail would
 * end the feed. Who wants the documents reads them at a time of their own (`feed-documents.ts`).
 */
import { ArkError } from "../errors/errors.ts";
import { isJsonObject, type Json, printString } from "../values/json.ts";
import { integerOf, parseObject, plainJson, requireJson, stringOf } from "./answer.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { faunaStatus, v10Refusal } from "./refusal.ts";
import type { Answer } from "./transport.ts";

/** One answer of a feed. */
export interface FeedPage {
  /** The ids of the documents that were made, changed or deleted, in that order; an id may be there several times. */
  readonly ids: readonly string[];
  /** When the last of these was written, in microseconds; undefined when there were none. */
  readonly lastTs: bigint | undefined;
  /** Whether more has happened by now. */
  readonly hasNext: boolean;
}

export interface FeedOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  /** Events that an answer holds at most; the server gives up to 16,000. */
  readonly pageSize?: number | undefined;
}

/**
 * A feed, read from where the last answer ended. It stays readable while that place lies within the collection's
 * history window (15 minutes and `history_days`), so it has to be read again and again.
 *
 * It tells nothing of documents whose ttl passes (live 3), nor of history that v4's Insert and Remove write under a
 * time that has passed (facts §4).
 */
export class Feed {
  readonly collection: string;
  /** Everything that was written after this moment, in microseconds, is told. */
  readonly openedAt: bigint;
  readonly #connection: Connection;
  readonly #token: string;
  #cursor: string | undefined;

  private constructor(connection: Connection, collection: string, token: string, at: bigint) {
    this.#connection = connection;
    this.collection = collection;
    this.#token = token;
    this.openedAt = at;
  }

  /** @throws ArkError ERR_DATABASE when there is no such collection, ERR_FORBIDDEN when it may not be read. */
  static async open(
    connection: Connection,
    collection: string,
    { signal, timeoutMs }: Pick<CallOptions, "signal" | "timeoutMs"> = {},
  ): Promise<Feed> {
    const { dataText, txnTs } = await connection.v10("collection.all().map(.id).eventSource()", {
      arguments: { collection: `{"@mod":${printString(collection)}}` },
      idempotent: true,
      typecheck: false,
      linearized: true,
      signal,
      timeoutMs,
    });
    const token = stringOf(
      parseObject(dataText, connection.place).get("@stream"),
      "@stream",
      collection,
    );
    return new Feed(connection, collection, token, txnTs);
  }

  /**
   * What has happened since the last call. The answer knows of everything that was committed before a time that the
   * connection has seen, `snapshotTime` included.
   *
   * @throws ArkError ERR_SNAPSHOT_EXPIRED when the place to go on from has left the history window; ERR_DATABASE when
   *   the collection is gone (see {@link isFeedGone}) or the server ends the feed.
   */
  async read({ pageSize = 4_000, signal, timeoutMs }: FeedOptions = {}): Promise<FeedPage> {
    const from = this.#cursor === undefined ? "" : `,"cursor":${printString(this.#cursor)}`;
    const { page, cursor } = await this.#connection.ask(
      {
        method: "POST",
        path: "/feed/1",
        contentType: "application/json",
        body: `{"token":${printString(this.#token)}${from},"page_size":${pageSize}}`,
        // Where it goes on is said with each request, so the same one has the same answer.
        idempotent: true,
        afterLast: true,
        signal,
        timeoutMs,
      },
      (answer, place) => parsePage(answer, `${place} feed of ${this.collection}`),
    );
    this.#cursor = cursor;
    return page;
  }
}

/** Whether a feed cannot be read because its collection is not there any more. */
export function isFeedGone(error: unknown): boolean {
  return (
    error instanceof ArkError &&
    faunaStatus(error) === 400 &&
    String(error.details?.["description"]).startsWith("Error evaluating provided event source")
  );
}

function parsePage(answer: Answer, place: string): { page: FeedPage; cursor: string } {
  if (answer.status >= 300) throw v10Refusal(answer, place);
  requireJson(answer, place);
  const body = parseObject(answer.text, place);
  const events = body.get("events");
  if (!Array.isArray(events)) throw notAPage(place);
  const ids: string[] = [];
  let lastTs: bigint | undefined;
  for (const event of events) {
    if (!isJsonObject(event)) throw notAPage(place);
    const type = event.get("type");
    if (type === "error") throw feedError(event.get("error"), place);
    if (type !== "add" && type !== "update" && type !== "remove") throw notAPage(place);
    ids.push(stringOf(event.get("data"), "data", place));
    lastTs = integerOf(event.get("txn_ts"), "txn_ts", place);
  }
  const cursor = stringOf(body.get("cursor"), "cursor", place);
  return { page: { ids, lastTs, hasNext: body.get("has_next") === true }, cursor };
}

function notAPage(place: string): ArkError {
  return new ArkError("ERR_PROTOCOL", "The answer is no page of a feed.", { place });
}

function feedError(error: Json | undefined, place: string): ArkError {
  const inner = isJsonObject(error) ? error : new Map<string, Json>();
  const code = plainJson(inner.get("code"));
  const description = plainJson(inner.get("message"));
  const details = { code, description };
  if (code === "invalid_stream_start_time") {
    return new ArkError(
      "ERR_SNAPSHOT_EXPIRED",
      "The feed can no longer be read from where it was left: that has fallen out of the history window.",
      {
        place,
        hint: "Begin again; a feed has to be read at least every 15 minutes and history_days.",
        details,
      },
    );
  }
  return new ArkError("ERR_DATABASE", `The database ended the feed: ${String(description)}`, {
    place,
    hint: "Begin again.",
    details,
  });
}
