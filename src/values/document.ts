/** One document as FQL v4 prints it, cut into the pieces of a record. */
import { ArkError } from "../errors/errors.ts";
import { canonicalSpan } from "./canonical.ts";
import { printString } from "./json.ts";
import { type DocumentRecord, makeRecord, readTtl } from "./record.ts";
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

/** A record and the collection that its document is in. */
export interface CutDocument {
  readonly collection: string;
  readonly record: DocumentRecord;
}

/**
 * The record of the document that `text` is: `{"ref":{"@ref":…},"ts":…,"ttl"?,"data"?,…}` as v4 answers it.
 *
 * @throws ArkError ERR_RECORD when it is not a whole document of a user collection.
 */
export function cutDocument(text: string): CutDocument {
  let cut: CutDocument | undefined;
  walkWhole(text, (start) => {
    const [document, end] = cutDocumentAt(text, start);
    cut = document;
    return end;
  });
  if (cut === undefined) throw malformed(text, 0, "a document");
  return cut;
}

/** As {@link cutDocument} for the document that begins at `start`; also gives the offset behind it. */
export function cutDocumentAt(
  text: string,
  start: number,
  refs = new DocumentRefs(),
): [CutDocument, number] {
  let ref: DocumentName | undefined;
  let ts: string | undefined;
  let ttl: string | undefined;
  let dataText: string | undefined;
  let extra: Map<string, string> | undefined;
  // Of duplicate members the first wins.
  const end = walkObject(text, start, (name, at) => {
    if (name === "ref" && ref === undefined) {
      const [found, refEnd] = refs.read(text, at);
      ref = found;
      return refEnd;
    }
    if (name === "ts" && ts === undefined) {
      const tsEnd = skipNumber(text, at);
      ts = text.slice(at, tsEnd);
      return tsEnd;
    }
    if (name === "ttl" && ttl === undefined) {
      const [found, ttlEnd] = readTtl(text, at);
      ttl = found;
      return ttlEnd;
    }
    const valueEnd = skipValue(text, at);
    if (name === "data" && dataText === undefined) {
      if (text[at] !== "{") throw malformed(text, at, "an object");
      dataText = canonicalSpan(text, at, valueEnd);
    } else if (!MEMBERS.has(name) && extra?.has(name) !== true) {
      extra = (extra ?? new Map()).set(name, canonicalSpan(text, at, valueEnd));
    }
    return valueEnd;
  });
  if (ref === undefined) throw malformed(text, start, "a document with a ref");
  const extraText = extra === undefined ? undefined : printExtra(extra);
  return [
    { collection: ref.collection, record: makeRecord(ref.id, ts, { ttl, dataText, extraText }) },
    end,
  ];
}

const MEMBERS: ReadonlySet<string> = new Set(["ref", "ts", "ttl", "data"]);

function printExtra(extra: ReadonlyMap<string, string>): string {
  return `{${Array.from(extra, ([name, value]) => `${printString(name)}:${value}`).join(",")}}`;
}

/** Which document a ref names: its collection and its id. */
export interface DocumentName {
  readonly collection: string;
  readonly id: string;
}

/**
 * The document that the `{"@ref":…}` at `start` names, and the offset behind it.
 *
 * @throws ArkError ERR_RECORD when it names none in a user collection of this database.
 */
export function readDocumentRef(text: string, start: number): [DocumentName, number] {
  const [ref, end] = readRef(text, start);
  const { id, parent } = ref;
  if (
    id !== undefined &&
    parent?.id !== undefined &&
    parent.parent?.id === "collections" &&
    !ref.scoped
  ) {
    return [{ collection: parent.id, id }, end];
  }
  throw new ArkError(
    "ERR_RECORD",
    `Not a document of a user collection: ${text.slice(start, Math.min(end, start + 120))}`,
    {
      details: { offset: start },
    },
  );
}

const REF_HEAD = '{"@ref":{"id":"';
const DIGITS = /^\d+$/;

/**
 * Reads the refs of many documents. Those of one collection differ in nothing but the id, so what follows the id is
 * compared with the ref before instead of being read again: the same text there means the same.
 */
export class DocumentRefs {
  #collection = "";
  /** What followed the id in the ref read last, its closing quote included. */
  #tail: string | undefined;

  /** As {@link readDocumentRef}. */
  read(text: string, start: number): [DocumentName, number] {
    const idStart = start + REF_HEAD.length;
    const idEnd = text.startsWith(REF_HEAD, start) ? text.indexOf('"', idStart) : -1;
    if (idEnd < 0) return readDocumentRef(text, start);
    const id = text.slice(idStart, idEnd);
    if (this.#tail !== undefined && text.startsWith(this.#tail, idEnd) && DIGITS.test(id)) {
      return [{ collection: this.#collection, id }, idEnd + this.#tail.length];
    }
    const [name, end] = readDocumentRef(text, start);
    this.#collection = name.collection;
    this.#tail = name.id === id ? text.slice(idEnd, end) : undefined;
    return [name, end];
  }
}

interface RefText {
  id: string | undefined;
  parent: RefText | undefined;
  scoped: boolean;
}

/** A document's ref is three refs deep; what goes far beyond is not the server's. */
const MAX_REF_DEPTH = 8;

function readRef(text: string, start: number, depth = 0): [RefText, number] {
  if (depth > MAX_REF_DEPTH) throw malformed(text, start, "the innermost ref");
  const ref: RefText = { id: undefined, parent: undefined, scoped: false };
  let bodies = 0;
  const end = walkObject(text, start, (tag, body) => {
    bodies += 1;
    if (tag !== "@ref" || bodies > 1) throw malformed(text, body, 'a "@ref"');
    return walkObject(text, body, (name, at) => {
      if (name === "id") {
        const idEnd = skipString(text, at);
        ref.id ??= decodeString(text, at, idEnd);
        return idEnd;
      }
      if (name === "collection") {
        const [parent, parentEnd] = readRef(text, at, depth + 1);
        ref.parent ??= parent;
        ref.scoped ||= parent.scoped;
        return parentEnd;
      }
      if (name === "database") ref.scoped = true;
      return skipValue(text, at);
    });
  });
  if (bodies === 0) throw malformed(text, skipSpace(text, start + 1), 'a "@ref"');
  return [ref, end];
}
