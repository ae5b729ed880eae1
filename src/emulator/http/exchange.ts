/** A request and its answer, whichever version of HTTP carried them. */

/** Header names are lower case; of a repeated header the first counts. */
export interface Incoming {
  readonly method: string;
  /** The path as sent, without its query string, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body, or `too large`: more than {@link MAX_BODY_BYTES}. */
  readonly body: Buffer | "too large";
  /** When the request was read, on the clock of `performance.now()`. */
  readonly startedAt: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, as bytes where they were needed before; or the pieces of an answer that is sent as they come (a stream). */
  readonly body: string | Buffer | AsyncIterable<string>;
}

/** A body of this size is accepted, one byte more is 413 (live 35). */
export const MAX_BODY_BYTES = 8_388_608;

export const JSON_TYPE = "application/json;charset=utf-8";

/** A whole JSON answer with the content type that Fauna gives it. */
export function jsonAnswer(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { "content-type": JSON_TYPE, ...headers }, body };
}
