/** What the routes ask of the languages: one function for each way of asking the database something. */
import type { Auth } from "../auth/auth.ts";
import type { Transaction } from "../data/transaction.ts";
import type { V4Options } from "../fql4/fql4.ts";
import type { Cursor } from "./feed/cursor.ts";
import type { Part } from "./multipart.ts";
import type { V10Params } from "./params.ts";

/** A transaction and the rights in it. It runs inside of `withDeadline`. */
interface Session {
  readonly transaction: Transaction;
  readonly auth: Auth;
}

/** An answer's status and JSON text. Statuses below 400 keep what was written. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly computeOps?: number | undefined;
}

export interface SchemaRequest {
  readonly method: string;
  /** Below `/schema/1`, decoded: `["files", "main.fsl"]`. */
  readonly path: readonly string[];
  readonly params: URLSearchParams;
  /** The files of a multipart body. */
  readonly files: readonly Part[] | undefined;
  readonly body: string;
}

/** One page of a feed: events as JSON text, and where the next page starts. */
export interface FeedPage {
  readonly events: readonly string[];
  readonly cursor: Cursor;
  readonly hasNext: boolean;
  /** Whether the last event is an error, after which there are no more. */
  readonly failed: boolean;
}

/** A source that cannot be followed, with the reason. */
export interface FeedRefusal {
  readonly message: string;
}

export interface Languages {
  /** Evaluates a v4 query; `text` is the body as sent. */
  v4(session: Session, text: string, options: V4Options): Outcome;
  /** Evaluates a v10 request; `text` is the body as sent, not empty. */
  v10(session: Session, text: string, params: V10Params): Outcome;
  /** What is wrong with a v10 body whoever sends it; undefined if nothing is. */
  v10BodyRefusal(text: string): Outcome | undefined;
  /** Answers a request below `/schema/1`. */
  schema(session: Session, request: SchemaRequest): Outcome;
  /** Where an event source begins; undefined if `token` is none. */
  eventSourceStart(token: string): Cursor | undefined;
  /** Reads a page of events. */
  feed(
    session: Session,
    request: {
      readonly token: string;
      readonly from: Cursor | undefined;
      readonly pageSize: number;
    },
  ): FeedPage | FeedRefusal;
}
