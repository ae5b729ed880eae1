/** From a request to its answer: faults, limits, then the endpoint of the path. */
import { dialectOf, notFound, refusal, tooLarge, withHeaders } from "./errors.ts";
import type { Answer, Incoming } from "./exchange.ts";
import { applyFault, type Faults } from "./faults.ts";
import { authorized, ping } from "./utility.ts";
import type { Service } from "./service.ts";

/** Answers a request, or `undefined` where a fault cuts the connection. */
export type Handler = (request: Incoming) => Promise<Answer | undefined>;

/** The handler of one emulated node. */
export function createHandler(service: Service, faults: Faults | undefined): Handler {
  let count = 0;
  return async (request) => {
    count += 1;
    const dialect = dialectOf(request.path);
    if (faults === undefined) return answerSafely(service, request);
    const effect = await applyFault(faults, request, count, dialect);
    if (effect.kind === "answer") return effect.answer;
    if (effect.kind === "cut") {
      if (effect.when === "after") await answerSafely(service, request);
      return undefined;
    }
    return answerSafely(service, request);
  };
}

async function answerSafely(service: Service, request: Incoming): Promise<Answer> {
  const dialect = dialectOf(request.path);
  try {
    const answer = await route(service, request);
    if (dialect !== "v4" || "x-txn-time" in answer.headers) return answer;
    return withHeaders(answer, { "x-txn-time": String(service.now()) });
  } catch (error) {
    service.log?.(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return refusal(dialect, "internal", error instanceof Error ? error.message : String(error));
  }
}

async function route(service: Service, request: Incoming): Promise<Answer> {
  const dialect = dialectOf(request.path);
  if (request.body === "too large") return tooLarge(dialect);
  switch (request.path) {
    case "/ping":
      return ping(request);
    case "/authorized":
      return authorized(service, request);
    default:
      return notFound(dialect);
  }
}
