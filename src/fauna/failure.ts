import { ArkError, type ErrorCode } from "../errors/errors.ts";

/**
 * The ways in which a request can stay without a whole answer.
 *
 * Of each it is known whether the server may have acted on the request. Only `ambiguous` ones need care:
 * repeating a request that is not idempotent could apply it twice.
 */
const FAILURES = {
  /** No connection came about: wrong host or port, nothing listening, no route. */
  unreachable: { code: "ERR_ENDPOINT", ambiguous: false, retry: true },
  /** The TLS handshake failed: certificate, protocol. */
  tls: { code: "ERR_ENDPOINT", ambiguous: false, retry: false },
  /** The server said that it did not begin with this request (GOAWAY, REFUSED_STREAM). */
  refused: { code: "ERR_TRY_AGAIN", ambiguous: false, retry: true },
  /** The connection ended before the answer did. */
  cut: { code: "ERR_TRY_AGAIN", ambiguous: true, retry: true },
  /** The connection is open but nobody is there any more (half-open). */
  silent: { code: "ERR_TRY_AGAIN", ambiguous: true, retry: true },
  /** The answer did not come in time. */
  deadline: { code: "ERR_TRY_AGAIN", ambiguous: true, retry: true },
  /** Something answered, but not in HTTP, or not in UTF-8. */
  garbled: { code: "ERR_PROTOCOL", ambiguous: true, retry: false },
  /** The answer is larger than what this process is willing to hold. */
  oversized: { code: "ERR_PROTOCOL", ambiguous: true, retry: false },
} as const satisfies Record<string, { code: ErrorCode; ambiguous: boolean; retry: boolean }>;

export type FailureKind = keyof typeof FAILURES;

export interface Failure {
  readonly kind: FailureKind;
  /** Whether the server may have acted on the request although no answer came. */
  readonly ambiguous: boolean;
  /** Whether trying again could help at all. */
  readonly retry: boolean;
}

/** An error for a request without a whole answer. `message` says what happened, `place` where. */
export function failure(
  kind: FailureKind,
  message: string,
  options: { place?: string | undefined; hint?: string | undefined; cause?: unknown } = {},
): ArkError {
  const { code, ambiguous } = FAILURES[kind];
  return new ArkError(code, message, { ...options, details: { failure: kind, ambiguous } });
}

/** What kind of failure `error` reports; undefined when it is something else. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof ArkError)) return undefined;
  const kind = error.details?.["failure"];
  if (typeof kind !== "string" || !Object.hasOwn(FAILURES, kind)) return undefined;
  const { ambiguous, retry } = FAILURES[kind as FailureKind];
  return { kind: kind as FailureKind, ambiguous, retry };
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ENETDOWN",
]);

/** Turns what Node reports about a socket into a failure. `connected`: whether the request could have left. */
export function socketFailure(error: unknown, place: string, connected: boolean): ArkError {
  // A proxy's tunnel fails with one of ours already.
  if (error instanceof ArkError) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  const text = typeof code === "string" ? code : "";
  if (UNREACHABLE.has(text)) return unreachable(text, place, error);
  if (isTls(text)) return tls(text, place, error);
  if (text.startsWith("HPE_")) {
    return failure("garbled", "What answers does not speak HTTP.", { place, cause: error });
  }
  if (connected) {
    return failure("cut", "The connection was lost before the answer came.", {
      place,
      cause: error,
    });
  }
  return unreachable(text, place, error);
}

function unreachable(code: string, place: string, cause: unknown): ArkError {
  const why =
    code === "ENOTFOUND" || code === "EAI_AGAIN"
      ? "the host name is not known"
      : code === "ECONNREFUSED"
        ? "nothing listens there"
        : `no connection comes about${code === "" ? "" : ` (${code})`}`;
  return failure("unreachable", `The endpoint does not answer: ${why}.`, {
    place,
    cause,
    hint: "Check the endpoint's scheme, host and port, and that the server is running.",
  });
}

function isTls(code: string): boolean {
  return (
    code === "EPROTO" ||
    code.startsWith("ERR_TLS_") ||
    code.startsWith("ERR_SSL_") ||
    code.includes("CERT") ||
    code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
  );
}

function tls(code: string, place: string, cause: unknown): ArkError {
  const plain = code === "EPROTO" || code.startsWith("ERR_SSL_");
  return failure("tls", `No secure connection comes about (${code}).`, {
    place,
    cause,
    hint: plain
      ? "The port may speak plain HTTP: try http:// instead of https://."
      : "Check the server's certificate; NODE_EXTRA_CA_CERTS names a file with further authorities.",
  });
}

/** The error of a request that its caller gave up: the caller's own error, or ERR_INTERRUPTED. */
export function aborted(signal: AbortSignal): ArkError {
  if (signal.reason instanceof ArkError) return signal.reason;
  return new ArkError("ERR_INTERRUPTED", "Stopped before the answer came.", {
    cause: signal.reason,
  });
}
