/**
 * What lies between this toolkit and a database: requests out, answers in, both as raw text.
 *
 * `http.ts` is the one implementation that touches the network; `with/retry.ts` and `with/throttle.ts`
 * decorate it and look the same from outside. A transport knows nothing of FQL: a status of 4xx or 5xx is
 * an answer, not an error. It throws only when there is no whole answer (see `failure.ts`).
 */

/** What a request does, for those that compare like with like. */
export type RequestKind = "documents" | "refs" | "insert";

export interface FaunaRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query, beginning with a slash. */
  readonly path: string;
  /** Header names are lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Whether sending it twice leaves the database as sending it once does. Reads are idempotent. */
  readonly idempotent: boolean;
  /** How long the server may take, in milliseconds; the client waits a little longer for the answer. */
  readonly timeoutMs: number;
  /** The header that tells the server so; each protocol has its own name for it. */
  readonly timeoutHeader?: "x-query-timeout" | "x-query-timeout-ms" | undefined;
  /**
   * What to do when the time was too short: repeat the request with more of it, or report it at once, because
   * the caller would rather ask for less. `repeat` by default.
   */
  readonly onTimeout?: "repeat" | "report" | undefined;
  /** Requests of one kind are comparable in what they cost and how long they take. Without it neither says anything. */
  readonly kind?: RequestKind | undefined;
  /** How many documents it asks for or carries, at most. */
  readonly documents?: number | undefined;
  /** A larger answer is not taken in; it is an `oversized` failure. */
  readonly maxAnswerBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The size of a request's body, in bytes. */
export function bodyBytes({ body }: FaunaRequest): number {
  return body === undefined ? 0 : Buffer.byteLength(body);
}

export interface Answer {
  readonly status: number;
  /** Header names are lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, decoded strictly: an answer that is not UTF-8 is an error. */
  readonly text: string;
  /** Size of the body as it came, in bytes. */
  readonly bytes: number;
  /**
   * The body as it came, where the transport still has it: `text`, in UTF-8. It is given away with the memory behind it:
   * whoever asked frees that, or hands it to another thread, and the body is empty then. A transport that gives one
   * answer several times has to give copies.
   */
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

export interface Transport {
  /**
   * Sends one request and waits for its whole answer.
   * @throws ArkError when no whole answer came; `failureOf(error)` tells whether the server may have acted on it.
   */
  send(request: FaunaRequest): Promise<Answer>;
  /** Ends idle connections; requests under way are cut off. Calling it twice is fine. */
  close(): Promise<void>;
}
