/** `POST /query/1`. The method is not looked at, only the body, as on the server. */
import { isDataError } from "../data/errors.ts";
import { refusal, unauthorized } from "./errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import type { Languages } from "./languages.ts";
import type { Node } from "./node.ts";
import { InvalidHeader, v10Params } from "./params.ts";

/** Answers a v10 request whose body is not too large. */
export function answerV10(node: Node, languages: Languages, request: Incoming): Answer {
  try {
    const params = v10Params(request);
    if (request.body.length === 0) {
      return refusal("v10", "invalid_request", "No request body provided");
    }
    const text = request.body.toString("utf8");
    const outcome = node.run(
      request,
      params.lastTxnTs,
      (session) => languages.v10(session, text, params),
      ({ status }) => status < 400,
      request.startedAt + params.timeoutMs,
    );
    if (outcome !== undefined) return jsonAnswer(outcome.status, outcome.body);
    const refused = languages.v10BodyRefusal(text);
    return refused === undefined ? unauthorized("v10") : jsonAnswer(refused.status, refused.body);
  } catch (error) {
    if (error instanceof InvalidHeader) return refusal("v10", "invalid_request", error.message);
    if (!isDataError(error, "transaction_too_large")) throw error;
    return refusal("v10", "invalid_request", error.message);
  }
}
