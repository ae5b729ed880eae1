/** The bodies of `/feed/1` and `/stream/1`, with the server's words for what is wrong with them. */
import { isArkError } from "../../../errors/errors.ts";
import { type Json, JsonNumber, type JsonObject, parseJson } from "../../../values/json.ts";
import { type Cursor, MAX_ORDINAL, parseCursor } from "./cursor.ts";

export interface FeedRequest {
  readonly token: string;
  /** Where to start instead of where the token says. */
  readonly from: Cursor | undefined;
  readonly pageSize: number;
}

/** A body that cannot be accepted. */
export class InvalidBody extends Error {}

const DEFAULT_PAGE_SIZE = 16;
const MAX_PAGE_SIZE = 16_000;
const INTEGER = /^-?\d{1,19}$/;

/**
 * Parses a body; `isToken` says whether a token is one of ours. A stream starts after all of the
 * transaction at `start_ts`, a feed after the first event of it.
 *
 * @throws InvalidBody
 */
export function parseFeedRequest(
  body: Buffer,
  endpoint: "feed" | "stream",
  isToken: (token: string) => boolean,
): FeedRequest {
  if (body.length === 0) throw new InvalidBody("No request body provided");
  const stop = endpoint === "feed" ? "." : "";
  const invalid = (why: string): InvalidBody => new InvalidBody(`Invalid request body: ${why}`);
  const object = parseObject(body, invalid);
  const token = object.get("token") ?? undefined;
  if (token === undefined) throw invalid("Value for key token not found.");
  if (typeof token !== "string") throw invalid(unexpected(token));
  const startTs = longIn(object, "start_ts", invalid);
  const cursorText = object.get("cursor") ?? undefined;
  if (cursorText !== undefined && typeof cursorText !== "string") {
    throw invalid(unexpected(cursorText));
  }
  const pageSize = longIn(object, "page_size", invalid) ?? BigInt(DEFAULT_PAGE_SIZE);
  if (startTs !== undefined && cursorText !== undefined) {
    throw invalid(`can not provide both \`start_ts\` and \`cursor\`${stop}`);
  }
  if (!isToken(token)) throw invalid(`invalid event source provided${stop}`);
  const cursor = cursorText === undefined ? undefined : parseCursor(cursorText);
  if (cursorText !== undefined && cursor === undefined) {
    throw invalid(`invalid event cursor provided${stop}`);
  }
  if (endpoint === "feed") {
    if (pageSize <= 0n) throw invalid("page size must be greater than zero.");
    if (pageSize > BigInt(MAX_PAGE_SIZE)) {
      throw invalid(`page size can not be greater than ${String(MAX_PAGE_SIZE)}.`);
    }
  }
  const started =
    startTs === undefined
      ? undefined
      : { ts: startTs, ordinal: endpoint === "feed" ? 0 : MAX_ORDINAL };
  return { token, from: cursor ?? started, pageSize: Number(pageSize) };
}

function parseObject(body: Buffer, invalid: (why: string) => InvalidBody): JsonObject {
  let json: Json;
  try {
    json = parseJson(body.toString("utf8"));
  } catch (error) {
    if (!isArkError(error)) throw error;
    throw invalid(notJson(body.toString("utf8")));
  }
  if (json instanceof Map) return json;
  throw invalid(unexpected(json));
}

function longIn(
  object: JsonObject,
  name: string,
  invalid: (why: string) => InvalidBody,
): bigint | undefined {
  const value = object.get(name) ?? undefined;
  if (value === undefined) return undefined;
  if (value instanceof JsonNumber && INTEGER.test(value.text)) return BigInt(value.text);
  throw invalid(unexpected(value));
}

function unexpected(value: Json): string {
  if (typeof value === "string") return `Unexpected string value '${value}'.`;
  if (typeof value === "boolean") return `Unexpected boolean value ${String(value)}.`;
  if (value === null) return "Unexpected null value.";
  if (Array.isArray(value)) return "Unexpected array value.";
  if (value instanceof JsonNumber) {
    const kind = INTEGER.test(value.text) ? "integer" : "double";
    return `Unexpected ${kind} value ${value.text}.`;
  }
  return "Unexpected object value.";
}

/** The words of the server's JSON parser, as far as its first word goes. */
function notJson(text: string): string {
  const word = /^\s*([A-Za-z]\w*)/.exec(text)?.[1] ?? text.trim().charAt(0);
  const source =
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); " +
    `line: 1, column: ${String(text.search(/\S/) + word.length + 1)}]`;
  return (
    `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token ` +
    `'null', 'true' or 'false')\n at ${source}`
  );
}
