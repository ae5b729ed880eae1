/** Refusals that no query language makes, in the words of each group of routes. */
import { type Answer, jsonAnswer } from "./exchange.ts";

/** What can be wrong with a request as a whole. */
export type Refusal =
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "invalid_request"
  | "too_large"
  | "too_many"
  | "aggressive_timeout"
  | "timeout"
  | "contended"
  | "internal";

const STATUS: Readonly<Record<Refusal, number>> = {
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  invalid_request: 400,
  too_large: 413,
  too_many: 429,
  aggressive_timeout: 440,
  timeout: 503,
  contended: 409,
  internal: 500,
};

const V4_CODES: Readonly<Record<Refusal, string>> = {
  unauthorized: "unauthorized",
  forbidden: "permission denied",
  not_found: "not found",
  method_not_allowed: "method not allowed",
  conflict: "conflict",
  invalid_request: "bad request",
  too_large: "request too large",
  too_many: "too many requests",
  aggressive_timeout: "processing time limit exceeded",
  timeout: "time out",
  contended: "contended transaction",
  internal: "internal server error",
};

const V10_CODES: Readonly<Record<Refusal, string>> = {
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  not_found: "not_found",
  method_not_allowed: "method_not_allowed",
  conflict: "conflict",
  invalid_request: "invalid_request",
  too_large: "request_size_exceeded",
  too_many: "limit_exceeded",
  aggressive_timeout: "time_out",
  timeout: "time_out",
  contended: "contended_transaction",
  internal: "internal_error",
};

const TOO_LARGE = "Request entity is too large";
const TOKEN_REQUIRED = "Access token required";

/** Groups of routes that word their errors alike. */
export type Dialect = "v4" | "v10" | "schema" | "export" | "environment";

/** The group that a path belongs to. */
export function dialectOf(path: string): Dialect {
  if (path === "/query/1" || path === "/feed/1" || path === "/stream/1") return "v10";
  if (path === "/environment/1") return "environment";
  if (path.startsWith("/schema/1")) return "schema";
  if (path.startsWith("/export/1")) return "export";
  return "v4";
}

/** The answer to a request that is refused with these words. */
export function refusal(dialect: Dialect, kind: Refusal, message: string): Answer {
  const status = STATUS[kind];
  switch (dialect) {
    case "v4":
      return jsonAnswer(
        status,
        object({ errors: [{ code: V4_CODES[kind], description: message }] }),
      );
    case "v10":
      return jsonAnswer(status, object({ error: { code: V10_CODES[kind], message } }));
    case "schema":
      return jsonAnswer(status, object({ error: { message } }));
    case "export":
      return jsonAnswer(status, object({ error: message }));
    case "environment":
      return jsonAnswer(status, object({ code: V10_CODES[kind], message }));
  }
}

/** No valid secret came with the request. */
export function unauthorized(dialect: Dialect): Answer {
  switch (dialect) {
    case "v4":
      return withHeaders(refusal("v4", "unauthorized", "Unauthorized"), {
        "www-authenticate": 'Basic realm="Unauthorized"',
      });
    case "environment":
      return refusal(dialect, "unauthorized", "Invalid token, unable to authenticate request");
    default:
      return withHeaders(refusal(dialect, "unauthorized", TOKEN_REQUIRED), {
        "www-authenticate": "Bearer",
      });
  }
}

/** The secret is valid and may not do this. */
export function forbidden(dialect: Dialect): Answer {
  return refusal(dialect, "forbidden", "Access denied");
}

/** The body is over 8 MiB. */
export function tooLarge(dialect: Dialect): Answer {
  return refusal(dialect, "too_large", TOO_LARGE);
}

/** There is no such path. */
export function notFound(dialect: Dialect): Answer {
  return refusal(dialect, "not_found", dialect === "v4" ? "Not Found" : "Not found");
}

/** The path is there, but not for this method. */
export function methodNotAllowed(dialect: Dialect, allowed: readonly string[]): Answer {
  if (dialect !== "v4") return refusal(dialect, "method_not_allowed", "Method not allowed");
  const list = allowed.join(", ");
  return withHeaders(refusal("v4", "method_not_allowed", `Allowed methods are ${list}.`), {
    allow: list,
  });
}

/** The same answer with more headers. */
export function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function object(value: { readonly [key: string]: unknown }): string {
  return JSON.stringify(value);
}
