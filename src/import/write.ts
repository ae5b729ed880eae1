/**
 * Writes documents as they were read: v4's `Insert` over quoted records keeps id, ttl and `ts` (live 10, 18), and
 * repeating it changes nothing. Records are spliced as text.
 *
 * What a quote cannot hold takes another way: NaN and the infinities are computed inside the Insert (live 39), and
 * nulls inside arrays, which every v4 write strips (live 11), are put back by v10, at the price of `ts` (see `nulls.ts`).
 */
import {
  type BatchSize,
  type Connection,
  faunaCode,
  faunaStatus,
  failureOf,
} from "../fauna/fauna.ts";
import { ArkError, isArkError } from "../errors/errors.ts";
import { holdsDoubleTag, holdsNullInArray } from "../values/detect.ts";
import { printString } from "../values/json.ts";
import { LineRecord } from "../values/line-record.ts";
import type { DocumentRecord } from "../values/record.ts";
import { printWriteExpression } from "../values/write-expression.ts";
import { nullsPatch, type NullsPatch } from "./nulls.ts";
import type { ServerFailures } from "./server-failures.ts";

/** Records of one collection that can travel in one request. */
export interface Batch {
  readonly collection: string;
  readonly records: readonly DocumentRecord[];
  readonly kind: RecordKind;
  /**
   * Whether they are written as of the time of the write and not of their own: below a newer version or deletion
   * nobody would see them (live 40).
   */
  readonly asOfNow?: boolean | undefined;
}

/** How a record has to be written: as quoted text, with computed doubles, or with nulls put back by v10. */
export type RecordKind = "plain" | "doubles" | "nulls";

export function kindOf(record: DocumentRecord): RecordKind {
  if (record instanceof LineRecord) return "plain";
  const { dataText = "{}" } = record;
  if (dataText.includes("null") && holdsNullInArray(dataText)) return "nulls";
  return holdsDoubleTag(dataText) ? "doubles" : "plain";
}

export interface Refusal {
  readonly collection: string;
  readonly record: DocumentRecord;
  readonly error: ArkError;
}

export interface WriteOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  /** What is known of the server from all batches. */
  readonly failures: ServerFailures;
}

/**
 * Writes a batch, halving it when it is too much for one request or when the target refuses something in it, down
 * to single documents.
 *
 * @returns the documents that the target refuses by themselves.
 * @throws ArkError for everything that is no document's fault: access, connection, time, a server that fails on and on.
 */
export async function writeBatch(
  target: Connection,
  batch: Batch,
  options: WriteOptions,
): Promise<Refusal[]> {
  try {
    await send(target, batch, options);
    options.failures.worked();
    return [];
  } catch (error) {
    if (!isBatchesFault(error)) throw error;
    const { records, collection } = batch;
    if (records.length === 1) {
      if (!isRefusal(error)) throw error;
      options.failures.refused(error, target.place);
      return [{ collection, record: records[0]!, error }];
    }
    const half = Math.ceil(records.length / 2);
    const first = await writeBatch(target, { ...batch, records: records.slice(0, half) }, options);
    const second = await writeBatch(target, { ...batch, records: records.slice(half) }, options);
    return [...first, ...second];
  }
}

/** Whether a smaller batch, or one without some document, could be taken. */
function isBatchesFault(error: unknown): error is ArkError {
  if (!(error instanceof ArkError)) return false;
  if (failureOf(error)?.kind === "deadline") return true;
  const status = faunaStatus(error);
  const code = faunaCode(error);
  if (code === "time out" || code === "time_out" || status === 413 || status === 440) return true;
  return isArkError(error, "ERR_DATABASE", "ERR_RECORD") && status !== 410;
}

/** Whether the target will never take what it was sent, however often. */
function isRefusal(error: unknown): error is ArkError {
  return isBatchesFault(error) && !isArkError(error, "ERR_TRY_AGAIN");
}

async function send(
  target: Connection,
  { collection, records, kind, asOfNow = false }: Batch,
  { signal, timeoutMs }: WriteOptions,
): Promise<void> {
  // Where a smaller batch can be sent, that helps sooner than more time.
  const onTimeout = records.length > 1 ? "report" : "repeat";
  const call = { idempotent: true, signal, timeoutMs, onTimeout } as const;
  const insert = { ...call, kind: "insert", documents: records.length } as const;
  if (kind === "plain") {
    await target.v4(insertQuoted(collection, records, asOfNow), insert);
    target.moved(records.length);
    return;
  }
  // Made before the Insert, so that a document for which there is none is refused before any of it is written.
  const patches = kind === "nulls" ? records.map(nullsPatchOf) : [];
  await target.v4(insertComputed(collection, records, asOfNow), insert);
  target.moved(records.length);
  if (kind === "doubles") return;
  // The Insert wrote everything but the nulls; v10 puts back the arrays that had some, v4 what v10 cannot leave alone.
  try {
    await target.v10(PUT_BACK, {
      ...call,
      typecheck: false,
      arguments: {
        collection: `{"@mod":${printString(collection)}}`,
        documents: `[${records.map((record, index) => withPatches(record, patches[index]!)).join(",")}]`,
      },
    });
    const rest = records.flatMap(({ id }, index) => {
      const { lambdas } = patches[index]!;
      return lambdas === undefined ? [] : [updated(collection, id, lambdas)];
    });
    if (rest.length > 0) await target.v4(`{"do":[${rest.join(",")},null]}`, call);
  } catch (error) {
    // A refused document is not to stay without its nulls as if that were all of it.
    if (records.length === 1 && isRefusal(error))
      await target.v4(removeInserted(collection, records[0]!, asOfNow), call);
    throw error;
  }
}

