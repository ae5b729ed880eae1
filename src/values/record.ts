/**
 * The record: one line of a segment, a document or the deletion of one.
 *
 * `{"id":"1000","ts":1795259107540000,"action"?:"delete","ttl"?:{"@ts":"…"},"data":{…},"extra"?:{…}}`
 *
 * `data` and `extra` stay text from the server's answer to the server's request: nothing in them is ever turned
 * into JavaScript values on the way.
 */
import { ArkError } from "../errors/errors.ts";
import { canonicalSpan } from "./canonical.ts";
import { printString } from "./json.ts";
import {
  decodeString,
  malformed,
  skipNumber,
  skipSpace,
  skipString,
  skipValue,
  walkObject,
  walkWhole,
} from "./scan.ts";

/** What happened to a document at a record's `ts`. Only deletions and lines of history say so. */
export type Action = "create" | "update" | "delete";

/** One document, or its deletion, at one moment. */
export interface DocumentRecord {
  /** Decimal digits, 0 to 2^63 - 1. */
  readonly id: string;
  /** Microseconds since 1970: the time of the write that made it. */
  readonly ts: bigint;
  readonly action?: Action;
  /** When it expires, as the server prints it (ISO, UTC). */
  readonly ttl?: string;
  /**
   * Canonical text of the data in the record's form, `{}` for a document without data, which the server does not
   * tell from one with empty data (live 17). Absent in deletions only.
   */
  readonly dataText?: string;
  /** Canonical text of an object with the document's other top-level members, where it has any. */
  readonly extraText?: string;
}

const ID = /^(?:0|[1-9]\d{0,18})$/;
const TS = /^-?\d{1,19}$/;
const MAX_ID = 2n ** 63n - 1n;
const ACTIONS: ReadonlySet<string> = new Set<Action>(["create", "update", "delete"]);

/** `record` as the line that stands for it in a segment, without the line feed. */
export function printRecord(record: DocumentRecord): string {
  let line = `{"id":"${record.id}","ts":${record.ts}`;
  if (record.action !== undefined) line += `,"action":"${record.action}"`;
  if (record.ttl !== undefined) line += `,"ttl":{"@ts":${printString(record.ttl)}}`;
  if (record.dataText !== undefined) line += `,"data":${record.dataText}`;
  if (record.extraText !== undefined) line += `,"extra":${record.extraText}`;
  return `${line}}`;
}

/**
 * The record that a line of a segment holds.
 *
 * @param place where the line stands, for the error.
 * @throws ArkError ERR_RECORD when the line is not a whole record, or holds a member that records do not have.
 */
export function parseRecord(line: string, place?: string): DocumentRecord {
  try {
    const parts = new Parts(line);
    walkWhole(line, (start) => walkObject(line, start, (name, at) => parts.take(name, at)));
    return parts.record();
  } catch (error) {
    if (place === undefined || !(error instanceof ArkError)) throw error;
    const { code, message, hint, details } = error;
    throw new ArkError(code, message, { place, hint, details, cause: error });
  }
}

class Parts {
  readonly #line: string;
  readonly #found = new Map<string, string>();

  constructor(line: string) {
    this.#line = line;
  }

  take(name: string, start: number): number {
    if (this.#found.has(name))
      throw new ArkError("ERR_RECORD", `The record holds ${printString(name)} twice.`);
    const line = this.#line;
    switch (name) {
      case "id":
      case "action": {
        const end = skipString(line, start);
        this.#found.set(name, decodeString(line, start, end));
        return end;
      }
      case "ts": {
        const end = skipNumber(line, start);
        this.#found.set(name, line.slice(start, end));
        return end;
      }
      case "ttl": {
        const [ttl, end] = readTtl(line, start);
        this.#found.set(name, ttl);
        return end;
      }
      case "data":
      case "extra": {
        if (line[start] !== "{") throw malformed(line, start, "an object");
        const end = skipValue(line, start);
        this.#found.set(name, canonicalSpan(line, start, end));
        return end;
      }
      default:
        throw new ArkError("ERR_RECORD", `Records have no member ${printString(name)}.`, {
          hint: "The archive may have been written in a newer format.",
        });
    }
  }

  record(): DocumentRecord {
    const found = this.#found;
    const action = found.get("action");
    if (action !== undefined && !isAction(action)) {
      throw new ArkError("ERR_RECORD", `Not an action: ${printString(action.slice(0, 60))}.`);
    }
    return makeRecord(found.get("id"), found.get("ts"), {
      action,
      ttl: found.get("ttl"),
      dataText: found.get("data"),
      extraText: found.get("extra"),
    });
  }
}

function isAction(text: string): text is Action {
  return ACTIONS.has(text);
}

interface RecordParts {
  readonly action?: Action | undefined;
  readonly ttl?: string | undefined;
  readonly dataText?: string | undefined;
  readonly extraText?: string | undefined;
}

/**
 * A record of checked pieces. `dataText` and `extraText` must be canonical texts of objects.
 *
 * @throws ArkError ERR_RECORD when id or ts is missing or out of range, or a deletion carries data.
 */
export function makeRecord(
  id: string | undefined,
  ts: string | undefined,
  parts: RecordParts,
): DocumentRecord {
  if (id === undefined || !ID.test(id) || (id.length === 19 && BigInt(id) > MAX_ID)) {
    throw new ArkError(
      "ERR_RECORD",
      `Not the id of a document: ${id === undefined ? "none" : printString(id.slice(0, 60))}.`,
    );
  }
  if (ts === undefined || !TS.test(ts)) {
    throw new ArkError(
      "ERR_RECORD",
      `Not a time in microseconds: ${ts === undefined ? "none" : ts.slice(0, 60)}.`,
    );
  }
  const { action, ttl, extraText } = parts;
  const record: Mutable<DocumentRecord> = { id, ts: BigInt(ts) };
  if (action !== undefined) record.action = action;
  if (ttl !== undefined) record.ttl = ttl;
  if (action !== "delete") record.dataText = parts.dataText ?? "{}";
  else if (parts.dataText !== undefined) {
    throw new ArkError("ERR_RECORD", "A deletion carries no data.");
  }
  if (extraText !== undefined) record.extraText = extraText;
  return record;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The text of the `{"@ts":"…"}` that begins at `start`, and the offset behind it. */
export function readTtl(text: string, start: number): [ttl: string, end: number] {
  let ttl: string | undefined;
  const end = walkObject(text, start, (name, at) => {
    if (name !== "@ts" || ttl !== undefined) throw malformed(text, at, 'a "@ts"');
    const stringEnd = skipString(text, at);
    ttl = decodeString(text, at, stringEnd);
    return stringEnd;
  });
  if (ttl === undefined) throw malformed(text, skipSpace(text, start + 1), 'a "@ts"');
  return [ttl, end];
}

/**
 * Orders ids as the server orders documents: by number (live 6). Negative when `a` comes first, 0 when they are
 * the same.
 */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
