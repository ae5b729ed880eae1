/** `POST /stream/1`: a feed that stays open and goes on with every transaction. */
import { refusal } from "../errors.ts";
import { type Answer, type Incoming, JSON_TYPE } from "../exchange.ts";
import type { FeedPage, FeedRefusal, Languages } from "../languages.ts";
import type { Node } from "../node.ts";
import { DEFAULT_TIMEOUT_MS } from "../params.ts";
import { type Cursor, printCursor } from "./cursor.ts";
import { InvalidBody, parseFeedRequest } from "./request.ts";
import { eventStats } from "./stats.ts";

const PAGE_SIZE = 128;
const SEPARATOR = "\r\n";
const TOO_EARLY =
  "Invalid stream start time: Stream start time can not be before the stream create time.";

/** Answers a stream request whose body is not too large. */
export function answerStream(node: Node, languages: Languages, request: Incoming): Answer {
  try {
    const { token, from } = parseFeedRequest(
      request.body as Buffer,
      "stream",
      (text) => languages.eventSourceStart(text) !== undefined,
    );
    const start = languages.eventSourceStart(token) ?? { ts: 0n, ordinal: 0 };
    if (node.enter(request) === undefined) {
      return refusal("v10", "unauthorized", "Invalid token, unable to authenticate request");
    }
    if (from !== undefined && from.ts < start.ts) {
      return refusal("v10", "invalid_request", TOO_EARLY);
    }
    const read = (cursor: Cursor): FeedPage | FeedRefusal | undefined =>
      node.run(
        request,
        undefined,
        (session) => languages.feed(session, { token, from: cursor, pageSize: PAGE_SIZE }),
        () => false,
        performance.now() + DEFAULT_TIMEOUT_MS,
      );
    const first = read(from ?? start);
    if (first === undefined || "message" in first) {
      const why = first?.message ?? "permission lost";
      return refusal("v10", "invalid_request", `Error evaluating provided stream, ${why}`);
    }
    return {
      status: 200,
      headers: { "content-type": JSON_TYPE, "x-fauna-stream-id": String(node.nextStreamId()) },
      body: events(node, read, from ?? start, first),
    };
  } catch (error) {
    if (!(error instanceof InvalidBody)) throw error;
    return refusal("v10", "invalid_request", error.message);
  }
}

async function* events(
  node: Node,
  read: (cursor: Cursor) => FeedPage | FeedRefusal | undefined,
  start: Cursor,
  first: FeedPage,
): AsyncGenerator<string, void> {
  yield status(start);
  let page: FeedPage | FeedRefusal | undefined = first;
  for (;;) {
    if (page === undefined || "message" in page) {
      yield permissionLoss();
      return;
    }
    for (const event of page.events) yield `${event}${SEPARATOR}`;
    if (page.failed) return;
    // eslint-disable-next-line no-await-in-loop -- one page after the other
    if (!page.hasNext) await node.nextCommit();
    page = read(page.cursor);
  }
}

function status(cursor: Cursor): string {
  const stats = eventStats({ readOps: 0, bytesRead: 0 }, performance.now());
  const text = JSON.stringify(printCursor(cursor));
  return `{"type":"status","txn_ts":${String(cursor.ts)},"cursor":${text},"stats":${stats}}${SEPARATOR}`;
}

function permissionLoss(): string {
  const stats = eventStats({ readOps: 0, bytesRead: 0 }, performance.now());
  const error = { code: "permission_loss", message: "Authentication revoked or expired." };
  return `{"type":"error","error":${JSON.stringify(error)},"stats":${stats}}${SEPARATOR}`;
}
