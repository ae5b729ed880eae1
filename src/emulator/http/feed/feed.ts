/** `POST /feed/1`: a page of a feed. */
import { refusal } from "../errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "../exchange.ts";
import type { Languages } from "../languages.ts";
import type { Node } from "../node.ts";
import { feedParams, InvalidHeader } from "../params.ts";
import { printCursor } from "./cursor.ts";
import { InvalidBody, parseFeedRequest } from "./request.ts";
import { eventStats } from "./stats.ts";

/** Answers a feed request whose body is not too large. */
export function answerFeed(node: Node, languages: Languages, request: Incoming): Answer {
  try {
    const params = feedParams(request);
    const feedRequest = parseFeedRequest(
      request.body as Buffer,
      "feed",
      (token) => languages.eventSourceStart(token) !== undefined,
    );
    const page = node.run(
      request,
      params.lastTxnTs,
      (session) => languages.feed(session, feedRequest),
      () => false,
      request.startedAt + params.timeoutMs,
    );
    if (page === undefined) {
      const message = "Invalid token, unable to authenticate request";
      return refusal("v10", "unauthorized", message);
    }
    if ("message" in page)
      return refusal(
        "v10",
        "invalid_request",
        `Error evaluating provided event source, ${page.message}`,
      );
    const stats = eventStats({ readOps: 0, bytesRead: 0 }, request.startedAt);
    return jsonAnswer(
      200,
      `{"events":[${page.events.join(",")}],"cursor":${JSON.stringify(printCursor(page.cursor))},` +
        `"has_next":${String(page.hasNext)},"stats":${stats}}`,
    );
  } catch (error) {
    if (error instanceof InvalidBody || error instanceof InvalidHeader) {
      const prefix = error instanceof InvalidHeader ? "Invalid headers: " : "";
      return refusal("v10", "invalid_request", `${prefix}${error.message}`);
    }
    throw error;
  }
}
