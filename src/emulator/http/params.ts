/**
 * Request headers that carry parameters, under both generations of names, checked as the server
 * checks them (ext/api RequestParams.scala, QueryLogTags).
 */
import { type ApiVersion, DEFAULT_VERSION, parseVersion } from "../fql4/version.ts";
import type { Incoming } from "./exchange.ts";

/** A header that does not say what it must; the message is the server's. */
export class InvalidHeader extends Error {}

/** Milliseconds that a query may take when the request does not say. */
export const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_TIMEOUT_MS = 600_000;
const MAX_LONG = 2n ** 63n - 1n;
const MAX_TAGS = 25;
const MAX_TAG_KEY_LENGTH = 40;
const MAX_TAG_VALUE_LENGTH = 80;
const MAX_TAGS_LENGTH = 3000;

type Parse<T> = (text: string, invalid: (why: string) => InvalidHeader) => T;

function header<T>(request: Incoming, name: string, parse: Parse<T>): T | undefined {
  const text = request.headers[name];
  if (text === undefined) return undefined;
  return parse(text, (why) => new InvalidHeader(`Invalid header '${name}': ${why}`));
}

function long(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return value > MAX_LONG || value < -MAX_LONG - 1n ? undefined : value;
}

const timestamp: Parse<bigint> = (text, invalid) => {
  const value = long(text);
  if (value === undefined) throw invalid(`Invalid timestamp '${text}'.`);
  return value;
};

const timeout: Parse<number> = (text, invalid) => {
  const value = long(text);
  if (value === undefined) throw invalid(`Invalid number '${text}'.`);
  if (value <= 0n) throw invalid("Must be greater than 0.");
  if (value > MAX_TIMEOUT_MS)
    throw invalid(`Must be less than or equal to ${String(MAX_TIMEOUT_MS)}.`);
  return Number(value);
};

const retries: Parse<number> = (text, invalid) => {
  const value = long(text);
  if (value === undefined) throw invalid(`Invalid number '${text}'.`);
  if (value < 0n || value > 7n) throw invalid("Must be between 0 and 7.");
  return Number(value);
};

const flag: Parse<boolean> = (text, invalid) => {
  const value = text.toLowerCase();
  if (value !== "true" && value !== "false") throw invalid("Must be a boolean value.");
  return value === "true";
};

/** `k=v,k2=v2`, echoed in reverse: the server folds them from the right. */
const tags: Parse<string> = (text, invalid) => {
  if (text.length > MAX_TAGS_LENGTH) throw invalid("header is too long");
  if (text === "") return "";
  const pairs = text.split(",").map((pair) => /^(\w+)=(\w+)$/.exec(pair));
  if (!pairs.every((pair) => pair !== null)) throw invalid("invalid tags");
  if (pairs.length > MAX_TAGS) throw invalid("too many tags");
  const seen = new Map<string, string>();
  for (const [, key = "", value = ""] of pairs.toReversed()) {
    if (key.length > MAX_TAG_KEY_LENGTH) throw invalid("invalid key");
    if (value.length > MAX_TAG_VALUE_LENGTH) throw invalid("invalid value");
    if (seen.has(key)) throw invalid("duplicate key");
    seen.set(key, value);
  }
  return [...seen].map(([key, value]) => `${key}=${value}`).join(",");
};

const FORMATS = ["simple", "tagged", "decorated"] as const;
type Format = (typeof FORMATS)[number];

export interface V10Params {
  readonly format: Format;
  readonly timeoutMs: number;
  readonly lastTxnTs: bigint | undefined;
  readonly typecheck: boolean | undefined;
  readonly performanceHints: boolean;
  readonly queryTags: string | undefined;
}

/** What v10 queries and feeds have in common. */
export type FeedParams = Pick<V10Params, "timeoutMs" | "lastTxnTs">;

/** The parameters of a feed request; throws {@link InvalidHeader}. */
export function feedParams(request: Incoming): FeedParams {
  const lastTxnTs = header(request, "x-last-txn-ts", timestamp);
  const timeoutMs = header(request, "x-query-timeout-ms", timeout) ?? DEFAULT_TIMEOUT_MS;
  header(request, "x-max-contention-retries", retries);
  return { timeoutMs, lastTxnTs };
}

/** The parameters of a v10 request; throws {@link InvalidHeader}. */
export function v10Params(request: Incoming): V10Params {
  const common = feedParams(request);
  const queryTags = header(request, "x-query-tags", tags);
  const format = header<Format>(request, "x-format", (text, invalid) => {
    const found = FORMATS.find((name) => name === text);
    if (found === undefined) throw invalid(`Invalid format ${text}`);
    return found;
  });
  const typecheck = header(request, "x-typecheck", flag);
  header(request, "x-linearized", flag);
  const performanceHints = header(request, "x-performance-hints", flag) ?? false;
  return {
    ...common,
    format: format ?? "simple",
    typecheck,
    performanceHints,
    queryTags,
  };
}

export interface V4Params {
  readonly apiVersion: ApiVersion;
  readonly timeoutMs: number;
  readonly lastSeenTxn: bigint | undefined;
  readonly tags: string | undefined;
  /** Whether the answer is to be indented. */
  readonly pretty: boolean;
}

/** The parameters of a v4 request; throws {@link InvalidHeader}. */
export function v4Params(request: Incoming): V4Params {
  const apiVersion = header<ApiVersion>(request, "x-faunadb-api-version", (text, invalid) => {
    const found = parseVersion(text);
    if (found === undefined) throw invalid(`Unsupported or invalid API version '${text}'.`);
    return found;
  });
  const lastSeenTxn = header(request, "x-last-seen-txn", timestamp);
  const timeoutMs = header(request, "x-query-timeout", timeout) ?? DEFAULT_TIMEOUT_MS;
  header(request, "x-max-retries-on-contention", retries);
  const pretty = request.headers["x-faunadb-formatted-json"]?.toLowerCase() === "true";
  return {
    apiVersion: apiVersion ?? DEFAULT_VERSION,
    lastSeenTxn,
    timeoutMs,
    tags: header(request, "x-fauna-tags", tags),
    pretty,
  };
}