/**
 * Puts each patch's value at its path, from the inside out, and the object so made in place of the document's own. An
 * update would strip the nulls again (live 42); `replaceData` takes the ttl away, which an update gives back.
 */
const PUT_BACK = `documents.forEach(d => {
  let document = collection.byId(d.id)!
  let data = d.patches.fold(document.data, (before, patch) => {
    let way = patch.path.fold({ at: before, steps: [] }, (so, key) => ({ at: so.at[key], steps: [[so.at, key]].concat(so.steps) }))
    way.steps.fold(patch.value, (value, step) => Object.assign(step[0], Object.fromEntries([[step[1], value]])))
  })
  document.replaceData(data)
  if (d.ttl != null) document.update({ ttl: d.ttl })
})`;

function nullsPatchOf({ dataText = "{}" }: DocumentRecord): NullsPatch {
  return nullsPatch(dataText);
}

function withPatches({ id, ttl }: DocumentRecord, { patches }: NullsPatch): string {
  const expiry = ttl === undefined ? "null" : `{"@time":${printString(ttl)}}`;
  return `{"id":"${id}","ttl":${expiry},"patches":${patches}}`;
}

function updated(collection: string, id: string, dataText: string): string {
  const ref = `{"ref":${collectionRef(collection)},"id":"${id}"}`;
  return `{"update":${ref},"params":{"quote":{"data":${dataText}}}}`;
}

/** The time of the write. */
const NOW = '{"time":"now"}';

/** `foreach` echoes what it walked (live 22); `do … null` spares the echo. */
export function insertQuoted(
  collection: string,
  records: readonly DocumentRecord[],
  asOfNow: boolean,
): Uint8Array {
  const ref = `{"ref":${collectionRef(collection)},"id":${field("id")}}`;
  const insert = `{"insert":${ref},"ts":${asOfNow ? NOW : field("ts")},"action":"create","params":${field("params")}}`;
  const body = new Body(records.reduce((sum, record) => sum + sizeInRequest(record), 1024));
  body.text(`{"do":[{"foreach":{"lambda":"r","expr":${insert}},"collection":{"quote":[`);
  for (const [index, record] of records.entries()) {
    if (index > 0) body.text(",");
    quote(body, record);
  }
  body.text("]}},null]}");
  return body.take();
}

/** Puts a record as the element of a quoted list. One that is still the bytes of its line is not made a string. */
function quote(body: Body, record: DocumentRecord): void {
  if (!(record instanceof LineRecord)) {
    const data = params(record, record.dataText ?? "{}");
    body.text(`{"id":"${record.id}","ts":${record.ts},"params":${data}}`);
    return;
  }
  body.line(record);
  body.text(record.ttl === undefined ? "}}" : `,"ttl":{"@ts":${printString(record.ttl)}}}}`);
}

const PARAMS = Buffer.from(',"params":{"data":');

/** A request's body as it is put together. */
class Body {
  #bytes: Buffer;
  #at = 0;

  constructor(bytesGuess: number) {
    this.#bytes = Buffer.allocUnsafe(bytesGuess);
  }

  text(text: string): void {
    this.#room(text.length * 3);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** The record as far as the end of its data. */
  line(record: LineRecord): void {
    this.#room(record.size + PARAMS.length);
    this.#at = record.copyHead(this.#bytes, this.#at);
    this.#at += PARAMS.copy(this.#bytes, this.#at);
    this.#at = record.copyData(this.#bytes, this.#at);
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#at + more, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function insertComputed(
  collection: string,
  records: readonly DocumentRecord[],
  asOfNow: boolean,
): string {
  const inserts = records.map((record) => {
    const ref = `{"ref":${collectionRef(collection)},"id":"${record.id}"}`;
    const rest = params(record, undefined);
    const data = printWriteExpression(record.dataText ?? "{}");
    const all = `{"merge":{"object":{"data":${data}}},"with":{"quote":${rest}}}`;
    return `{"insert":${ref},"ts":${asOfNow ? NOW : record.ts},"action":"create","params":${rest === "{}" ? `{"object":{"data":${data}}}` : all}}`;
  });
  return `{"do":[${inserts.join(",")},null]}`;
}

/** Takes back the version that an Insert of this record made; one that is not there is no failure. */
function removeInserted(collection: string, { id, ts }: DocumentRecord, asOfNow: boolean): string {
  const ref = `{"ref":${collectionRef(collection)},"id":"${id}"}`;
  const when = asOfNow ? `{"select":"ts","from":{"get":${ref}}}` : ts;
  return `{"do":[{"remove":${ref},"ts":${when},"action":"create"},null]}`;
}

function field(name: string): string {
  return `{"select":"${name}","from":{"var":"r"}}`;
}

/** The params of a write as quoted text: data unless it is written in another way, ttl, and what else the document has. */
function params({ ttl, extraText }: DocumentRecord, dataText: string | undefined): string {
  const members: string[] = [];
  if (dataText !== undefined) members.push(`"data":${dataText}`);
  if (ttl !== undefined) members.push(`"ttl":{"@ts":${printString(ttl)}}`);
  if (extraText !== undefined && extraText !== "{}") members.push(extraText.slice(1, -1));
  return `{${members.join(",")}}`;
}

function collectionRef(name: string): string {
  return `{"collection":${printString(name)}}`;
}

/** About as many bytes as the record takes in a request. */
export function sizeInRequest(record: DocumentRecord): number {
  if (record instanceof LineRecord) return record.size + 40;
  const { dataText = "{}", extraText = "" } = record;
  return dataText.length + extraText.length + 80;
}

/** About as many bytes as the records of a batch take. */
export function sizeOf({ records }: Pick<Batch, "records">): BatchSize {
  const bytes = records.reduce((sum, record) => sum + sizeInRequest(record), 0);
  return { documents: records.length, bytes };
}
