/** From a request to its answer: faults, limits, then the endpoint of the path. */
import { isPreflight, preflight, withCors } from "./cors.ts";
import { answerEnvironment } from "./environment.ts";
import { dialectOf, refusal, tooLarge, withHeaders } from "./errors.ts";
import { exhaustedBy } from "../limits/budget.ts";
import type { Answer, Incoming } from "./exchange.ts";
import { answerExport } from "./export.ts";
import { applyFault, type Faults } from "./faults.ts";
import { answerFeed } from "./feed/feed.ts";
import { answerStream } from "./feed/stream.ts";
import type { Languages } from "./languages.ts";
import type { Node } from "./node.ts";
import { answerSchema } from "./schema.ts";
import { authorized, ping } from "./utility.ts";
import { answerV10 } from "./v10.ts";
import { answerV4 } from "./v4.ts";

/** Answers a request, or `undefined` where a fault cuts the connection. */
export type Handler = (request: Incoming) => Promise<Answer | undefined>;

/** The handler of one emulated node. */
export function createHandler(node: Node, languages: Languages, faults?: Faults): Handler {
  let count = 0;
  return async (request) => {
    count += 1;
    if (faults === undefined) return answerSafely(node, languages, request);
    const effect = await applyFault(faults, request, count, dialectOf(request.path));
    if (effect.kind === "answer") return effect.answer;
    if (effect.kind === "go on") return answerSafely(node, languages, request);
    if (effect.when === "after") answerSafely(node, languages, request);
    return undefined;
  };
}

/** Never throws: a failure that nobody foresaw is a 500 and a line in the log. */
function answerSafely(node: Node, languages: Languages, request: Incoming): Answer {
  if (isPreflight(request)) return preflight(request);
  return withCors(request, answerOrRefuse(node, languages, request));
}

function answerOrRefuse(node: Node, languages: Languages, request: Incoming): Answer {
  const dialect = dialectOf(request.path);
  let answer: Answer;
  try {
    answer = request.body === "too large" ? tooLarge(dialect) : route(node, languages, request);
  } catch (error) {
    const exhausted = exhaustedBy(error);
    if (exhausted) {
      const kind = exhausted.what === "time" ? "timeout" : "invalid_request";
      answer = refusal(dialect, kind, exhausted.message);
    } else {
      node.log(error);
      answer = refusal(dialect, "internal", error instanceof Error ? error.message : String(error));
    }
  }
  if (dialect !== "v4" || "x-txn-time" in answer.headers) return answer;
  return withHeaders(answer, { "x-txn-time": String(node.now) });
}

function route(node: Node, languages: Languages, request: Incoming): Answer {
  switch (request.path) {
    case "/ping":
      return ping(request);
    case "/authorized":
      return authorized(node, request);
    case "/query/1":
      return answerV10(node, languages, request);
    case "/feed/1":
      return answerFeed(node, languages, request);
    case "/stream/1":
      return answerStream(node, languages, request);
    case "/environment/1":
      return answerEnvironment(node, request);
    default:
      if (request.path.startsWith("/schema/1")) return answerSchema(node, languages, request);
      if (request.path.startsWith("/export/1")) return answerExport(node, request);
      return answerV4(node, languages, request);
  }
}
