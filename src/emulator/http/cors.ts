/** Cross-origin requests, so that pages in a browser can ask the emulator. */
import { withHeaders } from "./errors.ts";
import type { Answer, Incoming } from "./exchange.ts";

const ALLOWED_HEADERS = [
  "accept-encoding",
  "authorization",
  "content-type",
  "x-driver-env",
  "x-faunadb-api-version",
  "x-fauna-driver",
  "x-fauna-source",
  "x-fauna-tags",
  "x-format",
  "x-last-seen-txn",
  "x-last-txn-ts",
  "x-linearized",
  "x-max-contention-retries",
  "x-max-retries-on-contention",
  "x-query-tags",
  "x-query-timeout",
  "x-query-timeout-ms",
  "x-runtime-environment",
  "x-runtime-environment-os",
  "x-nodejs-version",
  "traceparent",
  "x-typecheck",
  "x-performance-hints",
].join(", ");

/** Whether a browser only asks what it may send. */
export function isPreflight(request: Incoming): boolean {
  return request.method === "OPTIONS" && request.headers["origin"] !== undefined;
}

/** The answer to a preflight: everything is allowed from everywhere. */
export function preflight(request: Incoming): Answer {
  return withCors(request, {
    status: 200,
    headers: {
      "access-control-max-age": "86400",
      "access-control-allow-headers": ALLOWED_HEADERS,
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    },
    body: "",
  });
}

/** Lets the page that asked read the answer and its headers. */
export function withCors(request: Incoming, answer: Answer): Answer {
  const { origin } = request.headers;
  if (origin === undefined) return answer;
  return withHeaders(answer, {
    "access-control-expose-headers": Object.keys(answer.headers).join(", "),
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
  });
}
