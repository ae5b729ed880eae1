/** What a caller says about a request, and what it is told. */
import type { FaunaRequest, RequestKind } from "./transport.ts";
import type { Ops } from "./with/pace.ts";

export interface CallOptions {
  /** Whether repeating the request changes nothing; requests that are not are repeated only when that is safe. */
  readonly idempotent?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long the server may take, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Whether a timeout is repeated with more time, or reported at once. `repeat` by default. */
  readonly onTimeout?: "repeat" | "report" | undefined;
  /** What it does, where that makes it comparable with others, and with how many documents at most. */
  readonly kind?: RequestKind | undefined;
  readonly documents?: number | undefined;
  /** A larger answer is not taken in but fails. */
  readonly maxAnswerBytes?: number | undefined;
}

export interface V4Options extends CallOptions {
  /**
   * For text, `4` unless asked otherwise: it is the first that shows the api_version of lambdas (facts §2.1). The
   * driver always asks in 4.
   */
  readonly apiVersion?: string | undefined;
}

export interface V4Answer {
  readonly status: number;
  /** The whole body, `{"resource":…}`. */
  readonly text: string;
  /** When the query saw the database, or was committed: microseconds. */
  readonly txnTime: bigint;
  /** What it cost, in Fauna's units. */
  readonly ops: Ops;
}

export interface V10Options extends CallOptions {
  /** Values for names in the query, each as tagged JSON text; spliced, never parsed. */
  readonly arguments?: Readonly<Record<string, string>> | undefined;
  /** Wait until all that was committed before is seen. */
  readonly linearized?: boolean | undefined;
  /** False skips type checking; the database's own setting otherwise. */
  readonly typecheck?: boolean | undefined;
}

export interface V10Answer {
  /** The result as tagged JSON text. */
  readonly dataText: string;
  /** When the query saw the database, or was committed: microseconds. */
  readonly txnTs: bigint;
  /** When the schema was last changed: microseconds; undefined on servers that do not say. */
  readonly schemaVersion: bigint | undefined;
}

/** A request to an endpoint that speaks neither v4 nor v10. */
export interface Ask extends Pick<
  FaunaRequest,
  "method" | "path" | "body" | "idempotent" | "signal"
> {
  readonly contentType?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** Whether the answer has to know of everything that this connection has seen so far; v10's endpoints understand that. */
  readonly afterLast?: boolean | undefined;
}
