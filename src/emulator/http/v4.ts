/** `POST /`, `/linearized` and `GET /?q=`, and the paths of the oldest API. */
import { isDataError } from "../data/errors.ts";
import { methodNotAllowed, notFound, refusal, unauthorized, withHeaders } from "./errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import type { Languages, Outcome } from "./languages.ts";
import { legacyQuery } from "./legacy.ts";
import type { Node } from "./node.ts";
import { InvalidHeader, type V4Params, v4Params } from "./params.ts";

/** Answers a v4 request whose body is not too large. */
export function answerV4(node: Node, languages: Languages, request: Incoming): Answer {
  let params: V4Params;
  try {
    params = v4Params(request);
  } catch (error) {
    if (!(error instanceof InvalidHeader)) throw error;
    return refusal("v4", "invalid_request", error.message);
  }
  const body = request.body.toString("utf8");
  switch (request.path) {
    case "/":
    case "":
      if (request.method === "POST") return evaluate(node, languages, request, params, body);
      if (request.method !== "GET") return methodFor(node, request, ["GET", "POST"]);
      return evaluate(node, languages, request, params, request.query.get("q") ?? "", true);
    case "/linearized":
      if (request.method !== "POST") return methodFor(node, request, ["POST"]);
      return evaluate(node, languages, request, params, body);
    default:
      return answerLegacy(node, languages, request, params, body);
  }
}

function answerLegacy(
  node: Node,
  languages: Languages,
  request: Incoming,
  params: V4Params,
  body: string,
): Answer {
  const legacy = legacyQuery(request.method, request.path, request.query, body, params.apiVersion);
  switch (legacy.kind) {
    case "not found":
      return notFound("v4");
    case "method not allowed":
      return methodFor(node, request, legacy.allowed);
    case "query": {
      const answer = evaluate(node, languages, request, params, legacy.text);
      // A path into a collection that is not there is a path that is not there.
      return isLost(answer) ? notFound("v4") : answer;
    }
  }
}

/** Whether an answer says that a reference leads nowhere, which what is read may say of itself too. */
function isLost({ status, body }: Answer): boolean {
  const isWhole = typeof body === "string" || Buffer.isBuffer(body);
  return status >= 400 && isWhole && body.includes('"code":"invalid ref"');
}

/** Secrets are looked at before methods. */
function methodFor(node: Node, request: Incoming, allowed: readonly string[]): Answer {
  return node.enter(request) === undefined ? unauthorized("v4") : methodNotAllowed("v4", allowed);
}

function evaluate(
  node: Node,
  languages: Languages,
  request: Incoming,
  params: V4Params,
  text: string,
  readOnly = false,
): Answer {
  try {
    const run = node.run(
      request,
      params.lastSeenTxn,
      (session) => ({
        outcome: languages.v4(session, text, {
          version: params.apiVersion,
          readOnly,
        }),
        transaction: session.transaction,
      }),
      ({ outcome }) => outcome.status < 400,
      request.startedAt + params.timeoutMs,
    );
    if (run === undefined) return unauthorized("v4");
    const { outcome, transaction } = run;
    const body = Buffer.from(outcome.body);
    return withHeaders(jsonAnswer(outcome.status, body), {
      "x-txn-time": String(transaction.now),
      ...(params.tags === undefined ? {} : { "x-fauna-tags": params.tags }),
      ...costs(request, outcome, transaction.ops),
      "x-query-bytes-out": String(body.length),
    });
  } catch (error) {
    if (!isDataError(error, "transaction_too_large")) throw error;
    return refusal("v4", "invalid_request", error.message);
  }
}

function costs(
  request: Incoming,
  outcome: Outcome,
  ops: { readOps: number; writeOps: number; bytesRead: number; bytesWritten: number },
): Record<string, string> {
  const kept = outcome.status < 400;
  return {
    "x-compute-ops": String(outcome.computeOps ?? 1),
    "x-byte-read-ops": String(ops.readOps),
    "x-byte-write-ops": String(kept ? ops.writeOps : 0),
    "x-query-time": String(Math.round(performance.now() - request.startedAt)),
    "x-query-bytes-in": String(request.body.length),
    "x-storage-bytes-read": String(ops.bytesRead),
    "x-storage-bytes-write": String(kept ? ops.bytesWritten : 0),
    "x-txn-retries": "0",
  };
}
