/** Single pages of refs and of documents, for looks at a collection: what is read in passing is never read ahead. */
import { type Connection, faunaCode, isV4Disabled, recordPages } from "../fauna/fauna.ts";
import {
  at,
  collectionRef,
  refsPage,
  withDocuments,
  withReadableDocuments,
} from "../fauna/query.ts";
import { isTooMuch } from "../fauna/paging.ts";
import { cutPage, cutRefPage } from "../values/page.ts";
import { type DocumentRecord, printRecord } from "../values/record.ts";
import type { CountOptions } from "./plan-count.ts";

/** The refs from an id on, or, in reverse, from the last one down; as many as were asked for if there are. */
export async function refsFrom(
  connection: Connection,
  { collection, at: time, timeoutMs, signal }: CountOptions,
  { from, size, reverse = false }: { from?: string; size: number; reverse?: boolean },
): Promise<{ readonly ids: readonly string[]; readonly isLast: boolean }> {
  const page = reverse
    ? `{"paginate":{"reverse":{"documents":${collectionRef(collection)}}},"size":${size}}`
    : refsPage({ collection, from }, size, undefined);
  const { text } = await connection.v4(at(time, page), {
    idempotent: true,
    signal,
    timeoutMs,
    kind: "refs",
  });
  const { items, after } = cutRefPage(text);
  return { ids: items.map(({ id }) => String(BigInt(id))), isLast: after === undefined };
}

/** What was seen of a page of documents. */
export interface DocumentsSeen {
  /** Read, and listed but gone because their ttl has passed. */
  readonly documents: number;
  readonly gone: number;
  /** Characters of the answer, and bytes of its documents as lines of an archive. */
  readonly wireBytes: number;
  readonly lines: Buffer;
  readonly readOps: number;
  readonly computeOps: number;
  readonly seconds: number;
}

/** No look takes in an answer larger than this. */
const LOOK_BYTES_MAX = 8 * 1024 * 1024;

/** Reads up to `size` documents from an id on; fewer where they are large. */
export async function documentsFrom(
  connection: Connection,
  options: CountOptions,
  { from, size }: { from: string; size: number },
): Promise<DocumentsSeen> {
  const { collection, at: time, timeoutMs, signal } = options;
  let documents = size;
  let withGone = false;
  for (;;) {
    const started = performance.now();
    const refs = refsPage({ collection, from }, documents, undefined);
    const query = at(time, withGone ? withReadableDocuments(refs) : withDocuments(refs));
    try {
      const { text, ops } = await connection.v4(query, {
        idempotent: true,
        signal,
        timeoutMs,
        kind: "documents",
        documents,
        onTimeout: documents > 1 ? "report" : "repeat",
        maxAnswerBytes: documents > 1 ? LOOK_BYTES_MAX : undefined,
      });
      const { items, gone } = cutPage(text);
      connection.moved(items.length);
      return {
        ...seen(items.map(({ record }) => record)),
        gone,
        wireBytes: text.length,
        readOps: ops.read,
        computeOps: ops.compute,
        seconds: (performance.now() - started) / 1000,
      };
    } catch (error) {
      if (isV4Disabled(error)) return firstByV10(connection, options, size);
      // A document is listed whose ttl has passed.
      if (!withGone && faunaCode(error) === "instance not found") withGone = true;
      else if (documents > 1 && isTooMuch(error)) documents = Math.ceil(documents / 4);
      else throw error;
    }
  }
}

/** v10 alone cannot begin anywhere but at a collection's first id. */
async function firstByV10(
  connection: Connection,
  { collection, at: time, timeoutMs, signal }: CountOptions,
  size: number,
): Promise<DocumentsSeen> {
  const started = performance.now();
  const before = connection.counters;
  const request = { collection, at: time, pageSize: size, timeoutMs, signal };
  for await (const { records, gone, size: wireBytes } of recordPages(connection, request)) {
    const { readOps, computeOps } = connection.counters;
    return {
      ...seen(records),
      gone,
      wireBytes,
      readOps: readOps - before.readOps,
      computeOps: computeOps - before.computeOps,
      seconds: (performance.now() - started) / 1000,
    };
  }
  const none = { gone: 0, wireBytes: 0, readOps: 0, computeOps: 0, seconds: 0 };
  return { ...seen([]), ...none };
}

function seen(records: readonly DocumentRecord[]): { documents: number; lines: Buffer } {
  const text = records.map((record) => `${printRecord(record)}\n`).join("");
  return { documents: records.length, lines: Buffer.from(text) };
}
